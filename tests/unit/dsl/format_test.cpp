// One form for what differs only in white space: over every `.pipe` here, in layouts that nobody would write by hand.
#include "dsl/format.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "dsl/parser.hpp"
#include "dsl/render.hpp"
#include "dsl/syntax_tokens.hpp"
#include "tests/golden/declarations.hpp"
#include "tests/golden/tree_shape.hpp"

namespace fs = std::filesystem;
using namespace pipewright;

namespace {

// Under the address sanitizer each costs tens of times as much.
#ifdef __SANITIZE_ADDRESS__
constexpr unsigned seeds = 8;
#else
constexpr unsigned seeds = 40;
#endif

const fs::path root = PIPEWRIGHT_SOURCE_DIR;

struct Read {
  dsl::Source source;
  dsl::Parsed parsed;
  explicit Read(const std::string& text) : source("example.pipe", text), parsed(dsl::parse(source, 0)) {}

  [[nodiscard]] bool parses() const { return parsed.diagnostics.empty(); }
  [[nodiscard]] std::string shape() const { return tests::TreeShape::of(parsed.file); }
  [[nodiscard]] std::string formatted() const { return dsl::format(parsed.file, source); }
  [[nodiscard]] std::string why() const {
    return dsl::render_text(parsed.diagnostics, {std::make_shared<dsl::Source>(source)}, false);
  }
  /// Without what a formatter may change in them.
  [[nodiscard]] std::vector<std::string> comments() const {
    std::vector<std::string> all;
    for (const dsl::Span span : parsed.file.comments) {
      std::string text(source.text(span));
      std::replace_if(text.begin(), text.end(), [](char c) { return c == '\t' || c == '\r'; }, ' ');
      text.resize(text.find_last_not_of(' ') + 1);
      all.push_back(text);
    }
    return all;
  }
};

std::string formatted(const std::string& text) {
  const Read read(text);
  INFO(text);
  CHECK(read.why() == "");
  return read.formatted();
}

std::vector<std::string> blocks_of_grammar() {
  const std::string page = tests::content_of(root / "grammar.md").value_or("");
  std::vector<std::string> blocks;
  const std::string fence = "```pipe\n";
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1))
    blocks.push_back(page.substr(at + fence.size(), page.find("```", at + 3) - at - fence.size()));
  return blocks;
}

/// Every `.pipe` text of the tree that parses.
const std::vector<std::pair<std::string, std::string>>& texts() {
  static const auto all = [] {
    std::vector<std::pair<std::string, std::string>> found;
    for (const char* folder : {"pipelines", "stdlib", "tests"}) {
      for (const fs::path& path : tests::files_of(root / folder, ".pipe", true)) {
        const std::string text = tests::content_of(path).value_or("");
        if (Read(text).parses()) found.emplace_back(path.lexically_relative(root).string(), text);
      }
    }
    for (const std::string& block : blocks_of_grammar()) found.emplace_back("grammar.md", block);
    return found;
  }();
  return all;
}

std::size_t token_end(const std::string& text, std::size_t at) {
  if (text[at] == '#') return std::min(text.find('\n', at), text.size());
  if (text[at] != '"') return dsl::token_at(text, at).end;
  int depth = 0;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}') {
      --depth;
    } else if (text[i] == '"') {
      if (depth == 0) return i + 1;
      i = token_end(text, i) - 1;
    }
  }
  return text.size();
}

/// For each comment the number of the token that it followed, or, with `above`, that it stood above; commas are not
/// counted, they come and go.
std::vector<std::string> anchors(const std::string& text) {
  std::vector<std::string> found;
  std::size_t tokens = 0;
  bool new_line = true;
  bool behind = false;  // a comment that already stands behind this token
  for (std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < text.size();) {
    const char c = text[at];
    if (c == '\n') new_line = true;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
      continue;
    }
    const std::size_t end = token_end(text, at);
    if (c == '#') {
      const bool above = new_line || behind;
      found.push_back(above ? fmt::format("above {}", tokens) : fmt::format("behind {}", tokens));
      behind = true;
    } else if (c != ',') {
      ++tokens;
      behind = false;
    }
    // A comment behind a comma follows what stands before it, if nothing else does.
    if (c != '#') new_line = c == ',' && behind;
    at = end;
  }
  return found;
}

/// The same tokens with other white space, wherever the language allows it.
class Relaid {
 public:
  Relaid(const std::string& text, unsigned seed, bool comments = false)
      : text_(text), random_(seed), comments_(comments) {}

