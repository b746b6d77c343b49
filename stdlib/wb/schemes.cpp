#include "stdlib/wb/schemes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/json.hpp"
#include "engine/normalise.hpp"

namespace pipewright::wb {
namespace {

using engine::Calls;
using engine::List;
using engine::Look;
using engine::NewEvent;
using engine::Page;
using engine::Record;
using engine::Seen;
using engine::Task;

constexpr std::size_t most_ids = 1000;
constexpr auto forget_after = std::chrono::hours(24 * 60);

bool is_fbs(const Scheme& scheme) { return &scheme == &scheme::fbs; }

Status status_of(const Value& entry) {
  Status status{entry["supplierStatus"].display(), entry["wbStatus"].display(), std::nullopt};
  if (const bool* cancellable = entry["isCancellable"].boolean()) status.cancellable = *cancellable;
  return status;
}

// What a reading says of each task.
Task<tl::expected<std::map<std::string, Value>, Failure>> read(Account& account, Reading reading,
                                                               std::vector<std::string> ids, Calls& calls) {
  std::map<std::string, Value> found;
  for (std::size_t from = 0; from < ids.size(); from += most_ids) {
    const std::vector<std::string> part(
        ids.begin() + static_cast<std::ptrdiff_t>(from),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + most_ids)));
    Record body;
    body.emplace_back(reading.ids, id_list(part));
    Request request = account.send("POST", reading.group, reading.path, Value(std::move(body)));
    const CallResult answer = co_await calls.send(std::move(request));
    const auto json = json_of(answer);
    if (!json) co_return tl::unexpected<Failure>(json.error());
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
    if (is_fbs(scheme) || entry["supplierStatus"].text() != nullptr) statuses[id] = status_of(entry);
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
      if (!task) {
        fresh.failure = unreadable(task.error());
        co_return fresh;
      }
      ids.push_back(id_of(*task));
      part.push_back(std::move(*task));
    }
    const std::map<std::string, engine::Seen> seen = co_await calls.recall(ids);
    for (Value& task : part) {
      const std::string id = id_of(task);
      if (id.empty())
        fresh.notice = fmt::format("a task without an id in the answer of {} is left out: {}", path,
                                   engine::json_start(task, 120));
      else if (!seen.contains(id))
        fresh.tasks.push_back(std::move(task));
    }
  }
  if (unread->ended()) co_return fresh;
  if (account.unread.size() >= 8) account.unread.clear();  // of looks that nobody went on with: they are asked again
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

Task<std::vector<Seen>> note_unknown(std::vector<Value> tasks, Calls& calls) {
  std::vector<std::string> ids;
  for (const Value& task : tasks) ids.push_back(id_of(task));
  const std::map<std::string, Seen> seen = co_await calls.recall(ids);
  std::vector<Seen> noted;
  for (const Value& task : tasks) {
    const std::string id = id_of(task);
    if (id.empty() || seen.contains(id)) continue;
    Known known;
    known.raw = task;
    noted.push_back({id, text_of(known), true, false});
  }
  co_return noted;
}

// ---- open tasks
// ----------------------------------------------------------------------------------------------------------------------

namespace {

// The buyer is there from `confirm` on; a phone may come later than the name.
bool ask_for_buyer(const Known& known, const Status& status) {
  if (status.supplier == "new" || is_final(status.supplier, status.wb)) return false;
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

Task<Page> scan_page(Account& account, const Scheme& scheme, Look look, Value cursor, Calls& calls) {
  Page page;
  const std::vector<Seen> open = co_await calls.recall_open(cursor["after"].display(), most_listed);
  auto asking = ask_standing(account, scheme, open, calls);
  const auto standing = co_await asking;
  if (!standing) co_return failed(std::move(page), look, standing.error());
  for (const Seen& each : open) {
    const auto found = standing->statuses.find(each.key);
    const Known known = known_of(each.state);
    const bool old = calls.now() - created_at(known.raw, calls.now()) > forget_after;
    if (found == standing->statuses.end()) {
      if (old) page.seen.push_back({each.key, each.state, false, false});
      continue;
    }
    Known now_known = known;
    now_known.status = found->second;
    now_known.seen_status = true;
    if (const auto buyer = standing->buyers.find(each.key); buyer != standing->buyers.end())
      now_known.buyer = buyer->second;
    const Status& status = now_known.status;
    const bool fresh = !known.seen_status;
    const bool initial = status.supplier == "new" && status.wb == "waiting";
    const bool changed = (fresh ? !initial : !(known.status == status)) || !(buyer_of(known) == buyer_of(now_known));
    const bool open_still = !is_final(status.supplier, status.wb) && !old;
    if (!changed && !fresh && open_still) continue;
    if (changed) {
      ++now_known.changes;
      NewEvent event = event_of(scheme, now_known, each.key, fmt::format("{}#{}", each.key, now_known.changes));
      if (!fresh && look.source != nullptr)
        event.before =
            engine::normalise(known.raw, derived_fields(known, scheme.name), look.source->record, account.name());
      page.events.push_back(std::move(event));
    }
    page.seen.push_back({each.key, text_of(now_known), open_still, false});
  }
  const std::int64_t last = moment(cursor, "last").value_or(calls.now()).time_since_epoch().count();
  page.more = open.size() >= most_listed;
  page.cursor = page.more ? scan_cursor(open.back().key, last) : fmt::format("{{\"last\":{}}}", last);
  co_return page;
}

std::string scan_cursor(const std::string& after, std::int64_t last) {
  return fmt::format("{{\"phase\":\"scan\",\"after\":\"{}\",\"last\":{}}}", after, last);
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
