#include "cli/trial/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

namespace plan = dsl::plan;
using engine::EndingKind;
using engine::List;
using engine::Record;
using engine::Value;
using Kind = plan::Expectation::Kind;

// Partial: a record's other fields are free, a list's length is not. Numbers by value, ids by their text; null was not
// written, `clear` emptied.
bool suits(const Value& expected, const Value& got) {
  if (expected.is_null() || expected.is_clear()) return expected.is_null() ? got.is_null() : got.is_clear();
  if (const Record* fields = expected.record()) {
    return got.record() != nullptr && std::all_of(fields->begin(), fields->end(), [&](const auto& field) {
             return suits(field.second, got[field.first]);
           });
  }
  if (const List* list = expected.list()) {
    const List* other = got.list();
    return other != nullptr && list->size() == other->size() &&
           std::equal(list->begin(), list->end(), other->begin(), suits);
  }
  return engine::equal(expected, got);
}

// What another system gets as JSON has types; everywhere else an id may stand as a number or as text.
bool suits_exactly(const Value& expected, const Value& got) {
  if (const Record* fields = expected.record()) {
    return got.record() != nullptr && std::all_of(fields->begin(), fields->end(), [&](const auto& field) {
             return suits_exactly(field.second, got[field.first]);
           });
  }
  if (const List* list = expected.list()) {
    const List* other = got.list();
    return other != nullptr && list->size() == other->size() &&
           std::equal(list->begin(), list->end(), other->begin(), suits_exactly);
  }
  const bool mixed = (expected.number() != nullptr) != (got.number() != nullptr);
  return !mixed && suits(expected, got);
}

bool field_suits(const Made& made, const std::string& name, const Value& expected) {
  const bool typed = (made.node == "http.request" && name == "json") || made.node == "file.append";
  return typed ? suits_exactly(expected, made.field(name)) : suits(expected, made.field(name));
}

std::string shown(const Value& value) { return value.is_null() ? "nothing" : engine::write_json(value); }

std::string action_text(const std::string& connection, const std::string& node) {
  const std::size_t dot = node.find('.');
  return dot == std::string::npos ? node : connection + node.substr(dot);
}

std::string counted(std::int64_t times) {
  if (times == 1) return "once";
  if (times == 2) return "twice";
  return fmt::format("{} times", times);
}

std::string operation_text(const plan::Expectation& expected) {
  const std::string action = action_text(expected.connection, expected.node);
  return expected.operation.empty() ? action : action + " " + expected.operation;
}

std::string made_text(const Made& made) {
  std::string text = action_text(made.connection, made.node) + " " + made.operation;
  if (!made.text.empty()) text += fmt::format(" \"{}\"", made.text);
  return text + " " + engine::write_json(Value(made.asked));
}

std::string place_text(const plan::Place& place) { return fmt::format("{}:{}", place.file, place.line); }

bool is_write(const Made& made) { return made.operation != "none" && !made.silent; }

}  // namespace

Value Made::field(const std::string& name) const {
  if (const Value* value = engine::find_field(asked, name)) return *value;
  return result[name];
}

void Judge::hear(const std::vector<plan::Expectation>& expectations) {
  for (const plan::Expectation& each : expectations) {
    Heard heard;
    heard.expected = &each;
    const auto read = [&](const plan::Expr& expr) {
      engine::Evaluated value = engine::evaluate(expr, scope_);
      if (!value) heard.broken = value.error().reason;
      return value ? *value : Value();
    };
    for (const plan::Field& field : each.fields) heard.fields.emplace_back(field.name, read(field.value));
    if (each.text) {
      heard.text = read(*each.text).display();
      if (heard.text.empty() && heard.broken.empty()) heard.broken = "the text is empty, and every text holds that";
    }
    if (each.times) {
      const Value times = read(*each.times);
      if (times.number() != nullptr) heard.times = times.number()->integer();
    }
    heard_.push_back(std::move(heard));
  }
}

bool Judge::named(const Heard& heard, const Made& made) {
  const plan::Expectation& expected = *heard.expected;
  if (made.node != expected.node || made.connection != expected.connection) return false;
  return expected.operation.empty() ? made.operation != "none" : made.operation == expected.operation;
}

