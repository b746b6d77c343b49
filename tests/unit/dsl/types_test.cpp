// What fits where, and what two types have in common.
#include <doctest/doctest.h>

#include "dsl/types.hpp"

using namespace pipewright::dsl;
using Kind = Type::Kind;

namespace {

Type enumeration(const std::string& name, bool open = false) {
  auto type = std::make_shared<EnumType>();
  type->name = name;
  type->words = {"new", "sold"};
  type->open = open;
  Type result = type_of(Kind::enumeration);
  result.enumeration = type;
  return result;
}

Type literal_record(std::vector<FieldType> fields) {
  auto type = std::make_shared<RecordType>();
  type->fields = std::move(fields);
  return record_of(type);
}

}  // namespace

TEST_CASE("what fits where") {
  struct Case {
    const char* name;
    Type from;
    Type to;
    bool fits;
  };
  const Case cases[] = {
      {"an integer is an id", type_of(Kind::integer), type_of(Kind::id), true},
      {"a text is an id", type_of(Kind::text), type_of(Kind::id), true},
      {"an id is a text", type_of(Kind::id), type_of(Kind::text), true},
      {"an id is no integer", type_of(Kind::id), type_of(Kind::integer), false},
      {"an integer is no text", type_of(Kind::integer), type_of(Kind::text), false},
      {"an integer is a decimal", type_of(Kind::integer), type_of(Kind::decimal), true},
      {"a decimal is no integer", type_of(Kind::decimal), type_of(Kind::integer), false},
      {"a number is money", type_of(Kind::decimal), type_of(Kind::money), true},
      {"money is no decimal", type_of(Kind::money), type_of(Kind::decimal), false},
      {"kopecks are no money", type_of(Kind::kopecks), type_of(Kind::money), false},
      {"money is no kopecks", type_of(Kind::money), type_of(Kind::kopecks), false},
      {"a text is a word", type_of(Kind::text), enumeration("a"), true},
      {"a word is a text", enumeration("a"), type_of(Kind::text), true},
      {"a word of another enumeration does not fit", enumeration("b"), enumeration("a"), false},
      {"a word of another enumeration fits an open one", enumeration("b"), enumeration("a", true), true},
      {"what may be null does not fit where it is required", type_of(Kind::text, true), type_of(Kind::text), false},
      {"what is there fits where null is allowed", type_of(Kind::text), type_of(Kind::text, true), true},
      {"null fits where null is allowed", type_of(Kind::null), type_of(Kind::text, true), true},
      {"null does not fit where it is not", type_of(Kind::null), type_of(Kind::text), false},
      {"everything is json", type_of(Kind::money), type_of(Kind::json), true},
      {"json is nothing else", type_of(Kind::json), type_of(Kind::text), false},
      {"lists fit by their elements", list_of(type_of(Kind::integer)), list_of(type_of(Kind::decimal)), true},
      {"lists do not fit by other elements", list_of(type_of(Kind::text)), list_of(type_of(Kind::integer)), false},
      {"a record is a map when its values fit", literal_record({{.name = "a", .type = type_of(Kind::integer)}}),
       map_of(type_of(Kind::decimal)), true},
      {"a date is no time", type_of(Kind::date), type_of(Kind::time), false},
      {"what is unknown fits silently", type_of(Kind::unknown), type_of(Kind::text), true},
  };
  for (const Case& each : cases) CHECK_MESSAGE(fits(each.from, each.to) == each.fits, each.name);
}

TEST_CASE("what two types have in common") {
  struct Case {
    const char* name;
    Type a;
    Type b;
    const char* common;
  };
  const Case cases[] = {
      {"integers and decimals are decimals", type_of(Kind::integer), type_of(Kind::decimal), "decimal"},
      {"null makes the other nullable", type_of(Kind::null), type_of(Kind::text), "text?"},
      {"one nullable makes both so", type_of(Kind::text, true), type_of(Kind::text), "text?"},
      {"two enumerations are texts", enumeration("a"), enumeration("b"), "text"},
      {"texts and integers have none", type_of(Kind::text), type_of(Kind::integer), ""},
      {"money and numbers are money", type_of(Kind::money), type_of(Kind::integer), "money"},
      {"money and kopecks have none", type_of(Kind::money), type_of(Kind::kopecks), ""},
      {"lists have their elements' one", list_of(type_of(Kind::integer)), list_of(type_of(Kind::decimal)), "[decimal]"},
      {"json stays alone", type_of(Kind::json), type_of(Kind::text), ""},
  };
  for (const Case& each : cases) {
    const auto both = common(each.a, each.b);
    CHECK_MESSAGE((both ? type_text(*both) : "") == each.common, each.name);
  }
}

TEST_CASE("of two record literals, what one lacks may be null") {
  const auto both = common(
      literal_record({{.name = "a", .type = type_of(Kind::integer)}}),
      literal_record({{.name = "a", .type = type_of(Kind::decimal)}, {.name = "b", .type = type_of(Kind::text)}}));
  REQUIRE(both.has_value());
  CHECK(type_text(both->record->field("a")->type) == "decimal");
  CHECK(type_text(both->record->field("b")->type) == "text?");
}