  std::string text() {
    const bool windows = one_in(4);
    if (one_in(4)) out_ += "\xEF\xBB\xBF";
    std::size_t at = 0;
    while (at < text_.size()) {
      if (text_[at] == ' ' || text_[at] == '\n') {
        const std::size_t end = std::min(text_.find_first_not_of(" \n", at), text_.size());
        space(text_.substr(at, end - at), end);
        at = end;
        continue;
      }
      const std::size_t end = token_end(text_, at);
      add(text_.substr(at, end - at));
      at = end;
    }
    if (!windows) return out_;
    std::string lines;
    for (const char c : out_) lines += c == '\n' ? "\r\n" : std::string(1, c);
    return lines;
  }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }

  void add(const std::string& token) {
    if (token == "{" || token == "[" || token == "(") open_.push_back(token[0]);
    if ((token == "}" || token == "]" || token == ")") && !open_.empty()) open_.pop_back();
    out_ += token;
    last_ = token;
  }

  std::string blanks(std::size_t least) {
    std::string out;
    for (std::size_t n = least + random_() % 3; n > 0; --n) out += one_in(5) ? "\t" : " ";
    return out;
  }

  std::string comment() {
    if (!comments_ || last_.starts_with('#') || !one_in(4)) return {};
    return fmt::format("# {}", ++commented_);
  }

  std::string line_end() {
    std::string out;
    for (std::size_t n = 1 + (one_in(3) ? random_() % 3 : 0); n > 0; --n) out += blanks(0) + comment() + "\n";
    return out + blanks(1);
  }

  void space(const std::string& run, std::size_t end) {
    const std::string next = end < text_.size() ? text_.substr(end, token_end(text_, end) - end) : "";
    const bool comment_before = last_.starts_with('#');
    const bool bracket_before = last_ == "{" || last_ == "[" || last_ == "(";
    const bool bracket_behind = next == "}" || next == "]" || next == ")";
    if (run.find('\n') != std::string::npos) {
      const std::size_t line = text_.rfind('\n', end - 1);
      if (next.empty()) {
        if (!one_in(3)) out_ += blanks(0) + (one_in(2) ? "\n\n" : "\n");
      } else if (end - line == 1 && open_.empty()) {  // a statement, or the comment above it
        out_ += blanks(0) + "\n" + (one_in(2) ? blanks(0) + "\n" : "");
        if (next.starts_with('#') && one_in(3)) out_ += blanks(0);
      } else if (comment_before || next.starts_with('#') || one_in(2)) {
        out_ += line_end();
      } else if (bracket_before || bracket_behind) {
        out_ += blanks(0);
      } else if (next == "else") {
        out_ += line_end();
      } else if (next == "->" || next == "on" || goes_on(next) ||
                 (!open_.empty() && open_.back() == '[' && (next == "for" || next == "where"))) {
        out_ += blanks(1);
      } else if (last_ == ",") {
        out_ += blanks(0);
      } else if (!open_.empty() && open_.back() != '(') {
        out_ += one_in(2) ? blanks(0) + "," + line_end() : ", ";
      } else {
        out_ += line_end();
      }
      return;
    }
    if (next.starts_with('#')) {
      out_ += blanks(0);
    } else if ((bracket_before || bracket_behind || last_ == ",") && !open_.empty()) {
      out_ += one_in(2) ? line_end() : blanks(0);
    } else if (!open_.empty() && open_.back() != '(' && goes_on(next) && one_in(2)) {
      out_ += line_end();
    } else if (last_ == ":" || last_ == "==" || last_ == "??" || next == "==" || next == "->") {
      out_ += blanks(0);
    } else {
      out_ += blanks(1);
    }
  }

  // Operators, before which a line may end anywhere.
  static bool goes_on(const std::string& next) {
    static const std::set<std::string> words = {"and", "or", "??", "==", "!=", "<",   ">",
                                                "<=",  ">=", "+",  "*",  "/",  "then"};
    return words.contains(next);
  }

  std::string text_;
  std::mt19937 random_;
  bool comments_;
  int commented_ = 0;
  std::string out_;
  std::string last_;
  std::vector<char> open_;
};

}  // namespace

TEST_CASE("formatting keeps the tree and the comments, and doing it twice changes nothing") {
  CHECK(texts().size() > 80);
  for (const auto& [name, text] : texts()) {
    INFO(name);
    const Read before(text);
    const std::string once = before.formatted();
    const Read after(once);
    CHECK(after.why() == "");
    CHECK((after.shape() == before.shape()));
    CHECK(after.comments() == before.comments());
    CHECK(anchors(once) == anchors(text));
    CHECK(after.formatted() == once);
  }
}

