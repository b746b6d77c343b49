#include "stdlib/wb/schemes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/json.hpp"
#include "engine/normalise.hpp"

namespace pipewright::wb {
namespace {

constexpr std::size_t most_ids = 1000;
constexpr auto forget_after = std::chrono::hours(24 * 60);

bool is_fbs(const Scheme& scheme) { return &scheme == &scheme::fbs; }

Status status_of(const Value& entry) {
  Status status{entry["supplierStatus"].display(), entry["wbStatus"].display(), std::nullopt};
  if (const bool* cancellable = entry["isCancellable"].boolean()) status.cancellable = *cancellable;
  return status;
}

using Parts = std::vector<std::vector<std::string>>;  ///< the last one is next

Parts parts_of(const std::vector<std::string>& ids, std::size_t most) {
  Parts parts;
  for (std::size_t from = 0; from < ids.size(); from += most) {
    parts.emplace_back(ids.begin() + static_cast<std::ptrdiff_t>(from),
                       ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + most)));
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

// Of the request itself, not of the account or the moment: one id of it may be to blame.
bool refuses_the_body(const CallResult& answer) {
  return answer && (answer->status == 400 || answer->status == 404 || answer->status == 413 || answer->status == 422);
}

// What a reading says of each task. One odd id does not cost the others their response: what is refused is halved.
Task<tl::expected<std::map<std::string, Value>, Failure>> read(Account& account, Reading reading,
                                                               std::vector<std::string> ids, Calls& calls) {
  constexpr int most_refusals = 24;  // each costs ten calls
  std::map<std::string, Value> found;
  Parts parts = parts_of(ids, most_ids);
  int refusals = 0;
  int answered = 0;
  while (!parts.empty()) {
    const std::vector<std::string> part = std::move(parts.back());
    parts.pop_back();
    Record body;
    body.emplace_back(reading.ids, id_list(part));
    Request request = account.send("POST", reading.group, reading.path, Value(std::move(body)));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) {
      const bool alone = part.size() == 1 && parts.empty() && answered == 0;
      if (alone || !refuses_the_body(answer) || ++refusals > most_refusals)
        co_return tl::unexpected<Failure>(json.error());
      if (part.size() == 1) {
        calls.note(fmt::format("order {} is left out: {}", part.front(), json.error().reason));
        continue;
      }
      for (auto& half : parts_of(part, (part.size() + 1) / 2)) parts.push_back(std::move(half));
      continue;
    }
    ++answered;
    const auto entries = orders_of(*json);
    if (!entries) co_return tl::unexpected<Failure>(entries.error());
    for (const Value& entry : *entries) found[entry[reading.id].id_text()] = entry;
  }
  co_return found;
}

}  // namespace

Task<tl::expected<Statuses, Failure>> statuses_of(Account& account, const Scheme& scheme, std::vector<std::string> ids,
                                                  Calls& calls) {
  auto reading = read(account, scheme.statuses, std::move(ids), calls);
  const auto entries = co_await reading;
  if (!entries) co_return tl::unexpected<Failure>(entries.error());
  Statuses statuses;
  for (const auto& [id, entry] : *entries) {
    // Of a task that it does not know FBS says nothing, the others say errors.
    if (entry["supplierStatus"].text() != nullptr) statuses[id] = status_of(entry);
  }
  co_return statuses;
}

Task<tl::expected<Buyers, Failure>> buyers_of(Account& account, const Scheme& scheme, std::vector<std::string> ids,
                                              Calls& calls) {
  auto reading = read(account, scheme.buyers, std::move(ids), calls);
  co_return co_await reading;
}

Page failed(Page page, const Look& look, Failure failure) {
  page.cursor = look.cursor;
  page.failure = std::move(failure);
  return page;
}

NewEvent event_of(const Scheme& scheme, const Known& known, const std::string& id, const std::string& identity) {
  NewEvent event;
  event.identity = identity;
  event.key = id;
  event.raw = known.raw;
  event.derived = derived_fields(known, scheme.name);
  return event;
}

Instant begin_of(const Look& look, Instant now, Instant otherwise) {
  if (look.source != nullptr && look.source->since_time) return *look.source->since_time;
  if (look.source != nullptr && look.source->since) return now - *look.source->since;
  return otherwise;
}

bool is_before_since(const Look& look, const Value& task, Instant first) {
  const bool limited = look.source != nullptr && (look.source->since || look.source->since_time);
  return limited && created_at(task, first) < std::chrono::floor<std::chrono::seconds>(first);
}

