// A text cut into words whatever is wrong with it, and what is open at a place.
#include <doctest/doctest.h>

#include "base/text.hpp"
#include "dsl/tokens.hpp"

using namespace pipewright;

namespace {

std::string cut(const std::string& text) {
  std::vector<std::string> words;
  for (const dsl::Token& token : dsl::tokens(text))
    words.push_back(text.substr(token.span.begin, token.span.end - token.span.begin));
  return join(words, " ~ ");
}

/// `|` is the place; what has to be put where is put there, before `^`.
std::string closed(std::string text) {
  const std::size_t at = text.find('|');
  text.erase(at, 1);
  const dsl::Closing closing = dsl::closing(text, at);
  return text.insert(closing.at, closing.signs + "^");
}

}  // namespace

TEST_CASE("words, numbers, signs, texts with holes and comments") {
  CHECK(cut("on wb.fbs.new every 30s # x") == "on ~ wb ~ . ~ fbs ~ . ~ new ~ every ~ 30s ~ # x");
  CHECK(cut("\"a {b[\"c\"]} d\" -> 1.50") == "\"a  ~ { ~ b ~ [ ~ \"c\" ~ ] ~ } ~  d\" ~ -> ~ 1.50");
  CHECK(cut("2026-11-23T10:00:00+03:00 >= 2026-11-23") == "2026-11-23T10:00:00+03:00 ~ >= ~ 2026-11-23");
  CHECK(cut("\"not closed\nnext") == "\"not closed ~ next");
  CHECK(cut("\"{not closed\nnext") == "\" ~ { ~ not ~ closed ~ next");
  CHECK(cut("\"\\\" \\{\" x") == "\"\\\" \\{\" ~ x");
  CHECK(cut("\"\\") == "\"\\");
  CHECK(cut("\"a{") == "\"a ~ {");
}

TEST_CASE("every byte of a text is in one token or white") {
  const std::string text = "}{\"{[(\"{}\\\n)]]\"{\"\"}#x\n\"a\\\nЁ7-7->|&";
  std::size_t at = 0;
  for (const dsl::Token& token : dsl::tokens(text)) {
    for (; at < token.span.begin; ++at) CHECK(std::string(" \n\r\t").find(text[at]) != std::string::npos);
    CHECK(token.span.end > token.span.begin);
    at = token.span.end;
  }
  CHECK(at == text.size());
}

TEST_CASE("what is open at a place is closed there, unless it is closed later") {
  CHECK(closed("on x\n  -> crm.order { sta|") == "on x\n  -> crm.order { sta}^");
  CHECK(closed("on x\n  -> crm.order { sta|\n  -> y\n") == "on x\n  -> crm.order { sta}^\n  -> y\n");
  CHECK(closed("on x\n  -> crm.order { sta| }\n") == "on x\n  -> crm.order { sta^ }\n");
  CHECK(closed("let a = f([1, |\nlet b = 2\n") == "let a = f([1, ])^\nlet b = 2\n");
  CHECK(closed("-> log.info \"{order.|\n") == "-> log.info \"{order.}\"^\n");
  CHECK(closed("-> log.info \"{order.|}\"\n") == "-> log.info \"{order.^}\"\n");
  CHECK(closed("-> x { a: \"ne|\n  b: 1 }\n") == "-> x { a: \"ne\"^\n  b: 1 }\n");
  CHECK(closed("-> when a {\n  -> b { c: | }\n") == "-> when a {\n  -> b { c: }^ }\n");
  CHECK(closed("-> b { c: f(x|)   # why\n") == "-> b { c: f(x)   }^# why\n");
  CHECK(closed("table t { a|\n\ntable u { b }\n") == "table t { a}^\n\ntable u { b }\n");
}

TEST_CASE("a place is inside of code, of a text or of a comment") {
  const std::string text = "let a = \"b {c} d\" # e \"\nlet f = 1";
  const auto at = [&](const char* word) { return dsl::inside_of(text, text.find(word)); };
  CHECK(at("b") == dsl::Inside::text);
  CHECK(at("c") == dsl::Inside::code);
  CHECK(at("d\"") == dsl::Inside::text);
  CHECK(at("# e") == dsl::Inside::code);
  CHECK(at("e \"") == dsl::Inside::comment);
  CHECK(at("f =") == dsl::Inside::code);
}
