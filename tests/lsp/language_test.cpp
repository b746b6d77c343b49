// Hover, definitions, uses, renaming, the outline, colours, mends and hints.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/lsp/client.hpp"

using pipewright::test::applied;
using pipewright::test::Client;
using pipewright::test::Json;

namespace {

std::string hovered(Client& client, const std::string& text) {
  client.open("a.pipe", text);
  const Json result = client.request("textDocument/hover", client.here("a.pipe"));
  return result.is_null() ? "" : result["contents"]["value"].get<std::string>();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The text that a location points to.
std::string pointed(const Client& client, const Json& location) {
  const std::string uri = location["uri"];
  std::ostringstream text;
  text << std::ifstream(uri.substr(7)).rdbuf();
  std::string all = text.str();
  if (all.empty()) all = client.text(std::filesystem::path(uri.substr(7)).filename().string());
  std::istringstream lines(all);
  std::string line;
  for (int i = 0; i <= location["range"]["start"]["line"].get<int>(); ++i) std::getline(lines, line);
  const auto begin = location["range"]["start"]["character"].get<std::size_t>();
  return line.substr(begin, location["range"]["end"]["character"].get<std::size_t>() - begin);
}

Json renamed(Client& client, const std::string& name, const std::string& to) {
  Json params = client.here(name);
  params["newName"] = to;
  return client.answer("textDocument/rename", params);
}

constexpr const char* program = R"(let limit = 10
table stage { "new" -> "new", else skip }
pipeline orders
  on wb.fbs.new
  -> where order.price > limit
  -> crm.client upsert by external_id as buyer
  -> crm.order { external_id: order.id, client: buyer.id, status: stage[order.supplier_status] }
test "t" of orders { given order { id: 1 } }
)";

std::string marked(const std::string& word, std::size_t nth = 0) {
  std::string text = program;
  std::size_t at = text.find(word);
  while (nth-- > 0) at = text.find(word, at + 1);
  return text.insert(at + 1, "|");
}

}  // namespace

TEST_CASE("hover tells what a word names") {
  Client client;
  client.begin();
  CHECK(has(hovered(client, marked("wb.fbs.new")), "source wb.fbs.new gives order: wb.fbs.order"));
  CHECK(has(hovered(client, marked("price")), "price: money"));
  CHECK(has(hovered(client, marked("supplier_status")), "one of: new, confirm"));
  CHECK(has(hovered(client, marked("limit", 1)), "limit: int"));
  CHECK(has(hovered(client, marked("buyer", 1)), "what `crm.client` gave"));
  CHECK(has(hovered(client, marked("order.price")), "order: wb.fbs.order"));
  CHECK(has(hovered(client, marked("upsert")), "updates the record, or creates it"));
  CHECK(has(hovered(client, marked("stage[")), "table stage {"));
  CHECK(has(hovered(client, marked("orders {")), "pipeline orders"));
  const std::string action = hovered(client, marked("crm.order"));
  CHECK(has(action, "default mapping"));
  CHECK(has(action, "items:"));
  CHECK(has(hovered(client, "let a = uppercase|(\"a\")\n"), "in capital letters"));
  CHECK(
      has(hovered(client, "on wb.fbs.new\n  -> where order.supplier_status == \"conf|irm\"\n"), "wb.supplier_status"));
  CHECK(has(hovered(client, "on wb.fbs.new\n  -> let a = wb.order|_status[order.status]\n"), "table wb.order_status"));
  CHECK(hovered(client, "on wb.fbs.new\n  -> where order.supplier_status == \"conf|irm\"\n")
            .starts_with("```pipe\n\"confirm\": wb.supplier_status\n```\n\n"));
  CHECK(hovered(client, "# only a com|ment\n").empty());
}

