#include "engine/http/server.hpp"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

namespace pipewright::engine::http {
namespace {

using Instant = std::chrono::steady_clock::time_point;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct DestroyResponse {
  void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, DestroyResponse>;

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const noexcept { MHD_stop_daemon(daemon); }
};
using Daemon = std::unique_ptr<MHD_Daemon, StopDaemon>;

/// What libmicrohttpd keeps for us between its calls about one request.
struct Exchange {
  ServerRequest request;
  bool began = false;
  bool too_large = false;
  std::optional<Reply> reply;  // set while the answer is delayed
};

struct HalfBody {
  std::string text;
};

ssize_t read_half(void* closure, std::uint64_t position, char* buffer, std::size_t room) {
  const auto* half = static_cast<const HalfBody*>(closure);
  if (position >= half->text.size()) return MHD_CONTENT_READER_END_WITH_ERROR;
  const std::size_t count = std::min<std::size_t>(room, half->text.size() - position);
  std::memcpy(buffer, half->text.data() + position, count);
  return static_cast<ssize_t>(count);
}

void free_half(void* closure) { delete static_cast<HalfBody*>(closure); }

Response response_of(const Reply& reply) {
  if (reply.truncate) {
    auto half = std::make_unique<HalfBody>(HalfBody{reply.body.substr(0, reply.body.size() / 2)});
    const std::uint64_t announced = std::max<std::size_t>(reply.body.size(), 1);
    return Response(MHD_create_response_from_callback(announced, 4096, &read_half, half.release(), &free_half));
  }
  // libmicrohttpd copies the body and does not write to it.
  return Response(
      MHD_create_response_from_buffer(reply.body.size(), const_cast<char*>(reply.body.data()), MHD_RESPMEM_MUST_COPY));
}

MHD_Result send(MHD_Connection* connection, const Reply& reply) {
  if (reply.drop) return MHD_NO;
  const Response response = response_of(reply);
  if (!response) return MHD_NO;
  for (const auto& [name, value] : reply.headers) MHD_add_response_header(response.get(), name.c_str(), value.c_str());
  return MHD_queue_response(connection, static_cast<unsigned>(reply.status), response.get());
}

MHD_Result take_header(void* closure, MHD_ValueKind, const char* name, const char* value) {
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  (*static_cast<std::map<std::string, std::string>*>(closure))[lower] = value != nullptr ? value : "";
  return MHD_YES;
}

std::string peer_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == nullptr || info->client_addr == nullptr || info->client_addr->sa_family != AF_INET) return {};
  const auto* address = reinterpret_cast<const sockaddr_in*>(info->client_addr);
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
  return fmt::format("{}:{}", text, ntohs(address->sin_port));
}

/// Called with the request line's target, before anything of it is decoded.
void* open_exchange(void*, const char* target, MHD_Connection*) {
  auto exchange = std::make_unique<Exchange>();
  const std::string_view text = target;
  const std::size_t mark = text.find('?');
  exchange->request.raw_path = text.substr(0, mark);
  exchange->request.path = url_decoded(exchange->request.raw_path, false);
  if (mark != std::string_view::npos) exchange->request.query = text.substr(mark + 1);
  exchange->request.parameters = form_pairs(exchange->request.query);
  return exchange.release();
}

void close_exchange(void*, MHD_Connection*, void** exchange, MHD_RequestTerminationCode) {
  delete static_cast<Exchange*>(*exchange);
  *exchange = nullptr;
}

}  // namespace

std::string ServerRequest::header(std::string_view name) const {
  const auto found = headers.find(std::string(name));
  return found == headers.end() ? std::string() : found->second;
}

std::string url_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::vector<std::pair<std::string, std::string>> form_pairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    pairs.emplace_back(url_decoded(part.substr(0, equals), true), url_decoded(value, true));
  }
  return pairs;
}

/// The daemon, its handler, and a thread that wakes delayed answers.
struct Server::Driver {
  ServerHandler handler;
  ServerOptions options;
  std::uint16_t port = 0;

  std::mutex mutex;
  std::condition_variable_any changed;
  std::multimap<Instant, MHD_Connection*> delayed;
  bool stopping = false;

  Daemon daemon;
  std::jthread waker;

  ~Driver() { stop(); }

