// What flows: records and what they are made of. Copies are cheap, contents are shared and never change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"

namespace pipewright::engine {

class Value;
using List = std::vector<Value>;
using Record = std::vector<std::pair<std::string, Value>>;  ///< ordered; names are unique

struct Null {
  friend bool operator==(Null, Null) { return true; }
};
/// Empties a field where it is written (`clear`).
struct Clear {
  friend bool operator==(Clear, Clear) { return true; }
};
/// What only the target could give, in a dry run: prints as `(new client)`, finds nothing when looked up.
struct Placeholder {
  std::string label;
  friend bool operator==(const Placeholder&, const Placeholder&) = default;
};
/// A field that did not have the type that its declaration says: whoever uses it parks, with the path and the text
/// found.
struct Broken {
  std::string path;                          ///< in the API's own words: `price`, `skus[0]`
  std::string expected;                      ///< `money`
  std::string found;                         ///< JSON text, shortened
  [[nodiscard]] std::string reason() const;  ///< "`price` is \"abc\", not money"
  friend bool operator==(const Broken&, const Broken&) = default;
};

class Value {
 public:
  using Variant = std::variant<Null, bool, Decimal, std::string, Instant, Date, Duration, std::shared_ptr<const List>,
                               std::shared_ptr<const Record>, Clear, Placeholder, std::shared_ptr<const Broken>>;

  Value() = default;
  Value(bool value) : data_(value) {}                           // NOLINT(google-explicit-constructor)
  Value(Decimal value) : data_(value) {}                        // NOLINT(google-explicit-constructor)
  Value(int value) : data_(Decimal(value)) {}                   // NOLINT(google-explicit-constructor)
  Value(std::int64_t value) : data_(Decimal(value)) {}          // NOLINT(google-explicit-constructor)
  Value(std::string value) : data_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Value(std::string_view value) : data_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Value(const char* value) : data_(std::string(value)) {}       // NOLINT(google-explicit-constructor)
  Value(Instant value) : data_(value) {}                        // NOLINT(google-explicit-constructor)
  Value(Date value) : data_(value) {}                           // NOLINT(google-explicit-constructor)
  Value(Duration value) : data_(value) {}                       // NOLINT(google-explicit-constructor)
  Value(List value);                                            // NOLINT(google-explicit-constructor)
  Value(Record value);                                          // NOLINT(google-explicit-constructor)
  Value(Clear value) : data_(value) {}                          // NOLINT(google-explicit-constructor)
  Value(Placeholder value) : data_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Value(Broken value);                                          // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool is_null() const { return std::holds_alternative<Null>(data_); }
  [[nodiscard]] bool is_clear() const { return std::holds_alternative<Clear>(data_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const Decimal* number() const { return std::get_if<Decimal>(&data_); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Instant* time() const { return std::get_if<Instant>(&data_); }
  [[nodiscard]] const Date* date() const { return std::get_if<Date>(&data_); }
  [[nodiscard]] const Duration* duration() const { return std::get_if<Duration>(&data_); }
  [[nodiscard]] const List* list() const {
    const auto* held = std::get_if<std::shared_ptr<const List>>(&data_);
    return held == nullptr ? nullptr : held->get();
  }
  [[nodiscard]] const Record* record() const {
    const auto* held = std::get_if<std::shared_ptr<const Record>>(&data_);
    return held == nullptr ? nullptr : held->get();
  }
  [[nodiscard]] const Placeholder* placeholder() const { return std::get_if<Placeholder>(&data_); }
  [[nodiscard]] const Broken* broken() const {
    const auto* held = std::get_if<std::shared_ptr<const Broken>>(&data_);
    return held == nullptr ? nullptr : held->get();
  }

  /// The field of a record; null where there is none, or this is no record.
  [[nodiscard]] const Value& operator[](std::string_view name) const;
  /// Text as it is, numbers by their digits (2.00 of an id is "2"), a placeholder by its label: how ids are compared
  /// and keys are written.
  [[nodiscard]] std::string id_text() const;
  /// For people: text as it is, null is empty, times in UTC, lists and records as JSON.
  [[nodiscard]] std::string display() const;

  [[nodiscard]] const Variant& data() const { return data_; }
  /// Numbers by value (1.50 is 1.5), everything else by kind and content; records regardless of the order of their
  /// fields.
  friend bool operator==(const Value& a, const Value& b);

 private:
  Variant data_;
};

/// The first broken field, however deep it stands; null where there is none.
[[nodiscard]] const Broken* broken_in(const Value& value);

/// Builds a record field by field: of equal names the last one wins, in linear time however many fields there are.
class RecordBuilder {
 public:
  explicit RecordBuilder(std::size_t expected = 2) : expected_(expected) {}
  void set(std::string name, Value value);
  Record take() { return std::move(record_); }

 private:
  std::size_t expected_;
  Record record_;
  std::unordered_map<std::string, std::size_t> places_;  // once there are many
};

/// The record with `name` set (added at the end, or replaced in place).
void set_field(Record& record, std::string_view name, Value value);
[[nodiscard]] const Value* find_field(const Record& record, std::string_view name);

}  // namespace pipewright::engine
