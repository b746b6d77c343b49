// The types of grammar.md, 5, as the generator knows them: it asks nothing of the checker.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "dsl/catalog.hpp"
#include "tree.hpp"

namespace pipewright::soundness {

using dsl::Type;
using Kind = Type::Kind;

Type simple(Kind kind);
Type nullable(Type type);
Type present(Type type);
Type list_type(Type element);
Type record_type(std::vector<std::pair<std::string, Type>> fields);
bool is_number(const Type& type);
/// One value: no list, map or record.
bool is_single(const Type& type);
/// Numbers, texts, times, dates and durations.
bool is_ordered(const Type& type);

/// The type of "one or the other"; nothing where the two do not go together.
std::optional<Type> together(const Type& a, const Type& b);

/// A path as conditions show it to be there: `order.user.phone`, `list[0]`, `fields["a"]`; nothing for what is no path.
std::optional<std::string> path_text(const Node& node);
/// The paths that are there when the condition is true, or false.
void shown_by(const Node& condition, bool holds, std::set<std::string>& paths);

/// What a source gives: its record with `connection` and `raw`.
Type source_type(const dsl::RecordType& record);
/// Of several sources in one stream.
Type stream_type(const std::vector<Type>& records);

}  // namespace pipewright::soundness
