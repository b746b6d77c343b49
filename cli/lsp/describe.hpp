// What is said of a thing in the editor, in Markdown: out of the declarations of the standard library.
#pragma once

#include <string>

#include "dsl/catalog.hpp"
#include "dsl/index.hpp"

namespace pipewright::cli::lsp {

std::string description(const dsl::SourceSpec& source);
std::string description(const dsl::ActionSpec& action);
std::string description(const dsl::FieldType& field);
std::string description(const dsl::EnumType& enumeration);
std::string description(const dsl::RecordType& record);
/// `one of: new, confirm, …`; empty for what is no enumeration.
std::string values_text(const dsl::Type& type);
/// What a verb does, by grammar.md.
std::string verb_description(const std::string& verb);
/// The default mapping of an action in this place.
std::string description(const dsl::ActionUse& use);

}  // namespace pipewright::cli::lsp
