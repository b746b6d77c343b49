// Values that can be known before running: what a field takes, keys that are always null, fields that exclude one
// another.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {
namespace {

// A number or a text as it stands there; nothing where it is known only when running.
std::optional<std::string> literal_text(const ast::Expr& expr) {
  if (const auto* number = std::get_if<ast::Number>(&expr.node)) return number->value.text();
  const auto* literal = std::get_if<ast::TextLiteral>(&expr.node);
  if (literal == nullptr || literal->parts.size() > 1) return std::nullopt;
  if (literal->parts.empty()) return std::string();
  const auto* run = std::get_if<std::string>(&literal->parts.front());
  return run == nullptr ? std::nullopt : std::optional(*run);
}

}  // namespace

// In either arm, on either side of `??`, and in the rows of the program's own tables.
void Checker::values_fit(const FieldType& field, const ast::Expr& expr) {
  if (!field.values) return;
  if (const auto* chosen = std::get_if<ast::Conditional>(&expr.node)) {
    values_fit(field, *chosen->then);
    if (chosen->otherwise) values_fit(field, **chosen->otherwise);
  } else if (const auto* binary = std::get_if<ast::Binary>(&expr.node);
             binary != nullptr && binary->op == plan::Operator::otherwise) {
    values_fit(field, *binary->left);
    values_fit(field, *binary->right);
  } else if (const auto* element = std::get_if<ast::Element>(&expr.node)) {
    const auto path = path_of(*element->list);
    TableInfo* table = path && find(path->substr(0, path->find('.'))) == nullptr ? table_named(*path) : nullptr;
    if (table == nullptr || table->standard || !table->complained.insert(field.values->name).second) return;
    const SourceId before = std::exchange(file, table->file);
    for (const ast::Table::Row& row : table->tree->rows) values_fit(field, row.value);
    if (table->tree->otherwise && table->tree->otherwise->value) values_fit(field, *table->tree->otherwise->value);
    file = before;
  } else if (const auto text = literal_text(expr)) {
    const auto& words = field.values->words;
    const auto known = [&](const std::string& word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (known(*text) || known(uppercase(*text))) return;
    report(codes::unknown_word, expr.span, fmt::format("`{}` takes no {}", field.name, source().text(expr.span))).help =
        fmt::format("it takes: {}", join(words, ", "));
  }
}

// A key that is null finds nothing, or parks: on this source each event does.
void Checker::null_keys(const ast::Action& tree, const plan::Action& made) {
  if (made.verb != plan::Verb::find && made.verb != plan::Verb::update) return;  // the others require their keys
  for (const std::string& key : made.keys) {
    const auto of = [&](const std::vector<plan::Field>& fields) {
      return std::find_if(fields.begin(), fields.end(), [&](const plan::Field& each) { return each.name == key; });
    };
    auto field = of(made.written);
    if (field == made.written.end() && (field = of(made.filling)) == made.filling.end()) continue;
    if (!unfilled(field->value)) continue;
    Span where = tree.path.span;
    for (const ast::RecordField& each : tree.fields ? tree.fields->fields : std::vector<ast::RecordField>{}) {
      if (each.name.text == key && each.value) where = each.value->span;
    }
    report(codes::null_key, where, fmt::format("`{}` is always null here: this finds nothing", field->value.place.text))
        .help = "find it by another field; `pipewright nodes` says which this source fills in";
  }
}

void Checker::exclusive_fields(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made) {
  const plan::Field* first = nullptr;
  for (const plan::Field& field : made.written) {
    const bool exclusive = std::find(spec.exclusive.begin(), spec.exclusive.end(), field.name) != spec.exclusive.end();
    if (!exclusive || field.value.type.nullable || field.value.type.is(Type::Kind::null)) continue;
    if (first == nullptr) {
      first = &field;
      continue;
    }
    for (const ast::RecordField& each : tree.fields->fields) {
      if (each.name.text != field.name) continue;
      report(codes::exclusive_fields, each.name.span,
             fmt::format("`{}` and `{}` exclude one another", first->name, field.name))
          .help = fmt::format("leave one of them out; `{}` takes one of: {}", spec.name, join(spec.exclusive, ", "));
    }
  }
}

}  // namespace pipewright::dsl
