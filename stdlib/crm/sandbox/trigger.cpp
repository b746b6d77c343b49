// The "HTTP request" action of a trigger (reference, section 11): a form posted once, its answer unread.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {
namespace {

struct Target {
  std::uint16_t port = 80;
  std::string path = "/";
};

/// Only `http://127.0.0.1:PORT/path`: the sandbox speaks to nobody else.
std::optional<Target> target_of(std::string_view url) {
  constexpr std::string_view here = "http://127.0.0.1:";
  if (!url.starts_with(here)) return std::nullopt;
  url.remove_prefix(here.size());
  Target target;
  const auto [end, error] = std::from_chars(url.data(), url.data() + url.size(), target.port);
  if (error != std::errc()) return std::nullopt;
  url.remove_prefix(static_cast<std::size_t>(end - url.data()));
  if (!url.empty()) target.path = url;
  return target;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const unsigned char c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    encoded += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return encoded;
}

std::string filled(std::string text, const Json& order) {
  for (const char* name : {"id", "externalId", "status", "number", "site"}) {
    const std::string mark = fmt::format("{{{}}}", name);
    const Json value = order.value(name, Json(""));
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return text;
}

void send_once(const Target& target, const std::string& body) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  timeval patience{.tv_sec = 2, .tv_usec = 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = fmt::format(
        "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
        target.path, target.port, body.size(), body);
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      char answer[256];
      [[maybe_unused]] const auto received = recv(socket, answer, sizeof answer, 0);
    }
  }
  close(socket);
}

}  // namespace

void pull_trigger(World& world, const Json& order) {
  const std::optional<Target> target = target_of(filled(world.options.trigger_url, order));
  if (!target) return;
  std::string body;
  for (const auto& [name, value] : world.options.trigger_fields) {
    body +=
        fmt::format("{}{}={}", body.empty() ? "" : "&", percent_encoded(name), percent_encoded(filled(value, order)));
  }
  world.triggers.emplace_back([target = *target, body] { send_once(target, body); });
}

}  // namespace pipewright::crm::sandbox
