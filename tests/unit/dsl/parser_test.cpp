// What the parser keeps and where it goes on after a mistake.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "dsl/codes.hpp"
#include "dsl/parser.hpp"
#include "tests/golden/declarations.hpp"

using namespace pipewright;

namespace {

struct Read {
  dsl::Source source;
  dsl::Parsed parsed;
  explicit Read(const std::string& text) : source("example.pipe", text), parsed(dsl::parse(source, 0)) {}
};

template <class Node>
std::size_t count(const Read& read) {
  return static_cast<std::size_t>(
      std::count_if(read.parsed.file.statements.begin(), read.parsed.file.statements.end(),
                    [](const dsl::ast::Statement& each) { return std::holds_alternative<Node>(each.node); }));
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a broken statement does not hide the next one") {
  const Read read(
      "let a = \nlet b = 2\ntable t { 1 -> \nlet c = 3\npipeline p on wb.fbs.new -> crm.order { x: \npipeline q on "
      "wb.fbs.new\n");
  CHECK(read.parsed.diagnostics.size() == 3);
  CHECK(count<dsl::ast::Let>(read) == 2);
  CHECK(count<dsl::ast::Pipeline>(read) >= 1);
}

TEST_CASE("a broken step does not hide the next one") {
  const Read read("on wb.fbs.new\n  -> where >\n  -> let x = 1\n  -> let = 2\n  -> crm.order\n");
  REQUIRE(count<dsl::ast::Pipeline>(read) == 1);
  CHECK(std::get<dsl::ast::Pipeline>(read.parsed.file.statements[0].node).steps.size() == 4);
  CHECK(read.parsed.diagnostics.size() == 2);
}

TEST_CASE("a broken field does not hide the next one") {
  const Read read("on wb.fbs.new\n  -> crm.order { a: , b: 2, c: >, d: 4 }\n");
  REQUIRE(count<dsl::ast::Pipeline>(read) == 1);
  const auto& action =
      std::get<dsl::ast::Action>(std::get<dsl::ast::Pipeline>(read.parsed.file.statements[0].node).steps.at(0).node);
  REQUIRE(action.fields.has_value());
  CHECK(action.fields->fields.size() == 2);
  CHECK(read.parsed.diagnostics.size() == 2);
}

TEST_CASE("the names that a broken statement would have given are known to be lost") {
  const Read read("table stage { 1 -> \n");
  CHECK(read.parsed.lost_words.contains("stage"));
}

TEST_CASE("comments are kept with their places") {
  const Read read(
      "# one\non wb.fbs.new # two\n  # three\n  -> crm.order { # four\n       external_id: order.id # five\n     }\n# "
      "six");
  CHECK(read.parsed.diagnostics.empty());
  REQUIRE(read.parsed.file.comments.size() == 6);
  CHECK(read.source.text(read.parsed.file.comments[0]) == "# one");
  CHECK(read.source.text(read.parsed.file.comments[4]) == "# five");
  CHECK(read.source.text(read.parsed.file.comments[5]) == "# six");
}

TEST_CASE("spans cover the text that was written") {
  const Read read("let total = first(order.items)[0].price ?? 1.50\n");
  REQUIRE(count<dsl::ast::Let>(read) == 1);
  const auto& let = std::get<dsl::ast::Let>(read.parsed.file.statements[0].node);
  CHECK(read.source.text(let.name.span) == "total");
  CHECK(read.source.text(let.value.span) == "first(order.items)[0].price ?? 1.50");
  const auto& fallback = std::get<dsl::ast::Binary>(let.value.node);
  CHECK(read.source.text(fallback.op_span) == "??");
  CHECK(read.source.text(fallback.left->span) == "first(order.items)[0].price");
  CHECK(read.source.text(fallback.right->span) == "1.50");
}

TEST_CASE("operators bind as grammar.md says") {
  const auto outer = [](const std::string& expression) {
    const Read read("let x = " + expression + "\n");
    REQUIRE(read.parsed.diagnostics.empty());
    const auto& value = std::get<dsl::ast::Let>(read.parsed.file.statements.at(0).node).value;
    if (std::holds_alternative<dsl::ast::Unary>(value.node)) return std::string("unary");
    return std::string(read.source.text(std::get<dsl::ast::Binary>(value.node).op_span));
  };
  CHECK(outer("1 + 2 * 3") == "+");
  CHECK(outer("a ?? 1 + 2") == "??");
  CHECK(outer("a ?? 1 == 2") == "==");
  CHECK(outer("a == 1 and b") == "and");
  CHECK(outer("a and b or c and d") == "or");
  CHECK(outer("not a and b") == "and");
  CHECK(outer("not a == b") == "unary");
  CHECK(outer("-a.b + 1") == "+");
  CHECK(outer("1 - 2 - 3") == "-");
  CHECK(outer("a not in [1]") == "not in");
}

TEST_CASE("Windows line ends, a byte order mark and tabs are white space") {
  for (const char* text : {"on wb.fbs.new\r\n  -> crm.order {\r\n    a: 1\r\n    b: 2\r\n  }\r\n",
                           "\xEF\xBB\xBFon wb.fbs.new\n\t->\tcrm.order { a: 1, b: 2 }"}) {
    const Read read(text);
    CHECK(read.parsed.diagnostics.empty());
    REQUIRE(count<dsl::ast::Pipeline>(read) == 1);
    const auto& action =
        std::get<dsl::ast::Action>(std::get<dsl::ast::Pipeline>(read.parsed.file.statements[0].node).steps.at(0).node);
    CHECK(action.fields->fields.size() == 2);
  }
}

TEST_CASE("what is nested too deep is told, quickly, and does not crash") {
  const std::vector<std::string> texts = {
      "let x = " + repeated("(", 100'000) + "1" + repeated(")", 100'000),
      "let x = " + repeated("[", 20'000),
      "let x = " + repeated("{ a: ", 20'000),
      "let x = " + repeated("not ", 20'000) + "true",
      "let x = " + repeated("-", 20'000) + "1",
      "let x = " + repeated("if a then ", 20'000) + "1",
      "let x = \"" + repeated("{\"", 20'000),
      "on wb.fbs.new " + repeated("-> each a in b { ", 20'000),
      "on wb.fbs.new " + repeated("-> when a { ", 20'000),
      "let x = " + repeated("1+", 20'000) + "1",
      "let x = a" + repeated(".b", 20'000),
      "let x = a" + repeated("[0]", 20'000),
      "let x = " + repeated("a ?? ", 20'000) + "1",
      "let x = " + repeated("a and ", 20'000) + "true",
      "let x = " + repeated("f(", 20'000),
  };
  for (const std::string& text : texts) {
    INFO(text.substr(0, 30));
    const auto checked = tests::checked(text);
    REQUIRE(!checked.diagnostics.empty());
    CHECK(checked.diagnostics[0].code == &dsl::codes::too_deep);
  }
}

TEST_CASE("sixty levels are allowed") {
  CHECK(tests::checked("let x = " + repeated("(", 60) + "1" + repeated(")", 60)).diagnostics.empty());
}

TEST_CASE("what is no UTF-8 is told at its byte and not parsed") {
  const Read read("let a = \"\xFF\"\n");
  REQUIRE(read.parsed.diagnostics.size() == 1);
  CHECK(read.parsed.diagnostics[0].code == &dsl::codes::bad_character);
  CHECK(read.parsed.diagnostics[0].span.begin == 9);
}

TEST_CASE("a name is Latin, and no word of the language") {
  for (const char* good : {"a", "_x", "order2", "on", "by", "table"}) CHECK_MESSAGE(dsl::is_name(good), good);
  for (const char* bad : {"", "2a", "a-b", "and", "null", "clear", "a.b", "с", " a"})
    CHECK_MESSAGE(!dsl::is_name(bad), bad);
}

TEST_CASE("every prefix of a program parses without a crash") {
  const std::string text =
      tests::content_of(std::filesystem::path(PIPEWRIGHT_SOURCE_DIR) / "tests/golden/plan/fbs_and_dbs.pipe")
          .value_or("");
  REQUIRE(!text.empty());
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const Read read(text.substr(0, length));
    CHECK(read.parsed.diagnostics.size() < 10);
  }
}
