#include "stdlib/crm/orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "stdlib/crm/clients.hpp"
#include "stdlib/crm/items.hpp"
#include "stdlib/crm/payments.hpp"
#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

using engine::Repeat;
using engine::Verb;

Value client_id(const Value& client) {
  if (const auto number = Decimal::parse(client.id_text()); number && client.placeholder() == nullptr)
    return Value(*number);
  return client;
}

Value payments_of(const Value& payments, const std::string& zone) {
  List list;
  for (const Value& each : elements_of(payments)) {
    const Value made = api_value(each, zone);
    if (made.record() == nullptr || made.record()->empty()) continue;
    Record payment = without_clear(*made.record());
    if (const Value* id = engine::find_field(payment, "externalId"))
      engine::set_field(payment, "externalId", Value(id->id_text()));
    list.emplace_back(std::move(payment));
  }
  return Value(std::move(list));
}

class Orders : public Entity {
 public:
  Orders() : Entity({"orders", "order", "uploadedOrders", "order", "(new order)"}) {}

  Task<bool> prepare(Work& work, std::vector<std::size_t> items, Calls& calls) override {
    auto learning = learn_lines(work, items, calls);
    co_await learning;
    auto finding = find_clients(work, std::move(items), calls);
    co_await finding;
    co_return true;
  }

  Record creation(Work& work, Item& item) override {
    const Record whole = work.operation(item).whole();
    Record body = without_clear(api_fields(whole, work.account.zone));
    Record customer;
    customer.emplace_back("id", clients_[item.index]);
    body.emplace_back("customer", Value(std::move(customer)));
    const auto lines = lines_.find(item.index);
    if (lines != lines_.end()) {
      List created = created_lines(lines->second);
      if (!created.empty()) body.emplace_back("items", Value(std::move(created)));
      for (const Line& line : lines->second) warn(work, item, line);
    }
    Value payments = payments_of(work.operation(item).field("payments"), work.account.zone);
    if (present(payments)) body.emplace_back("payments", std::move(payments));
    return body;
  }

  Edit edit(Work& work, Item& item, const Record& fields) override {
    Record wanted = api_fields(fields, work.account.zone);
    accept_wording(wanted, item.existing, work.account.reworded);
    Edit edit = difference(wanted, item.existing);
    // The comment is changed only together with the status (api.md 5.3).
    if (engine::find_field(edit.body, "statusComment") != nullptr &&
        engine::find_field(edit.body, "status") == nullptr && present(item.existing["status"])) {
      edit.body.emplace_back("status", item.existing["status"]);
    }
    if (const Value* client = engine::find_field(fields, "client");
        client != nullptr && present(*client) && !client->is_clear())
      edit_client(edit, *client, item);
    if (const Value* items = engine::find_field(fields, "items"); items != nullptr && lines_.contains(item.index))
      edit_lines(work, edit, item);
    return edit;
  }

  Task<std::optional<Failure>> write_parts(Work& work, Item& item, Record fields, std::vector<engine::Change>& changes,
                                           Calls& calls) override {
    const Value* payments = engine::find_field(fields, "payments");
    if (payments == nullptr || payments->is_clear()) co_return std::nullopt;
    auto writing = write_payments(work, item, payments_of(*payments, work.account.zone), changes, calls);
    co_return co_await writing;
  }

  [[nodiscard]] Value record(const Account& account, const Value& raw) const override {
    return order_record(account, raw);
  }

  [[nodiscard]] Record written(const Work& work, const Item& item) const override {
    Record fields = work.operation(item).whole();
    std::erase_if(fields, [](const auto& field) { return field.first == "id" || !present(field.second); });
    const auto client = clients_.find(item.index);
    if (client != clients_.end() && !client->second.is_null()) engine::set_field(fields, "client", client->second);
    return fields;
  }

