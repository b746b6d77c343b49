// Values survive the journal: any value at all, by chance from seeds that repeat a failure.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "base/text.hpp"
#include "dsl/types.hpp"
#include "engine/json.hpp"
#include "engine/normalise.hpp"

namespace pipewright::engine {
namespace {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  std::string text() {
    static const std::vector<std::string> parts = {"",
                                                   "a",
                                                   "заказ",
                                                   "😀",
                                                   "\xD0",
                                                   "\xFF\xFE",
                                                   "\xED\xA0\xBD",
                                                   "\xC0\x80",
                                                   "\"",
                                                   "\\",
                                                   "\n",
                                                   "\x7F",
                                                   "\x01",
                                                   "$time",
                                                   "$record",
                                                   "\\ud83d",
                                                   "{\"$time\":\"1\"}",
                                                   std::string(1, '\0'),
                                                   "\xEF\xBB\xBF",
                                                   "0",
                                                   "null"};
    std::string made;
    for (std::uint64_t i = below(4); i > 0; --i) made += parts[below(parts.size())];
    return made;
  }

  std::string name() {
    static const std::vector<std::string> names = {"$time",   "$date", "$duration", "$clear", "$placeholder", "$broken",
                                                   "$record", "$",     "",          "id",     "a\xD0",        "a\xD1"};
    return below(3) == 0 ? text() : names[below(names.size())];
  }

  std::int64_t whole() {
    static const std::vector<std::int64_t> edges = {
        0, 1, -1, 999, INT64_MAX, INT64_MIN, INT64_MAX - 1, 1'764'000'000'000};
    return below(2) == 0 ? edges[below(edges.size())] : static_cast<std::int64_t>(random_());
  }

  Decimal number() {
    Decimal::Coefficient coefficient = 0;
    const auto digits = static_cast<int>(below(Decimal::max_digits + 1));
    for (int i = 0; i < digits; ++i) coefficient = coefficient * 10 + static_cast<int>(below(3) == 0 ? 9 : below(10));
    return {below(2) == 0 ? coefficient : -coefficient, static_cast<int>(below(Decimal::max_digits + 1))};
  }

  Value value(int depth) {
    switch (below(depth > 0 ? 14 : 11)) {
      case 0:
        return {};
      case 1:
        return Value(below(2) == 0);
      case 2:
        return Value(number());
      case 3:
        return Value(Instant(Duration(whole())));
      case 4:
        return Value(Date{static_cast<int>(below(12000)) - 500, static_cast<unsigned>(below(14)),
                          static_cast<unsigned>(below(33))});
      case 5:
        return Value(Duration(whole()));
      case 6:
        return Value(Clear{});
      case 7:
        return Value(Placeholder{text()});
      case 8:
        return Value(Broken{text(), text(), text()});
      case 9:
      case 10:
        return Value(text());
      case 11: {
        List list;
        for (std::uint64_t i = below(4); i > 0; --i) list.push_back(value(depth - 1));
        return Value(std::move(list));
      }
      default: {
        Record record;
        for (std::uint64_t i = below(5); i > 0; --i) record.emplace_back(name(), value(depth - 1));
        return Value(std::move(record));
      }
    }
  }

 private:
  std::mt19937_64 random_;
};

Value nested(std::size_t depth, const std::string& name) {
  Value value(1);
  for (std::size_t i = 0; i < depth; ++i) value = Value(Record{{name, std::move(value)}});
  return value;
}

}  // namespace

TEST_CASE("any value is kept exactly once it is storable, and storable changes it only once") {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    CAPTURE(seed);
    const Value made = Chance(seed).value(6);
    const Result<Value> kept = storable(made);
    REQUIRE(kept);
    const std::string text = encode(*kept);
    REQUIRE(valid_utf8(text));
    const Result<Value> back = decode(text);
    REQUIRE(back);
    REQUIRE(*back == *kept);
    REQUIRE(encode(*back) == text);
    REQUIRE(encode(*storable(*kept)) == text);
    REQUIRE(encode(*storable(*back)) == text);
    // Without being asked first: never a text that cannot be read again.
    const Result<Value> anyway = decode(encode(made));
    REQUIRE(anyway);
    REQUIRE(*anyway == *kept);
  }
}

TEST_CASE("storable hands out the value itself where nothing is to be repaired") {
  const auto value = parse_json(R"({"a":[1,{"b":"текст"}],"$time":"x"})");
  CHECK(storable(*value)->record() == value->record());
}

TEST_CASE("a record as deep as JSON may be reads back with levels around it, deeper than storable is refused") {
  std::string json = "1";
  for (int i = 0; i < 200; ++i) json = "{\"$a\":" + json + "}";  // each level is two when it is encoded
  const auto parsed = parse_json(json);
  REQUIRE(parsed);
  Value outcome = *parsed;
  for (int i = 0; i < 8; ++i) outcome = Value(Record{{"result", List{outcome}}});
  REQUIRE(storable(outcome));
  const auto back = decode(encode(outcome));
  REQUIRE(back);
  CHECK(*back == outcome);
  for (const char* name : {"a", "$a"}) {
    const Value deepest = nested(deepest_storable, name);
    REQUIRE(storable(deepest));
    const auto read = decode(encode(Value(Record{{"record", deepest}, {"kind", Value("done")}})));
    REQUIRE(read);
    CHECK((*read)["record"] == deepest);
    const auto refused = storable(nested(deepest_storable + 1, name));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "a value is nested more than 300 levels deep");
  }
}

TEST_CASE("a number that no decimal holds is refused") {
  const Value wide(List{Value(Decimal(std::numeric_limits<Decimal::Coefficient>::max(), 0))});
  REQUIRE_FALSE(storable(wide));
  CHECK(storable(wide).error().message == "a number needs more than 38 digits");
}

TEST_CASE("a text that encode did not make is an error, no guess") {
  for (const char* text :
       {R"({"$time":"x"})", R"({"$time":1})", R"({"$date":"2026-13-41"})", R"({"$broken":["a","b"]})",
        R"({"$record":1})", R"({"$what":"x"})", R"([{"$duration":""}])", "", "{"}) {
    CHECK_MESSAGE(!decode(text), text);
  }
}

TEST_CASE("a value that is not of its type keeps its text readable, cut between two letters (engine A3)") {
  dsl::FieldType price;
  price.name = "price";
  price.type.kind = dsl::Type::Kind::money;
  for (int shift = 0; shift < 4; ++shift) {
    const std::string words =
        std::string(static_cast<std::size_t>(shift), 'x') + "цена уточняется у продавца, смотрите карточку товара";
    const Value made = converted(Value(words), price, "price", "UTC");
    REQUIRE(made.broken() != nullptr);
    CHECK(valid_utf8(made.broken()->found));
    CHECK(made.broken()->found.ends_with("…"));
    const auto back = decode(encode(Value(Record{{"price", made}, {"skus", Value(List{"1"})}})));
    REQUIRE(back);
    CHECK((*back)["price"] == made);
    CHECK((*back)["skus"].list()->size() == 1);
  }
}

}  // namespace pipewright::engine
