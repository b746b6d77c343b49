// The one list of diagnostics. Numbers are written out and never reused; each has a page in errors/ and a golden test.
#pragma once

#include <span>

#include "dsl/diagnostic.hpp"

namespace pipewright::dsl::codes {

// P01xx: the text does not parse.
inline constexpr Code syntax{101, Severity::error, "something else was expected here"};
inline constexpr Code bad_character{102, Severity::error, "a character that the language does not know"};
inline constexpr Code unfinished_text{103, Severity::error, "a text does not end on its line"};
inline constexpr Code bad_literal{104, Severity::error, "a number, duration, date or time that is none"};
inline constexpr Code too_deep{105, Severity::error, "nested deeper than 64"};
inline constexpr Code foreign_word{106, Severity::error, "a sign or word of another language"};
inline constexpr Code reserved_word{107, Severity::error, "a reserved word is no name"};
inline constexpr Code chained_comparison{108, Severity::error, "comparisons do not chain"};
inline constexpr Code missing_separator{109, Severity::error, "a comma or a colon is missing"};

// P02xx: names.
inline constexpr Code unknown_name{201, Severity::error, "nothing has this name"};
inline constexpr Code unknown_node{202, Severity::error, "there is no such node"};
inline constexpr Code unknown_field{203, Severity::error, "a record has no such field"};
inline constexpr Code unknown_table{204, Severity::error, "there is no such table"};
inline constexpr Code unknown_function{205, Severity::error, "there is no such function"};
inline constexpr Code unknown_verb{206, Severity::error, "the node does not have this verb"};
inline constexpr Code unknown_connection{207, Severity::error, "there is no such connection"};
inline constexpr Code duplicate_name{208, Severity::error, "two things of one name"};
inline constexpr Code ambiguous_result{209, Severity::error, "two actions give this name"};
inline constexpr Code unknown_option{210, Severity::error, "the node has no such option"};
inline constexpr Code unknown_import{211, Severity::error, "an imported file cannot be read"};
inline constexpr Code not_a_source{212, Severity::error,
                                   "an action where a source is needed, or a source where an action is"};
inline constexpr Code second_unnamed{213, Severity::error, "a second unnamed pipeline in one file"};
inline constexpr Code duplicate_field{214, Severity::error, "a field given twice"};

// P03xx: types.
inline constexpr Code wrong_type{301, Severity::error, "a value of another type is needed"};
inline constexpr Code maybe_null{302, Severity::error, "a value that may be null where one is required"};
inline constexpr Code json_unconverted{303, Severity::error, "json must be converted explicitly"};
inline constexpr Code money_units{304, Severity::error, "units of money that do not go together"};
inline constexpr Code not_comparable{305, Severity::error, "values that cannot be compared"};
inline constexpr Code unknown_word{306, Severity::error, "not a word of the enumeration"};
inline constexpr Code wrong_arguments{307, Severity::error, "a function is called with the wrong arguments"};
inline constexpr Code different_sources{308, Severity::error, "a field has different types in the sources"};
inline constexpr Code no_text_sum{309, Severity::error, "`+` does not join texts"};

// P04xx: what a pipeline means.
inline constexpr Code missing_field{401, Severity::error, "a required field is not given"};
inline constexpr Code key_not_mapped{402, Severity::error, "a key of `by` is not mapped"};
inline constexpr Code duplicate_key{403, Severity::error, "a table key given twice"};
inline constexpr Code incomplete_table{404, Severity::error, "a table without `else` lacks a value"};
inline constexpr Code pipeline_cycle{405, Severity::error, "pipelines or values that are made of one another"};
inline constexpr Code credential{406, Severity::error, "a text that looks like a credential"};
inline constexpr Code delivery_needed{407, Severity::error, "at_most_once or at_least_once is needed"};
inline constexpr Code misplaced_part{408, Severity::error, "a part that this verb does not take"};
inline constexpr Code no_default_mapping{409, Severity::error, "no default mapping gives this field"};
inline constexpr Code misplaced_clear{410, Severity::error, "`clear` stands only for a field that is written"};
inline constexpr Code missing_text{411, Severity::error, "the node needs a text after it"};
inline constexpr Code feedback_loop{412, Severity::warning, "pipelines that feed each other, or themselves"};
inline constexpr Code unused_table{413, Severity::warning, "a table that nobody uses"};
inline constexpr Code unreachable_step{414, Severity::warning, "a step that no record can reach"};
inline constexpr Code writes_nothing{415, Severity::warning, "an update that writes nothing"};
inline constexpr Code bare_null{416, Severity::warning, "a field that is always null"};
inline constexpr Code test_of_nothing{417, Severity::error, "a test of a pipeline that is not there"};
inline constexpr Code mixed_row{418, Severity::error, "the values of a table have one type"};
inline constexpr Code wrong_allow{419, Severity::warning, "a comment allows what cannot be allowed"};
inline constexpr Code idle_filter{420, Severity::warning, "a filter that drops nothing"};
inline constexpr Code null_key{421, Severity::warning, "a key that is always null"};
inline constexpr Code open_table{422, Severity::warning, "a table without `else` lacks known values"};
inline constexpr Code exclusive_fields{423, Severity::error, "fields that exclude one another"};
inline constexpr Code never_comes{424, Severity::warning, "a test gives what cannot come"};
inline constexpr Code too_many_effects{425, Severity::warning, "one event has more effects than are made"};

// P05xx: what the accounts say. Only `validate --online` gives them; tests/system/online_pages_test.cpp shows each.
inline constexpr Code account_silent{501, Severity::error, "an account cannot be asked"};
inline constexpr Code credential_refused{502, Severity::error, "an account does not accept the key or token"};
inline constexpr Code credential_expired{503, Severity::error, "a token has expired"};
inline constexpr Code credential_expiring{504, Severity::warning, "a token expires soon"};
inline constexpr Code right_missing{505, Severity::error, "a key or token may not do what the program needs"};
inline constexpr Code unknown_store{506, Severity::error,
                                    "a store that the account does not have, or does not show the key"};
inline constexpr Code unknown_code{507, Severity::error, "the account has no such code"};
inline constexpr Code unmatched_code{508, Severity::warning, "a comparison with a code that the account does not have"};
inline constexpr Code inactive_code{509, Severity::warning, "a code that is switched off in the account"};
inline constexpr Code useful_right{510, Severity::warning, "the key lacks a right that would be of use"};

/// Whether only an account can tell: no check of the text alone gives it.
constexpr bool asked_online(const Code& code) { return code.number >= 501 && code.number < 600; }

/// All of them, by number.
std::span<const Code* const> all();

}  // namespace pipewright::dsl::codes