bool Judge::matches(const Heard& heard, const Made& made) {
  return named(heard, made) && std::all_of(heard.fields.begin(), heard.fields.end(), [&](const auto& field) {
           return field_suits(made, field.first, field.second);
         });
}

// What happened instead, for a reader who has to find out why.
std::vector<std::string> Judge::story() const {
  std::vector<std::string> lines;
  for (const Made& made : happened_.made) {
    if (is_write(made)) lines.push_back("made: " + made_text(made));
  }
  for (const EndedAs& ended : happened_.ended) {
    if (ended.kind == EndingKind::written || ended.kind == EndingKind::unchanged) continue;
    lines.push_back(fmt::format("{} {}: {} ({})", ended.key, engine::ending_text(ended.kind), ended.reason,
                                place_text(ended.place)));
  }
  if (happened_.ended.empty()) lines.emplace_back("no event was given");
  return lines;
}

void Judge::write(const Heard& heard, TrialResult& into) const {
  const plan::Expectation& expected = *heard.expected;
  std::int64_t count = 0;
  const Made* nearest = nullptr;
  std::size_t most = 0;
  for (const Made& made : happened_.made) {
    if (matches(heard, made)) ++count;
    if (!named(heard, made)) continue;
    std::size_t same = 1;
    for (const auto& [name, value] : heard.fields) same += field_suits(made, name, value) ? 1 : 0;
    if (same > most) nearest = &made, most = same;
  }
  if (heard.times ? count == *heard.times : count > 0) return;
  TrialFailure failure;
  failure.place = expected.place;
  const std::string what = operation_text(expected);
  failure.expected = engine::write_json(Value(heard.fields));
  if (count > 0) {
    failure.got = counted(count);
    failure.expected = heard.times ? counted(*heard.times) : "at least once";
    failure.message = fmt::format("`{}` was made {}, not {}", what, failure.got, failure.expected);
    failure.details = story();
  } else if (nearest != nullptr) {
    failure.message = fmt::format("`{}` was made with other values", what);
    Record wanted;
    Record got;
    for (const auto& [name, value] : heard.fields) {
      const Value there = nearest->field(name);
      if (field_suits(*nearest, name, value)) continue;
      wanted.emplace_back(name, value);
      got.emplace_back(name, there);
      failure.details.push_back(fmt::format("{}: expected {}, got {}", name, shown(value), shown(there)));
    }
    failure.expected = engine::write_json(Value(std::move(wanted)));
    failure.got = engine::write_json(Value(std::move(got)));
  } else {
    failure.message = fmt::format("no `{}` was made", what);
    failure.details = story();
    failure.got = join(failure.details, "; ");
  }
  into.failures.push_back(std::move(failure));
}

void Judge::each_its_own(TrialResult& into) const {
  std::vector<const Heard*> owners(happened_.made.size(), nullptr);
  for (const Heard& heard : heard_) {
    if (heard.expected->kind != Kind::write || heard.times || !heard.broken.empty()) continue;
    // Takes a write that suits; its owner before takes another one, as far as there are any.
    std::vector<bool> seen(owners.size(), false);
    const auto take = [&](const auto& self, const Heard& taker) -> bool {
      for (std::size_t i = 0; i < owners.size(); ++i) {
        if (seen[i] || !matches(taker, happened_.made[i])) continue;
        seen[i] = true;
        if (owners[i] == nullptr || self(self, *owners[i])) {
          owners[i] = &taker;
          return true;
        }
      }
      return false;
    };
    const bool any = std::any_of(happened_.made.begin(), happened_.made.end(),
                                 [&](const Made& made) { return matches(heard, made); });
    if (!any || take(take, heard)) continue;  // of none at all is told already
    TrialFailure failure;
    failure.place = heard.expected->place;
    failure.message = fmt::format("`{}` was made, but each `expect` before has met that write already",
                                  operation_text(*heard.expected));
    failure.expected = engine::write_json(Value(heard.fields));
    failure.details = story();
    failure.got = join(failure.details, "; ");
    into.failures.push_back(std::move(failure));
  }
}

