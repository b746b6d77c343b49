// What is offered while somebody types, on lines that are not finished.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.hpp"
#include "tests/lsp/client.hpp"

using pipewright::test::Client;
using pipewright::test::Json;

namespace {

Json offered(Client& client, const std::string& text) {
  client.open("a.pipe", text);
  return client.request("textDocument/completion", client.here("a.pipe"))["items"];
}

Json offered(const std::string& text) {
  Client client;
  client.save("pipewright.toml", "[connections.wb_moscow]\ntype = \"wildberries\"\ntoken = \"env:NO_SUCH\"\n");
  client.begin();
  return offered(client, text);
}

const Json* item(const Json& items, const std::string& label) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const Json& each) { return each["label"] == label; });
  return found == items.end() ? nullptr : &*found;
}

/// Each of the labels that is not offered.
std::vector<std::string> missing(const Json& items, const std::vector<std::string>& labels) {
  std::vector<std::string> all;
  for (const std::string& label : labels) {
    if (item(items, label) == nullptr) all.push_back(label);
  }
  return all;
}

}  // namespace

TEST_CASE("what is offered at each kind of place, with the line broken off there") {
  const std::string rest = "\n\npipeline next\n  on wb.dbs.new\n  -> crm.order\n";
  const struct {
    std::string text;
    std::vector<std::string> there;
    std::vector<std::string> not_there;
  } cases[] = {
      {"on |", {"wb.fbs.new", "crm.order.changed", "wb_moscow.fbs.new", "next"}, {"crm.client", "where"}},
      {"on wb.f|", {"wb.fbs.new", "wb.fbo.changed"}, {"crm.client"}},
      {"pipeline a\n  on wb.fbs.new, |", {"wb.dbs.new"}, {}},
      {"on wb.fbs.new\n  -> |", {"crm.order", "log.info", "where", "each"}, {"wb.fbs.new", "wb_moscow.fbs.new"}},
      {"on wb.fbs.new\n  -> crm.|", {"crm.order", "crm.client"}, {"wb.fbs.new"}},
      {"on wb.fbs.new\n  -> crm.order |", {"upsert", "update", "by", "only"}, {"send"}},
      {"on wb.fbs.new\n  -> crm.order up|", {"upsert", "update"}, {}},
      {"on wb.fbs.new\n  -> crm.order upsert by |", {"external_id"}, {"items"}},
      {"on wb.fbs.new\n  -> crm.order { |", {"external_id", "status", "items"}, {"price"}},
      {"on wb.fbs.new\n  -> crm.order {\n       external_id: order.id\n       st|", {"status"}, {"external_id"}},
      {"on wb.fbs.new\n  -> crm.order { external_id: order.id } initially { | }", {"status"}, {"external_id"}},
      {"on wb.fbs.new\n  -> crm.order { items: [{ q| }] }", {"quantity"}, {"customer_comment"}},
      {"on wb.fbs.new\n  -> where order.|", {"price", "id", "raw", "user"}, {"external_id"}},
      {"on wb.fbs.new\n  -> where order.user.| != null", {"phone", "name"}, {"price"}},
      {"on wb.fbs.new\n  -> log.info \"{order.pr|", {"price"}, {}},
      {"on wb.fbs.new\n  -> crm.order { number: \"WB-{order.|}\" }", {"id"}, {}},
      {"on wb.fbs.new\n  -> each sku in order.skus {\n       -> log.info \"{s|", {"sku", "sum", "order"}, {}},
      {"on wb.fbs.new\n  -> where order.supplier_status == |", {"new", "confirm", "cancel"}, {}},
      {"on wb.fbs.new\n  -> where order.supplier_status == \"co|\"", {"confirm", "complete"}, {"order"}},
      {"on wb.fbs.new\n  -> where order.supplier_status in [\"new\", \"|", {"confirm"}, {"order"}},
      {"on wb.fbs.new\n  -> where upper|", {"uppercase"}, {}},
      {"on wb.fbs.new\n  -> let x = wb.|", {"order_status", "user_status"}, {}},
      {"let a = 1\non wb.fbs.new\n  -> crm.client as buyer\n  -> crm.order { client: |",
       {"buyer", "a", "order"},
       {"x"}},
      {"table t { \"|\" -> 1, else skip }\non wb.fbs.new\n  -> log.info \"{t[order.supplier_status]}\"",
       {"confirm"},
       {}},
      {"table t { \"a\" -> 1, else skip }\non wb.fbs.new\n  -> log.info \"{t|", {"t"}, {}},
      {"table t {\n  \"a\" -> 1\n  else |\n}", {"skip", "fail", "keep"}, {}},
      {"table t { \"a\" -> if true then 1 else |", {"true"}, {"skip"}},
      {"on crm.order.changed of [st|", {"status"}, {}},
      {"on crm.order.changed { |", {"own"}, {}},
      {"on wb.fbs.new\n  -> crm.order update { external_id: order.id, status: \"x\" } else |",
       {"skip", "fail", "null"},
       {}},
      {"on wb.fbs.new\n  -> crm.order upsert by external_id |", {"initially", "as"}, {"by"}},
      {"on wb.fbs.new |", {"every", "since"}, {}},
      {"on wb.fbs.new\n  -> where order.price > 1 |", {"and", "or"}, {"by"}},
      {"test \"t\" of |", {"next"}, {}},
      {"test \"t\" of next {\n  |", {"given", "expect", "for each"}, {}},
      {"test \"t\" of next {\n  given |", {"order", "now", "crm.order"}, {}},
      {"test \"t\" of next {\n  given order { |", {"id", "price", "user"}, {"external_id"}},
      {"test \"t\" of next {\n  expect |", {"nothing", "skipped", "crm.order"}, {}},
      {"test \"t\" of next {\n  expect crm.order |", {"create", "none", "once"}, {}},
      {"test \"t\" of next {\n  expect crm.order create { |", {"external_id", "status"}, {}},
      {"|", {"pipeline", "table", "test", "import"}, {"crm.order"}},
      {"pi|", {"pipeline"}, {}},
      {"# a comment |", {}, {"pipeline", "order"}},
  };
  for (const auto& each : cases) {
    INFO(each.text);
    const Json items = offered(each.text + rest);
    CHECK(pipewright::join(missing(items, each.there), " ") == "");
    CHECK(pipewright::join(missing(items, each.not_there), " ") == pipewright::join(each.not_there, " "));
  }
}

