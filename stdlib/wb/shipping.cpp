// wb.fbs.status set to 2: supplies are shipped, with the orders asked for and no others (api.md 7.3, 7.4, 18). Whatever
// else is in a supply is moved to another one first, and what is inside is read again before it goes: a supply that was
// delivered cannot be called back. Where the reference says two things, either is right here.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "stdlib/wb/fbs_work.hpp"
#include "stdlib/wb/schemes.hpp"
#include "stdlib/wb/supplies.hpp"

namespace pipewright::wb {
namespace {

using std::chrono::seconds;

const char* const moscow = "Europe/Moscow";

// Of what failed before anything of the orders changed.
Failure not_sent(Failure failure) {
  failure.delivery = engine::Delivery::not_sent;
  return failure;
}

Failure later(std::string reason, Duration when) {
  Failure failure;
  failure.reason = std::move(reason);
  failure.not_before = when;
  return not_sent(std::move(failure));
}

// ---- how it is shipped

struct Parameters {
  std::string type;
  std::string date;
  std::string point;
};

// Wildberries counts the days in Moscow, whatever the shop's zone is. Nothing: they are not configured.
std::optional<Parameters> parameters_of(const Account& account, Instant now) {
  const std::string point = account.settings().text("shipping.point");
  const std::string type = account.settings().text("shipping.type");
  if (type.empty() && point.empty()) return std::nullopt;
  std::int64_t days = 0;
  const auto ahead = account.settings().values.find("shipping.days_ahead");
  if (ahead != account.settings().values.end() && ahead->second.number() != nullptr)
    days = ahead->second.number()->integer().value_or(0);
  return Parameters{type.empty() ? "selfShipping" : type,
                    date_text(date_in(now + std::chrono::hours(24 * days), moscow)), point};
}

bool shows(const Value& supply, const Parameters& wanted) {
  return supply["shippingType"].display() == wanted.type &&
         supply["shippingDt"].display().substr(0, wanted.date.size()) == wanted.date &&
         (wanted.point.empty() || supply["shippingPointId"].id_text() == wanted.point);
}

Request shipping_request(Account& account, const std::string& supply, const Parameters& wanted,
                         std::vector<std::size_t> items) {
  Record entry;
  entry.emplace_back("supplyId", Value(supply));
  entry.emplace_back("shippingType", Value(wanted.type));
  entry.emplace_back("shippingDt", Value(wanted.date));
  if (const auto number = Decimal::parse(wanted.point)) entry.emplace_back("shippingPointId", Value(*number));
  List data;
  data.emplace_back(std::move(entry));
  Record body;
  body.emplace_back("data", Value(std::move(data)));
  Request request =
      account.send("PATCH", group::fbs, "/api/marketplace/v3/fbs/supplies/shipping-method", Value(std::move(body)));
  request.write = true;
  request.items = std::move(items);
  Record predicted;
  predicted.emplace_back("results", Value(List{}));
  request.predicted = Value(std::move(predicted));
  return request;
}

// A supply that was scanned is on its way already: what became of its orders is asked after `deliver`.
bool already_scanned(const CallResult& answer) {
  return answer && answer->status == 409 && answer->body.find("SupplyAlreadyScanned") != std::string::npos;
}

std::optional<Failure> refused_parameters(const Account& account, const std::string& supply, const Value& answer) {
  const List* results = answer["results"].list();
  if (results == nullptr) return another_shape(answer, "results");
  for (const Value& result : *results) {
    const Value& error = result["error"];
    if (error.is_null()) continue;
    const std::string detail = error["detail"].display();
    if (detail == "SupplyAlreadyScanned") continue;
    return permanent(fmt::format("Wildberries: {} «the shipping parameters of supply {}»", detail, supply),
                     "check [connections." + account.name() + ".shipping] in pipewright.toml");
  }
  return std::nullopt;
}

// Says how it is shipped, unless it is said already, and reads whether that was kept.
Task<std::optional<Failure>> set_parameters(Account& account, std::string supply, std::vector<std::size_t> items,
                                            Calls& calls) {
  const auto wanted = parameters_of(account, calls.now());
  if (!wanted) co_return std::nullopt;
  if (!calls.dry()) {
    auto reading = read_supply(account, supply, calls);
    const auto shown = co_await reading;
    if (!shown) co_return not_sent(shown.error());
    if (shows(*shown, *wanted) || *(*shown)["done"].boolean()) co_return std::nullopt;
  }
  Request request = shipping_request(account, supply, *wanted, std::move(items));
  const CallResult answer = co_await calls.send(std::move(request));
  if (already_scanned(answer)) co_return std::nullopt;
  const auto json = json_of(answer);
  if (!json) co_return json.error();
  if (auto refused = refused_parameters(account, supply, *json)) co_return refused;
  if (calls.dry()) co_return std::nullopt;
  auto reading = read_supply(account, supply, calls);
  const auto kept = co_await reading;
  if (!kept) co_return not_sent(kept.error());
  // Asked once more; then `deliver` decides, for an account may not be shown its parameters.
  if (!shows(*kept, *wanted) && !*(*kept)["done"].boolean() &&
      account.refused_before.insert("shipping " + supply).second)
    co_return later(fmt::format("Wildberries: supply {} does not show its shipping parameters yet", supply),
                    seconds(3));
  co_return std::nullopt;
}

// ---- what a refusal of `deliver` means

struct Marking {
  std::string text;      ///< "sgtin: required, imei: pending"
  bool pending = false;  ///< nothing is wrong but that Wildberries is still checking
};

bool allows_delivery(const std::string& decision) {
  static const std::set<std::string> words = {"filled",      "optional",   "deadlineExceeded", "imeiMaySell",
                                              "imeiSoldB2B", "uinMaySell", "sgtinIntroduced",  "sgtinSoldB2B"};
  return words.contains(decision);
}

// The tasks whose marking is missing, wrong, or being checked.
std::map<std::string, Marking> marking_problems(const CallResult& answer) {
  std::map<std::string, Marking> problems;
  if (!answer || code_of(*answer) != "MetaValidationFail") return problems;
  const Result<Value> body = answer->json();
  const List* orders = body ? (*body)["data"]["orders"].list() : nullptr;
  if (orders == nullptr) return problems;
  for (const Value& order : *orders) {
    Marking& marking = problems[order["id"].id_text()];
    bool wrong = false;
    const List* details = order["metaDetails"].list();
    for (const Value& detail : details == nullptr ? List() : *details) {
      const std::string decision = detail["decision"].display();
      if (allows_delivery(decision)) continue;
      marking.text += fmt::format("{}{}: {}", marking.text.empty() ? "" : ", ", detail["key"].display(), decision);
      marking.pending = marking.pending || decision == "pending";
      wrong = wrong || decision != "pending";
    }
    marking.pending = marking.pending && !wrong;
  }
  return problems;
}

Outcome marking_outcome(const Item& item, const Marking& marking) {
  if (marking.pending)
    return Outcome::failed(later(
        fmt::format("Wildberries is still checking the marking of order {} ({})", item.id, marking.text), seconds(30)));
  return Outcome::failed(permanent(fmt::format("Wildberries: MetaValidationFail «{}»", marking.text),
                                   "attach the marking in the seller's cabinet, then retry"));
}

// Words of a refusal are never the only reason: it is asked once more, unless what is missing is missing here.
Failure delivery_failure(Account& account, const std::string& supply, Failure failure, const CallResult& answer,
                         Instant now) {
  const std::string code = answer ? code_of(*answer) : std::string();
  const auto parameters = parameters_of(account, now);
  failure.delivery = engine::Delivery::not_sent;
  if (code == "SupplyShippingRequired" && !parameters) {
    failure.help =
        fmt::format("add [connections.{}.shipping] to pipewright.toml: type, point, days_ahead", account.name());
    return failure;
  }
  if (code == "WaybillUUIDConflict" || (code == "SupplyShippingRequired" && parameters->type == "transportCompany")) {
    failure.help = fmt::format(
        "attach the waybill to supply {} in the seller's cabinet, then retry; type = \"selfShipping\" "
        "needs none",
        supply);
    return failure;
  }
  if (failure.kind == Failure::Kind::permanent && account.refused_before.insert("deliver " + supply).second) {
    failure.kind = Failure::Kind::transient;
    failure.not_before = seconds(3);
  }
  return failure;
}

// ---- one supply

/// A supply on its way out.
struct Shipment {
  std::string supply;
  std::string group;              ///< of its name; empty: somebody else made it
  std::vector<Item> members;      ///< asked for, and not settled
  std::vector<std::string> out;   ///< alive and not asked for: to be moved
  std::set<std::string> dead;     ///< cancelled ones that stay inside
  std::set<std::string> leaving;  ///< supplies that leave in this batch: nobody waits there
  bool apart = false;             ///< its members were taken out of the supply in which the dead are