TEST_CASE("a definition stands in the program, in another file, or in the standard library") {
  Client client;
  client.begin();
  client.save("lib.pipe", "# how far\ntable stage { \"new\" -> \"new\", else skip }\n");
  const auto defined = [&](const std::string& text) {
    client.open("a.pipe", text);
    return client.request("textDocument/definition", client.here("a.pipe"));
  };
  CHECK(defined(marked("limit", 1))["range"]["start"] == Json({{"line", 0}, {"character", 4}}));
  CHECK(defined(marked("buyer", 1))["range"]["start"]["line"] == 5);
  CHECK(defined(marked("order.price"))["range"]["start"]["line"] == 3);
  CHECK(defined(marked("orders {"))["range"]["start"]["line"] == 2);
  const Json source = defined(marked("wb.fbs.new"));
  CHECK(has(source["uri"], "/stdlib/wb/"));
  CHECK(pointed(client, source) == "wb.fbs.new");
  CHECK(pointed(client, defined(marked("price"))) == "price");
  CHECK(pointed(client, defined(marked("supplier_status"))) == "supplier_status");
  CHECK(pointed(client, defined(marked("external_id"))) == "external_id");
  CHECK(pointed(client, defined("on wb.fbs.new\n  -> where order.supplier_status == \"conf|irm\"\n")) == "confirm");
  const std::string importing =
      "import \"lib.pi|pe\"\non wb.fbs.new\n  -> log.info \"{stage[order.supplier_status]}\"\n";
  CHECK(defined(importing)["uri"] == client.uri("lib.pipe"));
  std::string use = importing;
  use.erase(use.find('|'), 1);
  const Json table = defined(use.insert(use.find("stage") + 2, "|"));
  CHECK(table["uri"] == client.uri("lib.pipe"));
  CHECK(table["range"]["start"]["line"] == 1);
  // What is opened there is no program of the user's.
  const std::string path = source["uri"].get<std::string>().substr(7);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  client.notify("textDocument/didOpen",
                {{"textDocument", {{"uri", source["uri"]}, {"version", 1}, {"text", text.str()}}}});
  Json published = Json::object();
  while (published.value("uri", Json()) != source["uri"]) {
    const Json message = client.receive();
    if (message.contains("params")) published = message["params"];
  }
  CHECK(published["diagnostics"].empty());
  const auto type = [&] {
    client.open("a.pipe", marked("supplier_status"));
    return client.request("textDocument/typeDefinition", client.here("a.pipe"));
  };
  CHECK(pointed(client, type()) == "wb.supplier_status");
}

TEST_CASE("uses are found in every file that sees the name") {
  Client client;
  client.begin();
  client.save("b.pipe", "import \"lib.pipe\"\non wb.dbs.new\n  -> log.info \"{stage[order.supplier_status]}\"\n");
  client.save("c.pipe", "table stage { \"new\" -> 1, else skip }\n");
  client.open("lib.pipe", "table sta|ge { \"new\" -> \"new\", else skip }\n");
  client.open("a.pipe", "import \"lib.pipe\"\non wb.fbs.new\n  -> log.info \"{stage[order.supplier_status]}\"\n");
  Json params = client.here("lib.pipe");
  params["context"] = {{"includeDeclaration", true}};
  std::vector<std::string> files;
  for (const Json& each : client.request("textDocument/references", params)) files.push_back(each["uri"]);
  std::sort(files.begin(), files.end());
  CHECK(files == std::vector<std::string>{client.uri("a.pipe"), client.uri("b.pipe"), client.uri("lib.pipe")});
  params["context"] = {{"includeDeclaration", false}};
  CHECK(client.request("textDocument/references", params).size() == 2);
  client.open("d.pipe", marked("price"));
  params = client.here("d.pipe");
  CHECK(client.request("textDocument/documentHighlight", params).size() == 1);
}

TEST_CASE("a name is renamed everywhere, and the program means the same") {
  Client client;
  client.begin();
  const struct {
    const char* word;
    std::size_t nth;
    const char* to;
    std::size_t edits;
  } cases[] = {{"limit", 1, "ceiling_1", 2},
               {"buyer", 0, "known", 2},
               {"stage[", 0, "step_of", 2},
               {"orders {", 0, "fbs_orders", 2}};
  for (const auto& each : cases) {
    client.open("a.pipe", marked(each.word, each.nth));
    const Json range = client.request("textDocument/prepareRename", client.here("a.pipe"));
    CHECK(range.contains("placeholder"));
    const Json result = renamed(client, "a.pipe", each.to);
    INFO(result.dump());
    REQUIRE(result.contains("result"));
    const Json& edits = result["result"]["changes"][client.uri("a.pipe")];
    CHECK(edits.size() == each.edits);
    client.save("r.pipe", applied(client.text("a.pipe"), edits));
    CHECK(client.validated("r.pipe")["diagnostics"].empty());
  }
}