TEST_CASE("an offer has its type, its words and its documentation, and replaces what was typed of it") {
  const Json items = offered("on wb.fbs.new\n  -> crm.order { sta| }\n");
  const Json* status = item(items, "status");
  REQUIRE(status != nullptr);
  CHECK((*status)["textEdit"]["newText"] == "status: ");
  CHECK((*status)["textEdit"]["range"]["start"]["character"] == 17);
  CHECK((*status)["detail"].get<std::string>().starts_with("crm.order_status"));
  CHECK(!(*status)["documentation"]["value"].get<std::string>().empty());
  const Json nodes = offered("on wb.fbs.new\n  -> crm.o|\n");
  const Json* order = item(nodes, "crm.order");
  REQUIRE(order != nullptr);
  CHECK((*order)["textEdit"]["range"]["start"]["character"] == 5);
}

TEST_CASE("required fields come first, and a word of an enumeration comes in quotes") {
  const Json items = offered("on crm.order.status_changed\n  -> wb.fbs.status set { | }\n");
  std::vector<std::pair<std::string, std::string>> sorted;
  for (const Json& each : items) sorted.emplace_back(each["sortText"], each["label"]);
  std::sort(sorted.begin(), sorted.end());
  REQUIRE(sorted.size() > 1);
  CHECK(sorted.front().second == "id");
  const auto first = [](const Json& all) {
    return std::min_element(all.begin(), all.end(),
                            [](const Json& a, const Json& b) {
                              return a["sortText"].get<std::string>() < b["sortText"].get<std::string>();
                            })
        ->at("label");
  };
  CHECK(first(offered("on wb.fbs.new\n  -> crm.order { | }\n")) == "external_id");  // what an order is found by
  const Json words = offered("on wb.fbs.new\n  -> where order.supplier_status == |\n");
  CHECK((*item(words, "confirm"))["textEdit"]["newText"] == "\"confirm\"");
}

TEST_CASE("a space offers only what has to follow") {
  Client client;
  client.begin();
  client.open("a.pipe", "on wb.fbs.new\n  -> where order.price > |\n");
  Json params = client.here("a.pipe");
  params["context"] = {{"triggerKind", 2}, {"triggerCharacter", " "}};
  CHECK(client.request("textDocument/completion", params)["items"].empty());
  client.change("a.pipe", "on |\n");
  params = client.here("a.pipe");
  params["context"] = {{"triggerKind", 2}, {"triggerCharacter", " "}};
  CHECK(item(client.request("textDocument/completion", params)["items"], "wb.fbs.new") != nullptr);
}

TEST_CASE("names of imported files are offered, and the files to import") {
  Client client;
  client.save("lib/tables.pipe", "table stage { \"new\" -> 1, else skip }\n");
  client.begin();
  CHECK(item(offered(client, "import \"|\"\n"), "lib/tables.pipe") != nullptr);
  CHECK(item(offered(client, "import \"lib/tables.pipe\"\non wb.fbs.new\n  -> let x = st|\n"), "stage") != nullptr);
  CHECK(item(offered(client, "on wb.fbs.new\n  -> let x = st|\n"), "stage") == nullptr);
}

TEST_CASE("typed letter by letter, no place of a program is without an answer") {
  Client client;
  client.begin();
  const std::string program =
      "import \"x.pipe\"\ntable t { \"a\", \"b\" -> { c: 1 }, else skip }\npipeline p\n  on wb.fbs.new every 30s, "
      "wb.dbs.new\n"
      "  -> where order.price > 10 and order.comment != null\n  -> when order.id == 7 { -> log.info \"Ё {order.id}\" } "
      "else "
      "{ -> crm.client }\n  -> crm.order upsert by external_id { external_id: order.id, items: [{ quantity: 1 }] } "
      "initially { status: \"new\" } as mine\ntest \"t\" of p {\n  given order { id: 1 }\n  expect crm.order create "
      "once { "
      "status: \"new\" }\n}\n";
  for (std::size_t at = 0; at <= program.size(); at += 3) {
    if (at < program.size() && (static_cast<unsigned char>(program[at]) & 0xC0) == 0x80) continue;
    client.open("a.pipe", program.substr(0, at) + "|");
    CHECK(client.request("textDocument/completion", client.here("a.pipe")).contains("items"));
  }
}
