#include "dsl/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/overloaded.hpp"
#include "dsl/codes.hpp"
#include "dsl/parser.hpp"

namespace pipewright::dsl {
namespace {

using Kind = Type::Kind;

const std::map<std::string, Kind>& basic_types() {
  static const std::map<std::string, Kind> types = {
      {"text", Kind::text},         {"int", Kind::integer},  {"decimal", Kind::decimal}, {"money", Kind::money},
      {"kopecks", Kind::kopecks},   {"bool", Kind::boolean}, {"time", Kind::time},       {"date", Kind::date},
      {"duration", Kind::duration}, {"id", Kind::id},        {"json", Kind::json}};
  return types;
}

class Reader {
 public:
  CatalogRead read(const std::vector<std::pair<std::string, std::string>>& files) {
    for (const auto& [name, text] : files) {
      const auto id = static_cast<SourceId>(out_.catalog.sources.size());
      out_.catalog.sources.push_back(std::make_shared<const Source>(name, text));
      Parsed parsed = parse(*out_.catalog.sources.back(), id);
      for (Diagnostic& each : parsed.diagnostics) out_.diagnostics.push_back(std::move(each));
      files_.push_back(std::move(parsed.file));
    }
    each<ast::EnumDeclaration>([this](const ast::EnumDeclaration& declaration, SourceId) { enumeration(declaration); });
    // Records refer to each other: all names first, then their fields.
    each<ast::RecordDeclaration>([this](const ast::RecordDeclaration& declaration, SourceId) {
      auto record = std::make_shared<RecordType>();
      record->name = declaration.name.text();
      record->doc = declaration.doc;
      growing_[record->name] = record;
      out_.catalog.records[record->name] = record;
    });
    each<ast::RecordDeclaration>([this](const ast::RecordDeclaration& declaration, SourceId id) {
      growing_[declaration.name.text()]->fields = fields(declaration.fields, id);
    });
    each<ast::SourceDeclaration>(
        [this](const ast::SourceDeclaration& declaration, SourceId id) { source(declaration, id); });
    each<ast::ActionDeclaration>(
        [this](const ast::ActionDeclaration& declaration, SourceId id) { action(declaration, id); });
    each<ast::MappingDeclaration>([this](const ast::MappingDeclaration& declaration, SourceId id) {
      out_.catalog.mappings.push_back({declaration.from.text(), declaration.to.text(), id, declaration.fields});
    });
    each<ast::Table>([this](const ast::Table& table, SourceId id) {
      out_.catalog.tables.push_back({table.name.text(), id, table});
    });
    return std::move(out_);
  }

 private:
  template <class Declaration, class Use>
  void each(Use use) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      for (const ast::Statement& statement : files_[i].statements) {
        if (const auto* declaration = std::get_if<Declaration>(&statement.node))
          use(*declaration, static_cast<SourceId>(i));
      }
    }
  }

  void unknown(const std::string& what, Span span, SourceId id) {
    out_.diagnostics.push_back({.code = &codes::unknown_name,
                                .source = id,
                                .span = span,
                                .message = fmt::format("nothing is named `{}`", what)});
  }

  void enumeration(const ast::EnumDeclaration& declaration) {
    EnumType type{declaration.name.text(), {}, declaration.open, declaration.doc};
    for (const ast::Name& word : declaration.words) type.words.push_back(word.text);
    out_.catalog.enums[type.name] = std::make_shared<const EnumType>(type);
  }

  Type type(const ast::TypeName& name, SourceId id) {
    Type result;
    if (name.element) {
      Type element = type(**name.element, id);
      result = name.map ? map_of(std::move(element)) : list_of(std::move(element));
    } else if (name.path) {
      result = named_type(name.path->text(), name.span, id);
    }
    result.nullable = name.nullable;
    return result;
  }

  Type named_type(const std::string& name, Span span, SourceId id) {
    if (const auto basic = basic_types().find(name); basic != basic_types().end()) return type_of(basic->second);
    if (const auto found = out_.catalog.enums.find(name); found != out_.catalog.enums.end()) {
      Type result = type_of(Kind::enumeration);
      result.enumeration = found->second;
      return result;
    }
    if (const auto found = out_.catalog.records.find(name); found != out_.catalog.records.end())
      return record_of(found->second);
    unknown(name, span, id);
    return {};
  }

  std::vector<FieldType> fields(const std::vector<ast::DeclaredField>& declared, SourceId id) {
    std::vector<FieldType> result;
    for (const ast::DeclaredField& each : declared) {
      FieldType field{.name = each.name.text, .type = type(each.type, id), .doc = each.doc, .api_name = each.from};
      if (each.values) {
        const auto found = out_.catalog.enums.find(each.values->text());
        if (found == out_.catalog.enums.end())
          unknown(each.values->text(), each.values->span, id);
        else
          field.values = found->second;
      }
      if (each.example) field.example = std::string(out_.catalog.sources[id]->text(each.example->span));
      for (const ast::Name& flag : each.flags) {
        if (flag.text == "in_kopecks")
          field.in_kopecks = true;
        else if (flag.text == "in_moscow")
          field.zone = "Europe/Moscow";
        else if (flag.text == "in_account_zone")
          field.zone = "account";
        else if (flag.text == "derived")
          field.derived = true;
        else if (flag.text == "required")
          field.required = true;
        else if (flag.text == "unfilled")
          field.unfilled = true;
        else
          unknown(flag.text, flag.span, id);
      }
      result.push_back(std::move(field));
    }
    return result;
  }

  // A text as it stands: `{id}` of an address is no hole here.
  std::string raw_text(const ast::Attribute& attribute, SourceId id) const {
    if (!attribute.value || !std::holds_alternative<ast::TextLiteral>(attribute.value->node)) return {};
    const std::string_view text = out_.catalog.sources[id]->text(attribute.value->span);
    return text.size() < 2 ? std::string() : std::string(text.substr(1, text.size() - 2));
  }