TEST_CASE("a table is renamed in all files at once") {
  Client client;
  client.begin();
  client.save("b.pipe", "import \"lib.pipe\"\non wb.dbs.new\n  -> log.info \"{stage[order.supplier_status]}\"\n");
  client.open("lib.pipe", "table sta|ge { \"new\" -> \"new\", else skip }\n");
  const Json changes = renamed(client, "lib.pipe", "stages")["result"]["changes"];
  CHECK(changes[client.uri("b.pipe")].size() == 1);
  CHECK(changes[client.uri("lib.pipe")].size() == 1);
}

TEST_CASE("a rename to what is no name, a word of the language or a taken name is refused, with the reason") {
  Client client;
  client.begin();
  const auto refusal = [&](const std::string& text, const std::string& to) {
    client.open("a.pipe", text);
    const Json result = renamed(client, "a.pipe", to);
    INFO(result.dump());
    REQUIRE(result.contains("error"));
    return result["error"]["message"].get<std::string>();
  };
  for (const char* bad : {"", "1a", "a b", "a-b", "имя", "a.b", "a.", ".", "\"a\"", "where", "null", "and"})
    CHECK(has(refusal(marked("limit", 1), bad), "is no name"));
  CHECK(has(refusal(marked("limit", 1), "pipeline"), "a word of the language"));
  CHECK(has(refusal(marked("limit", 1), "stage"), "stage"));
  CHECK(has(refusal(marked("limit", 1), "buyer"), "bound already"));
  CHECK(has(refusal(marked("buyer", 0), "order"), "order"));
  CHECK(has(refusal(marked("order.price"), "task"), "the source gives"));
  CHECK(has(refusal(marked("price"), "sum"), "standard library"));
  CHECK(has(refusal(marked("crm.client"), "x"), "standard library"));
  CHECK(has(refusal("on wb.fbs.new\n  -> crm.client\n  -> crm.order { client: cli|ent.id }\n", "buyer"),
            "write `as NAME`"));
  CHECK(has(refusal("# no| name\n", "x"), "no name"));
  // Silently, `client` would become the other action's result.
  CHECK(has(refusal("on wb.fbs.new\n  -> crm.client find { external_id: \"a\" } as kno|wn\n  -> crm.client\n"
                    "  -> crm.order { client: client.id }\n  -> log.info \"{known.id}\"\n",
                    "client"),
            "`client`"));
}

TEST_CASE("the outline, the search for symbols and what can be folded") {
  Client client;
  client.begin();
  client.open("a.pipe", program);
  const Json document = {{"textDocument", {{"uri", client.uri("a.pipe")}}}};
  const Json outline = client.request("textDocument/documentSymbol", document);
  REQUIRE(outline.size() == 4);
  CHECK(outline[0]["name"] == "limit");
  CHECK(outline[2]["name"] == "orders");
  CHECK(outline[2]["detail"] == "on wb.fbs.new");
  CHECK(outline[2]["children"].size() == 2);
  CHECK(outline[2]["range"]["end"]["line"] == 6);
  CHECK(outline[3]["name"] == "t");
  client.save("b.pipe", "pipeline other_orders\n  on wb.dbs.new\n  -> log.info \"x\"\n");
  const Json found = client.request("workspace/symbol", {{"query", "ORDERS"}});
  CHECK(found.size() == 2);
  CHECK(client.request("textDocument/foldingRange", document).size() == 1);
}

TEST_CASE("colours follow what words name, on broken lines too") {
  Client client;
  const Json legend = client.begin()["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"];
  client.open(
      "a.pipe",
      "let a = 1   # Ё🦔\non wb.fbs.new\n  -> where order.price > a\n  -> crm.order { status: \"new\", by: }\n");
  const Json data =
      client.request("textDocument/semanticTokens/full", {{"textDocument", {{"uri", client.uri("a.pipe")}}}})["data"];
  std::vector<std::string> words;
  for (std::size_t i = 0; i < data.size(); i += 5)
    words.push_back(legend[data[i + 3].get<std::size_t>()].get<std::string>() + std::to_string(data[i + 2].get<int>()));
  const std::vector<std::string> begin = {"keyword3",  "variable1", "operator1", "number1",  "comment5",
                                          "keyword2",  "class10",   "operator2", "keyword5", "variable5",
                                          "property5", "operator1", "variable1"};
  REQUIRE(words.size() > begin.size());
  CHECK(std::vector<std::string>(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(begin.size())) == begin);
}

