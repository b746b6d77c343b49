#include "dsl/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dsl/codes.hpp"
#include "dsl/grammar.hpp"
#include "dsl/syntax_errors.hpp"
#include "dsl/syntax_tokens.hpp"
#include "dsl/tree_builder.hpp"

namespace pipewright::dsl {

bool statement_begins(std::string_view text, std::size_t at) {
  if (at != 0 && text[at - 1] != '\n') return false;
  static constexpr std::array words = {"import", "let",  "table",  "pipeline", "on",     "test",
                                       "enum",   "open", "record", "source",   "action", "mapping"};
  for (const std::string_view word : words) {
    if (!text.substr(at).starts_with(word)) continue;
    const std::size_t end = at + word.size();
    if (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) continue;
    const std::size_t next = text.find_first_not_of(" \t", end);
    if (next == std::string_view::npos || std::string_view(":,.").find(text[next]) == std::string_view::npos)
      return true;
  }
  return false;
}

namespace grammar {

constexpr int deepest = 64;
constexpr std::size_t most_diagnostics = 100;

/// What the rules work on.
struct State {
  const Source& source;
  SourceId id;
  Diagnostics& diagnostics;
  std::set<std::string>& lost_words;
  std::vector<FlatNode> nodes = {};
  std::vector<std::pair<std::size_t, std::uint32_t>> marks =
      {};  // nodes and offset at the start of each rule under way
  int depth = 0;
  std::size_t resumed = std::string::npos;  // where the last recovery left off
  int unopened = 0;                         // braces that were told to be missing and that will be closed
};

template <class Input>
std::uint32_t offset_of(const Input& in) {
  return static_cast<std::uint32_t>(in.current() - in.begin());
}

template <class Rule>
concept has_kind = requires { Rule::kind; };

template <class Rule>
struct Control : p::normal<Rule> {
  template <class Input>
  static void start(const Input& in, State& state) {
    state.marks.emplace_back(state.nodes.size(), offset_of(in));
  }
  template <class Input>
  static void success(const Input& in, State& state) {
    if constexpr (has_kind<Rule>) {
      const auto [first, begin] = state.marks.back();
      state.nodes.push_back({Rule::kind, {begin, offset_of(in)}, first});
    }
    state.marks.pop_back();
  }
  template <class Input>
  static void failure(const Input&, State& state) {
    state.nodes.resize(state.marks.back().first, FlatNode{});
    state.marks.pop_back();
  }
  template <class Input>
  static void unwind(const Input& in, State& state) {
    failure(in, state);
  }
};

template <class R>
struct expect {
  using rule_t = expect;
  using subs_t = p::type_list<R>;

  template <p::apply_mode A, p::rewind_mode, template <typename...> class Action, template <typename...> class Control,
            typename Input>
  static bool match(Input& in, State& state) {
    if (Control<R>::template match<A, p::rewind_mode::required, Action, Control>(in, state)) return true;
    throw SyntaxError{offset_of(in), R::what, false};
  }
};

template <class R>
struct nested {
  using rule_t = nested;
  using subs_t = p::type_list<R>;

  template <p::apply_mode A, p::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input& in, State& state) {
    if (state.depth >= deepest) throw SyntaxError{offset_of(in), "", true};
    ++state.depth;
    struct Leave {
      int& depth;
      ~Leave() { --depth; }
    } leave{state.depth};
    return Control<R>::template match<A, M, Action, Control>(in, state);
  }
};

// ---- recovery ----

enum class Until { entry, step, statement };

template <class Bad>
constexpr Until until = std::is_same_v<Bad, bad_entry>  ? Until::entry
                        : std::is_same_v<Bad, bad_step> ? Until::step
                                                        : Until::statement;

// Where the next entry, step or statement begins: looks from `from`, matching brackets, and stops at or behind `error`.
std::size_t resume_at(std::string_view text, std::size_t from, std::size_t error, Until what) {
  std::vector<char> open;
  std::size_t at = from;
  while (at < text.size()) {
    if (at > from && statement_begins(text, at)) break;
    const char c = text[at];
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '"') {
      at = behind_text(text, at);
      continue;
    }
    if (what != Until::statement) {
      if (c == '{') open.push_back('}');
      if (c == '[') open.push_back(']');
      if (c == '(') open.push_back(')');
      if (c == '}' || c == ']' || c == ')') {
        // A bracket that was forgotten inside ends with the one around it.
        const auto matching = std::find(open.rbegin(), open.rend(), c);
        if (matching != open.rend())
          open.erase(matching.base() - 1, open.end());
        else if (c == '}' && at >= error)
          break;
      }
      if (open.empty() && at >= error) {
        if (what == Until::entry && (c == ',' || c == '\n')) break;
        if (what == Until::step && c == '-' && at + 1 < text.size() && text[at + 1] == '>') break;
      }
    }
    ++at;
  }
  return std::min(at, text.size());
}

