// Values of the naive evaluator.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/value.hpp"
#include "number.hpp"

namespace pipewright::soundness {

struct Value;
using Values = std::vector<Value>;
using Entries = std::vector<std::pair<std::string, Value>>;

struct Moment {
  std::int64_t milliseconds;  ///< since 1970 in UTC
};
struct Day {
  std::int64_t number;  ///< since 1970
};
struct Span {
  std::int64_t milliseconds;
};
struct Broken {};
struct Emptied {};

struct Value {
  std::variant<std::monostate, bool, Number, std::string, Moment, Day, Span, std::shared_ptr<const Values>,
               std::shared_ptr<const Entries>, Broken, Emptied>
      held;

  [[nodiscard]] bool is_null() const { return held.index() == 0; }
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&held);
  }
  [[nodiscard]] const Values* list() const {
    const auto* shared = as<std::shared_ptr<const Values>>();
    return shared == nullptr ? nullptr : shared->get();
  }
  [[nodiscard]] const Entries* record() const {
    const auto* shared = as<std::shared_ptr<const Entries>>();
    return shared == nullptr ? nullptr : shared->get();
  }
};

Value list_of(Values values);
Value record_of(Entries entries);
/// The field of a record; null where there is none.
Value field_of(const Value& record, const std::string& name);

/// What the program computes with, as the naive evaluator has it.
Value read(const engine::Value& value);

/// As a hole prints it; `money` with two decimals.
std::string printed(const Value& value, bool money);
/// By which ids are compared.
std::string id_text(const Value& value);
/// Whether `==` of the language holds.
bool equal(const Value& a, const Value& b);
/// By code points, but for Ё and ё, which stand behind Е and е: below, at or above 0.
int text_order(const std::string& a, const std::string& b);
/// Whether two results are the same: the order of fields aside, and a field that is null counts as absent.
bool same(const Value& a, const Value& b);
/// For people who read a failure.
std::string shown(const Value& value);

}  // namespace pipewright::soundness