TEST_CASE("a mend is offered where its mistake is, and all of them at once") {
  Client client;
  client.begin();
  const std::string text =
      "on wb.fbs.new\n  -> log.info \"{order.prise}\"\n  -> log.info \"{order.rid2} {order.skuz}\"\n";
  client.open("a.pipe", text);
  const auto actions = [&](int line, const Json& only) {
    const Json at = {{"line", line}, {"character", 22}};
    return client.request("textDocument/codeAction", {{"textDocument", {{"uri", client.uri("a.pipe")}}},
                                                      {"range", {{"start", at}, {"end", at}}},
                                                      {"context", {{"diagnostics", Json::array()}, {"only", only}}}});
  };
  const Json here = actions(1, nullptr);
  REQUIRE(here.size() == 1);
  CHECK(here[0]["title"] == "Write price");
  CHECK(here[0]["kind"] == "quickfix");
  CHECK(here[0]["edit"]["changes"][client.uri("a.pipe")][0]["newText"] == "price");
  CHECK(here[0]["diagnostics"][0]["code"] == "P0203");
  CHECK(actions(0, nullptr).empty());
  const Json all = actions(0, {"source.fixAll"});
  REQUIRE(all.size() == 1);
  CHECK(all[0]["edit"]["changes"][client.uri("a.pipe")].size() == 3);
  CHECK(actions(1, {"refactor"}).empty());
  // What comes to light when the first are made is mended too.
  client.change("a.pipe", "on wb.fbs.new\n  -> where order.user_status = 1\n  -> log.info \"{order.prise}\"\n");
  client.save("r.pipe", applied(client.text("a.pipe"),
                                actions(0, {"source.fixAll"})[0]["edit"]["changes"][client.uri("a.pipe")]));
  CHECK(client.validated("r.pipe")["diagnostics"].empty());
  // From the beginning of a line all its mends, from a word that is wrong that word's.
  client.change("a.pipe", "on wb.fbs.new\n  -> log.info \"{order.prise}\"\n");
  const auto titles = [&](int line, int character) {
    const Json at = {{"line", line}, {"character", character}};
    std::vector<std::string> found;
    for (const Json& each :
         client.request("textDocument/codeAction", {{"textDocument", {{"uri", client.uri("a.pipe")}}},
                                                    {"range", {{"start", at}, {"end", at}}},
                                                    {"context", {{"diagnostics", Json::array()}}}}))
      found.push_back(each["title"]);
    return found;
  };
  CHECK(titles(1, 0) == std::vector<std::string>{"Write price"});
  client.change("a.pipe", "on wb.fbs.new\n  -> log.info \"{order.prise} {order.skuz}\"\n");
  CHECK(titles(1, 0) == std::vector<std::string>{"Write price", "Write skus"});
  CHECK(titles(1, 22) == std::vector<std::string>{"Write price"});
  client.change(
      "a.pipe",
      "let a = [1,, 2]\non wb.fbs.new\n  -> log.info \"{a[0]}\"\n\n\npipeline b\non wb.fbs.new\n  -> crm.order\n");
  CHECK(titles(0, 0) == std::vector<std::string>{"Leave out ,"});
  CHECK(titles(6, 0) == std::vector<std::string>{"Mend: indent it"});
  client.change("a.pipe", "table unused { 1 -> 2 }\non wb.fbs.new\n  -> log.info \"x\"\n");
  const Json allow =
      client.request("textDocument/codeAction",
                     {{"textDocument", {{"uri", client.uri("a.pipe")}}},
                      {"range", {{"start", {{"line", 0}, {"character", 7}}}, {"end", {{"line", 0}, {"character", 7}}}}},
                      {"context", {{"diagnostics", Json::array()}}}});
  REQUIRE(allow.size() == 1);
  client.save("r.pipe", allow[0]["edit"]["changes"][client.uri("a.pipe")][0]["newText"].get<std::string>() +
                            client.text("a.pipe"));
  CHECK(client.validated("r.pipe")["diagnostics"].empty());
}

