#include "stdlib/crm/clients.hpp"

#include <fmt/format.h>

#include "stdlib/crm/records.hpp"

namespace pipewright::crm {
namespace {

using engine::Repeat;
using engine::Verb;

class Clients : public Entity {
 public:
  Clients() : Entity({"customers", "customer", "uploadedCustomers", "client", "(new client)"}) {}

  Task<bool> prepare(Work&, std::vector<std::size_t>, Calls&) override { co_return true; }

  Record creation(Work& work, Item& item) override {
    return api_fields(without_clear(written(work, item)), work.account.zone);
  }

  Edit edit(Work& work, Item& item, const Record& fields) override {
    Record wanted = api_fields(own_fields(work.operation(item), fields), work.account.zone);
    accept_wording(wanted, item.existing, work.account.reworded);
    return difference(wanted, item.existing);
  }

  [[nodiscard]] Value record(const Account& account, const Value& raw) const override {
    return client_record(account, raw);
  }

  [[nodiscard]] Record written(const Work& work, const Item& item) const override {
    const Operation& operation = work.operation(item);
    return own_fields(operation, operation.whole());
  }

 private:
  // A client found or made by another key gets no external id: a firm's name is not a buyer's number.
  static Record own_fields(const Operation& operation, Record fields) {
    const bool by_external_id = engine::find_field(operation.key, "external_id") != nullptr;
    std::erase_if(fields, [&](const auto& field) {
      return !present(field.second) || (field.first == "external_id" && !by_external_id);
    });
    return fields;
  }
};

Task<Outcomes> work_on_clients(engine::Connection& connection, Batch batch, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Clients clients;
  auto performing = perform(account, clients, std::move(batch), calls);
  co_return co_await performing;
}

Operation technical_operation(const Account& account, const std::string& site) {
  Operation operation;
  operation.verb = Verb::ensure;
  operation.key.emplace_back("external_id", Value(account.technical_client()));
  operation.written = operation.key;
  operation.filling.emplace_back("first_name", Value("Покупатель Wildberries"));
  if (!site.empty()) operation.filling.emplace_back("site", Value(site));
  return operation;
}

}  // namespace

Task<tl::expected<Value, Failure>> technical_client(Account& account, std::string site, std::vector<std::size_t> items,
                                                    Calls& calls) {
  const auto known = account.technical_clients.find(site);
  if (known != account.technical_clients.end()) co_return known->second;
  Clients clients;
  Batch batch(1, technical_operation(account, site));
  Work work(account, clients, std::move(batch));
  work.on_behalf = std::move(items);
  auto finding = find_existing(work, calls);
  co_await finding;
  Item& item = work.items.front();
  if (!item.settled && item.existing.is_null()) {
    std::vector<std::size_t> alone(1, 0);
    auto creating = create_items(work, std::move(alone), calls);
    co_await creating;
  }
  if (item.settled && work.outcomes.front().failure) co_return tl::unexpected<Failure>(*work.outcomes.front().failure);
  const Value id = item.settled ? work.outcomes.front().result["id"] : item.existing["id"];
  account.technical_clients[site] = id;
  co_return id;
}

engine::ActionNode client_node() {
  engine::ActionNode node;
  node.name = "crm.client";
  node.verbs = {{Verb::upsert, Repeat::keyed},
                {Verb::find, Repeat::keyed},
                {Verb::create, Repeat::probed},
                {Verb::update, Repeat::keyed},
                {Verb::ensure, Repeat::keyed}};
  node.capacity = 100;
  node.group = group;
  node.identity = identity_of;
  node.work = work_on_clients;
  return node;
}

}  // namespace pipewright::crm
