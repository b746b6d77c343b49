#include "records.hpp"

namespace pipewright::soundness {
namespace {

using dsl::Type;
using Kind = Type::Kind;
using engine::List;
using engine::Record;

Decimal decimal(const char* text) { return Decimal::parse(text).value_or(Decimal()); }

std::string some_text(Random& random) {
  static const std::vector<std::string> texts = {
      "",     "a",         "ёж",  "Ёлка", "12",         "-7.5",   " x ",
      "new",  "sold",      "a,b", "true", "2026-11-23", "Москва", "2026-11-23T10:00:00Z",
      "WB-7", "line\nend", "{a}", "7"};
  return random.pick(texts);
}

engine::Value some_json(Random& random, int depth) {
  switch (random.below(depth > 0 ? 9 : 6)) {
    case 0:
      return {};
    case 1:
      return random.one_in(2);
    case 2:
      return decimal(random.one_in(2) ? "12" : "1.50");
    case 3:
    case 4:
      return some_text(random);
    case 5:
      return decimal("7");
    case 6: {
      List list;
      for (std::size_t count = random.below(3); count > 0; --count) list.push_back(some_json(random, depth - 1));
      return {std::move(list)};
    }
    default: {
      Record record;
      for (const char* name : {"a", "b", "price", "list"}) {
        if (!random.one_in(4)) record.emplace_back(name, some_json(random, depth - 1));
      }
      return {std::move(record)};
    }
  }
}

Instant some_time(Random& random) {
  static const std::vector<std::int64_t> moments = {1795417200000,  1795417200500, 946684799000, 1767225600000, 0,
                                                    253402300799000};
  return Instant(Duration(random.pick(moments)));
}

engine::Value some_value(const Type& type, Random& random, int depth);

// One of those that it can have, where the declaration says so.
engine::Value field_value(const dsl::FieldType& field, Random& random, int depth) {
  if (field.unfilled) return {};
  if (!field.values) return some_value(field.type, random, depth);
  const std::string& word = random.pick(field.values->words);
  return field.type.is(Kind::integer) ? engine::Value(decimal(word.c_str())) : engine::Value(word);
}

engine::Value some_record(const dsl::RecordType& type, Random& random, int depth) {
  Record record;
  for (const dsl::FieldType& field : type.fields) {
    if (random.one_in(150) && !field.type.is(Kind::json) && !field.type.is(Kind::map)) {
      record.emplace_back(field.name, engine::Broken{field.name, dsl::type_text(field.type), "\"?\""});
    } else {
      record.emplace_back(field.name, field_value(field, random, depth - 1));
    }
  }
  return {std::move(record)};
}

engine::Value some_value(const Type& type, Random& random, int depth) {
  if (type.nullable && (depth <= 0 || random.one_in(2))) return {};
  switch (type.kind) {
    case Kind::id:
      return random.one_in(2) ? engine::Value(decimal(random.one_in(2) ? "7" : "13833711"))
                              : engine::Value(some_text(random));
    case Kind::integer: {
      static const std::vector<const char*> numbers = {
          "0", "1", "2", "5", "7", "643", "-3", "658434", "12345678901234567890"};
      return decimal(random.pick(numbers));
    }
    case Kind::decimal:
    case Kind::money: {
      static const std::vector<const char*> numbers = {"0.00", "1039.00", "1547.34",         "-0.50",
                                                       "0.01", "99.995",  "1000000000000.00"};
      return decimal(random.pick(numbers));
    }
    case Kind::boolean:
      return random.one_in(2);
    case Kind::time:
      return some_time(random);
    case Kind::date:
      return Date{2024, 2, random.one_in(2) ? 29U : 1U};
    case Kind::json:
      return some_json(random, 3);
    case Kind::list: {
      List list;
      for (std::size_t count = random.below(4); count > 0; --count)
        list.push_back(some_value(*type.element, random, depth - 1));
      return {std::move(list)};
    }
    case Kind::map: {
      Record record;
      for (const char* name : {"a", "wb-id"}) {
        if (random.one_in(2)) record.emplace_back(name, some_value(*type.element, random, depth - 1));
      }
      return {std::move(record)};
    }
    case Kind::record:
      return some_record(*type.record, random, depth);
    case Kind::enumeration:
      if (type.enumeration->open && random.one_in(4)) return std::string("a-word-of-the-account");
      return random.pick(type.enumeration->words);
    default:
      return some_text(random);
  }
}

}  // namespace

engine::Value source_record(const Pipeline& pipeline, Random& random) {
  if (pipeline.records.empty()) return some_json(random, 3);
  const dsl::RecordType& type = *random.pick(pipeline.records);
  Record record = *some_record(type, random, 4).record();
  record.emplace_back("connection", std::string("wb"));
  record.emplace_back("raw", some_json(random, 3));
  record.emplace_back("@record", type.name);
  return {std::move(record)};
}

Outcome outcome_of(std::uint64_t seed, const std::string& address, const dsl::ActionSpec& spec, dsl::plan::Verb verb) {
  using Verb = dsl::plan::Verb;
  for (const char c : address) seed = seed * 131 + static_cast<unsigned char>(c);
  Random random(seed);
  Outcome made;
  if (spec.silent) return made;
  const bool may_find_nothing = verb == Verb::find || verb == Verb::update || verb == Verb::set;
  if (may_find_nothing && random.one_in(4)) {
    made.kind = Came::Kind::nothing;
    return made;
  }
  if (random.one_in(25)) {
    made.kind = random.one_in(3) ? Came::Kind::skipped : Came::Kind::failed;
    return made;
  }
  made.kind = verb == Verb::find ? Came::Kind::found : random.one_in(4) ? Came::Kind::unchanged : Came::Kind::written;
  made.record = some_value(spec.result, random, 3);
  return made;
}

}  // namespace pipewright::soundness
