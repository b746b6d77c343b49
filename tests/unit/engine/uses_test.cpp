// What a program wants of its accounts: nodes and words, out of the plan.
#include "engine/uses.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/text.hpp"
#include "dsl/render.hpp"
#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

engine::Uses uses_of(const std::string& program, const std::string& connection = "crm") {
  const dsl::Checked checked = tests::checked(program);
  REQUIRE(dsl::render_text(checked.diagnostics, checked.sources, false) == "");
  return engine::uses_of(checked.plan, tests::declarations())[connection];
}

/// `= crm.order_status new 3:16`: written; `? …`: compared; `*`: the standard library's.
std::string words_of(const std::string& program) {
  std::vector<std::string> words;
  for (const engine::Uses::Word& word : uses_of(program).words) {
    words.push_back(fmt::format("{} {} {} {}:{}{}", word.written ? "=" : "?", word.field, word.text, word.place.line,
                                word.place.column, word.standard ? " *" : ""));
  }
  return join(words, "; ");
}

}  // namespace

TEST_CASE("words that are written: in branches, fallbacks, lets, lists and nested records") {
  CHECK(words_of("on wb.fbs.new -> crm.order.status set {\n  external_id: order.id\n  status: if order.price > 1 then "
                 "\"a\" else \"b\"\n}\n") == "= crm.order_status a 3:35; = crm.order_status b 3:44");
  CHECK(
      words_of("on wb.fbs.new\n  -> let s = \"a\"\n  -> crm.order.status set { external_id: order.id, status: s }\n") ==
      "= crm.order_status a 2:14");
  CHECK(words_of("on wb.fbs.new -> crm.order update {\n  external_id: order.id\n  delivery: { code: \"courier\" }\n"
                 "  payments: [{ type: \"cash\" }, { type: \"card\" }]\n  custom_fields: { size: order.id }\n}\n") ==
        "= crm.delivery.fields.code courier 3:21; = crm.payment.fields.type cash 4:22; = crm.payment.fields.type card "
        "4:40; = crm.order.fields.custom_fields size 5:26");
}

TEST_CASE("words of tables: values where they are written, keys where they are looked up") {
  CHECK(words_of("table t {\n  \"new\" -> \"a\"\n  else \"b\"\n}\non crm.order.status_changed\n"
                 "  -> crm.order.status set { id: order.id, status: t[order.status] }\n") ==
        "? crm.order_status new 2:3; = crm.order_status a 2:12; = crm.order_status b 3:8");
  const std::string standard = words_of(
      "on wb.fbs.changed\n  -> crm.order.status set { external_id: order.id, status: crm_status[order.wb_status] }\n");
  CHECK(standard.starts_with("= crm.order_status new 2:6 *; = crm.order_status assembling 2:6 *; "));
}

TEST_CASE("words that are compared with: each account's own") {
  CHECK(words_of("on crm.order.status_changed\n  -> where order.status == \"a\" or not ((order.order_type ?? \"x\") in "
                 "[\"b\"])\n  -> log.info \"{order.id}\"\n") ==
        "? crm.order_status a 2:28; ? crm.order.order_type b 2:70");
  CHECK(words_of("on wb.fbs.changed -> where order.wb_status == \"sold\" -> crm.order find by external_id { "
                 "external_id: order.id } as known else skip -> where known.status == \"a\" -> log.info \"x\"\n") ==
        "? crm.order_status a 1:157");
}

TEST_CASE("what another pipeline hands on is of the account that it came from") {
  CHECK(words_of("pipeline a on crm.order.status_changed -> where order.site != \"x\"\npipeline b on a\n  -> where "
                 "order.status == \"y\"\n  -> log.info \"{order.id}\"\n") ==
        "? crm.order.site x 1:63; ? crm.order_status y 3:28");
}

TEST_CASE("nodes: each with its verb and the fields that it is given") {
  const engine::Uses uses = uses_of("on wb.fbs.new\n  -> crm.client\n  -> crm.order { status: \"new\" }\n");
  REQUIRE(uses.nodes.size() == 2);
  CHECK(uses.nodes[0].name == "crm.client");
  CHECK(uses.nodes[0].verb == dsl::plan::Verb::upsert);
  CHECK(uses.nodes[1].fields.contains("client"));
  CHECK(uses.nodes[1].fields.contains("items"));
  CHECK(uses.nodes[1].place.line == 3);
  CHECK(uses_of("on wb.fbs.new -> crm.client\n", "wb").nodes.at(0).verb == std::nullopt);
}