  static MHD_Result on_access(void* closure, MHD_Connection* connection, const char*, const char* method, const char*,
                              const char* data, std::size_t* size, void** slot) {
    return static_cast<Driver*>(closure)->access(connection, method, data, size, *static_cast<Exchange*>(*slot));
  }

  MHD_Result access(MHD_Connection* connection, const char* method, const char* data, std::size_t* size,
                    Exchange& exchange) {
    if (!exchange.began) {
      exchange.began = true;
      exchange.request.method = method;
      exchange.request.peer = peer_of(connection);
      MHD_get_connection_values(connection, MHD_HEADER_KIND, &take_header, &exchange.request.headers);
      return MHD_YES;
    }
    if (*size > 0) {
      exchange.too_large = exchange.too_large || exchange.request.body.size() + *size > options.body_limit;
      if (!exchange.too_large) exchange.request.body.append(data, *size);
      *size = 0;
      return MHD_YES;
    }
    if (exchange.reply) return is_stopping() ? MHD_NO : send(connection, *exchange.reply);
    if (exchange.too_large) return send(connection, {.status = 413});
    Reply reply = answer(exchange.request);
    if (reply.delay.count() <= 0) return send(connection, reply);
    return hold(connection, exchange, std::move(reply));
  }

  bool is_stopping() {
    const std::scoped_lock lock(mutex);
    return stopping;
  }

  Reply answer(const ServerRequest& request) {
    try {
      return handler(request);
    } catch (const std::exception& error) {  // a library's exception ends here: C code is above us
      return {.status = 500, .headers = {{"Content-Type", "text/plain"}}, .body = error.what()};
    }
  }

  MHD_Result hold(MHD_Connection* connection, Exchange& exchange, Reply reply) {
    const Instant when = std::chrono::steady_clock::now() + reply.delay;
    exchange.reply = std::move(reply);
    const std::scoped_lock lock(mutex);
    if (stopping) return MHD_NO;
    MHD_suspend_connection(connection);
    delayed.emplace(when, connection);
    changed.notify_all();
    return MHD_YES;
  }

  void wake(const std::stop_token& token) {
    std::unique_lock lock(mutex);
    while (!token.stop_requested()) {
      if (delayed.empty()) {
        changed.wait(lock, token, [&] { return !delayed.empty(); });
        continue;
      }
      const Instant next = delayed.begin()->first;
      if (std::chrono::steady_clock::now() < next) {
        changed.wait_until(lock, token, next, [&] { return !delayed.empty() && delayed.begin()->first < next; });
        continue;
      }
      MHD_resume_connection(delayed.begin()->second);
      delayed.erase(delayed.begin());
    }
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
      for (const auto& [when, connection] : delayed) MHD_resume_connection(connection);
      delayed.clear();
    }
    if (waker.joinable()) {
      waker.request_stop();
      waker.join();
    }
    daemon.reset();
  }
};

Result<Server> Server::start(ServerHandler handler, ServerOptions options) {
  auto driver = std::make_unique<Driver>();
  driver->handler = std::move(handler);
  driver->options = options;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(options.port);
  driver->daemon.reset(MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, options.port, nullptr,
                                        nullptr, &Driver::on_access, driver.get(), MHD_OPTION_SOCK_ADDR, &address,
                                        MHD_OPTION_URI_LOG_CALLBACK, &open_exchange, nullptr,
                                        MHD_OPTION_NOTIFY_COMPLETED, &close_exchange, nullptr,
                                        MHD_OPTION_CONNECTION_MEMORY_LIMIT, std::size_t{256} << 10, MHD_OPTION_END));
  if (!driver->daemon) {
    return fail(fmt::format("cannot listen on 127.0.0.1:{}: {}", options.port, std::strerror(errno)),
                "choose another port, or 0 for any free one");
  }
  const MHD_DaemonInfo* info = MHD_get_daemon_info(driver->daemon.get(), MHD_DAEMON_INFO_BIND_PORT);
  driver->port = info != nullptr ? info->port : options.port;
  driver->waker = std::jthread([raw = driver.get()](const std::stop_token& token) { raw->wake(token); });
  return Server(std::move(driver));
}

Server::Server(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

std::uint16_t Server::port() const { return driver_->port; }

void Server::stop() { driver_->stop(); }

}  // namespace pipewright::engine::http
