// What is published for a text is what `validate` says of it.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "tests/lsp/client.hpp"

using pipewright::test::Client;
using pipewright::test::Json;

namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Code, line, column and message of each, as validate counts them, for texts of the first plane.
std::vector<std::string> told(const Json& published) {
  std::vector<std::string> all;
  for (const Json& each : published["diagnostics"]) {
    const std::string message = each["message"];
    all.push_back(each["code"].get<std::string>() + " " +
                  std::to_string(each["range"]["start"]["line"].get<int>() + 1) + ":" +
                  std::to_string(each["range"]["start"]["character"].get<int>() + 1) + " " +
                  message.substr(0, message.find('\n')));
  }
  return all;
}

std::vector<std::string> validated(const Client& client, const std::string& name) {
  std::vector<std::string> all;
  const Json result = client.validated(name);
  for (const Json& each : result["diagnostics"]) {
    if (each["file"] != name) continue;
    all.push_back(each["code"].get<std::string>() + " " + std::to_string(each["line"].get<int>()) + ":" +
                  std::to_string(each["column"].get<int>()) + " " + each["message"].get<std::string>());
  }
  return all;
}

}  // namespace

TEST_CASE("every wrong program of the golden tests is told of as validate tells of it") {
  Client client;
  client.begin();
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(PIPEWRIGHT_SOURCE_DIR) / "tests/golden/check")) {
    if (entry.path().extension() != ".pipe") continue;
    const std::string name = entry.path().filename().string();
    std::string text = slurp(entry.path());
    client.save(name, text);
    const auto expected = validated(client, name);
    std::filesystem::remove(client.path(name));
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // an editor keeps the mark out of its buffer
    client.notify("textDocument/didOpen",
                  {{"textDocument", {{"uri", client.uri(name)}, {"version", 3}, {"text", text}}}});
    const Json published = client.published(name);
    CHECK(published["version"] == 3);
    INFO(name);
    CHECK(pipewright::join(told(published), "; ") == pipewright::join(expected, "; "));
    client.notify("textDocument/didClose", {{"textDocument", {{"uri", client.uri(name)}}}});
    ++count;
  }
  CHECK(count > 50);
}

TEST_CASE("what has no effect is faded") {
  Client client;
  client.begin();
  client.open("a.pipe", "table unused { 1 -> 2 }\non wb.fbs.new\n  -> where false\n  -> log.info \"x\"\n");
  const Json diagnostics = client.published("a.pipe")["diagnostics"];
  REQUIRE(diagnostics.size() == 2);
  for (const Json& each : diagnostics) {
    CHECK(each["tags"] == Json::array({1}));
    CHECK(each["severity"] == 2);
  }
}

TEST_CASE("a diagnostic has its code, its help and the other place that is to blame") {
  Client client;
  client.begin();
  client.open("a.pipe", "table t { \"a\" -> 1, \"a\" -> 2, else skip }\n");
  const Json diagnostic = client.published("a.pipe")["diagnostics"][0];
  CHECK(diagnostic["severity"] == 1);
  CHECK(diagnostic["source"] == "pipewright");
  CHECK(diagnostic["range"]["start"] == Json({{"line", 0}, {"character", 20}}));
  CHECK(diagnostic["relatedInformation"][0]["message"] == "first given here");
  CHECK(diagnostic["relatedInformation"][0]["location"]["range"]["start"]["character"] == 10);
  client.open("b.pipe", "on wb.fbs.new\n  -> log.info \"{order.prise}\"\n");
  CHECK(client.published("b.pipe")["diagnostics"][0]["message"].get<std::string>().find("did you mean `price`?") !=
        std::string::npos);
}

TEST_CASE("edits are applied in their order and counted in UTF-16 units") {
  Client client;
  client.begin();
  client.open("a.pipe", "on wb.fbs.new\n  -> log.info \"Ё🦔 {order.id}\"\n");
  CHECK(client.published("a.pipe")["diagnostics"].empty());
  const auto edit = [](int line, int from, int to, const std::string& text) -> Json {
    return {{"range", {{"start", {{"line", line}, {"character", from}}}, {"end", {{"line", line}, {"character", to}}}}},
            {"text", text}};
  };
  client.notify("textDocument/didChange", {{"textDocument", {{"uri", client.uri("a.pipe")}, {"version", 9}}},
                                           {"contentChanges", {edit(1, 26, 28, "ix"), edit(1, 26, 28, "nope")}}});
  const Json published = client.published("a.pipe");
  CHECK(published["version"] == 9);
  CHECK(told(published)[0].starts_with("P0203"));
  CHECK(published["diagnostics"][0]["range"] ==
        Json({{"start", {{"line", 1}, {"character", 26}}}, {"end", {{"line", 1}, {"character", 30}}}}));
}

