// The grammar of the language, as PEGTL rules and nothing else (with grammar_words.hpp and grammar_expressions.hpp);
// grammar.md says the same for people. A rule with a `kind` leaves a node in the flat, postordered list of parser.cpp.
// Two things to know when changing it:
//  - an alternative that can fail after it has produced nodes must be a named rule: only named rules take their nodes
//  back;
//  - look-ahead (`at`, `not_at`) must not contain a rule with a kind.
#pragma once

#include "dsl/grammar_expressions.hpp"

namespace pipewright::dsl::grammar {

// ---- chains ----

struct steps;
struct policy_word : p::sor<TAO_PEGTL_STRING("skip"), TAO_PEGTL_STRING("fail"), TAO_PEGTL_STRING("keep")> {};

struct chain_open : p::seq<space, brace_open> {
  static constexpr const char* what = "`{` and a chain that begins with `->`";
};
struct chain_steps : p::seq<steps> {
  static constexpr const char* what = "a chain that begins with `->`";
};
struct chain : p::seq<expect<chain_open>, space, nested<expect<chain_steps>>, space, expect<brace_close>> {};

struct where : p::seq<word_where, space, expect<expected_expression>> {
  static constexpr Kind kind = Kind::where;
};
struct let_step : p::seq<word_let, space, expect<name>, space, expect<assign>, space, expect<expected_expression>> {
  static constexpr Kind kind = Kind::let_step;
};
struct branch : p::seq<word_when, space, expect<expected_expression>, chain> {
  static constexpr Kind kind = Kind::branch;
};
struct else_when : p::seq<space, word_else, space, branch> {};
struct else_branch : p::seq<word_else, chain> {
  static constexpr Kind kind = Kind::else_branch;
};
struct when : p::seq<branch, p::star<else_when>, p::opt<p::seq<space, else_branch>>> {
  static constexpr Kind kind = Kind::when;
};
struct each
    : p::seq<word_each, space, expect<name>, space, expect<word_in>, space, expect<expected_expression>, chain> {
  static constexpr Kind kind = Kind::each;
};

struct verb_word : p::sor<TAO_PEGTL_STRING("create"), TAO_PEGTL_STRING("find"), TAO_PEGTL_STRING("update"),
                          TAO_PEGTL_STRING("upsert"), TAO_PEGTL_STRING("ensure"), TAO_PEGTL_STRING("set"),
                          TAO_PEGTL_STRING("send"), TAO_PEGTL_STRING("append")> {};
struct action_word : p::seq<p::sor<word_by, word_only, word_initially, word_as, word_else,
                                   TAO_PEGTL_STRING("at_most_once"), TAO_PEGTL_STRING("at_least_once")>,
                            p::not_at<word_char>> {};
struct verb : p::seq<p::not_at<action_word>, name> {
  static constexpr Kind kind = Kind::verb;
};
struct action_text : p::seq<text> {
  static constexpr Kind kind = Kind::action_text;
};
struct keys : p::seq<word_by, space, expect<field_name>, p::star<space, comma, space, expect<field_name>>> {
  static constexpr Kind kind = Kind::keys;
};
struct only : p::seq<word_only> {
  static constexpr Kind kind = Kind::only;
};
struct fields : p::seq<nested<record>> {
  static constexpr Kind kind = Kind::fields;
  static constexpr const char* what = "a record in braces";
};
struct initially : p::seq<word_initially, space, expect<fields>> {
  static constexpr Kind kind = Kind::initially;
};
struct as : p::seq<word_as, space, expect<name>> {
  static constexpr Kind kind = Kind::as;
};
struct otherwise_name : identifier {
  static constexpr Kind kind = Kind::name;
  static constexpr const char* what = "`skip`, `fail` or `null`";
};
struct otherwise : p::seq<word_else, space, expect<otherwise_name>> {
  static constexpr Kind kind = Kind::otherwise;
};
struct delivery
    : p::seq<p::sor<TAO_PEGTL_STRING("at_most_once"), TAO_PEGTL_STRING("at_least_once")>, p::not_at<word_char>> {
  static constexpr Kind kind = Kind::delivery;
};
struct only_fields : p::seq<only, space, expect<fields>> {};
struct action : p::seq<path, p::opt<p::seq<inline_space, verb>>, p::opt<p::seq<inline_space, action_text>>,
                       p::opt<p::seq<space, keys>>, p::opt<p::sor<p::seq<space, only_fields>, p::seq<space, fields>>>,
                       p::opt<p::seq<space, initially>>, p::opt<p::seq<space, as>>, p::opt<p::seq<space, otherwise>>,
                       p::opt<p::seq<space, delivery>>> {
  static constexpr Kind kind = Kind::action;
};

struct any_step : p::sor<where, let_step, when, each, action> {
  static constexpr const char* what = "a step: `where`, `let`, `when`, `each` or a node";
};
struct step_end_ahead : p::at<p::sor<arrow, brace_close, statement_word, p::eof, p::seq<p::eol>>> {
  static constexpr const char* what = "`->` and the next step";
};
struct bad_step {
  static constexpr Kind kind = Kind::bad_step;
};
struct whole_step : p::seq<space, expect<any_step>, space, expect<step_end_ahead>> {};
struct steps : p::plus<p::seq<arrow, recover<whole_step, bad_step>, space>> {
  static constexpr const char* what = "a chain that begins with `->`";
};

// ---- statements ----

struct import_ : p::seq<word_import, inline_space, expect<text>> {
  static constexpr Kind kind = Kind::import_;
};
struct let : p::seq<word_let, space, expect<name>, space, expect<assign>, space, expect<expected_expression>> {
  static constexpr Kind kind = Kind::let;
};

struct otherwise_word : p::seq<policy_word, p::not_at<word_char>> {
  static constexpr Kind kind = Kind::otherwise_word;
};
struct otherwise_row : p::seq<word_else, space, p::sor<otherwise_word, nested<expect<expected_expression>>>> {
  static constexpr Kind kind = Kind::otherwise_row;
};
struct row_key : p::seq<sum> {
  static constexpr const char* what = "a key of the table, as `\"new\" -> 0`";
};
struct row_arrow : p::string<'-', '>'> {
  static constexpr const char* what = "`->` and the row's value";
};
struct row : p::seq<expect<row_key>, p::star<space, comma, space, expect<row_key>>, space, expect<row_arrow>, space,
                    nested<expect<expected_expression>>> {
  static constexpr Kind kind = Kind::row;
};
struct whole_row : p::seq<p::sor<otherwise_row, row>, inline_space, expect<entry_end_ahead>> {};
struct rows : p::star<p::not_at<brace_close>, recover<whole_row, bad_entry>, p::opt<separator>> {};
struct table_end : p::one<'}'> {
  static constexpr const char* what = "`}` at the end of the table";
};
struct table
    : p::seq<word_table, space, expect<path>, space, expect<brace_open>, space, rows, space, expect<table_end>> {
  static constexpr Kind kind = Kind::table;
};

struct of : p::seq<word_of, space, expect<struct of_open>, space, expect<field_name>,
                   p::star<space, comma, space, expect<field_name>>, space, expect<bracket_close>> {
  static constexpr Kind kind = Kind::of;
};
struct of_open : p::one<'['> {
  static constexpr const char* what = "`[` and the fields";
};
struct every : p::seq<word_every, space, expect<duration>> {
  static constexpr Kind kind = Kind::every;
};
struct since_now : p::seq<word_now> {
  static constexpr Kind kind = Kind::since_now;
};
struct since_value : p::sor<since_now, time, date, duration> {
  static constexpr const char* what = "`now`, a duration such as `7d`, or a date";
};
struct since : p::seq<word_since, space, expect<since_value>> {
  static constexpr Kind kind = Kind::since;
};
struct options : p::seq<nested<record>> {
  static constexpr Kind kind = Kind::options;
};
struct period : p::seq<duration> {
  static constexpr Kind kind = Kind::every;
};  // `time.every 1h`
struct source_use
    : p::seq<path, p::opt<p::seq<inline_space, p::sor<action_text, period>>>,
             p::star<p::sor<p::seq<space, of>, p::seq<space, every>, p::seq<space, since>, p::seq<space, options>>>> {
  static constexpr Kind kind = Kind::source_use;
  static constexpr const char* what = "a source such as `wb.fbs.new`";
};
struct on : p::seq<word_on, space, expect<source_use>, p::star<space, comma, space, expect<source_use>>> {
  static constexpr const char* what = "`on` and a source";
};
struct chain_or_end : p::seq<p::opt<p::seq<space, steps>>> {};
struct pipeline_head : p::seq<word_pipeline, space, expect<name>, space, expect<on>> {};
struct pipeline : p::seq<p::sor<pipeline_head, on>, chain_or_end> {
  static constexpr Kind kind = Kind::pipeline;
};

// Tests.
struct times_word : p::sor<TAO_PEGTL_STRING("once"), TAO_PEGTL_STRING("twice")> {};
struct times : p::sor<p::seq<times_word, p::not_at<word_char>>, p::seq<number, space, word_times>> {
  static constexpr Kind kind = Kind::times;
};
struct fault_loses : p::seq<word_loses, space, expect<word_its>, space, expect<word_answer>> {
  static constexpr Kind kind = Kind::fault_loses;
};
struct fault_answers : p::seq<word_answers, space, expect<number>, p::opt<p::seq<space, times>>> {
  static constexpr Kind kind = Kind::fault_answers;
};
struct fault_refuses : p::seq<word_refuses, space, expect<text>> {
  static constexpr Kind kind = Kind::fault_refuses;
};
struct given_now : p::seq<word_now, space, expect<time>> {
  static constexpr Kind kind = Kind::given_now;
};
struct given_what
    : p::seq<path,
             p::sor<p::seq<space, p::sor<fault_loses, fault_answers, fault_refuses>>, p::opt<p::seq<space, fields>>>> {
  static constexpr const char* what = "a record, or `now` and a time";
};
struct given_body : p::sor<given_now, given_what> {
  static constexpr const char* what = "a record, or `now` and a time";
};
struct given : p::seq<word_given, space, expect<given_body>> {
  static constexpr Kind kind = Kind::given;
};
struct expect_nothing_else : p::seq<word_nothing, inline_space, word_else> {
  static constexpr Kind kind = Kind::expect_nothing_else;
};
struct expect_nothing : p::seq<word_nothing> {
  static constexpr Kind kind = Kind::expect_nothing;
};
struct expect_skipped : p::seq<word_skipped, p::opt<p::seq<space, word_at, space, expect<text>>>> {
  static constexpr Kind kind = Kind::expect_skipped;
};
struct expect_parked : p::seq<word_parked, p::opt<p::seq<space, word_with, space, expect<text>>>> {
  static constexpr Kind kind = Kind::expect_parked;
};
struct expected_operation
    : p::seq<p::not_at<times_word, p::not_at<word_char>>, p::not_at<p::sor<word_expect, word_given, word_for>>, name> {
  static constexpr Kind kind = Kind::verb;
};
struct expect_write : p::seq<path, p::opt<p::seq<inline_space, expected_operation>>,
                             p::opt<p::seq<inline_space, times>>, p::opt<p::seq<inline_space, fields>>> {};
struct expect_body : p::sor<expect_nothing_else, expect_nothing, expect_skipped, expect_parked, expect_write> {
  static constexpr const char* what = "a write, `nothing`, `skipped` or `parked`";
};
struct expect_ : p::seq<word_expect, space, expect<expect_body>> {
  static constexpr Kind kind = Kind::expect;
};
struct test_items;
struct for_each_head : p::seq<word_for, inline_space, word_each> {};
struct for_each
    : p::seq<for_each_head, space, expect<name>, space, expect<word_in>, space, nested<expect<expected_expression>>,
             space, expect<brace_open>, space, nested<test_items>, space, expect<brace_close>> {
  static constexpr Kind kind = Kind::for_each;
};
struct any_test_item : p::sor<given, expect_, for_each> {
  static constexpr const char* what = "`given`, `expect` or `for each`";
};
struct whole_test_item : p::seq<expect<any_test_item>, inline_space, expect<entry_end_ahead>> {};
struct test_items : p::star<p::not_at<brace_close>, recover<whole_test_item, bad_entry>, p::opt<separator>> {};
struct test_end : p::one<'}'> {
  static constexpr const char* what = "`}` at the end of the test";
};
struct test : p::seq<word_test, space, expect<text>, space, expect<word_of>, space, expect<name>, space,
                     expect<brace_open>, space, test_items, space, expect<test_end>> {
  static constexpr Kind kind = Kind::test;
};

// Declarations of the standard library.
struct type;
struct type_null : p::one<'?'> {
  static constexpr Kind kind = Kind::type_null;
};
struct expected_type : p::seq<type> {
  static constexpr const char* what = "a type";
};
struct type_list : p::seq<p::one<'['>, space, expect<expected_type>, space, expect<bracket_close>> {
  static constexpr Kind kind = Kind::type_list;
};
struct map_colon : p::seq<word<'m', 'a', 'p'>, space, word<'o', 'f'>> {};
struct type_map : p::seq<map_colon, space, expect<expected_type>> {
  static constexpr Kind kind = Kind::type_map;
};
struct type : p::seq<p::sor<type_map, type_list, path>, p::opt<type_null>> {
  static constexpr Kind kind = Kind::type;
};
struct from : p::seq<word_from, space, expect<text>> {
  static constexpr Kind kind = Kind::from;
};
struct example : p::seq<word_example, space, expect<expected_expression>> {
  static constexpr Kind kind = Kind::example;
};
struct values_of : p::seq<word_of, space, expect<path>> {
  static constexpr Kind kind = Kind::values_of;
};
struct flag : p::seq<name> {
  static constexpr Kind kind = Kind::flag;
};
struct declared_field : p::seq<field_name, inline_space, expect<colon>, space, expect<expected_type>,
                               p::star<p::sor<p::seq<inline_space, from>, p::seq<inline_space, example>,
                                              p::seq<inline_space, values_of>, p::seq<inline_space, flag>>>> {
  static constexpr Kind kind = Kind::declared_field;
  static constexpr const char* what = "a field and its type";
};
struct declared_fields
    : p::seq<expect<brace_open>, space,
             p::star<p::not_at<brace_close>, expect<declared_field>, p::opt<separator>, inline_space>, space,
             expect<brace_close>> {};
struct open_ : p::seq<word_open> {
  static constexpr Kind kind = Kind::open_;
};
struct enum_word : p::sor<quoted_name, field_name> {
  static constexpr const char* what = "a word of the enumeration";
};
struct enum_ : p::seq<p::opt<open_, space>, word_enum, space, expect<path>, space, expect<brace_open>, space,
                      p::star<p::not_at<brace_close>, expect<enum_word>, p::opt<separator>, inline_space>, space,
                      expect<brace_close>> {
  static constexpr Kind kind = Kind::enum_;
};
struct record_declaration : p::seq<word_record, space, expect<path>, space, declared_fields> {
  static constexpr Kind kind = Kind::record_declaration;
};
struct attribute_words : p::seq<field_name, p::star<inline_space, comma, space, field_name>> {
  static constexpr Kind kind = Kind::attribute_words;
};
struct attribute_value : p::sor<duration, text, number> {
  static constexpr Kind kind = Kind::attribute_value;
};
struct attribute_fields : p::seq<p::at<brace_open>, declared_fields> {
  static constexpr Kind kind = Kind::attribute_fields;
};
struct attribute_path_ahead : p::at<identifier, p::one<'.'>> {};
struct attribute_path : p::seq<attribute_path_ahead, path> {
  static constexpr Kind kind = Kind::attribute_path;
};
// On lines of their own below the head: `verbs: create, find`, `default: upsert by external_id`, `every: 30s`.
struct attribute_head : p::seq<field_name, colon> {};
struct attribute
    : p::seq<attribute_head, inline_space,
             p::star<p::sor<attribute_value, attribute_fields, attribute_path, attribute_words>, inline_space>> {
  static constexpr Kind kind = Kind::attribute;
};
struct attributes : p::star<p::seq<space, attribute>> {};
struct gives : p::seq<expect<word_gives>, space, expect<name>, space, expect<colon>, space, expect<expected_type>> {};
struct source_declaration : p::seq<word_source, space, expect<path>, space, gives, attributes> {
  static constexpr Kind kind = Kind::source_declaration;
};
struct action_declaration : p::seq<word_action, space, expect<path>, space, gives, attributes> {
  static constexpr Kind kind = Kind::action_declaration;
};
struct mapping
    : p::seq<word_mapping, space, expect<path>, space, expect<arrow>, space, expect<path>, space, expect<fields>> {
  static constexpr Kind kind = Kind::mapping;
};

struct any_statement : p::sor<import_, let, table, pipeline, test, enum_, record_declaration, source_declaration,
                              action_declaration, mapping> {
  static constexpr const char* what = "a statement: `import`, `let`, `table`, `pipeline`, `on` or `test`";
};
struct bad_statement {
  static constexpr Kind kind = Kind::bad_statement;
};
struct whole_statement : p::seq<expect<any_statement>> {};
struct byte_order_mark : p::string<'\xEF', '\xBB', '\xBF'> {};
struct file : p::seq<p::opt<byte_order_mark>, any_space,
                     p::star<p::not_at<p::eof>, recover<whole_statement, bad_statement>, any_space>, p::eof> {};

}  // namespace pipewright::dsl::grammar
