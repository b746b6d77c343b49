#include "engine/http/client.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <deque>
#include <map>

#include "base/text.hpp"

namespace pipewright::engine::http {
namespace {

struct CloseEasy {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct CloseMulti {
  void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

// curl wants its global state made once, before any thread uses it, and it is never taken down.
void initialise() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)done;
}

struct Call {
  std::uint64_t id = 0;
  Request request;
  std::string ca_file;
  std::unique_ptr<CURL, CloseEasy> handle;
  std::unique_ptr<curl_slist, FreeList> headers;
  Answer answer;
  std::size_t sent = 0;  ///< bytes of the body that curl has taken
  std::size_t header_bytes = 0;
  bool too_large = false;
  char error[CURL_ERROR_SIZE] = {};
};

constexpr std::size_t longest_headers = std::size_t{1} << 20U;

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& call = *static_cast<Call*>(user);
  if (call.answer.body.size() + size * count > call.request.max_body) {
    call.too_large = true;
    return 0;
  }
  if (call.answer.body.empty()) {  // a long one is not copied again and again while it grows
    curl_off_t length = -1;
    curl_easy_getinfo(call.handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0) call.answer.body.reserve(std::min(static_cast<std::size_t>(length), call.request.max_body));
  }
  call.answer.body.append(data, size * count);
  return size * count;
}

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* user) {
  auto& call = *static_cast<Call*>(user);
  const std::size_t given = std::min(size * count, call.request.body.size() - call.sent);
  std::copy_n(call.request.body.data() + call.sent, given, into);
  call.sent += given;
  return given;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& call = *static_cast<Call*>(user);
  const std::string_view line(data, size * count);
  call.header_bytes += line.size();
  if (call.header_bytes > longest_headers) {
    call.too_large = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) call.answer.headers.clear();  // of an earlier 100 Continue
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string_view value = line.substr(colon + 1);
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  call.answer.headers.emplace_back(std::move(name), std::string(value));
  return line.size();
}

bool never_sent(CURLcode code, CURL* handle) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
      return true;
    case CURLE_OPERATION_TIMEDOUT: {
      curl_off_t before = 0;
      return curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &before) == CURLE_OK && before == 0;
    }
    default:
      return false;
  }
}

Lost::Cause cause(const Call& call, CURLcode code) {
  if (call.too_large) return Lost::Cause::too_large;
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Lost::Cause::certificate;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Lost::Cause::malformed;
    default:
      return Lost::Cause::network;
  }
}

std::string size_text(std::size_t bytes) {
  return bytes % (std::size_t{1} << 20U) == 0 ? fmt::format("{} MiB", bytes >> 20U) : fmt::format("{} bytes", bytes);
}

std::string reason(const Call& call, CURLcode code) {
  const auto origin = origin_of(call.request.url);
  const std::string where = origin ? origin->text() : "the server";
  if (call.too_large) {
    return call.header_bytes > longest_headers
               ? fmt::format("{} sent more than {} of headers", where, size_text(longest_headers))
               : fmt::format("{} sent a response of more than {}", where, size_text(call.request.max_body));
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return fmt::format("{} did not answer within {}", where, duration_text(call.request.timeout));
    case CURLE_COULDNT_CONNECT:
      return fmt::format("{} cannot be reached: connection refused or no route", where);
    case CURLE_COULDNT_RESOLVE_HOST:
      return fmt::format("{} cannot be found: no such name, or no network", where);
    case CURLE_GOT_NOTHING:
      return fmt::format("{} closed the connection without an answer", where);
    case CURLE_SEND_FAIL_REWIND:
      return fmt::format("{} closed the connection without an answer", where);
    case CURLE_RECV_ERROR:
      return fmt::format("{} broke the connection off", where);
    case CURLE_PARTIAL_FILE:
      return fmt::format("{} broke its answer off in the middle", where);
    case CURLE_PEER_FAILED_VERIFICATION:
      return fmt::format("the certificate of {} cannot be verified: {}", where,
                         call.error[0] != '\0' ? call.error : curl_easy_strerror(code));
    default:
      return fmt::format("{}: {}", where, call.error[0] != '\0' ? call.error : curl_easy_strerror(code));
  }
}

}  // namespace