// A bracket of the outer construct, before the inner one was closed: the outer one recovers.
bool closes_outer(std::string_view text, std::size_t at, Until what) {
  const std::size_t found = text.find_first_not_of(" \t", at);
  return what == Until::entry && found != std::string_view::npos && (text[found] == ']' || text[found] == ')');
}

template <class R, class Bad>
struct recover {
  using rule_t = recover;
  using subs_t = p::type_list<R>;

  template <p::apply_mode A, p::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename Input>
  static bool match(Input& in, State& state) {
    const std::uint32_t begin = offset_of(in);
    const std::size_t nodes = state.nodes.size();
    const std::size_t marks = state.marks.size();
    const int depth = state.depth;
    try {
      return Control<R>::template match<A, M, Action, Control>(in, state);
    } catch (const SyntaxError& error) {
      state.nodes.resize(nodes, FlatNode{});
      state.marks.resize(marks);
      state.depth = depth;
      const std::string_view text = state.source.text();
      if (closes_outer(text, error.offset, until<Bad>) && depth > 1) throw;
      note(error, state);
      std::size_t resume = resume_at(text, begin, error.offset, until<Bad>);
      if (resume == begin && until<Bad> == Until::statement) resume = std::min<std::size_t>(begin + 1, text.size());
      if (resume == begin && until<Bad> == Until::entry) return false;  // nothing was there: let the outer one tell
      if constexpr (until<Bad> == Until::statement) lose(text.substr(begin, resume - begin), state);
      if constexpr (until<Bad> == Until::step) lose_results(text.substr(begin, resume - begin), state);
      in.bump(resume - offset_of(in));
      state.resumed = resume;
      state.nodes.push_back({Bad::kind, {begin, static_cast<std::uint32_t>(resume)}, nodes});
      return true;
    }
  }

  static void note(const SyntaxError& error, State& state) {
    if (state.diagnostics.size() >= most_diagnostics) return;
    // What was skipped over may have held the closing bracket: that it is missing only follows.
    const std::string_view text = state.source.text();
    const bool closing =
        std::string_view("}])").find(error.expected[0] == '`' ? error.expected[1] : ' ') != std::string_view::npos;
    if (closing && state.resumed <= error.offset &&
        text.substr(state.resumed, error.offset - state.resumed).find_first_not_of(" \t\r\n") == std::string_view::npos)
      return;
    Diagnostic diagnostic = explained(error, state.source, state.id);
    if (follows(diagnostic, error, state)) return;
    state.diagnostics.push_back(std::move(diagnostic));
  }

  // Whether it only says what an earlier one has brought about.
  static bool follows(const Diagnostic& diagnostic, const SyntaxError& error, State& state) {
    const std::string_view text = state.source.text();
    const bool closes = diagnostic.message.ends_with("` closes nothing");
    if (closes && state.unopened > 0) {
      --state.unopened;
      return true;
    }
    if (diagnostic.message.starts_with("`{` is missing")) ++state.unopened;
    // A brace that is not closed is told of once, wherever it is missed.
    const auto same_brace = [&](const Diagnostic& each) {
      return !each.labels.empty() && each.labels[0].text == "opened here" &&
             each.labels[0].span.begin == diagnostic.labels[0].span.begin;
    };
    if (!diagnostic.labels.empty() && diagnostic.labels[0].text == "opened here" &&
        std::any_of(state.diagnostics.begin(), state.diagnostics.end(), same_brace))
      return true;
    // What was skipped over may have held the bracket.
    const bool resumed_here =
        state.resumed <= error.offset &&
        text.substr(state.resumed, error.offset - state.resumed).find_first_not_of(" \t\r\n") == std::string_view::npos;
    return resumed_here &&
           (closes || error.offset >= text.size() || diagnostic.message.ends_with("is missing at the end"));
  }

