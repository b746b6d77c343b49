// What is reported before running: loops, tables, values that cannot be, and what `--fix` does with them.
#include <doctest/doctest.h>

#include "tests/support/trial.hpp"

using namespace pipewright;
using test::Finished;
using test::has;
using test::passes;
using test::Shop;

namespace {

/// What `validate` prints of a program; empty: no problems.
std::string problems(const std::string& program, Shop& shop) {
  shop.write("shop.pipe", program);
  const Finished finished = shop.run({"validate", "shop.pipe"});
  return finished.status == 0 && has(finished.out + finished.err, "no problems") ? "" : finished.out + finished.err;
}

std::string problems(const std::string& program) {
  Shop shop;
  return problems(program, shop);
}

std::string on_new(const std::string& chain) { return "pipeline p\n  on wb.fbs.new\n  " + chain + "\n"; }

}  // namespace

TEST_CASE("A8: loops through every source and action are reported, one pipeline's own and a file's too") {
  const std::string itself = problems(
      "pipeline p\n  on crm.order.changed of [manager_comment] { own: true }\n  -> crm.order update by id { id: "
      "order.id, "
      "manager_comment: \"{order.manager_comment ?? \"\"}!\" }\n");
  CHECK(has(itself, "`p` feeds itself: crm.order.changed → crm.order"));
  CHECK(has(itself, "nothing stops it"));
  CHECK(has(
      problems("pipeline a\n  on crm.order.changed\n  -> wb.fbs.status set { id: order.external_id, status: 1 }\n\n"
               "pipeline b\n  on wb.fbs.changed\n  -> crm.order update by external_id { external_id: order.id, status: "
               "\"new\" }\n"),
      "`a` and `b` feed each other"));
  CHECK(has(problems("pipeline p\n  on file.lines \"o.ndjson\"\n  -> file.append \"o.ndjson\"\n"), "`p` feeds itself"));
  // Each account by its own name.
  Shop::Options options;
  options.extra_toml =
      "\n[connections.crm_b]\ntype = \"retailcrm\"\nurl = \"http://127.0.0.1:1\"\nkey = \"env:CRM_KEY\"\n";
  Shop shop(options);
  CHECK(has(problems("pipeline a\n  on crm.order.new\n  -> crm_b.order create { external_id: \"b-{order.id}\" "
                     "}\n\npipeline b\n  on "
                     "crm_b.order.new\n  -> crm.order create { external_id: \"a-{order.id}\" }\n",
                     shop),
            "crm.order.new → crm_b.order → crm.order"));
  CHECK(problems("pipeline p\n  on crm.order.changed of [manager_comment]\n  -> crm.order update by id { id: order.id, "
                 "manager_comment: \"{order.manager_comment ?? \"\"}!\" }\n")
            .empty());
}

TEST_CASE("B6: a file means the same alone and in its directory, whatever tables others have") {
  const std::string own =
      "table crm_status { \"sold\" -> \"complete\", else skip }\n\npipeline a\n  on wb.fbs.changed\n  -> log.info "
      "\"{crm_status[order.wb_status]}\"\n";
  const std::string standard =
      "pipeline b\n  on wb.fbs.changed\n  -> log.info \"{crm_status[order.supplier_status]}\"\n";
  Shop shop;
  shop.write("a.pipe", own);
  shop.write("b.pipe", standard);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"validate", "a.pipe"}, {"validate", "b.pipe"}, {"validate", "."}}) {
    const Finished finished = shop.run(words);
    CAPTURE(finished.out + finished.err);
    CHECK(finished.status == 0);
  }
  // Which of the two is looked up, in one program.
  shop.write("t.pipe",
             "import \"b.pipe\"\ntest \"t\" of b {\n  given order { id: 7, supplier_status: \"confirm\" }\n  expect "
             "log.info { text: \"assembling\" }\n}\n");
  CHECK(shop.run({"test", "."}).status == 0);
  CHECK(has(problems("table wb.order_status { \"new\" -> 9, else skip }\n" + on_new("-> log.info \"{order.id}\"")),
            "`wb.order_status` is a standard table"));
}

