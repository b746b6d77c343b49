// What generated programs have shown (tests/soundness), each as the smallest program that shows it.
#include <doctest/doctest.h>

#include "engine/interpret.hpp"
#include "engine/json.hpp"
#include "tests/golden/declarations.hpp"

namespace pipewright::engine {
namespace {

/// One event of `wb.fbs.new` through these steps; `json` is the record.
struct Walked {
  dsl::Checked checked;
  CompiledTables tables;
  Progress progress;

  Walked(const std::string& steps, const std::string& json, const std::string& before = "")
      : checked(tests::checked(before + "\npipeline p\n  on wb.fbs.new\n  " + steps + "\n")), tables(checked.plan) {
    INFO(steps);
    for (const dsl::Diagnostic& each : checked.diagnostics) {
      INFO(each.message);
      REQUIRE(each.code->severity != dsl::Severity::error);
    }
    EventData event;
    event.record = *parse_json(json);
    event.pipeline = "p";
    progress = advance(checked.plan.pipelines.front(), checked.plan, tables, event, {});
  }
  Walked(const std::string& steps, Record record)
      : checked(tests::checked("pipeline p\n  on wb.fbs.new\n  " + steps + "\n")), tables(checked.plan) {
    EventData event;
    event.record = Value(std::move(record));
    progress = advance(checked.plan.pipelines.front(), checked.plan, tables, event, {});
  }

