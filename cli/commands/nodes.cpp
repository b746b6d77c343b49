// pipewright nodes: what the standard library declares; with two names, the default mapping between them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/nodes_page.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "dsl/check.hpp"
#include "engine/json.hpp"
#include "stdlib/stdlib.hpp"

namespace pipewright::cli {
namespace {

using dsl::ActionSpec;
using dsl::Catalog;
using dsl::FieldType;
using dsl::SourceSpec;
using dsl::Type;
using engine::List;
using engine::Record;
using engine::Value;

std::string verbs_text(const ActionSpec& spec) {
  std::vector<std::string> words;
  for (const auto verb : spec.verbs) words.push_back(dsl::plan::verb_text(verb));
  return join(words, ", ");
}

std::string default_text(const ActionSpec& spec) {
  std::string text = dsl::plan::verb_text(spec.default_verb);
  if (!spec.default_key.empty()) text += " by " + join(spec.default_key, ", ");
  return text;
}

std::string values_text(const FieldType& field) {
  if (field.values) return "one of: " + join(field.values->words, ", ");
  const Type* inner = &field.type;
  while (inner->element) inner = inner->element.get();
  if (!inner->is(Type::Kind::enumeration)) return {};
  return (inner->enumeration->open ? "among others: " : "one of: ") + join(inner->enumeration->words, ", ");
}

void print_fields(const dsl::RecordType& record) {
  std::size_t names = 0;
  std::size_t types = 0;
  for (const FieldType& field : record.fields) {
    names = std::max(names, field.name.size());
    types = std::max(types, dsl::type_text(field.type).size());
  }
  types = std::min<std::size_t>(types, 28);
  for (const FieldType& field : record.fields) {
    fmt::print("  {}  {}  {}{}\n", padded(field.name, names), padded(dsl::type_text(field.type), types),
               field.required ? "(required) " : "", field.doc);
    const std::string values = values_text(field);
    if (!values.empty()) fmt::print("  {}  {}  {}\n", padded("", names), padded("", types), values);
  }
}

void print_record(const Type& type) {
  if (!type.is(Type::Kind::record)) {
    fmt::print("  {}\n", dsl::type_text(type));
    return;
  }
  print_fields(*type.record);
}

void print_list(const Catalog& catalog) {
  fmt::print("SOURCES (begin a pipeline: on NAME)\n");
  for (const auto& [name, spec] : catalog.source_nodes) fmt::print("  {}  {}\n", padded(name, 26), spec.doc);
  fmt::print("\nACTIONS (steps of a chain: -> NAME)\n");
  for (const auto& [name, spec] : catalog.action_nodes)
    fmt::print("  {}  {}  {}\n", padded(name, 26), padded(verbs_text(spec), 38), spec.doc);
  fmt::print("\nTABLES\n");
  for (const auto& table : catalog.tables) fmt::print("  {}\n", table.name);
  fmt::print(
      "\none of them at length: pipewright nodes wb.fbs.new; a default mapping: pipewright nodes wb.fbs.new "
      "crm.order\n");
}

void print_source(const SourceSpec& spec) {
  fmt::print("source {}\n{}\n\n", spec.name, spec.doc);
  fmt::print("binds   {}{}\n", spec.noun,
             spec.before ? ", before (the record as last known, null at first sight)" : "");
  if (spec.every) fmt::print("every   {}\n", duration_text(*spec.every));
  if (!spec.options.empty()) {
    for (const FieldType& option : spec.options)
      fmt::print("option  {}: {}  {}\n", option.name, dsl::type_text(option.type), option.doc);
  }
  if (!spec.limits.empty()) fmt::print("limits  {}\n", spec.limits);
  if (!spec.api.empty()) fmt::print("api     {}\n", spec.api);
  fmt::print("\n{}\n", spec.record.is(Type::Kind::record) ? spec.record.record->name : "record");
  print_record(spec.record);
}

void print_action(const ActionSpec& spec) {
  fmt::print("action {}\n{}\n\n", spec.name, spec.doc);
  fmt::print("verbs    {}\n", verbs_text(spec));
  fmt::print("default  {}\n", default_text(spec));
  if (!spec.keys.empty()) fmt::print("keys     {}\n", join(spec.keys, ", "));
  if (spec.text != dsl::TextPart::none)
    fmt::print("text     {}\n",
               spec.text == dsl::TextPart::required ? "required after the path" : "may follow the path");
  if (spec.unasked) fmt::print("ends     with at_most_once or at_least_once\n");
  if (!spec.limits.empty()) fmt::print("limits   {}\n", spec.limits);
  if (!spec.api.empty()) fmt::print("api      {}\n", spec.api);
  if (spec.takes) {
    fmt::print("\ntakes\n");
    print_fields(*spec.takes);
  }
  fmt::print("\ngives {}\n", dsl::type_text(spec.result));
  print_record(spec.result);
}

Value field_json(const FieldType& field) {
  Record record;
  record.emplace_back("name", Value(field.name));
  record.emplace_back("type", Value(dsl::type_text(field.type)));
  if (field.required) record.emplace_back("required", Value(true));
  if (!field.doc.empty()) record.emplace_back("doc", Value(field.doc));
  if (field.unfilled) record.emplace_back("unfilled", Value(true));
  const Type* inner = &field.type;
  while (inner->element) inner = inner->element.get();
  if (field.values || inner->is(Type::Kind::enumeration)) {
    List words;
    for (const std::string& word : field.values ? field.values->words : inner->enumeration->words)
      words.emplace_back(word);
    record.emplace_back("values", Value(std::move(words)));
  }
  return Value(std::move(record));
}

Value fields_json(const Type& type) {
  List fields;
  if (type.is(Type::Kind::record)) {
    for (const FieldType& field : type.record->fields) fields.push_back(field_json(field));
  }
  return Value(std::move(fields));
}

Value source_json(const SourceSpec& spec) {
  Record record;
  record.emplace_back("kind", Value("source"));
  record.emplace_back("name", Value(spec.name));
  record.emplace_back("doc", Value(spec.doc));
  record.emplace_back("binds", Value(spec.noun));
  record.emplace_back("before", Value(spec.before));
  if (spec.every) record.emplace_back("every", Value(duration_text(*spec.every)));
  record.emplace_back("record", Value(dsl::type_text(spec.record)));
  record.emplace_back("fields", fields_json(spec.record));
  record.emplace_back("limits", Value(spec.limits));
  record.emplace_back("api", Value(spec.api));
  return Value(std::move(record));
}

Value action_json(const ActionSpec& spec) {
  Record record;
  record.emplace_back("kind", Value("action"));
  record.emplace_back("name", Value(spec.name));
  record.emplace_back("doc", Value(spec.doc));
  List verbs;
  for (const auto verb : spec.verbs) verbs.emplace_back(dsl::plan::verb_text(verb));
  record.emplace_back("verbs", Value(std::move(verbs)));
  record.emplace_back("default", Value(default_text(spec)));
  List keys;
  for (const std::string& key : spec.keys) keys.emplace_back(key);
  record.emplace_back("keys", Value(std::move(keys)));
  List takes;
  if (spec.takes) {
    for (const FieldType& field : spec.takes->fields) takes.push_back(field_json(field));
  }
  record.emplace_back("takes", Value(std::move(takes)));
  record.emplace_back("gives", Value(dsl::type_text(spec.result)));
  record.emplace_back("limits", Value(spec.limits));
  record.emplace_back("api", Value(spec.api));
  return Value(std::move(record));
}

void print_json(const Catalog& catalog, const std::string& only) {
  for (const auto& [name, spec] : catalog.source_nodes) {
    if (only.empty() || only == name) fmt::print("{}\n", engine::write_json(source_json(spec)));
  }
  for (const auto& [name, spec] : catalog.action_nodes) {
    if (only.empty() || only == name) fmt::print("{}\n", engine::write_json(action_json(spec)));
  }
}

int unknown(const Catalog& catalog, const std::string& name, const char* what) {
  std::vector<std::string> names = catalog.node_names();
  for (const auto& [record, type] : catalog.records) names.push_back(record);
  for (const auto& [enumeration, type] : catalog.enums) names.push_back(enumeration);
  const auto near = closest(name, names);
  tell_error(fmt::format("there is no {} `{}`", what, name),
             near ? fmt::format("did you mean `{}`?", *near) : "`pipewright nodes` lists all there are");
  return Status::usage;
}

int mapping(const Catalog& catalog, const std::string& source, const std::string& action) {
  if (catalog.source(source) == nullptr) return unknown(catalog, source, "source");
  if (catalog.action(action) == nullptr) return unknown(catalog, action, "action");
  const std::string text = dsl::default_mapping_text(catalog, source, action);
  if (text.empty()) {
    fmt::print("{{}}\n");
    fmt::print(stderr, "there is no default mapping from {} to {}: every field is written in the braces\n", source,
               action);
    return Status::fine;
  }
  fmt::print("{}\n", text);
  return Status::fine;
}

}  // namespace

int nodes(const Options& options) {
  const Catalog catalog = stdlib::catalog();
  if (options.paths.size() == 2) return mapping(catalog, options.paths[0], options.paths[1]);
  const std::string only = options.paths.empty() ? std::string() : options.paths.front();
  const SourceSpec* source = catalog.source(only);
  const ActionSpec* action = catalog.action(only);
  if (options.format != Format::text) {
    if (!only.empty() && source == nullptr && action == nullptr) return unknown(catalog, only, "node");
    if (options.format == Format::json)
      print_json(catalog, only);
    else
      fmt::print("{}", nodes_page(catalog, only));
    return Status::fine;
  }
  if (only.empty()) {
    print_list(catalog);
  } else if (source != nullptr) {
    print_source(*source);
  } else if (action != nullptr) {
    print_action(*action);
  } else if (const auto record = catalog.records.find(only); record != catalog.records.end()) {
    fmt::print("record {}\n{}\n\n", only, record->second->doc);
    print_fields(*record->second);
  } else if (const auto words = catalog.enums.find(only); words != catalog.enums.end()) {
    fmt::print("enum {}{}\n{}\n\n  {}\n", only, words->second->open ? " (open: accounts add their own)" : "",
               words->second->doc, join(words->second->words, "\n  "));
  } else {
    for (const auto& table : catalog.tables) {
      if (table.name != only) continue;
      fmt::print("table {}\n\n", only);
      for (const auto& row : table.table.rows) fmt::print("  {}\n", catalog.sources[table.source]->text(row.span));
      return Status::fine;
    }
    return unknown(catalog, only, "node, record, enumeration or table");
  }
  return Status::fine;
}

}  // namespace pipewright::cli
