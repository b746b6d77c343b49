// new and changed of wb.dbs, wb.dbw and wb.pickup (api.md 8, 9, 10): their lists show new tasks and finished ones. A
// task is stored whole the moment it is seen new: it cannot be read again until it ends.
#include <fmt/format.h>

#include <algorithm>

#include "engine/clamp.hpp"
#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Whether the dates of the finished lists mean a task's creation or its end is not said: what was seen new is noted
// anyway, so a day is enough for its end; once an hour they are read as far back as one call goes, for tasks that
// nobody has seen new and that ended late (api.md 18).
constexpr auto finished_overlap = hours(24);
constexpr auto wide_overlap = hours(24 * 29);
constexpr std::size_t most_forgotten = 100;  // in one poll
constexpr auto forget_after = hours(24 * 60);

// What stands longer than a source asks for it goes, the oldest first; ids ascend.
Task<bool> forget_oldest(const Scheme& scheme, Page& page, Calls& calls) {
  const std::vector<Seen> oldest = co_await calls.load_shared_open(shared_kind(scheme), "", most_forgotten);
  for (const Seen& each : oldest) {
    if (calls.now() - created_at(known_of(each.state).raw, calls.now()) > forget_after)
      page.shared.push_back({shared_kind(scheme), {each.key, {}, false, true}});
  }
  co_return true;
}

Task<Page> look_new(Account& account, const Scheme& scheme, Look look, Calls& calls) {
  Page page;
  const Value cursor = read_cursor(look.cursor);
  const Instant first = moment(cursor, "first").value_or(begin_of(look, calls.now(), calls.now()));
  auto reading = read_fresh(account, scheme, cursor["rest"].display(), look.room, calls);
  const Fresh fresh = co_await reading;
  if (fresh.failure) co_return failed(std::move(page), look, *fresh.failure);
  page.notice = fresh.notice;
  for (const Value& task : fresh.tasks) {
    const std::string id = id_of(task);
    page.seen.push_back({id, "", false, false});
    page.shared.push_back(shared_state(scheme, task));
    if (is_before_since(look, task, first)) continue;
    Known known;
    known.raw = task;
    known.status = {"new", "waiting", std::nullopt};
    page.events.push_back(event_of(scheme, known, id, id));
  }
  if (!fresh.tasks.empty()) {
    auto forgetting = forget_oldest(scheme, page, calls);
    co_await forgetting;
  }
  page.more = !fresh.rest.empty();
  page.cursor = page.more
                    ? fmt::format("{{\"first\":{},\"rest\":\"{}\"}}", first.time_since_epoch().count(), fresh.rest)
                    : fmt::format("{{\"first\":{}}}", first.time_since_epoch().count());
  co_return page;
}

// ---- changed: what is new is noted, what another source or action of the account has seen new, finished ones that
// were never seen too; then the open ones are asked

// A task that somebody was quick to confirm stands in no list: the account remembers it.
Task<bool> note_shared(const Scheme& scheme, Instant first, Page& page, Calls& calls) {
  for (std::string after;;) {
    const std::vector<Seen> known = co_await calls.load_shared_open(shared_kind(scheme), after, most_listed);
    std::vector<Value> tasks;
    for (const Seen& each : known) tasks.push_back(known_of(each.state).raw);
    auto noting = note_unknown(std::move(tasks), first, calls);
    for (Seen& each : co_await noting) page.seen.push_back(std::move(each));
    if (known.size() < most_listed) co_return true;
    after = known.back().key;
  }
}

Task<Page> new_page(Account& account, const Scheme& scheme, Look look, Position position, Calls& calls) {
  Page page;
  page.more = true;
  auto reading = read_new(account, scheme, calls);
  const auto listed = co_await reading;
  if (!listed && listed.error().kind == Failure::Kind::credentials)
    co_return failed(std::move(page), look, listed.error());
  if (listed) {
    auto noting = note_unknown(*listed, position.first, calls);
    page.seen = co_await noting;
    auto sharing = unknown_to_account(scheme, *listed, calls);
    page.shared = co_await sharing;
  }
  std::set<std::string> noted;
  for (const Seen& each : page.seen) noted.insert(each.key);
  Page known;
  auto remembering = note_shared(scheme, position.first, known, calls);
  co_await remembering;
  for (Seen& each : known.seen) {
    if (!noted.contains(each.key)) page.seen.push_back(std::move(each));
  }
  position.phase = listed ? "list" : "scan";
  if (!listed) position.why = listed.error().reason;
  const bool widely = look.once || !position.wide || calls.now() - *position.wide >= hours(1);
  if (widely) position.wide = calls.now();
  position.from =
      std::max<Instant>(position.first, position.last - (widely ? Duration(wide_overlap) : Duration(finished_overlap)));
  page.cursor = text_of(position);
  co_return page;
}

Task<Page> look_changed(Account& account, const Scheme& scheme, Look look, Calls& calls) {
  const Position position = position_of(look, calls.now());
  if (position.phase == "scan") {
    auto scanning = scan_page(account, scheme, look, position, calls);
    co_return co_await scanning;
  }
  if (position.phase == "list") {
    auto listing = list_page(account, scheme, position, calls);
    co_return co_await listing;
  }
  auto noting = new_page(account, scheme, look, position, calls);
  co_return co_await noting;
}

engine::SourceNode new_source(const Scheme& scheme) {
  engine::SourceNode node;
  node.name = fmt::format("wb.{}.new", scheme.name);
  node.every = std::chrono::seconds(30);
  node.look = engine::clamped(
      [&scheme](Connection& connection, Look look, Calls& calls) {
        return look_new(static_cast<Account&>(connection), scheme, std::move(look), calls);
      },
      {"first"});
  node.still_wanted = still_wanted(scheme);
  return node;
}

engine::SourceNode changed_source(const Scheme& scheme) {
  engine::SourceNode node;
  node.name = fmt::format("wb.{}.changed", scheme.name);
  node.every = std::chrono::seconds(60);
  node.look = engine::clamped(
      [&scheme](Connection& connection, Look look, Calls& calls) {
        return look_changed(static_cast<Account&>(connection), scheme, std::move(look), calls);
      },
      moments_of_position);
  return node;
}

}  // namespace

std::vector<engine::SourceNode> unlisted_sources() {
  std::vector<engine::SourceNode> nodes;
  for (const Scheme* scheme : {&scheme::dbs, &scheme::dbw, &scheme::pickup}) {
    nodes.push_back(new_source(*scheme));
    nodes.push_back(changed_source(*scheme));
  }
  return nodes;
}

}  // namespace pipewright::wb
