#include "cli/lsp/describe.hpp"

#include <fmt/format.h>

#include <map>

#include "base/text.hpp"

namespace pipewright::cli::lsp {
namespace {

std::string code(const std::string& text) { return "```pipe\n" + text + "\n```"; }

std::string paragraph(const std::string& text) { return text.empty() ? text : "\n\n" + text; }

const dsl::Type& inner(const dsl::Type& type) {
  const dsl::Type* at = &type;
  while (at->element) at = at->element.get();
  return *at;
}

}  // namespace

std::string values_text(const dsl::Type& type) {
  const dsl::Type& of = inner(type);
  if (!of.is(dsl::Type::Kind::enumeration)) return {};
  return (of.enumeration->open ? "among others: " : "one of: ") + join(of.enumeration->words, ", ");
}

std::string description(const dsl::SourceSpec& source) {
  std::string text = code(fmt::format("source {} gives {}: {}", source.name, source.noun, type_text(source.record)));
  text += paragraph(source.doc);
  text += paragraph(fmt::format("binds `{}`{}{}", source.noun, source.before ? " and `before`" : "",
                                source.every ? ", looks every " + duration_text(*source.every) : ""));
  for (const dsl::FieldType& option : source.options)
    text += fmt::format("\n- option `{}`: {} — {}", option.name, type_text(option.type), option.doc);
  if (!source.limits.empty()) text += paragraph("*limits:* " + source.limits);
  if (!source.api.empty()) text += paragraph("*API:* " + source.api);
  return text;
}

std::string description(const dsl::ActionSpec& action) {
  std::string text = code(fmt::format("action {} gives {}: {}", action.name, action.noun, type_text(action.result)));
  text += paragraph(action.doc);
  std::vector<std::string> verbs;
  for (const auto verb : action.verbs) verbs.push_back("`" + dsl::plan::verb_text(verb) + "`");
  std::string usual = dsl::plan::verb_text(action.default_verb);
  if (!action.default_key.empty()) usual += " by " + join(action.default_key, ", ");
  text += paragraph(fmt::format("verbs: {}; without one: `{}`", join(verbs, ", "), usual));
  if (!action.keys.empty()) text += paragraph("found by: `" + join(action.keys, "`, `") + "`");
  if (action.unasked) text += paragraph("ends with `at_most_once` or `at_least_once`");
  if (!action.limits.empty()) text += paragraph("*limits:* " + action.limits);
  if (!action.api.empty()) text += paragraph("*API:* " + action.api);
  return text;
}

std::string description(const dsl::FieldType& field) {
  std::string text = code(field.name + ": " + type_text(field.type));
  text += paragraph(field.doc);
  text += paragraph(values_text(field.type));
  if (field.required) text += paragraph("it is required");
  if (field.example) text += paragraph("for example `" + *field.example + "`");
  return text;
}

std::string description(const dsl::EnumType& enumeration) {
  dsl::Type type = dsl::type_of(dsl::Type::Kind::enumeration);
  type.enumeration = std::make_shared<const dsl::EnumType>(enumeration);
  return code("enum " + enumeration.name) + paragraph(enumeration.doc) + paragraph(values_text(type));
}

std::string description(const dsl::RecordType& record) {
  std::string text = code("record " + record.name) + paragraph(record.doc);
  if (record.fields.empty()) return text;
  text += "\n\n| field | type | |\n|---|---|---|";
  for (const dsl::FieldType& field : record.fields)
    text += fmt::format("\n| `{}` | {} | {} |", field.name, type_text(field.type), field.doc);
  return text;
}

std::string verb_description(const std::string& verb) {
  static const std::map<std::string, std::string> texts = {
      {"find", "binds the record; when nothing is found, `else` says what happens"},
      {"update", "changes the record, which must exist"},
      {"upsert", "updates the record, or creates it"},
      {"ensure", "creates the record, or leaves it as it is"},
      {"create", "creates the record"},
      {"set", "moves the record to a state; a null `id` skips the event"},
      {"send", "sends it"},
      {"append", "appends it"}};
  const auto found = texts.find(verb);
  return found == texts.end() ? std::string() : found->second;
}

std::string description(const dsl::ActionUse& use) {
  if (use.defaults.empty()) return {};
  std::string text;
  for (const dsl::ActionUse::Default& each : use.defaults) {
    text += fmt::format("\n  {}: {}", each.field, each.text);
    if (!each.taken) text += "    # not taken here";
  }
  return "**default mapping**\n\n" + code("{" + text + "\n}");
}

}  // namespace pipewright::cli::lsp