TEST_CASE("B8: `--fix` ends, and does not fix what it makes worse") {
  Shop shop;
  const std::string program =
      on_new("-> crm.order") + "\ntest \"t\" of p {\n  given order { id: 1”}\n  expect crm.order create\n}\n";
  shop.write("shop.pipe", program);
  const Finished finished = shop.run({"validate", "--fix", "shop.pipe"});
  CHECK(finished.status != 0);
  CHECK(has(finished.out + finished.err, "a typographic quote"));
  CHECK(shop.read("shop.pipe") == program);
  shop.write("shop.pipe", on_new("-> log.info “{order.id}”"));
  CHECK(shop.run({"validate", "--fix", "shop.pipe"}).status == 0);
  CHECK(shop.read("shop.pipe") == on_new("-> log.info \"{order.id}\""));
}

TEST_CASE("B10: an operation that the node never makes is no expectation") {
  const std::string test = "\ntest \"t\" of p {\n  given order { id: 7 }\n  expect crm.order append 0 times\n}\n";
  CHECK(has(problems(on_new("-> crm.order") + test), "`crm.order` never makes `append`"));
}

TEST_CASE("B13: `given now` wants a time, and says so of a date") {
  const std::string test =
      "\ntest \"t\" of p {\n  given now 2026-11-23\n  given order { id: 7 }\n  expect nothing\n}\n";
  const std::string message = problems(on_new("-> log.info \"x\"") + test);
  CHECK(has(message, "a time is wanted here, this is a date"));
  CHECK(has(message, "2026-11-23T12:00:00"));
}

TEST_CASE("C: a table without rows, and one without `else` over an open enumeration, are reported") {
  CHECK(has(problems("table e { }\n" + on_new("-> log.info \"{e[order.supplier_status]}\"")), "`e` has no rows"));
  const std::string open = problems(
      "table s { \"new\" -> 1, \"complete\" -> 2 }\npipeline p\n  on crm.order.status_changed\n  -> log.info "
      "\"{s[order.status]}\"\n");
  CHECK(has(open, "P0422"));
  CHECK(has(open, "cancel-other"));
  CHECK(has(problems("table t { \"a\" -> { x: 1 } else { x: 2 } }\n" +
                     on_new("-> log.info \"{t[order.comment ?? \"\"].x}\"")),
            "`,` is missing before `else`"));
}

TEST_CASE("C: what a field cannot take, and what excludes one another, is reported") {
  const auto request = [](const std::string& fields) {
    return problems(on_new("-> http.request \"http://127.0.0.1:1/\" { " + fields + " } at_least_once"));
  };
  CHECK(has(request("method: \"FETCH\""), "`method` takes no \"FETCH\""));
  CHECK(request("method: \"post\", text: \"x\"").empty());
  CHECK(has(request("json: { id: order.id }, form: { id: order.id }"), "`json` and `form` exclude one another"));
  CHECK(request("json: if order.price > 5 then { id: order.id }, text: if order.price <= 5 then \"x\"").empty());
  const auto set = [](const std::string& status, const std::string& table = "") {
    return problems(
        table + "pipeline p\n  on crm.order.status_changed\n  -> wb.fbs.status set { id: order.external_id, status: " +
        status + " }\n");
  };
  for (const char* status : {"5", "6", "7", "\"deliver\""}) CHECK(has(set(status), "`status` takes no "));
  CHECK(set("if order.status == \"new\" then 1 else 3").empty());
  CHECK(has(set("if order.status == \"new\" then 1 else 5"), "`status` takes no 5"));
  CHECK(has(set("t[order.status]", "table t { \"complete\" -> 6, \"assembling\" -> 1, else skip }\n"),
            "`status` takes no 6"));
  CHECK(set("t[order.status]", "table t { \"complete\" -> 2, \"assembling\" -> 1, else skip }\n").empty());
}

