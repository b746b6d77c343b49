// What the checker writes down for an editor; without an index, nothing.
#include <algorithm>

#include "base/overloaded.hpp"
#include "dsl/check/checker.hpp"
#include "dsl/index.hpp"
#include "dsl/parser.hpp"

namespace pipewright::dsl {

Here* Checker::here(Here::Kind kind, Span span) {
  if (!probed(span)) return nullptr;
  index->here = Here{.kind = kind, .span = span};
  return &index->here;
}

void Checker::mention(Mention mention) {
  if (index == nullptr || in_catalog || mention.span.empty()) return;
  // A value is read anew wherever it is used: its words are written down when it is checked by itself.
  if (!lets_under_way.empty() && (!checks_lets || lets_under_way.size() > 1)) return;
  mention.source = file;
  index->mentions.push_back(std::move(mention));
}

void Checker::mention_name(const ast::Name& name, const Binding& binding, bool declares) {
  if (index == nullptr) return;
  const bool of_source = binding.slot == 0 || binding.slot == 1;
  const bool given = !binding.given.empty();
  mention({.kind = of_source && pipeline != nullptr && !declares ? Mention::Kind::record
                   : given                                       ? Mention::Kind::result
                                                                 : Mention::Kind::value,
           .span = name.span,
           .name = name.text,
           .owner = binding.action,
           .type = binding.type,
           .declared = Declared{false, binding.source, binding.span},
           .declares = declares});
}

void Checker::mention_node(const ast::Path& path, Mention::Kind kind, const std::string& name, const std::string& doc) {
  if (index == nullptr) return;
  mention({.kind = kind, .span = path.span, .name = name, .doc = doc});
}

void Checker::mention_field(const ast::Name& name, const RecordType& record, const FieldType& field) {
  if (index == nullptr) return;
  std::string owner = record.name;
  // A stream of several sources has a record of its own; the field is declared in one of theirs.
  if (!catalog.records.contains(owner)) {
    for (const Type& each : record_types) {
      if (each.is(Type::Kind::record) && each.record->field(field.name) != nullptr) owner = each.record->name;
    }
  }
  mention({.kind = Mention::Kind::field,
           .span = name.span,
           .name = field.name,
           .owner = owner,
           .type = field.type,
           .doc = field.doc});
}

void Checker::mention_pipeline(const ast::Name& name) {
  if (index == nullptr) return;
  const auto found = pipelines.find(name.text);
  if (found == pipelines.end()) return;
  mention({.kind = Mention::Kind::pipeline,
           .span = name.span,
           .name = name.text,
           .declared = Declared{false, found->second.file, found->second.span}});
}

void Checker::mention_action(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made, Span span) {
  if (index == nullptr || in_catalog) return;
  ActionUse use{.source = file, .path = tree.path.span, .span = span, .node = spec.name};
  if (tree.fields) use.braces = tree.fields->span;
  const auto fills = [&](const std::string& name) {
    return std::any_of(made.filling.begin(), made.filling.end(),
                       [&](const plan::Field& field) { return field.name == name; });
  };
  const auto named = [&](const std::optional<ast::Record>& record, const std::string& name) {
    return record && std::any_of(record->fields.begin(), record->fields.end(),
                                 [&](const ast::RecordField& field) { return field.name.text == name; });
  };
  for (const Type& record : record_types) {
    if (!record.is(Type::Kind::record)) continue;
    const Mapping* mapping = catalog.mapping(record.record->name, spec.name);
    if (mapping == nullptr) continue;
    for (const ast::RecordField& field : mapping->fields.fields) {
      const std::string& name = field.name.text;
      const auto same = [&](const ActionUse::Default& each) { return each.field == name; };
      if (!field.value || std::any_of(use.defaults.begin(), use.defaults.end(), same)) continue;
      use.defaults.push_back({name, std::string(catalog.sources[mapping->source]->text(field.value->span)),
                              fills(name) && !named(tree.fields, name) && !named(tree.initially, name)});
    }
  }
  if (!spec.client_from.empty() && fills("client") && !named(tree.fields, "client") && !named(tree.initially, "client"))
    use.defaults.push_back({"client", "the last " + spec.client_from, true});
  index->actions.push_back(std::move(use));
}

void Checker::want_operand(const ast::Expr& operand, const Type& other) {
  if (!probed(operand.span) || index->here.wanted) return;
  const Here::Kind kind = index->here.kind;
  if (kind != Here::Kind::value && kind != Here::Kind::text) return;
  const auto word = [](const ast::Expr& expr) {
    return std::holds_alternative<ast::Reference>(expr.node) || std::holds_alternative<ast::TextLiteral>(expr.node);
  };
  const auto* list = std::get_if<ast::ListLiteral>(&operand.node);
  if (word(operand) || (list != nullptr && std::all_of(list->elements.begin(), list->elements.end(), word)))
    index->here.wanted = other.is(Type::Kind::list) ? *other.element : other.plain();
}

std::vector<Visible> Checker::visible_here() const {
  std::vector<Visible> names;
  for (const auto& frame : frames) {
    for (const auto& [name, binding] : frame) {
      const bool record = (binding.slot == 0 || binding.slot == 1) && pipeline != nullptr;
      names.push_back({name,
                       record                   ? Mention::Kind::record
                       : !binding.given.empty() ? Mention::Kind::result
                                                : Mention::Kind::value,
                       binding.type, binding.action});
    }
  }
  for (const auto& [name, entry] : lets) {
    if (visible[file].contains(entry.first)) names.push_back({name, Mention::Kind::value, entry.second.type, {}});
  }
  for (const auto& [name, table] : tables) {
    if (visible[file].contains(table.file)) names.push_back({name, Mention::Kind::table, table.value, {}});
  }
  for (const auto& [name, table] : standard_tables) {
    const auto own = tables.find(name);
    const bool hidden = own != tables.end() && visible[file].contains(own->second.file);
    if (!hidden) names.push_back({name, Mention::Kind::table, table.value, {}});
  }
  return names;
}

std::vector<std::string> Checker::names_of(const std::vector<ast::RecordField>& fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const ast::RecordField& field : fields) names.push_back(field.name.text);
  return names;
}