TEST_CASE("a table with a gap can be given its last row") {
  Client client;
  client.begin();
  const std::string rest =
      "on wb.fbs.changed\n  -> crm.order update { external_id: order.id, status: t[order.supplier_status] }\n";
  for (const char* table : {"table t { \"new\" -> \"new\" }\n", "table t {\n  \"new\" -> \"new\"  # as it is\n}\n",
                            "table t { \"new\" -> \"new\", }\n"}) {
    client.open("a.pipe", table + rest);
    const Json at = {{"line", 0}, {"character", 0}};
    const Json actions = client.request("textDocument/codeAction", {{"textDocument", {{"uri", client.uri("a.pipe")}}},
                                                                    {"range", {{"start", at}, {"end", at}}},
                                                                    {"context", {{"diagnostics", Json::array()}}}});
    REQUIRE(actions.size() == 2);
    CHECK(actions[0]["title"] == "Write else skip");
    CHECK(actions[1]["title"] == "Write else fail");
    for (const Json& each : actions) {
      client.save("r.pipe", applied(table + rest, each["edit"]["changes"][client.uri("a.pipe")]));
      CHECK(client.validated("r.pipe")["diagnostics"].empty());
    }
  }
}

TEST_CASE("a name that another file gives can be imported") {
  Client client;
  client.begin();
  client.save("lib/tables.pipe", "table stage { \"new\" -> \"new\", else skip }\n");
  client.save("lib/pipes.pipe", "pipeline accepted\n  on wb.fbs.new\n");
  const struct {
    const char* text;
    int line;
    int character;
    const char* title;
  } cases[] = {{"import \"lib/pipes.pipe\"\non accepted\n  -> log.info \"{stage[order.supplier_status]}\"\n", 2, 18,
                "Write import \"lib/tables.pipe\""},
               {"on accepted\n  -> log.info \"{order.id}\"\n", 0, 5, "Write import \"lib/pipes.pipe\""}};
  for (const auto& each : cases) {
    client.open("a.pipe", each.text);
    const Json at = {{"line", each.line}, {"character", each.character}};
    const Json actions = client.request("textDocument/codeAction", {{"textDocument", {{"uri", client.uri("a.pipe")}}},
                                                                    {"range", {{"start", at}, {"end", at}}},
                                                                    {"context", {{"diagnostics", Json::array()}}}});
    REQUIRE(actions.size() == 1);
    CHECK(actions[0]["title"] == each.title);
    client.save("r.pipe", applied(each.text, actions[0]["edit"]["changes"][client.uri("a.pipe")]));
    CHECK(client.validated("r.pipe")["diagnostics"].empty());
  }
}

TEST_CASE("hints show the fields that an action takes from the default mapping, and no others") {
  Client client;
  client.begin();
  client.open("a.pipe", program);
  const Json hints = client.request(
      "textDocument/inlayHint",
      {{"textDocument", {{"uri", client.uri("a.pipe")}}},
       {"range", {{"start", {{"line", 0}, {"character", 0}}}, {"end", {{"line", 99}, {"character", 0}}}}}});
  REQUIRE(hints.size() == 2);
  const std::string label = hints[1]["label"];
  CHECK(hints[1]["position"]["line"] == 6);
  CHECK(has(label, "items"));
  CHECK(!has(label, "external_id"));
  client.change("a.pipe", "on wb.fbs.new\n  -> crm.order only { external_id: order.id }\n");
  CHECK(
      client
          .request("textDocument/inlayHint",
                   {{"textDocument", {{"uri", client.uri("a.pipe")}}},
                    {"range", {{"start", {{"line", 0}, {"character", 0}}}, {"end", {{"line", 9}, {"character", 0}}}}}})
          .empty());
}