// ---- a long list, a task at a time
// ----------------------------------------------------------------------------------

// Each task is parsed alone, when its turn comes: tens of thousands of them never stand in memory as a tree.
struct Account::Unread {
  std::string body;
  std::vector<std::string_view> tasks;  ///< parts of the body
  std::size_t at = 0;

  explicit Unread(std::string text) : body(std::move(text)) {}
  Unread(const Unread&) = delete;
  Unread& operator=(const Unread&) = delete;
  ~Unread() = default;
  [[nodiscard]] bool ended() const { return at == tasks.size(); }
};

Task<Fresh> read_fresh(Account& account, const Scheme& scheme, std::string rest, std::size_t room, Calls& calls) {
  Fresh fresh;
  const std::string path = std::string(scheme.orders) + "/new";
  std::shared_ptr<Account::Unread> unread;
  if (const auto known = account.unread.find(rest); known != account.unread.end()) {
    unread = known->second;
    account.unread.erase(known);
  } else {
    Request request = account.get(scheme.group, path);
    CallResult answer = co_await calls.send(std::move(request));
    if (auto failure = failure_of(answer)) {
      fresh.failure = std::move(failure);
      co_return fresh;
    }
    unread = std::make_shared<Account::Unread>(std::move(answer->body));
    auto tasks = engine::element_texts(unread->body, "orders");
    if (tasks) {
      unread->tasks = std::move(*tasks);
    } else {  // no list, or one that breaks off
      answer->body = std::move(unread->body);
      const auto json = json_of(answer);
      const auto orders = json ? orders_of(*json) : tl::unexpected<Failure>(json.error());
      if (!orders) fresh.failure = orders.error();
      co_return fresh;
    }
  }
  room = std::max<std::size_t>(1, room);
  while (fresh.tasks.size() < room && !unread->ended()) {
    std::vector<Value> part;
    std::vector<std::string> ids;
    while (part.size() < room - fresh.tasks.size() && !unread->ended()) {
      Result<Value> task = engine::parse_json(unread->tasks[unread->at++]);
      if (!task) {  // it costs itself alone
        fresh.notice = fmt::format("a task in the response of {} is malformed and is left out ({}): {}", path,
                                   task.error().message, shortened(unread->tasks[unread->at - 1], 120));
        continue;
      }
      ids.push_back(id_of(*task));
      part.push_back(std::move(*task));
    }
    const std::map<std::string, engine::Seen> seen = co_await calls.recall(ids);
    for (Value& task : part) {
      const std::string id = id_of(task);
      if (id.empty())
        fresh.notice = fmt::format("a task without an id in the response of {} is left out: {}", path,
                                   engine::json_start(task, 120));
      else if (!seen.contains(id))
        fresh.tasks.push_back(std::move(task));
    }
  }
  if (unread->ended()) co_return fresh;
  if (account.unread.size() >= 8)
    account.unread.clear();  // of polls that nobody went on with: they are requested again
  fresh.rest = fmt::format("{}-{}", calls.now().time_since_epoch().count(), ++account.unread_count);
  account.unread[fresh.rest] = std::move(unread);
  co_return fresh;
}

// ---- a list by the page
// ---------------------------------------------------------------------------------------------------------------

Task<tl::expected<Listed, Failure>> list_tasks(Account& account, const Scheme& scheme, Instant from, Instant to,
                                               std::set<std::string> visited, std::string next, Calls& calls) {
  Request request = account.get(scheme.group, fmt::format("{}?limit={}&next={}&dateFrom={}&dateTo={}", scheme.orders,
                                                          most_listed, next, unix_seconds(from), unix_seconds(to)));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return tl::unexpected<Failure>(json.error());
  auto tasks = orders_of(*json);
  if (!tasks) co_return tl::unexpected<Failure>(tasks.error());
  Listed listed;
  const std::string following = (*json)["next"].id_text();
  const bool more = tasks->size() >= most_listed && !following.empty() && following != "0" && following != next &&
                    !visited.contains(following);
  if (more) listed.next = following;
  listed.tasks = std::move(*tasks);
  co_return listed;
}