TEST_CASE("the canonical form has no tab, no byte order mark, no carriage return and nothing at line ends") {
  for (const auto& [name, text] : texts()) {
    INFO(name);
    const std::string mark = text.starts_with("\xEF\xBB\xBF") ? "" : "\xEF\xBB\xBF";
    const std::string once = Read(mark + text + "\t\r\n \n").formatted();
    CHECK(once.find('\t') == std::string::npos);
    CHECK(once.find('\r') == std::string::npos);
    CHECK(once.find(" \n") == std::string::npos);
    CHECK(once.find("\n\n\n") == std::string::npos);
    CHECK(!once.starts_with("\xEF\xBB\xBF"));
    if (once.empty()) continue;
    CHECK(once.ends_with('\n'));
    CHECK(!once.ends_with("\n\n"));
  }
}

TEST_CASE("what differs only in white space gets one form") {
  for (const auto& [name, text] : texts()) {
    if (name.find("fuzz") != std::string::npos) continue;
    const std::string canonical = Read(text).formatted();
    const std::string shape = Read(canonical).shape();
    for (unsigned seed = 0; seed < seeds; ++seed) {
      const std::string other = Relaid(canonical, seed).text();
      const Read read(other);
      INFO(name << ", seed " << seed << "\n" << other);
      REQUIRE(read.why() == "");
      REQUIRE((read.shape() == shape));
      REQUIRE(read.formatted() == canonical);
    }
  }
}

TEST_CASE("comments may stand wherever a line may end: each stays with its token, and the form is stable") {
  std::size_t tried = 0;
  std::size_t comments = 0;
  for (const auto& [name, text] : texts()) {
    if (name.find("fuzz") != std::string::npos) continue;
    for (unsigned seed = 0; seed < seeds; ++seed) {
      const Read before(Relaid(text, seed, true).text());
      if (!before.parses()) continue;  // a line that was odd before
      ++tried;
      comments += before.comments().size();
      const Read after(before.formatted());
      INFO(name << ", seed " << seed << "\n" << before.source.text() << "\n=>\n" << after.source.text());
      REQUIRE(after.why() == "");
      REQUIRE((after.shape() == before.shape()));
      REQUIRE(after.comments() == before.comments());
      REQUIRE(anchors(after.source.text()) == anchors(before.source.text()));
      REQUIRE(after.formatted() == after.source.text());
    }
  }
  CHECK(tried > 100 * seeds);
  CHECK(comments > 500 * seeds);
}

TEST_CASE("every .pipe file of the project is canonical") {
  for (const char* folder : {"pipelines", "stdlib"}) {
    for (const fs::path& path : tests::files_of(root / folder, ".pipe", true)) {
      const std::string text = tests::content_of(path).value_or("");
      INFO(path.string());
      CHECK(formatted(text) == text);
    }
  }
}

TEST_CASE("the example of grammar.md's section on the form is in it") {
  const auto blocks = blocks_of_grammar();
  const auto example = std::find_if(blocks.begin(), blocks.end(), [](const std::string& block) {
    return block.starts_with("# Which orders we send ourselves.");
  });
  REQUIRE(example != blocks.end());
  CHECK(formatted(*example) == *example);
}

TEST_CASE("a line end that separates is a comma where the next entry would go on with the one before") {
  const std::string wide = "\"a text that is long enough to break every one of these records, lists and tables\"";
  for (const std::string& text : {
           "let a = [" + wide + ", 1, -2]\n",
           "let a = { a: " + wide + ", b: 1, in: 2, and: 3, or: 4, not: 5 }\n",
           "let a = { a: " + wide + ", b: if true then 1, else: 2 }\n",
           std::string("table t { \"a\" -> 1, -1 -> 2, -2 -> -3 }\n"),
           std::string("table t { \"a\" -> if true then 1, else 2 }\n"),
           std::string("table t { \"a\" -> if true then 1, else skip }\n"),
       }) {
    const Read before(text);
    INFO(text);
    REQUIRE(before.why() == "");
    const Read after(before.formatted());
    INFO(after.source.text());
    CHECK(after.why() == "");
    CHECK((after.shape() == before.shape()));
    CHECK(after.formatted() == after.source.text());
  }
}

TEST_CASE("statements stand apart by one line, imports and short values together") {
  CHECK(
      formatted("import \"a.pipe\"\n\n\nimport \"b.pipe\"\nlet a = 1\n\nlet b = 2\n# why\nlet c = 3\non wb.fbs.new") ==
      "import \"a.pipe\"\nimport \"b.pipe\"\n\nlet a = 1\nlet b = 2\n\n# why\nlet c = 3\n\non wb.fbs.new\n");
  CHECK(formatted("") == "");
  CHECK(formatted("\n \t\n") == "");
  CHECK(formatted("# a\n\n# b") == "# a\n# b\n");
}

TEST_CASE("a tab in a text is written as its escape") {
  CHECK(formatted("let a = \"x\ty\"\n") == "let a = \"x\\ty\"\n");
}