  // The CRM says success whatever became of a line: an offer that nothing has is kept as free text, and one whose
  // barcode has moved to another offer is the wrong one.
  void shown(Work& work, Item& item, const Value& raw) override {
    const auto lines = lines_.find(item.index);
    if (lines == lines_.end()) return;
    const std::vector<Value> there = elements_of(raw["items"]);
    for (const Line& line : lines->second) {
      if (line.offer.empty() || line.removed) continue;
      for (const Value& each : there) {
        const std::vector<std::string> ids = external_ids_of(each);
        if (ids.empty() || ids.front() != line.external_id || each["id"].is_null()) continue;
        if (each["offer"]["id"].is_null())
          item.warn(fmt::format("no offer has the {} {}: the line is free text", snake_case(line.offer.front().first),
                                line.offer.front().second.id_text()));
        else if (line.from_barcode)
          compare_barcode(work, item, line, each["offer"]);
      }
    }
  }

  // Once: what was remembered is dropped and asked for again. When the CRM names the same again, its word counts.
  void refused(Work& work, Item& item, Failure& failure) override {
    if (failure.kind != Failure::Kind::permanent) return;
    bool again = false;
    if (failure.reason.find("Offer with id") != std::string::npos) again = drop_offers(work, item, failure.reason);
    const auto known = work.account.technical_clients.find(item.site);
    if (failure.reason.find("ustomer") != std::string::npos && known != work.account.technical_clients.end() &&
        known->second == clients_[item.index] && work.operation(item).field("client").is_null()) {
      again |= work.account.dropped_clients.insert(known->second.id_text()).second;
      work.account.technical_clients.erase(known);
    }
    if (again) failure.kind = Failure::Kind::transient;
  }

 private:
  std::map<std::size_t, std::vector<Line>> lines_;  // by batch index
  std::map<std::size_t, Value> clients_;

  Task<bool> learn_lines(Work& work, std::vector<std::size_t> items, Calls& calls) {
    std::map<std::string, std::vector<std::size_t>> by_site;
    for (const std::size_t i : items) {
      if (present(work.operation(work.items[i]).field("items")) && needs_lines(work, work.items[i]))
        by_site[work.items[i].site].push_back(i);
    }
    for (const auto& [site, members] : by_site) {
      std::vector<std::string> barcodes;
      for (const std::size_t i : members) {
        const std::vector<std::string> own = wanted_barcodes(work.operation(work.items[i]).field("items"));
        barcodes.insert(barcodes.end(), own.begin(), own.end());
      }
      auto learning = learn_barcodes(work.account, site, std::move(barcodes), calls);
      const auto failure = co_await learning;
      for (const std::size_t i : members) resolve(work, work.items[i], failure);
    }
    co_return true;
  }

  // An order that is there keeps its lines unless the braces name them.
  static bool needs_lines(const Work& work, const Item& item) {
    return item.existing.is_null() || item.delivery == engine::Delivery::unknown ||
           engine::find_field(work.operation(item).written, "items") != nullptr;
  }