Task<std::vector<Seen>> note_unknown(std::vector<Value> tasks, Instant first, Calls& calls) {
  std::vector<std::string> ids;
  for (const Value& task : tasks) ids.push_back(id_of(task));
  const std::map<std::string, Seen> seen = co_await calls.recall(ids);
  std::vector<Seen> noted;
  for (const Value& task : tasks) {
    const std::string id = id_of(task);
    if (id.empty() || seen.contains(id) || created_at(task, first) < first) continue;
    Known known;
    known.raw = task;
    noted.push_back({id, text_of(known), true, false});
  }
  co_return noted;
}

// ---- where a poll is
// -----------------------------------------------------------------------------------------------------------------------

Position position_of(const Look& look, Instant now) {
  const Value cursor = read_cursor(look.cursor);
  Position position;
  position.phase = cursor["phase"].display();
  if (position.phase == "finished") position.phase = "list";  // the word of earlier versions
  position.first =
      moment(cursor, "first")
          .value_or(moment(cursor, "last") ? Instant{} : begin_of(look, now, now - std::chrono::hours(24 * 7)));
  if (position.first > now) position.first = now - std::chrono::hours(1);  // of a clock that was ahead
  position.last = moment(cursor, "last").value_or(position.first);
  position.started = moment(cursor, "started").value_or(now);
  position.wide = moment(cursor, "wide");
  position.from = moment(cursor, "from").value_or(position.last);
  position.next = cursor["next"].is_null() ? "0" : cursor["next"].id_text();
  position.after = cursor["after"].display();
  position.why = cursor["why"].display();
  return position;
}

std::string text_of(const Position& position) {
  const auto at = [](Instant instant) { return Value(std::int64_t{instant.time_since_epoch().count()}); };
  Record fields;
  if (!position.phase.empty()) {
    fields.emplace_back("phase", Value(position.phase));
    fields.emplace_back("started", at(position.started));
    if (!position.why.empty()) fields.emplace_back("why", Value(position.why));
  }
  if (position.phase == "list") {
    fields.emplace_back("from", at(position.from));
    fields.emplace_back("next", Value(position.next));
  }
  if (position.phase == "scan") fields.emplace_back("after", Value(position.after));
  fields.emplace_back("first", at(position.first));
  fields.emplace_back("last", at(position.last));
  if (position.wide) fields.emplace_back("wide", at(*position.wide));
  return engine::write_json(Value(std::move(fields)));
}

Task<Page> list_page(Account& account, const Scheme& scheme, Position position, Calls& calls) {
  Page page;
  page.more = true;
  const Instant to = std::min<Instant>(position.from + longest_period, position.started + std::chrono::minutes(1));
  auto asking = list_tasks(account, scheme, position.from, to, std::set<std::string>(), position.next, calls);
  const auto listed = co_await asking;
  if (!listed) {
    if (listed.error().kind == Failure::Kind::credentials) {
      page.failure = listed.error();
      co_return page;
    }
    position.phase = "scan";
    position.why = listed.error().reason;
    position.wide.reset();
    page.cursor = text_of(position);
    co_return page;
  }
  auto noting = note_unknown(listed->tasks, position.first, calls);
  page.seen = co_await noting;
  if (!listed->next.empty()) {
    position.next = listed->next;
  } else if (to < position.started) {
    position.from = to;
    position.next = "0";
  } else {
    position.phase = "scan";
  }
  page.cursor = text_of(position);
  co_return page;
}

// ---- open tasks
// ----------------------------------------------------------------------------------------------------------------------

namespace {

// The buyer is there from `confirm` on; a phone may come later than the name.
bool ask_for_buyer(const Known& known, const Status& status) {
  static const std::set<std::string> without = {"new", "receive", "reject"};
  if (without.contains(status.supplier) || status.supplier.starts_with("cancel") || is_final(status.wb)) return false;
  const Value buyer = buyer_of(known);
  return buyer.is_null() || buyer["phone"].is_null();
}

/// How the open tasks stand.
struct Standing {
  Statuses statuses;
  Buyers buyers;  ///< of those whose buyer was not known, or not whole
};

Task<tl::expected<Standing, Failure>> ask_standing(Account& account, const Scheme& scheme, std::vector<Seen> open,
                                                   Calls& calls) {
  Standing standing;
  if (open.empty()) co_return standing;
  std::vector<std::string> ids;
  for (const Seen& each : open) ids.push_back(each.key);
  auto asking = statuses_of(account, scheme, ids, calls);
  auto statuses = co_await asking;
  if (!statuses) co_return tl::unexpected<Failure>(statuses.error());
  standing.statuses = std::move(*statuses);
  if (scheme.buyers.path == nullptr) co_return standing;
  std::vector<std::string> without_buyer;
  for (const Seen& each : open) {
    const auto found = standing.statuses.find(each.key);
    if (found != standing.statuses.end() && ask_for_buyer(known_of(each.state), found->second))
      without_buyer.push_back(each.key);
  }
  if (without_buyer.empty()) co_return standing;
  auto reading = buyers_of(account, scheme, without_buyer, calls);
  auto buyers = co_await reading;
  if (!buyers) co_return tl::unexpected<Failure>(buyers.error());
  standing.buyers = std::move(*buyers);
  co_return standing;
}

}  // namespace