struct Client::State {
  explicit State(ClientOptions given) : options(std::move(given)) {
    initialise();
    multi.reset(curl_multi_init());
    curl_multi_setopt(multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, 128L);
  }

  ~State() {
    for (auto& [handle, call] : live) curl_multi_remove_handle(multi.get(), handle);
  }

  void start(std::unique_ptr<Call> call) {
    CURL* handle = curl_easy_init();
    call->handle.reset(handle);
    const Request& request = call->request;
    curl_slist* headers = nullptr;
    const auto header = [&](const std::string& name, const std::string& value) {
      // With nothing behind its colon curl takes a header away.
      headers = curl_slist_append(headers, value.empty() ? (name + ";").c_str() : (name + ": " + value).c_str());
    };
    for (const auto& [name, value] : request.headers) header(name, value);
    for (const auto& [name, secret] : request.secret_headers) header(name, secret.reveal());
    headers = curl_slist_append(headers, "Expect:");
    call->headers.reset(headers);
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min<std::int64_t>(10'000, request.timeout.count())));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, call.get());
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, call.get());
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, call->error);
    if (!call->ca_file.empty()) {
      curl_easy_setopt(handle, CURLOPT_CAINFO, call->ca_file.c_str());
      curl_easy_setopt(handle, CURLOPT_CA_CACHE_TIMEOUT, 0L);  // a certificate that is replaced counts at once
    }
    if (const auto origin = origin_of(request.url); origin && origin->loopback)
      curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    const bool plain_read = request.method == "GET" || request.method == "HEAD";
    // When a kept connection dies before the first byte of a response, curl sends the request a second time by itself.
    // What acts must not happen twice: a body that cannot be rewound is not sent again, and a request without a body
    // takes a connection of its own.
    if (request.body.empty() && (!plain_read || request.write)) curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    if (request.method == "HEAD") {
      curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET" || !request.body.empty()) {
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      if (request.method != "DELETE" || !request.body.empty()) {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(handle, CURLOPT_READDATA, call.get());
      }
    }
    curl_multi_add_handle(multi.get(), handle);
    live.emplace(handle, std::move(call));
  }

  void refill() {
    while (!queue.empty() && live.size() < options.live) {
      std::unique_ptr<Call> next = std::move(queue.front());
      queue.pop_front();
      start(std::move(next));
    }
  }

  void finish(std::vector<std::pair<std::uint64_t, CallResult>>& into) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* handle = message->easy_handle;
      const CURLcode code = message->data.result;
      const auto found = live.find(handle);
      Call& call = *found->second;
      if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        call.answer.status = static_cast<int>(status);
        into.emplace_back(call.id, std::move(call.answer));
      } else {
        Lost lost{never_sent(code, handle) ? Delivery::not_sent : Delivery::unknown, reason(call, code),
                  cause(call, code)};
        into.emplace_back(call.id, tl::unexpected<Lost>(std::move(lost)));
      }
      curl_multi_remove_handle(multi.get(), handle);
      live.erase(found);
    }
  }

  ClientOptions options;
  std::unique_ptr<CURLM, CloseMulti> multi;
  std::map<CURL*, std::unique_ptr<Call>> live;
  std::deque<std::unique_ptr<Call>> queue;
  std::vector<std::pair<std::uint64_t, CallResult>> refused;  ///< for the next poll
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;

namespace {

// What would break the protocol on the wire, whoever built it.
std::optional<std::string> fault_of(const Request& request) {
  if (!origin_of(request.url)) return "the URL is malformed";
  if (!valid_method(request.method)) return "the method is not a word of letters";
  for (const auto& [name, value] : request.headers) {
    if (!valid_header(name, value)) return fmt::format("the header `{}` holds a control character", printable(name));
  }
  for (const auto& [name, secret] : request.secret_headers) {
    if (!valid_header(name, secret.reveal()))
      return fmt::format("the header `{}`, a secret, holds a control character", printable(name));
  }
  return std::nullopt;
}

}  // namespace

void Client::send(std::uint64_t id, const Request& request, const std::string& ca_file) {
  if (auto fault = fault_of(request)) {
    Lost lost{Delivery::not_sent, "the request cannot be sent: " + *fault, Lost::Cause::malformed};
    state_->refused.emplace_back(id, tl::unexpected<Lost>(std::move(lost)));
    wake();
    return;
  }
  auto call = std::make_unique<Call>();
  call->id = id;
  call->request = request;
  call->ca_file = ca_file;
  state_->queue.push_back(std::move(call));
  state_->refill();
}

