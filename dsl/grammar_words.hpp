// The grammar's smallest pieces: white space, words, signs and names.
#pragma once

#include <tao/pegtl.hpp>

#include "dsl/grammar_kinds.hpp"

namespace pipewright::dsl::grammar {

namespace p = tao::pegtl;

// ---- what a rule is to the parser ----

/// `expect<R>`: R, or a syntax error that says R::what was expected here. Implemented in parser.cpp.
template <class R>
struct expect;
/// `nested<R>`: R, one level deeper; deeper than 64 is an error.
template <class R>
struct nested;
/// `recover<R, Bad>`: R, or, when it raises an error, the error noted and the text skipped to where the next one
/// begins.
template <class R, class Bad>
struct recover;

// ---- white space ----

struct word_char : p::sor<p::alnum, p::one<'_'>> {};

struct statement_word
    : p::seq<p::sor<TAO_PEGTL_STRING("import"), TAO_PEGTL_STRING("let"), TAO_PEGTL_STRING("table"),
                    TAO_PEGTL_STRING("pipeline"), TAO_PEGTL_STRING("on"), TAO_PEGTL_STRING("test"),
                    TAO_PEGTL_STRING("enum"), TAO_PEGTL_STRING("open"), TAO_PEGTL_STRING("record"),
                    TAO_PEGTL_STRING("source"), TAO_PEGTL_STRING("action"), TAO_PEGTL_STRING("mapping")>,
             p::not_at<word_char>, p::not_at<p::star<p::blank>, p::one<':', ',', '.'>>> {};

struct comment : p::seq<p::one<'#'>, p::until<p::at<p::eolf>>> {
  static constexpr Kind kind = Kind::comment;
};
struct blank : p::one<' ', '\t'> {};
// A statement's word at the start of an unindented line closes whatever is open.
struct line_end : p::seq<p::eol, p::not_at<statement_word>> {};
struct inline_space : p::star<blank> {};
struct space : p::star<p::sor<blank, comment, line_end>> {};
struct any_space : p::star<p::sor<blank, comment, p::eol>> {};
// Between the entries of braces and brackets a line end separates as a comma does.
struct comma : p::one<','> {};
struct separator : p::seq<inline_space, p::opt<comment>,
                          p::sor<p::seq<comma, space>, p::seq<line_end, space, p::opt<comma, space>>>> {};

template <char... C>
struct word : p::seq<p::string<C...>, p::not_at<word_char>> {};
#define PIPEWRIGHT_WORD(NAME, TEXT)                                    \
  struct NAME : p::seq<TAO_PEGTL_STRING(TEXT), p::not_at<word_char>> { \
    static constexpr const char* what = "`" TEXT "`";                  \
  }

PIPEWRIGHT_WORD(word_and, "and");
PIPEWRIGHT_WORD(word_or, "or");
PIPEWRIGHT_WORD(word_not, "not");
PIPEWRIGHT_WORD(word_in, "in");
PIPEWRIGHT_WORD(word_if, "if");
PIPEWRIGHT_WORD(word_then, "then");
PIPEWRIGHT_WORD(word_else, "else");
PIPEWRIGHT_WORD(word_for, "for");
PIPEWRIGHT_WORD(word_where, "where");
PIPEWRIGHT_WORD(word_true, "true");
PIPEWRIGHT_WORD(word_false, "false");
PIPEWRIGHT_WORD(word_null, "null");
PIPEWRIGHT_WORD(word_clear, "clear");
PIPEWRIGHT_WORD(word_import, "import");
PIPEWRIGHT_WORD(word_let, "let");
PIPEWRIGHT_WORD(word_table, "table");
PIPEWRIGHT_WORD(word_pipeline, "pipeline");
PIPEWRIGHT_WORD(word_on, "on");
PIPEWRIGHT_WORD(word_test, "test");
PIPEWRIGHT_WORD(word_of, "of");
PIPEWRIGHT_WORD(word_every, "every");
PIPEWRIGHT_WORD(word_since, "since");
PIPEWRIGHT_WORD(word_when, "when");
PIPEWRIGHT_WORD(word_each, "each");
PIPEWRIGHT_WORD(word_by, "by");
PIPEWRIGHT_WORD(word_only, "only");
PIPEWRIGHT_WORD(word_initially, "initially");
PIPEWRIGHT_WORD(word_as, "as");
PIPEWRIGHT_WORD(word_given, "given");
PIPEWRIGHT_WORD(word_now, "now");
PIPEWRIGHT_WORD(word_loses, "loses");
PIPEWRIGHT_WORD(word_its, "its");
PIPEWRIGHT_WORD(word_answer, "answer");
PIPEWRIGHT_WORD(word_answers, "answers");
PIPEWRIGHT_WORD(word_refuses, "refuses");
PIPEWRIGHT_WORD(word_times, "times");
PIPEWRIGHT_WORD(word_expect, "expect");
PIPEWRIGHT_WORD(word_nothing, "nothing");
PIPEWRIGHT_WORD(word_skipped, "skipped");
PIPEWRIGHT_WORD(word_parked, "parked");
PIPEWRIGHT_WORD(word_at, "at");
PIPEWRIGHT_WORD(word_with, "with");
PIPEWRIGHT_WORD(word_enum, "enum");
PIPEWRIGHT_WORD(word_open, "open");
PIPEWRIGHT_WORD(word_record, "record");
PIPEWRIGHT_WORD(word_source, "source");
PIPEWRIGHT_WORD(word_action, "action");
PIPEWRIGHT_WORD(word_mapping, "mapping");
PIPEWRIGHT_WORD(word_gives, "gives");
PIPEWRIGHT_WORD(word_from, "from");
PIPEWRIGHT_WORD(word_example, "example");
#undef PIPEWRIGHT_WORD

#define PIPEWRIGHT_SIGN(NAME, ...) struct NAME : p::string<__VA_ARGS__>
PIPEWRIGHT_SIGN(arrow, '-', '>') { static constexpr const char* what = "`->`"; };
PIPEWRIGHT_SIGN(brace_open, '{') { static constexpr const char* what = "`{`"; };
PIPEWRIGHT_SIGN(brace_close, '}') { static constexpr const char* what = "`}`"; };
PIPEWRIGHT_SIGN(bracket_close, ']') { static constexpr const char* what = "`]`"; };
PIPEWRIGHT_SIGN(paren_close, ')') { static constexpr const char* what = "`)`"; };
PIPEWRIGHT_SIGN(colon, ':') { static constexpr const char* what = "`:`"; };
struct assign : p::seq<p::one<'='>, p::not_at<p::one<'=', '>'>>> {
  static constexpr const char* what = "`=`";
};
#undef PIPEWRIGHT_SIGN

// ---- names ----

struct reserved : p::sor<word_and, word_or, word_not, word_in, word_if, word_then, word_else, word_for, word_where,
                         word_true, word_false, word_null, word_clear> {};
struct identifier : p::seq<p::sor<p::alpha, p::one<'_'>>, p::star<word_char>> {};
struct name : p::seq<p::not_at<reserved>, identifier> {
  static constexpr Kind kind = Kind::name;
  static constexpr const char* what = "a name";
};
struct field_name : identifier {
  static constexpr Kind kind = Kind::field_name;
  static constexpr const char* what = "a field's name";
};
struct path : p::seq<name, p::star<p::one<'.'>, field_name>> {
  static constexpr Kind kind = Kind::path;
  static constexpr const char* what = "a node such as `crm.order`";
};

}  // namespace pipewright::dsl::grammar
