#include "cli/cost/tally.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pipewright::cli {
namespace {

bool has_digit(std::string_view text) { return text.find_first_of("0123456789") != std::string_view::npos; }

// `/api/v3/supplies/WB-GI-1/orders` as `/api/v3/supplies/{id}/orders`.
std::string pattern(const std::string& url) {
  const std::size_t host = url.find("://");
  const std::size_t from = std::min(url.find('/', host == std::string::npos ? 0 : host + 3), url.size());
  const std::string path = url.substr(from, url.find('?', from) - from);
  std::string made;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string part = path.substr(at, end - at);
    const bool version = part.size() == 3 && part[1] == 'v';
    made += has_digit(part) && !version ? "/{id}" : part;
    at = end;
  }
  return made;
}

}  // namespace

void CallTally::add(const std::string& connection, const engine::Request& request) {
  CallKind kind{connection, request.node, request.group, request.method + " " + pattern(request.url)};
  for (auto& [known, count] : counts_) {
    if (known == kind) {
      ++count;
      return;
    }
  }
  counts_.emplace_back(std::move(kind), 1);
}

int CallTally::of(const CallKind& kind) const {
  for (const auto& [known, count] : counts_) {
    if (known == kind) return count;
  }
  return 0;
}

}  // namespace pipewright::cli
