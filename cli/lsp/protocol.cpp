#include "cli/lsp/protocol.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/overloaded.hpp"
#include "base/text.hpp"

namespace pipewright::cli::lsp {
namespace {

constexpr std::size_t longest_message = std::size_t{256} << 20;
constexpr std::size_t longest_header = 8192;

// The number behind `Content-Length:` of a block of header lines.
std::optional<std::size_t> content_length(std::string_view header) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find('\n'), header.size());
    std::string_view line = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || lowercase(trimmed(line.substr(0, colon))) != "content-length") continue;
    const std::string digits = trimmed(line.substr(colon + 1));
    std::size_t length = 0;
    const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error == std::errc{} && last == digits.data() + digits.size() && length <= longest_message) return length;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Unframer::Frame> Unframer::next() {
  // Some clients end their header lines with a bare line feed.
  const std::size_t strict = pending_.find("\r\n\r\n");
  const std::size_t loose = pending_.find("\n\n");
  const std::size_t end = std::min(strict, loose);
  if (end == std::string::npos) {
    if (pending_.size() <= longest_header) return std::nullopt;
    pending_.clear();
    return Frame{"this is no header of a message", true};
  }
  const std::size_t begin = end + (strict < loose ? 4 : 2);
  const auto length = content_length(std::string_view(pending_).substr(0, end));
  if (!length) {
    pending_.erase(0, begin);
    return Frame{"a header without a Content-Length that can be read", true};
  }
  if (pending_.size() - begin < *length) return std::nullopt;
  Frame frame{pending_.substr(begin, *length)};
  pending_.erase(0, begin + *length);
  return frame;
}

std::string framed(const Json& message) {
  const std::string content = message.dump(-1, ' ', false, Json::error_handler_t::replace);
  return fmt::format("Content-Length: {}\r\n\r\n{}", content.size(), content);
}

Json response(const Json& id, const Answer& answer) {
  Json message = {{"jsonrpc", "2.0"}, {"id", id}};
  std::visit(overloaded{
                 [&](const Json& result) { message["result"] = result; },
                 [&](const Refusal& refusal) {
                   message["error"] = {{"code", static_cast<int>(refusal.code)}, {"message", refusal.message}};
                 },
             },
             answer);
  return message;
}

Json notification(const std::string& method, Json params) {
  return {{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

}  // namespace pipewright::cli::lsp