std::vector<std::pair<std::uint64_t, CallResult>> Client::poll(int timeout) {
  std::vector<std::pair<std::uint64_t, CallResult>> done = std::exchange(state_->refused, {});
  int running = 0;
  state_->refill();
  curl_multi_perform(state_->multi.get(), &running);
  state_->finish(done);
  if (!done.empty()) {
    state_->refill();
    return done;
  }
  curl_multi_poll(state_->multi.get(), nullptr, 0, std::max(0, timeout), nullptr);
  curl_multi_perform(state_->multi.get(), &running);
  state_->finish(done);
  state_->refill();
  return done;
}

void Client::wake() { curl_multi_wakeup(state_->multi.get()); }

std::size_t Client::under_way() const { return state_->live.size() + state_->queue.size() + state_->refused.size(); }

std::string Origin::text() const {
  const bool usual = port == (scheme == "https" ? 443 : 80);
  return usual ? scheme + "://" + host : fmt::format("{}://{}:{}", scheme, host, port);
}

namespace {

struct CloseUrl {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
  in6_addr six{};
  const std::string bare = host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : "";
  return inet_pton(AF_INET6, bare.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six) != 0;
}

}  // namespace

std::optional<Origin> origin_of(const std::string& url) {
  if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c == '\x7f'; })) return std::nullopt;
  if (url.find("://") == std::string::npos || url.find('\\') != std::string::npos) return std::nullopt;
  const std::unique_ptr<CURLU, CloseUrl> parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  Origin origin;
  origin.scheme = lowercase(part_of(parsed.get(), CURLUPART_SCHEME));
  origin.host = lowercase(part_of(parsed.get(), CURLUPART_HOST));
  if ((origin.scheme != "http" && origin.scheme != "https") || origin.host.empty()) return std::nullopt;
  const std::string port = part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (std::from_chars(port.data(), port.data() + port.size(), origin.port).ec != std::errc() || origin.port == 0)
    return std::nullopt;
  origin.user = !part_of(parsed.get(), CURLUPART_USER).empty() || !part_of(parsed.get(), CURLUPART_PASSWORD).empty() ||
                url.substr(0, url.find_first_of("/?#", url.find("://") + 3)).find('@') != std::string::npos;
  origin.loopback = is_loopback(origin.host);
  return origin;
}

std::optional<Duration> seconds_to_wait(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc::result_out_of_range && !text.starts_with('-')) return longest_wait;
  // Some servers send a fraction: "1.5".
  if (error != std::errc() || (end != text.data() + text.size() && *end != '.')) return std::nullopt;
  const std::int64_t most = std::chrono::duration_cast<std::chrono::seconds>(longest_wait).count();
  const bool fraction = end != text.data() + text.size();
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, most - 1) + (fraction || seconds >= most ? 1 : 0));
}

std::optional<Duration> retry_after(const Answer& answer) {
  const auto text = answer.header("retry-after");
  if (!text || text->empty()) return std::nullopt;
  if (const auto wait = seconds_to_wait(*text)) return wait;
  const std::time_t then = curl_getdate(text->c_str(), nullptr);
  if (then < 0) return std::nullopt;
  const auto date = answer.header("date");
  const std::time_t sent = date ? curl_getdate(date->c_str(), nullptr) : -1;
  if (sent < 0) return std::chrono::minutes(1);  // a date, and no clock to read it by
  const std::int64_t most = std::chrono::duration_cast<std::chrono::seconds>(longest_wait).count();
  return std::chrono::seconds(std::clamp<std::int64_t>(then - sent, 0, most));
}

bool valid_header(std::string_view name, std::string_view value) {
  const auto token = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), token) &&
         std::none_of(value.begin(), value.end(), control);
}

bool valid_method(std::string_view method) {
  return !method.empty() && method.size() <= 32 && std::all_of(method.begin(), method.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  });
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~')
      out.push_back(c);
    else
      out += fmt::format("%{:02X}", static_cast<unsigned>(byte));
  }
  return out;
}

std::string encoded(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out.push_back('&');
    out += percent_encoded(name) + "=" + percent_encoded(value);
  }
  return out;
}

}  // namespace pipewright::engine::http