  void resolve(Work& work, Item& item, const std::optional<Failure>& failure) {
    const Operation& operation = work.operation(item);
    if (failure && !wanted_barcodes(operation.field("items")).empty()) {
      work.fail(item, *failure);
      return;
    }
    std::vector<Line> lines =
        lines_of(operation.field("items"), operation.event_key, work.account.catalogues[item.site], work.account.zone);
    if (work.account.park_unmatched()) {
      const auto places = matched(lines, elements_of(item.existing["items"]));
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].unmatched.empty() || places[i] || lines[i].removed) continue;
        work.fail(
            item,
            permanent(fmt::format("no offer has the barcode {}", lines[i].unmatched),
                      "add the barcode to the CRM's catalogue, or set unmatched_items = \"warn\" for free-text lines"));
        return;
      }
    }
    lines_[item.index] = std::move(lines);
  }

  Task<bool> find_clients(Work& work, std::vector<std::size_t> items, Calls& calls) {
    std::map<std::string, std::vector<std::size_t>> nobody;
    for (const std::size_t i : items) {
      const Item& item = work.items[i];
      if (item.settled || !item.existing.is_null()) continue;
      const Value& client = work.operation(item).field("client");
      if (present(client) && !client.is_clear())
        clients_[item.index] = client_id(client);
      else
        nobody[item.site].push_back(i);
    }
    for (const auto& [site, members] : nobody) {
      std::vector<std::size_t> indexes;
      for (const std::size_t i : members) indexes.push_back(work.items[i].index);
      auto asking = technical_client(work.account, site, std::move(indexes), calls);
      const auto client = co_await asking;
      for (const std::size_t i : members) {
        Item& item = work.items[i];
        if (client)
          clients_[item.index] = *client;
        else
          work.fail(item, not_sent(client.error()));
      }
    }
    co_return true;
  }

  // The client's write may have happened; the order was not sent.
  static Failure not_sent(Failure failure) {
    failure.delivery = engine::Delivery::not_sent;
    failure.reason = "the technical client: " + failure.reason;
    return failure;
  }

  void warn(const Work& work, Item& item, const Line& line) const {
    for (const std::string& text : line.warnings) item.warn(text);
    if (line.unmatched.empty() || line.removed) return;
    const auto catalogue = work.account.catalogues.find(item.site);
    const bool closed = catalogue != work.account.catalogues.end() && catalogue->second.closed;
    item.warn(closed ? fmt::format(
                           "the catalogue is closed for this key or tariff: the line with the barcode {} is free text",
                           line.unmatched)
                     : fmt::format("no offer has the barcode {}: the line is free text", line.unmatched));
  }

  static void edit_client(Edit& edit, const Value& client, const Item& item) {
    const Value id = client_id(client);
    const Value& held = item.existing["customer"]["id"];
    if (!held.is_null() && held.id_text() == id.id_text()) return;
    Record customer;
    customer.emplace_back("id", id);
    edit.changes.push_back({"client", held, id});
    edit.body.emplace_back("customer", Value(customer));
    engine::set_field(edit.after, "customer", Value(std::move(customer)));
  }

  void edit_lines(const Work& work, Edit& edit, Item& item) const {
    const std::vector<Line>& lines = lines_.at(item.index);
    const std::vector<Value> there = elements_of(item.existing["items"]);
    Merged result = merged(lines, there);
    if (!result.changed) return;
    for (const std::size_t i : result.added) warn(work, item, lines[i]);
    edit.changes.push_back({"items", Value(items_text(there)), Value(items_text(result.after))});
    edit.body.emplace_back("items", Value(std::move(result.sent)));
    engine::set_field(edit.after, "items", Value(List(result.after.begin(), result.after.end())));
  }

  static void compare_barcode(Work& work, Item& item, const Line& line, const Value& offer) {
    const std::string barcode = trimmed(offer["barcode"].id_text());
    const auto& own = line.barcodes;
    if (barcode.empty() || std::find(own.begin(), own.end(), barcode) != own.end()) return;
    drop_offer(work.account.catalogues[item.site], offer["id"].id_text());
    item.warn(
        fmt::format("line {} stands on offer {}, which has the barcode {} now and not {}: correct the order; the "
                    "barcode is looked for again",
                    line.external_id, offer["id"].id_text(), barcode, own.front()));
  }

  // The offers that a refusal names, else all of the order's. True: there is something to ask again.
  bool drop_offers(Work& work, const Item& item, const std::string& reason) {
    const auto lines = lines_.find(item.index);
    if (lines == lines_.end()) return false;
    std::set<std::string> named;
    std::set<std::string> all;
    for (const Line& line : lines->second) {
      if (!line.from_barcode) continue;
      const std::string id = line.offer.front().second.id_text();
      all.insert(id);
      if (reason.find(fmt::format("id {} ", id)) != std::string::npos) named.insert(id);
    }
    bool again = false;
    for (const std::string& id : named.empty() ? all : named)
      again |= drop_offer(work.account.catalogues[item.site], id);
    return again;
  }
};

Task<Outcomes> work_on_orders(engine::Connection& connection, Batch batch, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Orders orders;
  auto performing = perform(account, orders, std::move(batch), calls);
  co_return co_await performing;
}

}  // namespace

engine::ActionNode order_node() {
  engine::ActionNode node;
  node.name = "crm.order";
  node.verbs = {{Verb::upsert, Repeat::keyed},
                {Verb::find, Repeat::keyed},
                {Verb::create, Repeat::probed},
                {Verb::update, Repeat::keyed},
                {Verb::ensure, Repeat::keyed}};
  node.capacity = 100;
  node.group = group;
  node.identity = identity_of;
  node.work = work_on_orders;
  return node;
}

}  // namespace pipewright::crm