namespace {

// One of the open tasks as it stands now: an event, when something changed.
void see(Account& account, const Scheme& scheme, const Look& look, const Seen& each, Known now_known, bool old,
         Page& page) {
  const Known known = known_of(each.state);
  const Status& status = now_known.status;
  const bool fresh = !known.seen_status;
  const bool initial = status.supplier == "new" && status.wb == "waiting";
  const bool changed = (fresh ? !initial : !(known.status == status)) || !(buyer_of(known) == buyer_of(now_known));
  const bool open_still = !is_final(status.wb) && !old;
  if (!changed && !fresh && open_still) return;
  if (changed) {
    ++now_known.changes;
    NewEvent event = event_of(scheme, now_known, each.key, fmt::format("{}#{}", each.key, now_known.changes));
    if (!fresh && look.source != nullptr)
      event.before =
          engine::normalise(known.raw, derived_fields(known, scheme.name), look.source->record, account.name());
    page.events.push_back(std::move(event));
  }
  page.seen.push_back({each.key, text_of(now_known), open_still, false});
  if (!open_still && !is_fbs(scheme)) page.shared.push_back({shared_kind(scheme), {each.key, {}, false, true}});
}

}  // namespace

Task<Page> scan_page(Account& account, const Scheme& scheme, Look look, Position position, Calls& calls) {
  Page page;
  const std::vector<Seen> open = co_await calls.recall_open(position.after, most_listed);
  auto asking = ask_standing(account, scheme, open, calls);
  const auto standing = co_await asking;
  if (!standing) co_return failed(std::move(page), look, standing.error());
  for (const Seen& each : open) {
    const auto found = standing->statuses.find(each.key);
    Known known = known_of(each.state);
    const bool old = calls.now() - created_at(known.raw, calls.now()) > forget_after;
    if (old)
      calls.note(fmt::format("order {} has not ended in 60 days ({}, {}): it is not polled any more", each.key,
                             known.status.supplier, known.status.wb));
    if (found == standing->statuses.end()) {
      if (old) page.seen.push_back({each.key, each.state, false, false});
      continue;
    }
    known.status = found->second;
    known.seen_status = true;
    if (const auto buyer = standing->buyers.find(each.key); buyer != standing->buyers.end())
      known.buyer = buyer->second;
    see(account, scheme, look, each, std::move(known), old, page);
  }
  page.more = open.size() >= most_listed;
  if (page.more) {
    position.after = open.back().key;
  } else {
    position.phase.clear();
    if (position.why.empty())
      position.last = position.started;
    else
      page.failure.emplace().reason = position.why;  // the lists are read again
  }
  page.cursor = text_of(position);
  co_return page;
}

namespace {

using Reasons = std::vector<std::optional<std::string>>;

Task<Reasons> why_unwanted(Account& account, const Scheme& scheme, std::vector<Value> records, Calls& calls) {
  Reasons reasons(records.size());
  std::vector<std::string> ids;
  for (const Value& record : records) ids.push_back(record["id"].id_text());
  auto asking = statuses_of(account, scheme, ids, calls);
  const auto statuses = co_await asking;
  if (!statuses) co_return reasons;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = statuses->find(ids[i]);
    if (found == statuses->end() || !is_cancelled(found->second.supplier, found->second.wb)) continue;
    reasons[i] = fmt::format("cancelled at Wildberries while the event waited ({}, {})", found->second.supplier,
                             found->second.wb);
  }
  co_return reasons;
}

}  // namespace

std::function<Task<Reasons>(engine::Connection&, std::vector<Value>, Calls&)> still_wanted(const Scheme& scheme) {
  return [&scheme](engine::Connection& connection, std::vector<Value> records, Calls& calls) {
    return why_unwanted(static_cast<Account&>(connection), scheme, std::move(records), calls);
  };
}

}  // namespace pipewright::wb
