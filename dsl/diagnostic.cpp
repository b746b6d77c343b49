#include "dsl/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dsl/codes.hpp"

namespace pipewright::dsl {

std::string Code::text() const { return fmt::format("P{:04}", number); }

bool has_errors(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& each) { return each.code->severity == Severity::error; });
}

std::span<const Code* const> codes::all() {
  static constexpr const Code* list[] = {&syntax,
                                         &bad_character,
                                         &unfinished_text,
                                         &bad_literal,
                                         &too_deep,
                                         &foreign_word,
                                         &reserved_word,
                                         &chained_comparison,
                                         &missing_separator,
                                         &unknown_name,
                                         &unknown_node,
                                         &unknown_field,
                                         &unknown_table,
                                         &unknown_function,
                                         &unknown_verb,
                                         &unknown_connection,
                                         &duplicate_name,
                                         &ambiguous_result,
                                         &unknown_option,
                                         &unknown_import,
                                         &not_a_source,
                                         &second_unnamed,
                                         &duplicate_field,
                                         &wrong_type,
                                         &maybe_null,
                                         &json_unconverted,
                                         &money_units,
                                         &not_comparable,
                                         &unknown_word,
                                         &wrong_arguments,
                                         &different_sources,
                                         &no_text_sum,
                                         &missing_field,
                                         &key_not_mapped,
                                         &duplicate_key,
                                         &incomplete_table,
                                         &pipeline_cycle,
                                         &credential,
                                         &delivery_needed,
                                         &misplaced_part,
                                         &no_default_mapping,
                                         &misplaced_clear,
                                         &missing_text,
                                         &feedback_loop,
                                         &unused_table,
                                         &unreachable_step,
                                         &writes_nothing,
                                         &bare_null,
                                         &test_of_nothing,
                                         &mixed_row,
                                         &wrong_allow,
                                         &idle_filter,
                                         &null_key,
                                         &open_table,
                                         &exclusive_fields,
                                         &never_comes,
                                         &too_many_effects,
                                         &account_silent,
                                         &credential_refused,
                                         &credential_expired,
                                         &credential_expiring,
                                         &right_missing,
                                         &unknown_store,
                                         &unknown_code,
                                         &unmatched_code,
                                         &inactive_code,
                                         &useful_right};
  return list;
}

}  // namespace pipewright::dsl