TEST_CASE("comparisons that no value meets and keys that are always null are reported") {
  const std::string changed = "pipeline p\n  on wb.fbs.changed\n  ";
  CHECK(has(problems(changed + "-> where order.status == 5\n  -> log.info \"x\"\n"), "P0414"));
  CHECK(problems(changed + "-> where order.status == 6\n  -> log.info \"x\"\n").empty());
  CHECK(has(problems(changed + "-> where order.user_status in [8, 9]\n  -> log.info \"x\"\n"), "P0414"));
  CHECK(has(problems(changed + "-> where order.user != null\n  -> log.info \"x\"\n"), "P0414"));
  // Of several sources one may have it.
  CHECK(
      problems(
          "pipeline p\n  on wb.fbs.changed, wb.dbs.changed\n  -> where order.user != null and order.status == 5\n  -> "
          "log.info \"x\"\n")
          .empty());
  const std::string key =
      "-> crm.client find by external_id { external_id: order.user.id } else skip\n  -> log.info "
      "\"{client.id}\"\n";
  CHECK(has(problems(changed + key), "`order.user.id` is always null here"));
  CHECK(problems("pipeline p\n  on wb.dbs.changed\n  " + key).empty());
}

TEST_CASE("C: texts are in the order of the alphabet, Ё included") {
  CHECK(passes(
      on_new("-> log.info \"{join(sort([\"Я\", \"Ё\", \"А\", \"Е\", \"Ж\"]), \"\")} {\"ё\" < \"ж\"} {\"ё\" > \"е\"}\""),
      "p", "  given order { id: 7 }\n  expect log.info { text: \"АЕЁЖЯ true true\" }"));
}

TEST_CASE("C: a key of a map is asked for by `in`") {
  CHECK(
      passes("pipeline p\n  on crm.order.status_changed\n  -> log.info \"{\"k\" in order.custom_fields} {\"q\" in "
             "order.custom_fields}\"\n",
             "p", "  given order { id: 7, custom_fields: { k: \"v\" } }\n  expect log.info { text: \"true false\" }"));
}

TEST_CASE("C: of two tables with one name none is reported as unused") {
  const std::string message =
      problems("table t { \"a\" -> 1, else 2 }\ntable t { \"a\" -> 1, else 2 }\n" + on_new("-> log.info \"x\""));
  CHECK(has(message, "there are two tables named `t`"));
  CHECK_FALSE(has(message, "P0413"));
}

TEST_CASE("a `log.info` text keeps its level and its beginning, whatever it says") {
  Shop shop(on_new("-> log.info \"look: warning: {order.id}\"\n  -> log.warn \"seen {order.id}\"").c_str());
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 1, {{"id", 4132098047}});
  const Finished finished = shop.run({"run", "--once"});
  CAPTURE(finished.err);
  CHECK(has(finished.err, "look: warning: 4132098047"));
  bool info = false;
  bool warning = false;
  for (std::size_t at = 0; at < finished.err.size();) {
    const std::size_t end = std::min(finished.err.find('\n', at), finished.err.size());
    const std::string line = finished.err.substr(at, end - at);
    if (has(line, "look: warning:")) info = !has(line.substr(0, line.find("look")), "warning");
    if (has(line, "seen 4132098047")) warning = has(line, "warning");
    at = end + 1;
  }
  CHECK(info);
  CHECK(warning);
}

TEST_CASE("C: `events --all` does not say that nothing has come after a run that wrote lines of a file") {
  Shop shop("pipeline p\n  on file.lines \"in.ndjson\"\n  -> file.append \"out.ndjson\"\n");
  shop.write("in.ndjson", "{\"a\":1}\n");
  REQUIRE(shop.once()["written"] == 1);
  const std::string after = shop.run({"events", "--all"}).out;
  CHECK(has(after, "no events are kept"));
  CHECK(has(after, "of files only those that park"));
}
