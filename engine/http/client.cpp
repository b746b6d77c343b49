#include "engine/http/client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <deque>
#include <map>

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
  std::size_t largest_body = 0;
  bool too_large = false;
  char error[CURL_ERROR_SIZE] = {};
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& call = *static_cast<Call*>(user);
  if (call.answer.body.size() + size * count > call.largest_body) {
    call.too_large = true;
    return 0;
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

std::string origin(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  return url.substr(0, std::min(url.find('/', scheme + 3), url.find('?', scheme + 3)));
}

std::string reason(const Call& call, CURLcode code) {
  const std::string where = origin(call.request.url);
  if (call.too_large) return fmt::format("{} answered with more than {} MiB", where, call.largest_body >> 20U);
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
      return fmt::format("{} has a certificate that cannot be verified", where);
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
      headers = curl_slist_append(headers, (name + ": " + value).c_str());
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
    if (request.method != "GET") {
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      // When a kept connection dies before the first byte of an answer, curl sends the request a second time by itself.
      // A write must not happen twice: a body that cannot be rewound is not sent again, and one without a body takes a
      // connection of its own.
      if (request.body.empty()) {
        curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
      }
      if (request.method != "DELETE" || !request.body.empty()) {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(handle, CURLOPT_READDATA, call.get());
      }
    }
    call->largest_body = options.largest_body;
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
        into.emplace_back(
            call.id, tl::unexpected<Lost>(
                         Lost{never_sent(code, handle) ? Delivery::not_sent : Delivery::unknown, reason(call, code)}));
      }
      curl_multi_remove_handle(multi.get(), handle);
      live.erase(found);
    }
  }

  ClientOptions options;
  std::unique_ptr<CURLM, CloseMulti> multi;
  std::map<CURL*, std::unique_ptr<Call>> live;
  std::deque<std::unique_ptr<Call>> queue;
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;

void Client::send(std::uint64_t id, const Request& request, const std::string& ca_file) {
  auto call = std::make_unique<Call>();
  call->id = id;
  call->request = request;
  call->ca_file = ca_file;
  state_->queue.push_back(std::move(call));
  state_->refill();
}

std::vector<std::pair<std::uint64_t, CallResult>> Client::poll(int timeout) {
  std::vector<std::pair<std::uint64_t, CallResult>> done;
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

std::size_t Client::under_way() const { return state_->live.size() + state_->queue.size(); }

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