bool Judge::claims(const Heard& heard, const EndedAs& ended) {
  return heard.expected->kind == Kind::parked && ended.kind == EndingKind::parked && heard.broken.empty() &&
         ended.reason.find(heard.text) != std::string::npos;
}

// An event that parks waits for a person: that is never what happens by the way.
void Judge::unclaimed(TrialResult& into) const {
  for (const EndedAs& ended : happened_.ended) {
    const bool expected =
        std::any_of(heard_.begin(), heard_.end(), [&](const Heard& heard) { return claims(heard, ended); });
    if (ended.kind != EndingKind::parked || expected) continue;
    TrialFailure failure;
    failure.place = ended.place;
    failure.message = fmt::format("event {} parked, and no `expect parked` says so: {}", ended.key, ended.reason);
    failure.expected = "no parked event";
    failure.got = ended.reason;
    into.failures.push_back(std::move(failure));
  }
}

void Judge::idle_faults(TrialResult& into) const {
  for (const FaultGiven& fault : happened_.faults) {
    if (fault.struck) continue;
    TrialFailure failure;
    failure.place = fault.place;
    failure.message = fmt::format("`{}` never happened: no such call was made", fault.what);
    failure.expected = fault.what;
    failure.got = "no such call";
    into.failures.push_back(std::move(failure));
  }
}

void Judge::no_other(const Heard& heard, TrialResult& into) const {
  const bool any = heard.expected->kind == Kind::nothing;  // else those that an `expect` names are free
  TrialFailure failure;
  for (const Made& made : happened_.made) {
    const bool named_so = !any && std::any_of(heard_.begin(), heard_.end(), [&](const Heard& each) {
      return each.expected->kind == Kind::write && matches(each, made);
    });
    if (is_write(made) && !named_so) failure.details.push_back("made: " + made_text(made));
  }
  if (failure.details.empty()) return;
  failure.place = heard.expected->place;
  failure.message = fmt::format("{} made {}", failure.details.size() == 1 ? "a write was" : "writes were",
                                any ? "where none was expected" : "that no `expect` names");
  failure.expected = any ? "nothing" : "nothing else";
  failure.got = join(failure.details, "; ");
  into.failures.push_back(std::move(failure));
}

void Judge::ending(const Heard& heard, TrialResult& into) const {
  const bool skipped = heard.expected->kind == Kind::skipped;
  const EndingKind kind = skipped ? EndingKind::skipped : EndingKind::parked;
  for (const EndedAs& ended : happened_.ended) {
    // A step may skip what is left after something was written, or found to be the same.
    const bool stopped = skipped && ended.kind != EndingKind::parked && ended.place.line != 0;
    if (ended.kind != kind && !stopped) continue;
    if (heard.text.empty()) return;
    if (skipped) {
      const std::string place = place_text(ended.place);
      const bool there = place == heard.text || place.ends_with("/" + heard.text);
      if (there || ended.place.text.find(heard.text) != std::string::npos) return;
    } else if (ended.reason.find(heard.text) != std::string::npos) {
      return;
    }
  }
  TrialFailure failure;
  failure.place = heard.expected->place;
  failure.message =
      fmt::format("no event was {}{}", engine::ending_text(kind),
                  heard.text.empty() ? "" : fmt::format(" {} \"{}\"", skipped ? "at" : "with", heard.text));
  failure.expected = heard.text.empty() ? engine::ending_text(kind) : heard.text;
  failure.details = story();
  failure.got = join(failure.details, "; ");
  into.failures.push_back(std::move(failure));
}

void Judge::decide(TrialResult& into) {
  for (const Heard& heard : heard_) {
    if (!heard.broken.empty()) {
      into.failures.push_back({heard.expected->place, heard.broken, {}, {}, {}});
      continue;
    }
    switch (heard.expected->kind) {
      case Kind::write:
        write(heard, into);
        break;
      case Kind::nothing:
      case Kind::nothing_else:
        no_other(heard, into);
        break;
      case Kind::parked:
      case Kind::skipped:
        ending(heard, into);
        break;
    }
  }
  each_its_own(into);
  unclaimed(into);
  idle_faults(into);
  if (happened_.ended.empty()) into.notes.emplace_back("no event was given: nothing could happen");
}

}  // namespace pipewright::cli