const Mention* Index::at(SourceId source, std::uint32_t offset) const {
  const Mention* best = nullptr;
  for (const Mention& each : mentions) {
    if (each.source != source || each.span.begin > offset || each.span.end < offset) continue;
    // Between two words the one that begins here; of a text and a name in its hole, the name.
    if (best == nullptr || each.span.begin >= best->span.begin) best = &each;
  }
  return best;
}

std::map<std::string, Declared> catalog_places(const Catalog& catalog) {
  std::map<std::string, Declared> places;
  for (SourceId id = 0; id < catalog.sources.size(); ++id) {
    const ast::File file = parse(*catalog.sources[id], id).file;
    const auto put = [&](const std::string& key, Span span) { places.emplace(key, Declared{true, id, span}); };
    for (const ast::Statement& statement : file.statements) {
      std::visit(overloaded{
                     [&](const ast::EnumDeclaration& each) {
                       put("enum " + each.name.text(), each.name.span);
                       for (const ast::Name& word : each.words)
                         put("word " + each.name.text() + "." + word.text, word.span);
                     },
                     [&](const ast::RecordDeclaration& each) {
                       put("record " + each.name.text(), each.name.span);
                       for (const ast::DeclaredField& field : each.fields)
                         put("field " + each.name.text() + "." + field.name.text, field.name.span);
                     },
                     [&](const ast::SourceDeclaration& each) {
                       put("source " + each.name.text(), each.name.span);
                       for (const ast::Attribute& attribute : each.attributes) {
                         if (attribute.word.text != "options") continue;
                         for (const ast::DeclaredField& field : attribute.fields)
                           put("option " + each.name.text() + "." + field.name.text, field.name.span);
                       }
                     },
                     [&](const ast::ActionDeclaration& each) { put("action " + each.name.text(), each.name.span); },
                     [&](const ast::Table& each) { put("table " + each.name.text(), each.name.span); },
                     [](const auto&) {},
                 },
                 statement.node);
    }
  }
  return places;
}

}  // namespace pipewright::dsl
