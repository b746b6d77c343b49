#include "value.hpp"

#include <algorithm>

#include "base/overloaded.hpp"
#include "calendar.hpp"

namespace pipewright::soundness {

Value list_of(Values values) { return {std::make_shared<const Values>(std::move(values))}; }
Value record_of(Entries entries) { return {std::make_shared<const Entries>(std::move(entries))}; }

Value field_of(const Value& record, const std::string& name) {
  if (const Entries* entries = record.record()) {
    for (const auto& [field, value] : *entries) {
      if (field == name) return value;
    }
  }
  return {};
}

Value read(const engine::Value& value) {
  return std::visit(overloaded{
                        [](engine::Null) { return Value(); },
                        [](bool held) { return Value{held}; },
                        [](const Decimal& held) { return Value{number_of(held.text()).value_or(Number{})}; },
                        [](const std::string& held) { return Value{held}; },
                        [](Instant held) { return Value{Moment{held.time_since_epoch().count()}}; },
                        [](const Date& held) { return Value{day_of({held.year, held.month, held.day})}; },
                        [](Duration held) { return Value{Span{held.count()}}; },
                        [](const std::shared_ptr<const engine::List>& held) {
                          Values made;
                          for (const engine::Value& each : *held) made.push_back(read(each));
                          return list_of(std::move(made));
                        },
                        [](const std::shared_ptr<const engine::Record>& held) {
                          Entries made;
                          for (const auto& [name, each] : *held) {
                            if (name != "@record") made.emplace_back(name, read(each));  // the engine's own word
                          }
                          return record_of(std::move(made));
                        },
                        [](engine::Clear) { return Value{Emptied{}}; },
                        [](const engine::Placeholder& held) { return Value{held.label}; },
                        [](const std::shared_ptr<const engine::Broken>&) { return Value{Broken{}}; },
                    },
                    value.data());
}

std::string printed(const Value& value, bool money) {
  if (const auto* number = value.as<Number>()) return text_of(money ? rounded(*number, 2) : *number);
  if (const auto* truth = value.as<bool>()) return *truth ? "true" : "false";
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* moment = value.as<Moment>()) return moment_text(*moment);
  if (const auto* day = value.as<Day>()) return day_text(*day);
  if (const auto* span = value.as<Span>()) return span_text(*span);
  return {};
}

std::string id_text(const Value& value) {
  const auto* number = value.as<Number>();
  return number != nullptr ? text_of(shortest(*number)) : printed(value, false);
}

namespace {

// What one of two records lacks is null.
bool equal_records(const Value& a, const Value& b, bool (*same_values)(const Value&, const Value&)) {
  const auto covers = [same_values](const Value& one, const Value& other) {
    return std::all_of(one.record()->begin(), one.record()->end(),
                       [&](const auto& entry) { return same_values(entry.second, field_of(other, entry.first)); });
  };
  return covers(a, b) && covers(b, a);
}

bool equal_lists(const Values& a, const Values& b, bool (*same_values)(const Value&, const Value&)) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_values);
}

template <class Scalar, class Member>
bool alike(const Value& a, const Value& b, Member member) {
  return a.as<Scalar>()->*member == b.as<Scalar>()->*member;
}

bool same_scalars(const Value& a, const Value& b) {
  if (a.held.index() != b.held.index()) return false;
  if (const auto* number = a.as<Number>()) return order_of(*number, *b.as<Number>()) == 0;
  if (const auto* truth = a.as<bool>()) return *truth == *b.as<bool>();
  if (const auto* text = a.as<std::string>()) return *text == *b.as<std::string>();
  if (a.as<Moment>() != nullptr) return alike<Moment>(a, b, &Moment::milliseconds);
  if (a.as<Day>() != nullptr) return alike<Day>(a, b, &Day::number);
  if (a.as<Span>() != nullptr) return alike<Span>(a, b, &Span::milliseconds);
  return true;
}

}  // namespace

bool equal(const Value& a, const Value& b) {
  const bool id = (a.as<Number>() != nullptr && b.as<std::string>() != nullptr) ||
                  (a.as<std::string>() != nullptr && b.as<Number>() != nullptr);
  if (id) return id_text(a) == id_text(b);
  if (a.list() != nullptr && b.list() != nullptr) return equal_lists(*a.list(), *b.list(), equal);
  if (a.record() != nullptr && b.record() != nullptr) return equal_records(a, b, equal);
  return same_scalars(a, b);
}

bool same(const Value& a, const Value& b) {
  if (a.list() != nullptr && b.list() != nullptr) return equal_lists(*a.list(), *b.list(), same);
  if (a.record() != nullptr && b.record() != nullptr) return equal_records(a, b, same);
  return same_scalars(a, b);
}

int text_order(const std::string& a, const std::string& b) {
  // A letter by a text that has its place among all bytes: Ё behind Е.
  const auto placed = [](std::string text) {
    for (const auto& [letter, place] : {std::pair("Ё", "Е\xFF"), std::pair("ё", "е\xFF")}) {
      for (std::size_t at = 0; (at = text.find(letter, at)) != std::string::npos;) text.replace(at, 2, place);
    }
    return text;
  };
  return placed(a).compare(placed(b));
}

std::string shown(const Value& value) {
  if (value.is_null()) return "null";
  if (value.as<Broken>() != nullptr) return "BROKEN";
  if (value.as<Emptied>() != nullptr) return "CLEAR";
  if (const auto* text = value.as<std::string>()) return "\"" + *text + "\"";
  std::string made;
  if (const Values* list = value.list()) {
    for (const Value& each : *list) made += (made.empty() ? "" : ", ") + shown(each);
    return "[" + made + "]";
  }
  if (const Entries* entries = value.record()) {
    for (const auto& [name, each] : *entries) {
      if (!each.is_null()) made += (made.empty() ? "" : ", ") + name + ": " + shown(each);
    }
    return "{" + made + "}";
  }
  return printed(value, false);
}

}  // namespace pipewright::soundness
