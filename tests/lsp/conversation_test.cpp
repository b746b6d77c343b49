// The life of a conversation: its beginning and end, what is no message, what is not known, what is taken back.
#include <doctest/doctest.h>

#include "tests/lsp/client.hpp"

using pipewright::test::Client;
using pipewright::test::Json;

namespace {

int code(const Json& message) { return message.at("error").at("code").get<int>(); }

}  // namespace

TEST_CASE("it says what it can, shuts down when asked, and ends with 0") {
  Client client;
  const Json result = client.begin();
  CHECK(result["capabilities"]["textDocumentSync"]["change"] == 2);
  CHECK(result["serverInfo"]["name"] == "pipewright");
  CHECK(client.request("shutdown") == nullptr);
  CHECK(code(client.answer("textDocument/hover")) == -32600);
  client.notify("exit");
  CHECK(client.wait() == 0);
}

TEST_CASE("without a shutdown it ends with 1: on exit, and when the editor is gone") {
  Client leaving;
  leaving.notify("exit");
  CHECK(leaving.wait() == 1);
  Client gone;
  gone.begin();
  gone.close_input();
  CHECK(gone.wait() == 1);
}

TEST_CASE("before initialize a request is refused and a notification dropped") {
  Client client;
  client.open("a.pipe", "on nothing.at.all\n");
  CHECK(code(client.answer("textDocument/hover", {{"x", 1}})) == -32002);
  client.begin();
  CHECK(code(client.answer("initialize")) == -32600);
}

TEST_CASE("what is no message is told and the conversation goes on") {
  Client client;
  client.begin();
  client.write("Content-Length: 9\r\n\r\nnot json!");
  CHECK(code(client.receive()) == -32700);
  client.write("Nonsense\r\n\r\n");
  CHECK(code(client.receive()) == -32700);
  client.send(Json::array({1}));
  CHECK(code(client.receive()) == -32600);
  client.send({{"jsonrpc", "2.0"}, {"id", 900}});
  CHECK(code(client.receive()) == -32600);
  client.send({{"jsonrpc", "2.0"}, {"id", 901}, {"method", 7}});
  CHECK(code(client.receive()) == -32600);
  client.send({{"jsonrpc", "2.0"}, {"id", "x"}, {"result", 7}});  // an answer to what nobody asked
  client.notify("textDocument/didOpen", {{"textDocument", 7}});
  client.notify("textDocument/didChange", {{"textDocument", {{"uri", client.uri("none.pipe")}}}});
  client.notify("$/setTrace", {{"value", "off"}});
  client.notify("no/such/notification");
  CHECK(code(client.answer("no/such/method")) == -32601);
  CHECK(code(client.answer("$/no/such")) == -32601);
  CHECK(client.request("shutdown") == nullptr);
}

TEST_CASE("a request that was taken back before its turn is not done") {
  Client client;
  client.begin();
  const auto framed = [](const Json& message) {
    const std::string content = message.dump();
    return "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
  };
  const Json open = {
      {"uri", client.uri("a.pipe")}, {"languageId", "pipe"}, {"version", 1}, {"text", "on wb.fbs.new\n"}};
  client.write(framed({{"method", "textDocument/didOpen"}, {"params", {{"textDocument", open}}}}) +
               framed({{"id", "r"}, {"method", "textDocument/documentSymbol"}, {"params", {{"textDocument", open}}}}) +
               framed({{"method", "$/cancelRequest"}, {"params", {{"id", "r"}}}}));
  const Json answer = client.receive();
  CHECK(answer["id"] == "r");
  CHECK(code(answer) == -32800);
  client.notify("$/cancelRequest", {{"id", "r"}});  // too late: nothing happens
  CHECK(client.request("shutdown") == nullptr);
}