  /// Others wait in one supply of that name for all shipments of the group.
  [[nodiscard]] std::string rest_group() const { return base() + " rest"; }
  /// Of the group, whichever of its supplies this is: names do not grow from one to the next.
  [[nodiscard]] std::string base() const {
    std::string base = group.empty() ? supply : group;
    for (const std::string suffix : {" rest", " apart"}) {
      while (base.ends_with(suffix)) base.resize(base.size() - suffix.size());
    }
    return base;
  }
};

bool is_member(const Shipment& shipment, const std::string& id) {
  return std::any_of(shipment.members.begin(), shipment.members.end(), [&](const Item& item) { return item.id == id; });
}

// Who of them is alive and in no way asked for goes out; the dead stay.
Task<std::optional<Failure>> sort_others(Account& account, Shipment& shipment, std::vector<std::string> others,
                                         Calls& calls) {
  shipment.out.clear();
  if (others.empty()) co_return std::nullopt;
  auto asking = statuses_of(account, scheme::fbs, others, calls);
  const auto statuses = co_await asking;
  if (!statuses) co_return not_sent(statuses.error());
  for (const std::string& id : others) {
    const auto found = statuses->find(id);
    // Of whom nothing is said might be alive.
    if (found == statuses->end() || is_movable(found->second))
      shipment.out.push_back(id);
    else
      shipment.dead.insert(id);
  }
  co_return std::nullopt;
}

// Moves out whoever was not asked for, and reads what is inside then. Nothing: the supply holds its members and dead
// ones alone.
Task<std::optional<Failure>> clear_others(Account& account, Shipment& shipment, Calls& calls) {
  if (shipment.out.empty()) co_return std::nullopt;
  const std::vector<std::size_t> indexes = indexes_of(shipment.members);
  auto finding = supply_for(account, shipment.rest_group(), shipment.leaving, indexes, calls);
  const auto rest = co_await finding;
  if (!rest) co_return not_sent(rest.error());
  auto moving = add_to_supply(account, *rest, shipment.out, indexes, calls);
  const Added moved = co_await moving;
  const std::vector<std::string> tried = std::exchange(shipment.out, {});
  if (calls.dry()) co_return std::nullopt;
  auto reading = orders_in(account, shipment.supply, calls);
  const auto inside = co_await reading;
  if (!inside) co_return not_sent(inside.error());
  std::vector<std::string> still;
  for (const std::string& id : *inside) {
    if (!is_member(shipment, id) && !shipment.dead.contains(id)) still.push_back(id);
  }
  auto sorting = sort_others(account, shipment, still, calls);
  if (auto failure = co_await sorting) co_return failure;
  if (shipment.out.empty()) co_return std::nullopt;
  for (const std::string& id : shipment.out) {
    if (const auto why = moved.failed.find(id); why != moved.failed.end()) co_return not_sent(why->second);
  }
  co_return later(fmt::format("Wildberries: supply {} still holds order {}, which was not asked for", shipment.supply,
                              shipment.out.front()),
                  seconds(3));
}

Task<CallResult> deliver(Account& account, std::string supply, std::vector<std::size_t> items, Calls& calls) {
  Request request = account.send(
      "PATCH", group::fbs, fmt::format("/api/v3/supplies/{}/deliver", engine::http::percent_encoded(supply)), Value());
  request.write = true;
  request.items = std::move(items);
  request.predicted = Value();
  request.predicted_status = 204;
  co_return co_await calls.send(std::move(request));
}

Outcome cancelled_meanwhile(const Item& item, const Status& status) {
  return Outcome::failed(permanent(
      fmt::format("Wildberries: order {} is {} ({}) and cannot become complete", item.id, status.supplier, status.wb),
      "it was cancelled meanwhile: move the CRM order to a cancelled status"));
}

// The supply was delivered. 204 does not say of whom: an order that was cancelled a moment before stays behind.
Task<bool> settle_delivered(Account& account, Work& work, const Shipment& shipment, Calls& calls) {
  tl::expected<Statuses, Failure> statuses = Statuses();
  if (!calls.dry()) {
    auto asking = statuses_of(account, scheme::fbs, ids_of(shipment.members), calls);
    statuses = co_await asking;
  }
  if (!statuses) {  // the next try finds them where they are
    Failure unread = statuses.error();
    unread.kind = Failure::Kind::transient;
    unread.delivery = engine::Delivery::unknown;
    work.fail(shipment.members, unread);
    co_return false;
  }
  for (const Item& item : shipment.members) {
    const auto found = statuses->find(item.id);
    const bool left_behind = found != statuses->end() && found->second.supplier != "complete" &&
                             is_cancelled(found->second.supplier, found->second.wb);
    work.settle(item.index,
                left_behind ? cancelled_meanwhile(item, found->second) : reached(item, true, item.status.supplier));
  }
  co_return true;
}

// After a refusal: who is there already (Wildberries closes a supply itself when it is scanned), who died meanwhile.
Task<std::optional<Failure>> see_members(Account& account, Work& work, Shipment& shipment, Calls& calls) {
  auto asking = statuses_of(account, scheme::fbs, ids_of(shipment.members), calls);
  const auto statuses = co_await asking;
  if (!statuses) {
    Failure unread = statuses.error();
    unread.delivery = engine::Delivery::unknown;
    co_return unread;
  }
  std::vector<Item> alive;
  for (const Item& item : shipment.members) {
    const auto found = statuses->find(item.id);
    if (found == statuses->end() || is_movable(found->second)) {
      alive.push_back(item);
    } else if (found->second.supplier == "complete") {
      work.settle(item.index, reached(item, item.delivery == engine::Delivery::unknown, "complete"));
    } else {
      shipment.dead.insert(item.id);
      work.settle(item.index, cancelled_meanwhile(item, found->second));
    }
  }
  shipment.members = std::move(alive);
  co_return std::nullopt;
}

// A cancelled order may block the supply that it is in: then those that are alive go in one of their own.
Task<bool> take_apart(Account& account, Work& work, Shipment& shipment, Calls& calls) {
  const std::vector<std::size_t> indexes = indexes_of(shipment.members);
  auto finding = supply_for(account, shipment.base() + " apart", shipment.leaving, indexes, calls);
  const auto own = co_await finding;
  if (!own) {
    work.fail(shipment.members, not_sent(own.error()));
    co_return false;
  }
  auto moving = add_to_supply(account, *own, ids_of(shipment.members), indexes, calls);
  const Added moved = co_await moving;
  std::vector<Item> inside;
  for (const Item& item : shipment.members) {
    if (const auto why = moved.failed.find(item.id); why != moved.failed.end())
      work.settle(item.index, Outcome::failed(not_sent(why->second)));
    else
      inside.push_back(item);
  }
  shipment.members = std::move(inside);
  shipment.supply = *own;
  shipment.leaving.insert(*own);
  shipment.apart = true;
  shipment.dead.clear();
  // It may have been there already, with others in it.
  auto reading = orders_in(account, *own, calls);
  const auto found = co_await reading;
  std::vector<std::string> others;
  for (const std::string& id : found ? *found : std::vector<std::string>()) {
    if (!is_member(shipment, id)) others.push_back(id);
  }
  auto sorting = sort_others(account, shipment, others, calls);
  const auto failure = co_await sorting;
  if (found && !failure) co_return !shipment.members.empty();
  work.fail(shipment.members, not_sent(found ? *failure : found.error()));
  co_return false;
}

// One try. True: something was learned, and those that are left go on.
Task<bool> try_to_ship(Account& account, Work& work, Shipment& shipment, Calls& calls) {
  auto clearing = clear_others(account, shipment, calls);
  if (const auto failure = co_await clearing) {
    work.fail(shipment.members, *failure);
    co_return false;
  }
  const std::vector<std::size_t> indexes = indexes_of(shipment.members);
  auto setting = set_parameters(account, shipment.supply, indexes, calls);
  if (const auto failure = co_await setting) {
    work.fail(shipment.members, *failure);
    co_return false;
  }
  auto delivering = deliver(account, shipment.supply, indexes, calls);
  const CallResult answer = co_await delivering;
  const auto failure = failure_without_answer(answer);
  if (!failure) {
    auto settling = settle_delivered(account, work, shipment, calls);
    co_await settling;
    co_return false;
  }
  if (failure->kind != Failure::Kind::permanent) {
    work.fail(shipment.members, *failure);
    co_return false;
  }
  // Some lack their marking: they park and step out, the others go.
  const std::map<std::string, Marking> problems = marking_problems(answer);
  const std::size_t before = shipment.members.size();
  for (const Item& item : shipment.members) {
    const auto problem = problems.find(item.id);
    if (problem == problems.end()) continue;
    work.settle(item.index, marking_outcome(item, problem->second));
    shipment.out.push_back(item.id);
  }
  std::erase_if(shipment.members, [&](const Item& item) { return work.settled[item.index]; });
  if (shipment.members.size() < before) co_return !shipment.members.empty();
  auto seeing = see_members(account, work, shipment, calls);
  if (const auto unread = co_await seeing) {
    work.fail(shipment.members, *unread);
    co_return false;
  }
  if (shipment.members.empty()) co_return false;
  if (!shipment.dead.empty() && !shipment.apart) {
    auto taking = take_apart(account, work, shipment, calls);
    co_return co_await taking;
  }
  work.fail(shipment.members, delivery_failure(account, shipment.supply, *failure, answer, calls.now()));
  co_return false;
}

Task<bool> ship(Account& account, Work& work, Shipment shipment, std::vector<std::string> others, Calls& calls) {
  auto sorting = sort_others(account, shipment, std::move(others), calls);
  if (const auto failure = co_await sorting) {
    work.fail(shipment.members, *failure);
    co_return false;
  }
  // Each further try has fewer members, or another supply.
  while (true) {
    auto trying = try_to_ship(account, work, shipment, calls);
    if (!co_await trying) break;
  }
  co_return true;
}

}  // namespace

Task<bool> complete(Account& account, Work& work, std::vector<Item> items, Calls& calls) {
  auto reading = open_supplies(account, calls);
  const auto supplies = co_await reading;
  if (!supplies) {
    work.fail(items, not_sent(supplies.error()));
    co_return false;
  }
  std::map<std::string, std::vector<Item>> by_supply;
  for (const Item& item : items) {
    const auto found = supplies->by_order.find(item.id);
    if (found != supplies->by_order.end()) {
      by_supply[found->second].push_back(item);
    } else if (calls.dry() && item.status.supplier == "new") {  // its supply would have been made a moment ago
      by_supply["(new supply)"].push_back(item);
    } else {
      Failure failure = later(fmt::format("Wildberries: order {} is in no open supply", item.id), Duration(0));
      failure.delivery = engine::Delivery::unknown;
      work.settle(item.index, Outcome::failed(failure));
    }
  }
  std::set<std::string> leaving;
  for (const auto& [supply, members] : by_supply) leaving.insert(supply);
  for (const auto& [supply, members] : by_supply) {
    Shipment shipment;
    shipment.supply = supply;
    shipment.members = members;
    shipment.leaving = leaving;
    if (const auto name = supplies->name.find(supply); name != supplies->name.end())
      shipment.group = group_named(name->second);
    std::vector<std::string> inside;
    if (const auto known = supplies->orders.find(supply); known != supplies->orders.end()) inside = known->second;
    if (leaving.size() > 1 && !calls.dry()) {  // the supply before may have moved somebody
      auto again = orders_in(account, supply, calls);
      const auto now = co_await again;
      if (!now) {
        work.fail(members, not_sent(now.error()));
        continue;
      }
      inside = *now;
    }
    std::erase_if(inside, [&](const std::string& id) { return is_member(shipment, id); });
    auto shipping = ship(account, work, std::move(shipment), std::move(inside), calls);
    co_await shipping;
  }
  co_return true;
}

}  // namespace pipewright::wb
