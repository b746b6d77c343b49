// How a batch of clients or orders is written: found by its keys, what is missing created by the fifty, what differs
// edited (api.md 12).
#pragma once

#include <algorithm>

#include "stdlib/crm/fields.hpp"
#include "stdlib/crm/lookup.hpp"

namespace pipewright::crm {

using engine::Batch;
using engine::Operation;
using engine::Outcome;
using engine::Outcomes;

/// The words of one kind of entity in the API (api.md 5.1, 7) and for people.
struct Kind {
  std::string path;         ///< `customers`: of the calls, of a list's and an upload's member
  std::string one;          ///< `customer`: the form's field
  std::string uploaded;     ///< `uploadedCustomers`
  std::string noun;         ///< `client`
  std::string placeholder;  ///< `(new client)`
};

/// One operation under way.
struct Item {
  std::size_t index = 0;  ///< in the batch
  std::string site;
  engine::Delivery delivery = engine::Delivery::not_sent;  ///< of the writes so far, of earlier tries too
  bool settled = false;
  Value existing;  ///< the CRM's object; null: there is none
  Record body;     ///< what is created
  std::vector<std::string> warnings;

  void warn(const std::string& text) {  ///< once, however often things are compared
    if (std::find(warnings.begin(), warnings.end(), text) == warnings.end()) warnings.push_back(text);
  }
};

struct Work;

/// What is particular to clients or to orders.
class Entity {
 public:
  explicit Entity(Kind kind) : kind_(std::move(kind)) {}
  virtual ~Entity() = default;
  Entity(const Entity&) = delete;
  Entity& operator=(const Entity&) = delete;

  [[nodiscard]] const Kind& kind() const { return kind_; }
  /// Calls that creating or comparing these items needs; it may settle some of them.
  virtual Task<bool> prepare(Work& work, std::vector<std::size_t> items, Calls& calls) = 0;
  /// The object to create.
  virtual Record creation(Work& work, Item& item) = 0;
  /// What writing `fields` would change on `item.existing`.
  virtual Edit edit(Work& work, Item& item, const Record& fields) = 0;
  /// Writes the fields that have calls of their own (an order's payments), behind the edit; adds what it changed.
  virtual Task<std::optional<Failure>> write_parts(Work&, Item&, Record /*fields*/,
                                                   std::vector<engine::Change>& /*changes*/, Calls&) {
    co_return std::nullopt;
  }
  /// As a step's name is bound to it.
  [[nodiscard]] virtual Value record(const Account& account, const Value& raw) const = 0;
  /// `whole()` as it was really written, for people.
  [[nodiscard]] virtual Record written(const Work& work, const Item& item) const = 0;
  /// What the response to a creation or an edit shows besides success.
  virtual void shown(Work&, Item&, const Value& /*raw*/) {}
  /// A second thought about a refusal: a cache that was wrong is emptied and the failure becomes one to try again.
  virtual void refused(Work&, Item&, Failure&) {}

 private:
  Kind kind_;
};

struct Work {
  Account& account;
  Entity& entity;
  Batch batch;
  Outcomes outcomes;
  std::vector<Item> items;
  std::vector<std::size_t> on_behalf;  ///< the batch indexes its requests are for, when they are not its own

  Work(Account& of, Entity& kind, Batch given);
  [[nodiscard]] const Operation& operation(const Item& item) const { return batch[item.index]; }
  void settle(Item& item, Outcome outcome);
  void fail(Item& item, Failure failure);
};

/// Fills in `existing` (api.md 5.2, 7): by id, external id and number a hundred in a call, by e-mail, phone and name
/// one by one.
Task<bool> find_existing(Work& work, Calls& calls);
/// Whether one of the items that were just created is what this one looks for; then it is its `existing`.
bool choose_among(Work& work, std::size_t at, const std::vector<std::size_t>& created);
/// The same for some items, by their external ids alone, after a collision.
Task<bool> find_again(Work& work, std::vector<std::size_t> items, Calls& calls);
/// The customer of a key, or the one that he was merged into (404 with combinedTo, api.md 2); null: there is none.
Task<tl::expected<Value, Failure>> merged_into(Account& account, std::string path, std::string id, std::string by,
                                               std::string site, Calls& calls);

/// Everything: the whole work of the nodes `crm.client` and `crm.order`.
Task<Outcomes> perform(Account& account, Entity& entity, Batch batch, Calls& calls);
/// What has to be created; items that turn out to be there already keep `existing` and are not settled.
Task<bool> create_items(Work& work, std::vector<std::size_t> items, Calls& calls);

/// What an operation is about at the target, whatever its verb.
std::string identity_of(const Operation& operation);
/// The fields of the braces that may be written: not the keys, which only find.
Record editable(const Operation& operation, const Record& fields);
std::string label_of(const Value& raw, const Kind& kind);  ///< "client 42"

}  // namespace pipewright::crm