  // `var x = 1`, `crm.client upsrt by …`: the names that a broken step would have given.
  static void lose_results(std::string_view text, State& state) {
    const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    const auto word_at = [&](std::size_t at) {
      std::size_t end = at;
      while (end < text.size() && part(text[end])) ++end;
      return std::string(text.substr(at, end - at));
    };
    // The last word of the node's path, and the name behind `as`.
    for (std::size_t line = 0; line < text.size(); line = std::min(text.find('\n', line), text.size() - 1) + 1) {
      std::size_t at = text.find_first_not_of(" \t\r", line);
      while (at < text.size() && (part(text[at]) || text[at] == '.')) {
        const std::string word = word_at(at);
        at += std::max<std::size_t>(word.size(), 1);
        if (!word.empty() && (at >= text.size() || text[at] != '.')) state.lost_words.insert(word);
      }
    }
    if (const std::size_t as = text.find(" as "); as != std::string_view::npos) {
      if (std::string name = word_at(as + 4); !name.empty()) state.lost_words.insert(std::move(name));
    }
    const std::size_t sign = text.find('=');
    if (sign == std::string_view::npos) return;
    std::size_t end = sign;
    while (end > 0 && text[end - 1] == ' ') --end;
    std::size_t name = end;
    while (name > 0 && (std::isalnum(static_cast<unsigned char>(text[name - 1])) != 0 || text[name - 1] == '_')) --name;
    const std::size_t let = text.find("let ");
    if (let < sign) {
      std::size_t last = let + 4;
      while (last < sign && (std::isalnum(static_cast<unsigned char>(text[last])) != 0 || text[last] == '_')) ++last;
      state.lost_words.emplace(text.substr(let + 4, last - let - 4));
    }
    const bool field = name > 0 && text[name - 1] == '.';
    if (name < end && !field) state.lost_words.emplace(text.substr(name, end - name));
  }

  // The names that a broken statement would have given.
  static void lose(std::string_view text, State& state) {
    std::string word;
    for (const char c : text) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
        word.push_back(c);
      } else if (!word.empty()) {
        state.lost_words.insert(std::move(word));
        word.clear();
      }
    }
    if (!word.empty()) state.lost_words.insert(word);
  }
};

}  // namespace grammar

Parsed parse(const Source& source, SourceId id) {
  Parsed parsed;
  if (auto encoding = encoding_mistake(source, id)) {
    parsed.diagnostics.push_back(std::move(*encoding));
    return parsed;
  }
  tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy> in(
      source.text().data(), source.text().data() + source.text().size(), source.name());
  grammar::State state{source, id, parsed.diagnostics, parsed.lost_words};
  try {
    tao::pegtl::parse<grammar::file, tao::pegtl::nothing, grammar::Control>(in, state);
  } catch (const SyntaxError& error) {
    parsed.diagnostics.push_back(explained(error, source, id));
  }
  parsed.file = build_tree(source, id, state.nodes, parsed.diagnostics);
  std::stable_sort(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.span.begin < b.span.begin; });
  const auto same_place = [](const Diagnostic& a, const Diagnostic& b) { return a.span.begin == b.span.begin; };
  parsed.diagnostics.erase(std::unique(parsed.diagnostics.begin(), parsed.diagnostics.end(), same_place),
                           parsed.diagnostics.end());
  // Each use of a name that is a reserved word follows from its first.
  std::set<std::string> reserved;
  std::erase_if(parsed.diagnostics, [&](const Diagnostic& each) {
    const std::string word(source.text(each.span));
    if (each.code == &codes::reserved_word) reserved.insert(word);
    return each.code == &codes::syntax && reserved.contains(word);
  });
  return parsed;
}

bool is_name(const std::string& text) {
  tao::pegtl::memory_input in(text, "");
  Diagnostics none;
  std::set<std::string> words;
  const Source source("", text);
  grammar::State state{source, 0, none, words};
  return tao::pegtl::parse<tao::pegtl::seq<grammar::name, tao::pegtl::eof>, tao::pegtl::nothing, grammar::Control>(
      in, state);
}

}  // namespace pipewright::dsl