  static std::string words_text(const ast::Attribute& attribute) {
    if (attribute.path) return attribute.path->text();
    return attribute.names.empty() ? std::string() : attribute.names.front().text;
  }

  static TextPart text_part(const ast::Attribute& attribute) {
    return words_text(attribute) == "optional" ? TextPart::optional : TextPart::required;
  }

  void source(const ast::SourceDeclaration& declaration, SourceId id) {
    SourceSpec spec{.name = declaration.name.text(),
                    .noun = declaration.noun.text,
                    .record = type(declaration.record, id),
                    .doc = declaration.doc};
    for (const ast::Attribute& attribute : declaration.attributes) {
      const std::string& word = attribute.word.text;
      if (word == "before")
        spec.before = true;
      else if (word == "of")
        spec.of = true;
      else if (word == "sees")
        spec.sees = words_text(attribute);
      else if (word == "text")
        spec.text = text_part(attribute);
      else if (word == "options")
        spec.options = fields(attribute.fields, id);
      else if (word == "limits")
        spec.limits = raw_text(attribute, id);
      else if (word == "api")
        spec.api = raw_text(attribute, id);
      else if (word == "since")
        spec.since = words_text(attribute) == "now" ? SourceSpec::Since::now : SourceSpec::Since::none;
      else if (word == "every") {
        if (attribute.value && std::holds_alternative<ast::DurationLiteral>(attribute.value->node))
          spec.every = std::get<ast::DurationLiteral>(attribute.value->node).value;
      } else {
        unknown(word, attribute.word.span, id);
      }
    }
    out_.catalog.source_nodes[spec.name] = std::move(spec);
  }

  void action(const ast::ActionDeclaration& declaration, SourceId id) {
    ActionSpec spec{.name = declaration.name.text(),
                    .noun = declaration.noun.text,
                    .result = type(declaration.result, id),
                    .doc = declaration.doc};
    for (const ast::Attribute& attribute : declaration.attributes) action_attribute(spec, attribute, id);
    out_.catalog.action_nodes[spec.name] = std::move(spec);
  }

  void action_attribute(ActionSpec& spec, const ast::Attribute& attribute, SourceId id) {
    const std::string& word = attribute.word.text;
    if (word == "takes") {
      const std::string name = words_text(attribute);
      spec.takes_anything = name == "anything";
      if (spec.takes_anything) return;
      const auto found = out_.catalog.records.find(name);
      if (found == out_.catalog.records.end()) return unknown(name, attribute.word.span, id);
      spec.takes = found->second;
    } else if (word == "verbs") {
      for (const ast::Name& name : attribute.names) {
        if (const auto verb = plan::verb_named(name.text))
          spec.verbs.push_back(*verb);
        else
          unknown(name.text, name.span, id);
      }
      if (!spec.verbs.empty()) spec.default_verb = spec.verbs.front();
    } else if (word == "default") {
      if (const auto verb = plan::verb_named(attribute.names.front().text)) spec.default_verb = *verb;
      for (std::size_t i = 2; i < attribute.names.size(); ++i) spec.default_key.push_back(attribute.names[i].text);
    } else if (word == "keys") {
      for (const ast::Name& name : attribute.names) spec.keys.push_back(name.text);
    } else if (word == "one_of") {
      for (const ast::Name& name : attribute.names) spec.exclusive.push_back(name.text);
    } else if (word == "text") {
      spec.text = text_part(attribute);
    } else if (word == "unasked") {
      spec.unasked = true;
    } else if (word == "silent") {
      spec.silent = true;
    } else if (word == "client") {
      spec.client_from = words_text(attribute);
    } else if (word == "feeds") {
      spec.feeds.push_back(words_text(attribute));
    } else if (word == "limits") {
      spec.limits = raw_text(attribute, id);
    } else if (word == "api") {
      spec.api = raw_text(attribute, id);
    } else {
      unknown(word, attribute.word.span, id);
    }
  }

  CatalogRead out_;
  std::vector<ast::File> files_;
  std::map<std::string, std::shared_ptr<RecordType>> growing_;
};

template <class Map>
auto* found_in(const Map& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::string ast::Path::text() const {
  std::string result;
  for (const Name& part : parts) {
    if (!result.empty()) result += '.';
    result += part.text;
  }
  return result;
}

const SourceSpec* Catalog::source(const std::string& name) const { return found_in(source_nodes, name); }
const ActionSpec* Catalog::action(const std::string& name) const { return found_in(action_nodes, name); }

const Mapping* Catalog::mapping(const std::string& from_record, const std::string& to_action) const {
  for (const Mapping& each : mappings) {
    if (each.from == from_record && each.to == to_action) return &each;
  }
  return nullptr;
}

std::vector<std::string> Catalog::node_names() const {
  std::vector<std::string> names;
  for (const auto& [name, spec] : source_nodes) names.push_back(name);
  for (const auto& [name, spec] : action_nodes) names.push_back(name);
  return names;
}

std::vector<std::string> Catalog::families() const {
  std::set<std::string> words;
  for (const std::string& name : node_names()) words.insert(name.substr(0, name.find('.')));
  return {words.begin(), words.end()};
}

CatalogRead read_catalog(const std::vector<std::pair<std::string, std::string>>& files) {
  CatalogRead read = Reader().read(files);
  std::string all;
  for (const auto& [name, text] : files) all += fmt::format("{}:{}{}:{}", name.size(), name, text.size(), text);
  read.catalog.digest = digest(all);
  return read;
}

}  // namespace pipewright::dsl