TEST_CASE("an open buffer stands for the file, and who imports it is told again") {
  Client client;
  client.begin();
  client.save("lib/tables.pipe", "table stage { \"new\" -> \"new\", else skip }\n");
  client.open("a.pipe",
              "import \"lib/tables.pipe\"\non wb.fbs.changed\n"
              "  -> crm.order update { external_id: order.id, status: stage[order.supplier_status] }\n");
  CHECK(client.published("a.pipe")["diagnostics"].empty());
  client.open("lib/tables.pipe", "table stages { \"new\" -> \"new\", else skip }\n");
  CHECK(client.published("lib/tables.pipe")["diagnostics"].empty());
  CHECK(told(client.published("a.pipe"))[0].find("stage") != std::string::npos);
  client.notify("textDocument/didClose", {{"textDocument", {{"uri", client.uri("lib/tables.pipe")}}}});
  CHECK(client.published("a.pipe")["diagnostics"].empty());
  client.save("lib/tables.pipe", "table stage { \"new\" -> , else skip }\n");
  client.notify("workspace/didChangeWatchedFiles", {{"changes", Json::array()}});
  CHECK(!client.published("lib/tables.pipe")["diagnostics"].empty());  // it is not open, and wrong
}

TEST_CASE("the connections of pipewright.toml are known, and its mistakes are told at their place") {
  Client client;
  client.begin();
  const std::string program = "on wb_moscow.fbs.new\n  -> log.info \"{order.id}\"\n";
  client.open("deep/er/a.pipe", program);
  CHECK(told(client.published("deep/er/a.pipe"))[0].starts_with("P02"));
  client.save("pipewright.toml", "[connections.wb_moscow]\ntype = \"wildberries\"\ntoken = \"env:NO_SUCH_TOKEN\"\n");
  client.notify("workspace/didChangeWatchedFiles", {{"changes", Json::array()}});
  CHECK(client.published("deep/er/a.pipe")["diagnostics"].empty());
  client.save("pipewright.toml", "[connections.wb_moscow]\ntype = \"wildberry\"\n");
  client.notify("textDocument/didSave", {{"textDocument", {{"uri", client.uri("deep/er/a.pipe")}}}});
  const Json wrong = client.published("pipewright.toml");
  CHECK(wrong["diagnostics"][0]["range"]["start"]["line"] == 1);
  CHECK(client.published("deep/er/a.pipe")["diagnostics"].empty());
}

TEST_CASE("--config names the configuration of every program") {
  const std::filesystem::path elsewhere = std::filesystem::temp_directory_path() / "pipewright-lsp-config.toml";
  std::ofstream(elsewhere) << "[connections.wb_spb]\ntype = \"wildberries\"\ntoken = \"env:NO_SUCH_TOKEN\"\n";
  Client client({"--config", elsewhere.string(), "--stdio"});
  client.begin();
  client.open("a.pipe", "on wb_spb.fbs.new\n  -> log.info \"{order.id}\"\n");
  CHECK(client.published("a.pipe")["diagnostics"].empty());
  std::filesystem::remove(elsewhere);
}

TEST_CASE("a document that is closed has no mistakes, and one that has no file is checked") {
  Client client;
  client.begin();
  client.open("a.pipe", "on nothing.here\n");
  CHECK(client.published("a.pipe")["diagnostics"].size() == 1);
  client.notify("textDocument/didClose", {{"textDocument", {{"uri", client.uri("a.pipe")}}}});
  CHECK(client.published("a.pipe")["diagnostics"].empty());
  client.save("pipewright.toml", "[connections.wb_moscow]\ntype = \"wildberries\"\ntoken = \"env:NO_SUCH_TOKEN\"\n");
  client.notify("textDocument/didOpen",
                {{"textDocument",
                  {{"uri", "untitled:Untitled-1"}, {"version", 1}, {"text", "on nothing.here, wb_moscow.fbs.new\n"}}}});
  Json message = client.receive();
  while (message.value("method", "") != "textDocument/publishDiagnostics") message = client.receive();
  CHECK(message["params"]["uri"] == "untitled:Untitled-1");
  CHECK(message["params"]["diagnostics"].size() == 1);
}
