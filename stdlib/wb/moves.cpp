// wb.dbs.status, wb.dbw.status and wb.pickup.status set: each scheme has a row of statuses that the seller moves a task
// along, most of them a thousand tasks in a call, each with a response of its own (api.md 8, 9, 10, 12).
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {
namespace {

/// How the seller makes a task what `status` says.
struct Step {
  std::string status;  ///< `complete`
  std::string call;    ///< behind `path`: `deliver`
  bool alone = false;  ///< PATCH {orders}/{id}/{call}, one task each; else a batch
  bool coded = false;  ///< takes the buyer's code
};

struct Moves {
  const Scheme& scheme;
  std::string noun;                         ///< `a DBS order`
  std::string batches;                      ///< path of a batch step, without its call
  std::vector<std::string> line;            ///< passed in this order, none skipped; other statuses lie behind the last
  std::vector<std::string> cancelled_from;  ///< where the seller may still cancel
  std::vector<Step> steps;                  ///< in the order in which a batch takes them
  std::map<std::string, std::string> numbers;  ///< v2's (api.md 13), and other words that mean a status
  std::string help;

  [[nodiscard]] const Step* step(const std::string& status) const {
    const auto found =
        std::find_if(steps.begin(), steps.end(), [&](const Step& each) { return each.status == status; });
    return found == steps.end() ? nullptr : &*found;
  }
};

// 2 has no step of its own in DBS and means deliver.
const Moves& dbs_moves() {
  static const Moves moves{.scheme = scheme::dbs,
                           .noun = "a DBS order",
                           .batches = "/api/marketplace/v3/dbs/orders/status/",
                           .line = {"new", "confirm", "deliver"},
                           .cancelled_from = {"new", "confirm"},
                           .steps = {{"cancel", "cancel"},
                                     {"confirm", "confirm"},
                                     {"deliver", "deliver"},
                                     {"receive", "receive", false, true},
                                     {"reject", "reject", false, true}},
                           .numbers = {{"1", "confirm"},
                                       {"2", "deliver"},
                                       {"5", "deliver"},
                                       {"6", "receive"},
                                       {"7", "reject"},
                                       {"3", "cancel"},
                                       {"complete", "deliver"}},
                           .help = "write 1 (confirm), 5 (deliver), 6 (receive), 7 (reject) or 3 (cancel)"};
  return moves;
}

// Wildberries' courier receives and rejects. Where the seller may still cancel is not documented: Wildberries is asked.
const Moves& dbw_moves() {
  static const Moves moves{
      .scheme = scheme::dbw,
      .noun = "a DBW order",
      .batches = "/api/marketplace/v3/dbw/orders/status/",
      .line = {"new", "confirm", "complete"},
      .cancelled_from = {"new", "confirm", "complete"},
      .steps = {{"cancel", "cancel", true}, {"confirm", "confirm", true}, {"complete", "deliver"}},
      .numbers = {{"1", "confirm"}, {"2", "complete"}, {"5", "complete"}, {"3", "cancel"}, {"deliver", "complete"}},
      .help = "write 1 (confirm), 2 (complete) or 3 (cancel); the courier does the rest"};
  return moves;
}

const Moves& pickup_moves() {
  static const Moves moves{.scheme = scheme::pickup,
                           .noun = "an order of pickup",
                           .batches = "/api/marketplace/v3/click-collect/orders/status/",
                           .line = {"new", "confirm", "prepare"},
                           .cancelled_from = {"new", "confirm", "prepare"},
                           .steps = {{"cancel", "cancel"},
                                     {"confirm", "confirm"},
                                     {"prepare", "prepare"},
                                     {"receive", "receive"},
                                     {"reject", "reject"}},
                           .numbers = {{"1", "confirm"},
                                       {"8", "confirm"},
                                       {"2", "prepare"},
                                       {"9", "prepare"},
                                       {"6", "receive"},
                                       {"7", "reject"},
                                       {"3", "cancel"}},
                           .help = "write 8 (confirm), 9 (prepare), 6 (receive), 7 (reject) or 3 (cancel)"};
  return moves;
}

/// The limiter's group of a step: DBW's are in that of its reads, but for a basic token's cancel; each of the others
/// has one of its own (api.md 4).
std::string step_group(const Account& account, const Moves& moves, const Step& step) {
  if (&moves.scheme != &scheme::dbw) return fmt::format("marketplace.{}_{}", moves.scheme.name, step.call);
  return step.call == "cancel" && account.rationed() ? group::dbw_cancel : group::dbw;
}

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<std::string> target_of(const Moves& moves, const std::string& word) {
  if (const auto found = moves.numbers.find(word); found != moves.numbers.end()) return found->second;
  return moves.step(word) != nullptr ? std::optional(word) : std::nullopt;
}

/// The statuses from one to another; nothing: illegal. Empty: there already, or past it.
std::optional<std::vector<std::string>> way(const Moves& moves, const std::string& from, const std::string& to) {
  using Way = std::vector<std::string>;
  if (from == to) return Way{};
  if (to == "cancel") return holds(moves.cancelled_from, from) ? std::optional(Way{"cancel"}) : std::nullopt;
  const auto at = std::find(moves.line.begin(), moves.line.end(), from);
  const auto end = std::find(moves.line.begin(), moves.line.end(), to);
  if (at == moves.line.end())  // what was received had been delivered
    return from == "receive" && end != moves.line.end() ? std::optional(Way{}) : std::nullopt;
  if (end != moves.line.end()) return at < end ? Way(at + 1, end + 1) : Way{};
  Way whole(at + 1, moves.line.end());
  whole.push_back(to);
  return whole;
}

struct Item {
  std::size_t index;
  std::string id;
  std::string target;
  std::string from;
  std::string now;
  std::vector<std::string> steps;
  Value code;
};

struct Work {
  const Moves& moves;
  Batch batch;
  Outcomes outcomes;
  std::vector<bool> settled;
  std::vector<Item> items;

  Work(const Moves& of, Batch given)
      : moves(of), batch(std::move(given)), outcomes(batch.size()), settled(batch.size(), false) {}

  void settle(std::size_t index, Outcome outcome) {
    outcomes[index] = std::move(outcome);
    settled[index] = true;
  }
};

Outcome reached(const Item& item, bool changed) {
  Outcome outcome;
  outcome.kind = changed ? Outcome::Kind::done : Outcome::Kind::unchanged;
  outcome.operation = changed ? "set" : "none";
  Record result;
  result.emplace_back("id", Value(item.id));
  result.emplace_back("status", Value(item.target));
  outcome.result = Value(result);
  outcome.record = std::move(result);
  const bool by_earlier_try = changed && item.from == item.target;
  if (changed)
    outcome.changes.push_back({"supplier_status", by_earlier_try ? Value() : Value(item.from), Value(item.target)});
  outcome.summary = !changed         ? fmt::format("Wildberries {}: {}, unchanged", item.id, item.from)
                    : by_earlier_try ? fmt::format("Wildberries {}: {}, by an earlier try", item.id, item.target)
                                     : fmt::format("Wildberries {}: {} → {}", item.id, item.from, item.target);
  return outcome;
}

// What can be said before any call.
void read_items(Work& work) {
  for (std::size_t i = 0; i < work.batch.size(); ++i) {
    const Value& id = work.batch[i].field("id");
    const std::string word = work.batch[i].field("status").id_text();
    const auto target = target_of(work.moves, word);
    if (id.is_null()) {
      Outcome skipped;
      skipped.kind = Outcome::Kind::skipped;
      skipped.reason = "`id` is null";
      work.settle(i, std::move(skipped));
    } else if (!target) {
      work.settle(i, Outcome::failed(permanent(
                         fmt::format("the status `{}` cannot be set for {}", word, work.moves.noun), work.moves.help)));
    } else if (!is_task_id(id.id_text())) {
      work.settle(i, Outcome::nothing());  // an order of another shop
    } else {
      work.items.push_back({i, id.id_text(), *target, "", "", {}, work.batch[i].field("code")});
    }
  }
}

// Already there, illegal, or the steps still to take.
void judge(Work& work, const Statuses& statuses) {
  for (Item& item : work.items) {
    const auto found = statuses.find(item.id);
    if (found == statuses.end()) {
      work.settle(item.index, Outcome::nothing());
      continue;
    }
    item.from = item.now = found->second.supplier;
    const bool cancelled = is_cancelled(found->second.supplier, found->second.wb);
    // What is reached is reached, also by an order that the buyer has refused: `reject` goes with `canceled_by_client`.
    const bool there = item.from == item.target || (cancelled && item.target == "cancel");
    const auto steps = there       ? std::optional(std::vector<std::string>{})
                       : cancelled ? std::nullopt
                                   : way(work.moves, item.from, item.target);
    if (!steps) {
      work.settle(item.index,
                  Outcome::failed(permanent(fmt::format("Wildberries: order {} is {} ({}) and cannot become {}",
                                                        item.id, item.from, found->second.wb, item.target))));
    } else if (steps->empty()) {
      work.settle(item.index, reached(item, work.batch[item.index].delivery == engine::Delivery::unknown &&
                                                item.from == item.target));
    } else {
      item.steps = *steps;
    }
  }
}

// ---- one step for all that stand before it
// ----------------------------------------------------------------------------------

Value body_of(const Step& step, const std::vector<Item*>& items) {
  Record body;
  List list;
  for (const Item* item : items) {
    const Value id(*Decimal::parse(item->id));
    if (!step.coded) {
      list.push_back(id);
      continue;
    }
    Record entry;
    entry.emplace_back("orderId", id);
    if (!item->code.is_null()) entry.emplace_back("code", item->code);
    list.emplace_back(std::move(entry));
  }
  body.emplace_back(step.coded ? "orders" : "ordersIds", Value(std::move(list)));
  return Value(std::move(body));
}

/// What a step's responses say: who is there now, and who was refused and why. Whoever is neither was not spoken of.
struct Said {
  std::set<std::string> moved;
  std::map<std::string, std::string> refused;
  std::map<std::string, Failure> failed;  ///< no response to go by
};

// A 200 that is no success: each task has a response of its own.
void add_results(Said& said, const Value& json) {
  const List* results = json["results"].list();
  for (const Value& result : results == nullptr ? List() : *results) {
    const std::string id = result["orderId"].id_text();
    const bool* is_error = result["isError"].boolean();
    if (is_error == nullptr || !*is_error) {
      said.moved.insert(id);
      continue;
    }
    std::string text;
    if (const List* details = result["errors"].list()) {
      for (const Value& detail : *details)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", detail["code"].id_text(), detail["detail"].display());
    }
    said.refused[id] = text.empty() ? "refused" : text;
  }
}

Task<Said> ask_together(Account& account, const Moves& moves, const Step& step, std::vector<Item*> items,
                        Calls& calls) {
  Request request =
      account.send("POST", step_group(account, moves, step), moves.batches + step.call, body_of(step, items));
  request.write = true;
  for (const Item* item : items) request.items.push_back(item->index);
  Record predicted;
  predicted.emplace_back("results", Value(List{}));
  request.predicted = Value(std::move(predicted));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  Said said;
  if (json) add_results(said, *json);
  for (const Item* item : items) {
    if (!json) said.failed[item->id] = json.error();
    if (calls.dry()) said.moved.insert(item->id);
  }
  co_return said;
}

// A refusal of one task: 404, or 409 with the reason.
bool refuses(const CallResult& answer) { return answer && (answer->status == 409 || answer->status == 404); }

Task<Said> ask_alone(Account& account, const Moves& moves, const Step& step, std::vector<Item*> items, Calls& calls) {
  Said said;
  for (const Item* item : items) {
    Request request = account.send("PATCH", step_group(account, moves, step),
                                   fmt::format("{}/{}/{}", moves.scheme.orders, item->id, step.call), Value());
    request.write = true;
    request.items.push_back(item->index);
    request.predicted = Value();
    request.predicted_status = 204;
    const CallResult answer = co_await calls.send(std::move(request));
    const auto failure = failure_without_answer(answer);
    if (!failure)
      said.moved.insert(item->id);
    else if (refuses(answer))
      said.refused[item->id] = words_of(*answer);
    else
      said.failed[item->id] = *failure;
  }
  co_return said;
}

// Those that were refused are read again: somebody may have moved them to where they shall be.
Task<bool> take_step(Account& account, Work& work, const Step& step, std::vector<Item*> items, Calls& calls) {
  auto asking = step.alone ? ask_alone(account, work.moves, step, items, calls)
                           : ask_together(account, work.moves, step, items, calls);
  const Said said = co_await asking;
  tl::expected<Statuses, Failure> statuses = Statuses();
  if (!said.refused.empty()) {
    std::vector<std::string> ids;
    for (const auto& [id, text] : said.refused) ids.push_back(id);
    auto reading = statuses_of(account, work.moves.scheme, ids, calls);
    statuses = co_await reading;
  }
  for (Item* item : items) {
    if (const auto failed = said.failed.find(item->id); failed != said.failed.end()) {
      work.settle(item->index, Outcome::failed(failed->second));
      continue;
    }
    const auto refused = said.refused.find(item->id);
    if (refused == said.refused.end() && said.moved.contains(item->id)) {
      item->now = step.status;
      continue;
    }
    if (refused == said.refused.end()) {  // success that is said of others only: the next try asks where it stands
      Failure unsaid;
      unsaid.reason = fmt::format("Wildberries: the response to {} says nothing of order {}", step.call, item->id);
      unsaid.delivery = engine::Delivery::unknown;
      work.settle(item->index, Outcome::failed(unsaid));
      continue;
    }
    if (!statuses) {  // where it stands is not known: the next try asks
      Failure unread = statuses.error();
      unread.delivery =
          engine::unknown_if(item->now != item->from);  // the refused step was not taken, an earlier one may have been
      work.settle(item->index, Outcome::failed(std::move(unread)));
      continue;
    }
    const auto found = statuses->find(item->id);
    if (found != statuses->end() && found->second.supplier == item->target) {
      const bool written = item->now != item->from;  // by an earlier step, somebody else took the last one
      if (!written) item->from = found->second.supplier;
      work.settle(item->index, reached(*item, written));
    } else {
      const std::string stands = found == statuses->end() ? item->now : found->second.supplier;
      work.settle(item->index,
                  Outcome::failed(permanent(fmt::format("Wildberries: {} «order {} is {} and cannot become {}»",
                                                        refused->second, item->id, stands, step.status))));
    }
  }
  co_return true;
}

// A task that leaves `new` cannot be read again until it ends: one that nobody of the account has seen is kept first.
// Those are failed of whom this cannot be said.
Task<bool> keep_new_ones(Account& account, Work& work, Calls& calls) {
  std::vector<Item*> leaving;
  std::vector<std::string> ids;
  for (Item& item : work.items) {
    if (work.settled[item.index] || item.from != "new" || item.target == "cancel") continue;
    leaving.push_back(&item);
    ids.push_back(item.id);
  }
  if (leaving.empty() || calls.dry()) co_return true;
  const std::map<std::string, engine::Seen> known = co_await calls.load_shared(shared_kind(work.moves.scheme), ids);
  std::erase_if(leaving, [&](const Item* item) { return known.contains(item->id); });
  if (leaving.empty()) co_return true;
  auto reading = read_new(account, work.moves.scheme, calls);
  const auto fresh = co_await reading;
  if (!fresh) {
    Failure unread = fresh.error();
    unread.delivery = engine::Delivery::not_sent;
    for (const Item* item : leaving) work.settle(item->index, Outcome::failed(unread));
    co_return false;
  }
  auto sharing = unknown_to_account(work.moves.scheme, *fresh, calls);
  std::vector<engine::SharedState> states = co_await sharing;
  if (!states.empty()) co_await calls.store_shared(std::move(states));
  co_return true;
}

Task<Outcomes> set_status(Account& account, const Moves& moves, Batch batch, Calls& calls) {
  Work work(moves, std::move(batch));
  read_items(work);
  if (work.items.empty()) co_return work.outcomes;
  std::vector<std::string> ids;
  for (const Item& item : work.items) ids.push_back(item.id);
  auto asking = statuses_of(account, moves.scheme, ids, calls);
  const auto statuses = co_await asking;
  if (!statuses) {
    Failure failure = statuses.error();
    failure.delivery = engine::Delivery::not_sent;  // nothing was written: only asked
    for (const Item& item : work.items) work.settle(item.index, Outcome::failed(failure));
    co_return work.outcomes;
  }
  judge(work, *statuses);
  auto keeping = keep_new_ones(account, work, calls);
  co_await keeping;
  for (const Step& step : moves.steps) {
    std::vector<Item*> taking;
    for (Item& item : work.items) {
      if (!work.settled[item.index] && holds(item.steps, step.status)) taking.push_back(&item);
    }
    if (taking.empty()) continue;
    auto stepping = take_step(account, work, step, taking, calls);
    co_await stepping;
  }
  for (const Item& item : work.items) {
    if (work.settled[item.index]) continue;
    Failure unsaid;
    unsaid.reason = fmt::format("Wildberries: nothing was said of order {}", item.id);
    work.settle(item.index, item.now == item.target ? reached(item, true) : Outcome::failed(unsaid));
  }
  co_return work.outcomes;
}

engine::ActionNode status_node(const Moves& moves) {
  engine::ActionNode node;
  node.name = fmt::format("wb.{}.status", moves.scheme.name);
  node.verbs = {{engine::Verb::set, engine::Repeat::keyed}};
  node.capacity = 1000;
  node.parallel = 1;
  node.group = moves.scheme.statuses.group;
  node.identity = [](const Operation& operation) { return operation.field("id").id_text(); };
  node.work = [&moves](Connection& connection, Batch batch, Calls& calls) {
    return set_status(static_cast<Account&>(connection), moves, std::move(batch), calls);
  };
  return node;
}

}  // namespace

engine::ActionNode dbs_status() { return status_node(dbs_moves()); }
engine::ActionNode dbw_status() { return status_node(dbw_moves()); }
engine::ActionNode pickup_status() { return status_node(pickup_moves()); }

}  // namespace pipewright::wb
