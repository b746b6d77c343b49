// Places in a text: an editor counts UTF-16 units, the program bytes.
#include <doctest/doctest.h>

#include "cli/lsp/protocol.hpp"
#include "cli/lsp/text.hpp"

using namespace pipewright::cli::lsp;

namespace {

Json replaced(std::uint32_t line, std::uint32_t from, std::uint32_t to_line, std::uint32_t to,
              const std::string& text) {
  return {{"range", {{"start", json_of({line, from})}, {"end", json_of({to_line, to})}}}, {"text", text}};
}

}  // namespace

TEST_CASE("a place is counted in UTF-16 units: Cyrillic letters are one, what lies beyond the first plane two") {
  const Text text("let a = \"Ёж 🦔 x\"\nlet b = 1\n");
  const std::string& bytes = text.text();
  CHECK(text.position(static_cast<std::uint32_t>(bytes.find('x'))) == Position{0, 15});
  CHECK(text.offset({0, 15}) == bytes.find('x'));
  CHECK(text.offset({0, 13}) == bytes.find("🦔"));  // inside of the pair
  CHECK(text.offset({1, 4}) == bytes.find("b ="));
  for (std::uint32_t at = 0; at <= bytes.size(); ++at) {
    if ((static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80) continue;
    CHECK(text.offset(text.position(at)) == at);
  }
}

TEST_CASE("a place behind a line means its end, one behind the text the text's end") {
  const Text text("ab\r\ncd\re\n");
  CHECK(text.lines() == 4);
  CHECK(text.offset({0, 99}) == 2);
  CHECK(text.offset({1, 99}) == 6);
  CHECK(text.offset({2, 0}) == 7);
  CHECK(text.offset({3, 5}) == 9);
  CHECK(text.offset({77, 0}) == 9);
  CHECK(text.position(3) == Position{0, 2});  // between \r and \n
  CHECK(Text("").offset({0, 0}) == 0);
}

TEST_CASE("an edit replaces its range, one without a range the text") {
  const Text text("on wb.fbs.new\n  -> log.info \"Ё\"\n");
  CHECK(changed(text, replaced(0, 6, 0, 9, "dbs")) == "on wb.dbs.new\n  -> log.info \"Ё\"\n");
  CHECK(changed(text, replaced(1, 15, 1, 16, "🦔")) == "on wb.fbs.new\n  -> log.info \"🦔\"\n");
  CHECK(changed(text, replaced(0, 13, 1, 17, "")) == "on wb.fbs.new\n");
  CHECK(changed(text, replaced(9, 0, 9, 0, "# end")) == "on wb.fbs.new\n  -> log.info \"Ё\"\n# end");
  CHECK(changed(text, {{"text", "new"}}) == "new");
  CHECK_THROWS_AS(changed(text, {{"range", 7}, {"text", ""}}), Json::exception);
}

TEST_CASE("a thousand edits give what the same edits give on plain text") {
  std::u32string plain = U"on wb.fbs.new\n";
  Text text("on wb.fbs.new\n");
  const auto utf8 = [](const std::u32string& letters) {
    std::string out;
    for (const char32_t c : letters) {
      if (c < 0x80) {
        out += static_cast<char>(c);
      } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3F));
      } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
      }
    }
    return out;
  };
  const auto place = [&](std::size_t at) {
    Position position;
    for (std::size_t i = 0; i < at; ++i) {
      position = plain[i] == U'\n' ? Position{position.line + 1, 0}
                                   : Position{position.line, position.character + (plain[i] > 0xFFFF ? 2U : 1U)};
    }
    return position;
  };
  const std::vector<std::u32string> pieces = {U"", U"x", U"\n", U"Ё", U"🦔", U"ab\ncd🦔Ё\n"};
  std::uint64_t state = 7;
  const auto random = [&](std::size_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state >> 33) % below;
  };
  for (int i = 0; i < 1000; ++i) {
    const std::size_t from = random(plain.size() + 1);
    const std::size_t to = std::min(plain.size(), from + random(4));
    const std::u32string& piece = pieces[random(pieces.size())];
    const Position begin = place(from);
    const Position end = place(to);
    text = Text(changed(text, replaced(begin.line, begin.character, end.line, end.character, utf8(piece))));
    plain.replace(from, to - from, piece);
    REQUIRE(text.text() == utf8(plain));
  }
}

TEST_CASE("messages come out of a stream however it is cut") {
  const std::string stream = "Content-Length: 2\r\nContent-Type: x\r\n\r\n{}content-length:4\r\n\r\ntrue";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Unframer unframer;
    std::vector<std::string> found;
    for (const std::string& part : {stream.substr(0, cut), stream.substr(cut)}) {
      unframer.feed(part);
      while (auto frame = unframer.next()) found.push_back(frame->content);
    }
    CHECK(found == std::vector<std::string>{"{}", "true"});
  }
}

TEST_CASE("a header without a length is told of, and the next message is read") {
  Unframer unframer;
  unframer.feed("Content-Length: much\r\n\r\nX-Other: 1\r\n\r\nContent-Length: 2\r\n\r\n[]");
  CHECK(unframer.next()->broken);
  CHECK(unframer.next()->broken);
  CHECK(unframer.next()->content == "[]");
  CHECK(!unframer.next());
}