  /// The text of the action that the event wants, or how it ended.
  [[nodiscard]] std::string text() const {
    if (progress.wants.size() == 1) return progress.wants[0].operation.text.value_or("no text");
    return progress.ending ? ending_text(progress.ending->kind) + ": " + progress.ending->reason : "no ending";
  }
  [[nodiscard]] std::string written() const {
    REQUIRE(progress.wants.size() == 1);
    return write_json(Value(progress.wants[0].operation.written));
  }
};

}  // namespace

TEST_CASE("a list in json has no field of a name: the look-up is null") {
  CHECK(Walked(R"(-> log.info "{order.raw["a"] == null}")", R"({"raw":[1,2]})").text() == "true");
  CHECK(Walked(R"(-> log.info "{order.raw.a["b"] == null}")", R"({"raw":{"a":[1]}})").text() == "true");
}

TEST_CASE("size of json that holds no list parks") {
  const std::string steps = R"(-> log.info "{size(order.raw.a)}")";
  CHECK(Walked(steps, R"({"raw":{"a":[1,2]}})").text() == "2");
  for (const char* raw :
       {R"({"raw":{"a":"abc"}})", R"({"raw":{"a":{"b":1}}})", R"({"raw":{"a":7}})", R"({"raw":{}})"}) {
    CAPTURE(raw);
    CHECK(Walked(steps, raw).text().starts_with("parked: `order.raw.a` is "));
  }
}

TEST_CASE("look-ups may stand behind one another at once behind a name") {
  CHECK(Walked("-> let raw = order.raw\n  -> log.info \"{text(raw[0][1])} {text(raw[0][2].a[\"b\"])}\"",
               R"({"raw":[[1,"x",{"a":{"b":true}}]]})")
            .text() == "x true");
  CHECK(Walked("-> log.info \"{rows[1][0] ?? 0}\"", "{}", "let rows = [[1], [2]]").text() == "2");
}

TEST_CASE("equal to a date, a time or a duration is there too") {
  const std::string json = R"({"skus":[]})";
  CHECK(Walked("-> let d = [2026-11-23]\n  -> where d[0] == 2026-11-23\n  -> log.info \"{d[0]}\"", json).text() ==
        "2026-11-23");
  CHECK(Walked("-> let d = [7d]\n  -> where d[0] in [7d, 1d]\n  -> log.info \"{d[0]}\"", json).text() == "7d");
  CHECK(Walked("-> let t = [2026-11-23T10:00:00Z]\n  -> where t[0] == 2026-11-23T10:00:00Z\n  -> log.info \"{t[0]}\"",
               json)
            .text() == "2026-11-23T10:00:00Z");
}

TEST_CASE("a broken field parks who writes it, compares it or gathers it, however deep it stands") {
  const Record record{{"user", Value(Record{{"phone", Value(Broken{"phone", "text", "true"})}})},
                      {"skus", Value(List{Value(Broken{"skus[0]", "text", "{}"})})}};
  for (const char* steps : {
           "-> http.request \"http://127.0.0.1:9/\" only { json: order.user } at_most_once",
           "-> http.request \"http://127.0.0.1:9/\" only { json: [{ a: order.user }] } at_most_once",
           "-> where order.user == order.user",
           "-> let x = unique([order.user])",
       }) {
    CAPTURE(steps);
    CHECK(Walked(steps, record).text() == "parked: `phone` is true, not text");
  }
  for (const char* steps :
       {"-> where \"a\" in order.skus", "-> where \"a\" not in order.skus", "-> let x = min(order.skus)"}) {
    CAPTURE(steps);
    CHECK(Walked(steps, record).text() == "parked: `skus[0]` is {}, not text");
  }
  CHECK(Walked("-> log.info \"{size(order.skus)}\"", record).text() == "1");  // asks for none of them
}

TEST_CASE("empty braces write an empty record, no braces the source's") {
  const Walked empty(R"(-> file.append "a.ndjson" only {})", R"({"id":7})");
  REQUIRE(empty.progress.wants.size() == 1);
  CHECK_FALSE(empty.progress.wants[0].operation.source_record);
  const Walked bare(R"(-> file.append "a.ndjson")", R"({"id":7})");
  REQUIRE(bare.progress.wants.size() == 1);
  REQUIRE(bare.progress.wants[0].operation.source_record);
}

TEST_CASE("the first item that parks gives the reason, however deep the others park") {
  Walked walked("-> each a in [1, 2] {\n -> let x = 1 / (a - 1)\n -> log.info \"{x}\" \n }", "{}");
  CHECK(walked.text().starts_with("parked") == false);  // the second item waits
  const Walked both("-> each a in [0, 2] {\n -> let x = 1 / a\n -> each b in [1] { -> let y = int(\"z{b}\") }\n }",
                    "{}");
  CHECK(both.text() == "parked: `1 / a` divides by zero");
}

TEST_CASE("beside another text a word of an enumeration is a text") {
  const auto codes = [](const std::string& steps) {
    return tests::codes_of(tests::checked("pipeline p\n  on wb.fbs.new\n  " + steps + "\n").diagnostics);
  };
  CHECK(codes("-> let v = if order.price > 5 then \"own\" else order.wb_status\n  -> where v == \"own\"").empty());
  CHECK(codes("-> let v = [order.comment ?? \"own\", order.wb_status]\n  -> where v[0] == \"own\"").empty());
  // A literal that is one of its words stays one.
  CHECK(codes("-> let v = if order.price > 5 then \"sold\" else order.wb_status\n  -> where v == \"own\"") ==
        std::vector<std::string>{"P0306"});
}

TEST_CASE("money is rounded where it is written, whatever it was read as") {
  const std::string json = R"({"id":7,"price":10,"skus":[]})";
  for (const char* cost : {
           "delivery: { cost: 1.005 }",
           "delivery: if order.price > 5 then { cost: 1.005 } else { net_cost: 2 }",
           "delivery: parcel",
       }) {
    CAPTURE(cost);
    const Walked walked(
        "-> let parcel = { cost: 1.005 }\n  -> crm.order update by id only { id: 1, " + std::string(cost) + " }", json);
    CHECK(walked.written() == R"({"id":1,"delivery":{"cost":1.01}})");
  }
  CHECK(Walked("-> let lines = [{ price: 1.005 }]\n  -> crm.order update by id only { id: 1, items: lines }", json)
            .written() == R"({"id":1,"items":[{"price":1.01}]})");
  CHECK(Walked("-> file.append \"a\" only { all: [order.price, 1.005], one: [{ a: order.price }, { a: 1.005 }] }", json)
            .written() == R"({"all":[10.00,1.01],"one":[{"a":10.00},{"a":1.01}]})");
  // What the target leaves open, in a list whose other fields it declares.
  CHECK(Walked("-> let paid = { sum: order.price * 1.0005 }\n  -> crm.order update by id only { id: 1, items: [{ "
               "barcode: paid "
               "}] }",
               json)
            .written() == R"({"id":1,"items":[{"barcode":{"sum":10.01}}]})");
}

TEST_CASE("an empty list takes nothing away from the type of the other one") {
  const std::string json = R"({"id":7,"price":10,"skus":["ab"]})";
  const std::string lines = "-> let lines = [{ a: 5, b: { c: \"x\" } }]\n  ";
  CHECK(Walked(lines + "-> log.info \"{join([line.b.c for line in lines ?? []], \"\")}\"", json).text() == "x");
  CHECK(Walked(lines + "-> log.info \"{sum([line.a for line in if order.price > 5 then lines else []])}\"", json)
            .text() == "5");
  CHECK(Walked(lines + "-> log.info \"{sum([line.a for line in if order.price < 5 then [] else lines])}\"", json)
            .text() == "5");
}

TEST_CASE("a number of 38 digits prints as many behind the point as it is asked for") {
  const std::string nines = "99999999999999999999999999999999999999";
  CHECK(Walked("-> log.info \"{format(" + nines + ", \"0.00\")}\"", "{}").text() == nines + ".00");
  CHECK(Walked("-> log.info \"{order.price * 1}\"", R"({"price":)" + nines + "}").text() == nines + ".00");
}

TEST_CASE("a key that is always null is refused where the key has to be there") {
  const auto codes = [](const std::string& action) {
    return tests::codes_of(tests::checked("pipeline p\n  on wb.fbs.new\n  -> " + action + "\n").diagnostics);
  };
  CHECK(codes("crm.client ensure by email only { email: null }") == std::vector<std::string>{"P0416", "P0302"});
  CHECK(codes("crm.client by email only { email: clear }") == std::vector<std::string>{"P0410"});
  CHECK(codes("crm.client find by email only { email: null } else skip") == std::vector<std::string>{"P0416"});
}

TEST_CASE("what can only park is refused") {
  const auto codes = [](const std::string& value) {
    return tests::codes_of(tests::checked("pipeline p\n  on wb.fbs.new\n  -> let v = " + value + "\n").diagnostics);
  };
  for (const char* value :
       {"int(true)", "int(order.created_at)", "decimal(7d)", "decimal(order.is_zero_order)", "bool(order.nm_id)",
        "date(5)", "date(order.price)", "date(1d)", "time(order.nm_id)", "time(false)", "int(\"abc\")", "int(1.5)",
        "int(\"1.5\")", "decimal(\"\")", "bool(\"yes\")", "date(\"2026-02-30\")", "time(\"10:00\")"}) {
    CAPTURE(value);
    CHECK(codes(value) == std::vector<std::string>{"P0307"});
  }
  for (const char* value : {"order.nm_id / 0", "order.price % 0.00", "1 / -0"}) {
    CAPTURE(value);
    CHECK(codes(value) == std::vector<std::string>{"P0301"});
  }
  for (const char* value : {"int(order.id)", "int(order.price)", "int(2.00)", "int(\" 7 \")", "decimal(order.nm_id)",
                            "bool(\"true\")", "bool(order.is_zero_order)", "date(order.created_at)", "date(2026-11-23)",
                            "date(\"2026-11-23T10:00:00Z\")", "time(2026-11-23)", "time(order.wb_status)", "text(7d)",
                            "int(order.raw.a)", "order.nm_id / order.user_status"}) {
    CAPTURE(value);
    CHECK(codes(value).empty());
  }
}

TEST_CASE("min, max and sort take what has an order") {
  const auto codes = [](const std::string& value) {
    return tests::codes_of(tests::checked("pipeline p\n  on wb.fbs.new\n  -> let v = " + value + "\n").diagnostics);
  };
  for (const char* value : {"min(order.id, \"a\")", "max([order.id])", "sort([order.wb_status])", "sort([true, false])",
                            "min(true, false)", "max(order.wb_status, order.wb_status)"}) {
    CAPTURE(value);
    CHECK(codes(value) == std::vector<std::string>{"P0307"});
  }
  for (const char* value : {"min(1, 2.5)", "max(order.skus)", "sort([7d, 1d])", "min(order.created_at, now())",
                            "max([])", "min(order.price, 5)", "sort([null])"}) {
    CAPTURE(value);
    CHECK(codes(value).empty());
  }
}

}  // namespace pipewright::engine
