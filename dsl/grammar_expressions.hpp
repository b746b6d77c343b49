// The grammar of expressions.
#pragma once

#include "dsl/grammar_words.hpp"

namespace pipewright::dsl::grammar {

// ---- expressions ----

struct expression;
struct or_level;
struct expected_expression : p::seq<expression> {
  static constexpr const char* what = "an expression";
};

struct digit_run : p::plus<p::digit> {};
struct date_digits : p::seq<p::rep<4, p::digit>, p::one<'-'>, p::rep<2, p::digit>, p::one<'-'>, p::rep<2, p::digit>> {};
struct clock_digits
    : p::seq<p::one<'T'>, p::rep<2, p::digit>, p::one<':'>, p::rep<2, p::digit>,
             p::opt<p::one<':'>, p::rep<2, p::digit>, p::opt<p::one<'.'>, digit_run>>,
             p::opt<p::sor<p::one<'Z'>,
                           p::seq<p::one<'+', '-'>, p::rep<2, p::digit>, p::one<':'>, p::rep<2, p::digit>>>>> {};
struct time : p::seq<date_digits, clock_digits, p::not_at<word_char>> {
  static constexpr Kind kind = Kind::time;
  static constexpr const char* what = "a time such as `2026-11-23T10:00:00+03:00`";
};
struct date : p::seq<date_digits, p::not_at<word_char>> {
  static constexpr Kind kind = Kind::date;
};
struct duration : p::seq<digit_run, p::sor<TAO_PEGTL_STRING("ms"), p::one<'s', 'm', 'h', 'd'>>, p::not_at<word_char>> {
  static constexpr Kind kind = Kind::duration;
  static constexpr const char* what = "a duration such as `30s`";
};
struct number : p::seq<digit_run, p::opt<p::one<'.'>, digit_run>, p::not_at<word_char>> {
  static constexpr Kind kind = Kind::number;
  static constexpr const char* what = "a number";
};

struct characters : p::plus<p::not_one<'"', '\\', '{', '}', '\n', '\r'>> {
  static constexpr Kind kind = Kind::characters;
};
struct escape : p::seq<p::one<'\\'>, p::one<'n', 't', '"', '\\', '{', '}'>> {
  static constexpr Kind kind = Kind::escape;
  static constexpr const char* what = "an escape: \\n \\t \\\" \\\\ \\{ \\}";
};
struct escape_ahead : p::at<p::one<'\\'>> {};
struct hole_close : p::one<'}'> {
  static constexpr const char* what = "`}` at the end of the hole";
};
struct one_brace : p::not_at<p::one<'{'>> {
  static constexpr const char* what = "one `{`";
};
struct text_hole : p::seq<p::one<'{'>, expect<one_brace>, inline_space, nested<expect<expected_expression>>,
                          inline_space, expect<hole_close>> {
  static constexpr Kind kind = Kind::hole;
};
struct quote_close : p::one<'"'> {
  static constexpr const char* what = "`\"` at the end of the text";
};
struct text : p::seq<p::one<'"'>, p::star<p::sor<characters, p::seq<escape_ahead, expect<escape>>, text_hole>>,
                     expect<quote_close>> {
  static constexpr Kind kind = Kind::text;
  static constexpr const char* what = "a text in double quotes";
};

struct null : p::seq<word_null> {
  static constexpr Kind kind = Kind::null;
};
struct clear : p::seq<word_clear> {
  static constexpr Kind kind = Kind::clear;
};
struct true_ : p::seq<word_true> {
  static constexpr Kind kind = Kind::true_;
};
struct false_ : p::seq<word_false> {
  static constexpr Kind kind = Kind::false_;
};

struct quoted_name : p::seq<p::one<'"'>, p::star<p::not_one<'"', '\\', '{', '}', '\n', '\r'>>, p::one<'"'>> {
  static constexpr Kind kind = Kind::quoted_name;
};
struct entry_colon_ahead
    : p::at<p::sor<identifier, p::seq<p::one<'"'>, p::star<p::not_one<'"', '\\', '{', '}', '\n', '\r'>>, p::one<'"'>>>,
            inline_space, p::one<':'>> {};
struct entry : p::seq<entry_colon_ahead, p::sor<field_name, quoted_name>, inline_space, colon, space,
                      nested<expect<expected_expression>>> {
  static constexpr Kind kind = Kind::entry;
};
struct shorthand_end : p::at<inline_space, p::sor<p::one<',', '}', '#'>, p::eolf>> {};
struct shorthand : p::seq<field_name, shorthand_end> {
  static constexpr Kind kind = Kind::shorthand;
};
struct any_entry : p::sor<entry, shorthand> {
  static constexpr const char* what = "a field, as `name: value`";
};
struct bad_entry {
  static constexpr Kind kind = Kind::bad_entry;
};
struct entry_end_ahead : p::at<p::sor<p::one<',', '}', '#'>, p::eol>> {
  static constexpr const char* what = "`,` or `}` after the field";
};
struct whole_entry : p::seq<expect<any_entry>, inline_space, expect<entry_end_ahead>> {};
// `->` begins no field: the brace before it was forgotten.
struct entries
    : p::seq<p::star<p::not_at<p::sor<brace_close, arrow>>, recover<whole_entry, bad_entry>, p::opt<separator>>> {};
struct record_end : p::one<'}'> {
  static constexpr const char* what = "`}` at the end of the record";
};
struct record : p::seq<p::one<'{'>, space, entries, space, expect<record_end>> {
  static constexpr Kind kind = Kind::record;
  static constexpr const char* what = "a record in braces";
};

struct comprehension_where : p::seq<space, word_where, space, expect<expected_expression>> {};
struct comprehension : p::seq<space, word_for, space, expect<name>, space, expect<word_in>, space,
                              nested<expect<expected_expression>>, p::opt<comprehension_where>> {
  static constexpr Kind kind = Kind::comprehension;
};
struct list_end : p::one<']'> {
  static constexpr const char* what = "`,` or `]`";
};
struct list_tail
    : p::seq<p::star<separator, p::not_at<p::one<']'>>, nested<expect<expected_expression>>>, p::opt<separator>> {};
struct elements : p::opt<nested<expected_expression>, p::sor<comprehension, list_tail>> {};
struct list : p::seq<p::one<'['>, space, elements, space, expect<list_end>> {
  static constexpr Kind kind = Kind::list;
  static constexpr const char* what = "a list in brackets";
};

struct arguments
    : p::opt<nested<expected_expression>, p::star<space, comma, space, nested<expect<expected_expression>>>> {};
struct call : p::seq<name, p::one<'('>, space, arguments, space, expect<paren_close>> {
  static constexpr Kind kind = Kind::call;
};
struct reference : p::seq<name> {
  static constexpr Kind kind = Kind::reference;
};
struct group : p::seq<p::one<'('>, space, nested<expect<expected_expression>>, space, expect<paren_close>> {
  static constexpr Kind kind = Kind::group;
};
struct primary
    : p::sor<time, date, duration, number, text, null, clear, true_, false_, list, record, group, call, reference> {};
struct member : p::seq<p::one<'.'>, expect<field_name>> {
  static constexpr Kind kind = Kind::member;
};
struct element : p::seq<p::one<'['>, space, nested<expect<expected_expression>>, space, expect<bracket_close>> {
  static constexpr Kind kind = Kind::element;
};
struct postfix : p::seq<primary, p::star<p::sor<member, element>>> {};

struct operand : p::sor<struct negation, postfix> {
  static constexpr const char* what = "a value after the operator";
};
struct negation : p::seq<p::one<'-'>, p::not_at<p::one<'>'>>, inline_space, nested<expect<operand>>> {
  static constexpr Kind kind = Kind::negation;
};

struct product_op : p::one<'*', '/', '%'> {
  static constexpr Kind kind = Kind::op;
};
struct sum_op : p::sor<p::one<'+'>, p::seq<p::one<'-'>, p::not_at<p::one<'>'>>>> {
  static constexpr Kind kind = Kind::op;
};
struct fallback_op : p::string<'?', '?'> {
  static constexpr Kind kind = Kind::op;
};
struct not_in_op : p::seq<word_not, inline_space, word_in> {};
struct comparison_op : p::sor<p::string<'=', '='>, p::string<'!', '='>, p::string<'<', '='>, p::string<'>', '='>,
                              p::one<'<'>, p::one<'>'>, word_in, not_in_op> {
  static constexpr Kind kind = Kind::op;
};
struct and_op : p::seq<word_and> {
  static constexpr Kind kind = Kind::op;
};
struct or_op : p::seq<word_or> {
  static constexpr Kind kind = Kind::op;
};

// Before an operator a line end is a space, whatever is open: "unless the next line begins with an operator".
struct product_tail : p::seq<space, product_op, space, expect<operand>> {};
struct product : p::seq<operand, p::star<product_tail>> {
  static constexpr Kind kind = Kind::product;
  static constexpr const char* what = "a value after the operator";
};
struct sum_tail : p::seq<space, sum_op, space, expect<product>> {};
struct sum : p::seq<product, p::star<sum_tail>> {
  static constexpr Kind kind = Kind::sum;
  static constexpr const char* what = "a value after `??`";
};
struct fallback_tail : p::seq<space, fallback_op, space, expect<sum>> {};
struct fallback : p::seq<sum, p::star<fallback_tail>> {
  static constexpr Kind kind = Kind::fallback;
  static constexpr const char* what = "a value to compare with";
};
struct comparison_tail : p::seq<space, comparison_op, space, expect<fallback>> {};
struct comparison : p::seq<fallback, p::opt<comparison_tail>> {
  static constexpr Kind kind = Kind::comparison;
};
struct condition : p::sor<struct not_, comparison> {
  static constexpr const char* what = "a condition";
};
struct not_ : p::seq<word_not, space, nested<expect<condition>>> {
  static constexpr Kind kind = Kind::not_;
};
struct and_tail : p::seq<space, and_op, space, expect<condition>> {};
struct and_level : p::seq<condition, p::star<and_tail>> {
  static constexpr Kind kind = Kind::and_;
  static constexpr const char* what = "a condition after `or`";
};
struct or_tail : p::seq<space, or_op, space, expect<and_level>> {};
struct or_level : p::seq<and_level, p::star<or_tail>> {
  static constexpr Kind kind = Kind::or_;
};
struct conditional_else
    : p::seq<space, word_else,
             p::not_at<p::plus<p::sor<blank, p::eol>>,
                       p::sor<TAO_PEGTL_STRING("skip"), TAO_PEGTL_STRING("fail"), TAO_PEGTL_STRING("keep")>,
                       p::not_at<word_char>>,
             space, nested<expect<expected_expression>>> {};
struct conditional : p::seq<word_if, space, nested<expect<expected_expression>>, space, expect<word_then>, space,
                            nested<expect<expected_expression>>, p::opt<conditional_else>> {
  static constexpr Kind kind = Kind::conditional;
};
struct expression : p::sor<conditional, or_level> {};

}  // namespace pipewright::dsl::grammar