TEST_CASE("the argument that is being written is shown") {
  Client client;
  client.begin();
  const auto help = [&](const std::string& text) {
    client.open("a.pipe", text);
    return client.request("textDocument/signatureHelp", client.here("a.pipe"));
  };
  const Json second = help("on wb.fbs.new\n  -> log.info \"{replace(order.rid, \",\", |");
  CHECK(second["signatures"][0]["label"] == "replace(text, what, with)");
  CHECK(second["signatures"][0]["parameters"][1]["label"] == Json({14, 18}));
  CHECK(second["activeParameter"] == 2);
  CHECK(help("let a = max(1, [2, 3, |])\n")["activeParameter"] == 1);
  CHECK(help("let a = join(split(\"a\", |), \"b\")\n")["signatures"][0]["label"] == "split(text, separator)");
  CHECK(help("let a = (1 + |)\n").is_null());
  CHECK(help("let a = 1 |\n").is_null());
}

TEST_CASE("formatting changes the lines that differ and leaves the others where they are") {
  Client client;
  client.begin();
  const Json options = {{"tabSize", 2}, {"insertSpaces", true}};
  const auto formatted = [&](const std::string& text) {
    client.open("a.pipe", text);
    return client.request("textDocument/formatting",
                          {{"textDocument", {{"uri", client.uri("a.pipe")}}}, {"options", options}});
  };
  CHECK(formatted("on wb.fbs.new\n  -> crm.order\n").empty());
  CHECK(formatted("on wb.fbs.new -> \n").empty());  // what does not parse is left alone
  const Json edits = formatted(
      "# first\npipeline a\n  on wb.fbs.new\n  ->   crm.order\n\npipeline b\n  on wb.dbs.new\n  -> crm.order\n");
  REQUIRE(edits.size() == 1);
  CHECK(edits[0]["range"]["start"] == Json({{"line", 3}, {"character", 0}}));
  CHECK(edits[0]["range"]["end"] == Json({{"line", 4}, {"character", 0}}));
  CHECK(edits[0]["newText"] == "  -> crm.order\n");
}

TEST_CASE("C: a refused rename gives the reason of its own place") {
  Client client;
  client.begin();
  client.open(
      "a.pipe",
      "table colour { \"a\" -> 1, else 2 }\n\npipeline pa\n  on wb.fbs.new\n  -> log.info \"{order.id}\"\n\npipeline "
      "p|b\n  on wb.fbs.new\n  -> log.info \"{order.id}\"\n");
  const std::string why = renamed(client, "a.pipe", "pa")["error"]["message"];
  CHECK(has(why, "two pipelines named `pa`"));
  client.open("a.pipe", "table sta|ge { \"new\" -> 1, else 2 }\non wb.fbs.new\n  -> log.info \"{stage[\"new\"]}\"\n");
  CHECK(has(renamed(client, "a.pipe", "wb.order_status")["error"]["message"], "is a standard table"));
}

TEST_CASE("C: a pipeline under another name begins anew: the editor asks before it renames one") {
  Client client;
  client.begin({{"workspaceEdit", {{"documentChanges", true}, {"changeAnnotationSupport", Json::object()}}}});
  client.open("a.pipe", marked("orders {"));
  const Json result = renamed(client, "a.pipe", "fbs_orders")["result"];
  REQUIRE(result["documentChanges"].size() == 1);
  CHECK(result["documentChanges"][0]["textDocument"]["version"].is_number());
  const Json& edits = result["documentChanges"][0]["edits"];
  REQUIRE(edits.size() == 2);
  const Json& annotation = result["changeAnnotations"][edits[0]["annotationId"].get<std::string>()];
  CHECK(annotation["needsConfirmation"] == true);
  CHECK(has(annotation["label"], "new pipeline"));
  client.open("a.pipe", marked("limit", 1));
  CHECK(renamed(client, "a.pipe", "ceiling")["result"].contains("changes"));
}

TEST_CASE("C: a selection is formatted: the statements that it touches, and no others") {
  Client client;
  CHECK(client.begin()["capabilities"]["documentRangeFormattingProvider"] == true);
  const std::string text = "let a   = 1\n\n# about b\nlet b   = [1,2]\n\nlet c   = 3\n";
  client.open("a.pipe", text);
  const Json edits =
      client.request("textDocument/rangeFormatting",
                     {{"textDocument", {{"uri", client.uri("a.pipe")}}},
                      {"range", {{"start", {{"line", 3}, {"character", 4}}}, {"end", {{"line", 3}, {"character", 6}}}}},
                      {"options", Json::object()}});
  CHECK(applied(text, edits) == "let a   = 1\n\n# about b\nlet b = [1, 2]\n\nlet c   = 3\n");
}
