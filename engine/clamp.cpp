#include "engine/clamp.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

constexpr Duration tolerance = std::chrono::minutes(1);

Task<Page> poll_from(Poll poll, std::vector<std::string> moments, Connection& connection, Look look, Calls& calls) {
  Clamped from = clamped_cursor(look.cursor, moments, calls.now());
  look.cursor = std::move(from.cursor);
  auto polling = poll(connection, std::move(look), calls);
  Page page = co_await polling;
  if (from.what.empty()) co_return page;
  const std::string notice =
      fmt::format("the clock was ahead: it kept {}, which counts as {} now", from.what, utc_text(calls.now()));
  page.notice = page.notice ? *page.notice + "; " + notice : notice;
  co_return page;
}

}  // namespace

Clamped clamped_cursor(const std::string& cursor, const std::vector<std::string>& moments, Instant now) {
  Clamped result{cursor, {}};
  if (cursor.empty()) return result;
  const Result<Value> read = parse_json(cursor);
  if (!read || read->record() == nullptr) return result;
  Record fields = *read->record();
  for (auto& [name, value] : fields) {
    if (std::find(moments.begin(), moments.end(), name) == moments.end() || value.number() == nullptr) continue;
    const auto number = value.number()->integer();
    if (!number || Instant(Duration(*number)) <= now + tolerance) continue;
    result.what = utc_text(Instant(Duration(*number)));
    value = Value(static_cast<std::int64_t>(now.time_since_epoch().count()));
  }
  if (!result.what.empty()) result.cursor = write_json(Value(std::move(fields)));
  return result;
}

Poll clamped(Poll poll, std::vector<std::string> moments) {
  return [poll = std::move(poll), moments = std::move(moments)](Connection& connection, Look look, Calls& calls) {
    return poll_from(poll, moments, connection, std::move(look), calls);
  };
}

}  // namespace pipewright::engine
