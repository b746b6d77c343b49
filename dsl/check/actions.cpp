// Actions: verbs, keys, fields over the default mapping, results.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;
using plan::Verb;

namespace {

bool creates(Verb verb) { return verb == Verb::create || verb == Verb::upsert || verb == Verb::ensure; }
bool keyed(Verb verb) { return creates(verb) || verb == Verb::find || verb == Verb::update; }

const Typed* named(const std::vector<std::pair<std::string, Typed>>& fields, const std::string& name) {
  for (const auto& [field, value] : fields) {
    if (field == name) return &value;
  }
  return nullptr;
}

const plan::Field* named(const std::vector<plan::Field>& fields, const std::string& name) {
  for (const plan::Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::vector<std::string> verb_words(const ActionSpec& spec) {
  std::vector<std::string> words;
  for (const Verb verb : spec.verbs) words.push_back(plan::verb_text(verb));
  return words;
}

bool holds_money(const Type& type) {
  if (type.is(Kind::money)) return true;
  if (type.element) return holds_money(*type.element);
  return type.record && std::any_of(type.record->fields.begin(), type.record->fields.end(),
                                    [](const FieldType& field) { return holds_money(field.type); });
}

// The type of what is written: money wherever the target's field is, whatever number stands there.
Type written_type(const Type& value, const Type& declared) {
  if (!holds_money(declared)) return value;
  Type type = declared;
  type.nullable = value.nullable;
  return type;
}

}  // namespace

std::optional<plan::Action> Checker::action(const ast::Action& tree, Span span) {
  std::string connection;
  const auto name = node_name(tree.path, connection);
  const ActionSpec* spec = name ? catalog.action(*name) : nullptr;
  if (Here* place = here(Here::Kind::action, tree.path.span)) place->names = visible_here();
  if (spec == nullptr) {
    unknown_node(tree.path, false);
    if (tree.as)
      frames.back()[tree.as->text] = {.slot = slots++, .source = file, .span = tree.as->span, .named = true};
    else
      frames.back().try_emplace(tree.path.parts.back().text,
                                Binding{.slot = slots++, .source = file, .span = {}, .named = true});
    return std::nullopt;
  }
  plan::Action made{.connection = connection, .node = spec->name, .verb = spec->default_verb};
  made.bare = !tree.fields && !tree.initially;
  mention_node(tree.path, Mention::Kind::action, spec->name, spec->doc);
  parts_fit(tree, *spec, made);
  action_keys(tree, *spec, made);
  const auto defaults = default_fields(*spec);
  if (tree.fields) {
    std::set<std::string> given;
    for (const ast::RecordField& field : tree.fields->fields) {
      if (!given.insert(field.name.text).second) {
        report(codes::duplicate_field, field.name.span, fmt::format("`{}` is given twice", field.name.text));
      } else if (auto written = written_field(field, *spec, defaults)) {
        const bool key = std::find(made.keys.begin(), made.keys.end(), field.name.text) != made.keys.end();
        if (key && std::holds_alternative<plan::Clear>(written->value.node)) {
          report(codes::misplaced_clear, field.value->span,
                 fmt::format("`{}` is the key: it cannot be emptied", field.name.text))
              .help = "write the value that the record is found by";
        }
        if (made.verb == Verb::find && !key) {
          report(codes::misplaced_part, field.name.span,
                 fmt::format("`find` writes nothing, and `{}` is no key of it", field.name.text))
              .help = fmt::format("leave it out, or find `by {}`", field.name.text);
        }
        made.written.push_back(std::move(*written));
      }
    }
  }
  fill(tree, *spec, made, defaults);
  if (index != nullptr && index->here.kind == Here::Kind::action_field && probed(span)) {
    if (tree.fields) index->here.given = names_of(tree.fields->fields);
    for (const std::string& each : tree.initially ? names_of(tree.initially->fields) : std::vector<std::string>{})
      index->here.given.push_back(each);
  }
  mention_action(tree, *spec, made, span);
  completeness(tree, *spec, made);
  null_keys(tree, made);
  exclusive_fields(tree, *spec, made);
  bind_result(tree, *spec, made);
  return made;
}

void Checker::parts_fit(const ast::Action& tree, const ActionSpec& spec, plan::Action& into) {
  if (tree.verb) {
    const auto verb = plan::verb_named(tree.verb->text);
    if (Here* place = here(Here::Kind::verb, tree.verb->span)) place->node = spec.name;
    mention({.kind = Mention::Kind::verb, .span = tree.verb->span, .name = tree.verb->text, .owner = spec.name});
    if (verb && std::find(spec.verbs.begin(), spec.verbs.end(), *verb) != spec.verbs.end()) {
      into.verb = *verb;
    } else if (spec.text == TextPart::required && !tree.text) {
      const std::string& word = tree.verb->text;
      report(codes::missing_text, tree.verb->span, fmt::format("`{}` takes a text in quotes", spec.name)).help =
          fmt::format("write `{} \"{{{}}}\"`", tree.path.text(), word);
      return;
    } else {
      Diagnostic& diagnostic = report(codes::unknown_verb, tree.verb->span,
                                      fmt::format("`{}` has no verb `{}`", spec.name, tree.verb->text));
      suggest(diagnostic, tree.verb->span, tree.verb->text, verb_words(spec));
      if (tree.verb->text == "f" && tree.text && tree.text->span.begin == tree.verb->span.end) {
        diagnostic.message = "a text has holes without an `f` before it";
        diagnostic.help = "leave the `f` out";
        diagnostic.edit = Edit{tree.verb->span, ""};
      }
      if (!diagnostic.help) diagnostic.help = fmt::format("it has: {}", join(verb_words(spec), ", "));
    }
  }
  if (tree.text) {
    if (spec.text == TextPart::none) {
      report(codes::misplaced_part, tree.text->span, fmt::format("`{}` takes no text", spec.name));
    } else {
      into.text = expression(*tree.text).expr;
    }
  } else if (spec.text == TextPart::required) {
    report(codes::missing_text, tree.path.span, fmt::format("`{}` needs a text after it", spec.name)).help =
        fmt::format("write `{} \"…\"`", tree.path.text());
  }
  if (tree.otherwise) {
    const std::string& word = tree.otherwise->text;
    here(Here::Kind::otherwise, tree.otherwise->span);
    using Otherwise = plan::Action::Otherwise;
    if (into.verb != Verb::find && into.verb != Verb::update && into.verb != Verb::set) {
      report(codes::misplaced_part, tree.otherwise->span,
             fmt::format("`else` has no meaning for `{}`: it always finds or makes something",
                         plan::verb_text(into.verb)));
    }
    if (word == "skip")
      into.otherwise = Otherwise::skip;
    else if (word == "fail")
      into.otherwise = Otherwise::fail;
    else if (word == "null")
      into.otherwise = Otherwise::null;
    else {
      Diagnostic& diagnostic =
          report(codes::syntax, tree.otherwise->span, fmt::format("`{}` is nothing that `else` does", word));
      suggest(diagnostic, tree.otherwise->span, word, {"skip", "fail", "null"});
      if (!diagnostic.help) diagnostic.help = "there are `else skip`, `else fail` and `else null`";
    }
  }
  if (tree.delivery) {
    into.delivery = tree.delivery->text == "at_most_once" ? plan::Action::Delivery::at_most_once
                                                          : plan::Action::Delivery::at_least_once;
    if (!spec.unasked) {
      report(codes::misplaced_part, tree.delivery->span,
             fmt::format("`{}` needs no `{}`: it is asked after a doubt", spec.name, tree.delivery->text));
    }
  } else if (spec.unasked) {
    const auto end = tree.path.span;
    report(codes::delivery_needed, end, fmt::format("`{}` cannot be asked whether a lost call happened", spec.name))
        .help = "end the action with `at_most_once` (park then) or `at_least_once` (send again)";
  }
  if (tree.initially && !creates(into.verb)) {
    report(codes::misplaced_part, tree.initially->span,
           fmt::format("`initially` has no meaning for `{}`: it creates nothing", plan::verb_text(into.verb)));
  }
}

void Checker::action_keys(const ast::Action& tree, const ActionSpec& spec, plan::Action& into) {
  if (tree.keys.empty()) {
    if (keyed(into.verb)) into.keys = spec.default_key;
    return;
  }
  for (const ast::Name& key : tree.keys) {
    if (Here* place = here(Here::Kind::key, key.span)) {
      place->node = spec.name;
      for (const ast::Name& each : tree.keys) place->given.push_back(each.text);
    }
    if (!keyed(into.verb) || spec.keys.empty()) {
      report(codes::misplaced_part, key.span,
             fmt::format("`{} {}` takes no `by`", spec.name, plan::verb_text(into.verb)));
      return;
    }
    if (std::find(spec.keys.begin(), spec.keys.end(), key.text) == spec.keys.end()) {
      Diagnostic& diagnostic =
          report(codes::key_not_mapped, key.span, fmt::format("`{}` is not found by `{}`", spec.name, key.text));
      suggest(diagnostic, key.span, key.text, spec.keys);
      if (!diagnostic.help) diagnostic.help = fmt::format("it is found by: {}", join(spec.keys, ", "));
      continue;
    }
    if (std::find(into.keys.begin(), into.keys.end(), key.text) != into.keys.end()) {
      report(codes::duplicate_field, key.span, fmt::format("the key `{}` is given twice", key.text)).help =
          "leave one of them out";
      continue;
    }
    if (index != nullptr && spec.takes) {
      if (const FieldType* known = spec.takes->field(key.text)) mention_field(key, *spec.takes, *known);
    }
    into.keys.push_back(key.text);
  }
}

std::optional<plan::Field> Checker::written_field(const ast::RecordField& field, const ActionSpec& spec,
                                                  const std::vector<std::pair<std::string, Typed>>& defaults) {
  const FieldType* declared = spec.takes ? spec.takes->field(field.name.text) : nullptr;
  if (Here* place = here(Here::Kind::action_field, field.name.span)) place->node = spec.name;
  if (declared != nullptr) mention_field(field.name, *spec.takes, *declared);
  if (declared == nullptr && !spec.takes_anything) {
    std::vector<std::string> names;
    if (spec.takes) {
      for (const FieldType& each : spec.takes->fields) names.push_back(each.name);
    }
    Diagnostic& diagnostic = report(codes::unknown_field, field.name.span,
                                    fmt::format("`{}` takes no field `{}`", spec.name, field.name.text));
    diagnostic.note = fmt::format("not a field of {}", spec.name);
    const std::string snake = snake_case(field.name.text);
    if (std::find(names.begin(), names.end(), snake) != names.end()) {
      diagnostic.help = fmt::format("did you mean `{}`?", snake);
      diagnostic.edit = Edit{field.name.span, snake};
    } else {
      suggest(diagnostic, field.name.span, field.name.text, names);
    }
    if (field.value) expression(*field.value);
    return std::nullopt;
  }
  if (!field.value) {
    if (const Typed* value = named(defaults, field.name.text)) return plan::Field{field.name.text, value->expr};
    // Without a source that is known nothing is known of its mappings.
    if (record_types.empty() ||
        std::any_of(record_types.begin(), record_types.end(), [](const Type& type) { return type.is(Kind::unknown); }))
      return std::nullopt;
    report(codes::no_default_mapping, field.name.span,
           fmt::format("no default mapping gives `{}` here", field.name.text))
        .help = fmt::format("write `{}: …`", field.name.text);
    return std::nullopt;
  }
  if (std::holds_alternative<ast::Clear>(field.value->node)) {
    return plan::Field{field.name.text, {plan::Clear{}, type_of(Kind::null), place(field.value->span)}};
  }
  if (std::holds_alternative<ast::Null>(field.value->node)) {
    report(codes::bare_null, field.value->span, fmt::format("`{}: null` writes nothing", field.name.text)).help =
        fmt::format("leave it out, or write `{}: clear` to empty the field", field.name.text);
  }
  Typed value = expression(*field.value, declared != nullptr ? &declared->type : nullptr);
  if (declared != nullptr) {
    require(value, declared->type.or_null(), field.value->span, fmt::format("`{}`", field.name.text));
    if (declared->type.is(Kind::enumeration)) words_fit(declared->type, *field.value);
    values_fit(*declared, *field.value);
    value.expr.type = written_type(value.type, declared->type);
    if (declared->required && (value.type.nullable || value.type.is(Kind::null)) && !value.type.is(Kind::unknown) &&
        field.name.text != "id") {
      require(value, declared->type.plain(), field.value->span, fmt::format("`{}`", field.name.text));
    }
  }
  value.expr.type.nullable = value.type.nullable;
  return plan::Field{field.name.text, std::move(value.expr)};
}

std::vector<std::pair<std::string, Typed>> Checker::mapped(const Type& record, const ActionSpec& spec) {
  std::vector<std::pair<std::string, Typed>> fields;
  if (!record.is(Kind::record)) return fields;
  const Mapping* mapping = catalog.mapping(record.record->name, spec.name);
  if (mapping == nullptr) return fields;
  // The mapping is checked in its own text and scope, against this record.
  const SourceId file_before = file;
  const bool catalog_before = in_catalog;
  auto frames_before = std::move(frames);
  auto not_null_before = std::move(not_null);
  file = mapping->source;
  in_catalog = true;
  frames.clear();
  frames.emplace_back();
  not_null.clear();
  frames.back()[pipeline != nullptr && !pipeline->noun.empty() ? pipeline->noun : "order"] = {
      .type = record, .slot = 0, .named = true};
  for (const ast::RecordField& field : mapping->fields.fields) {
    if (!field.value) continue;
    const FieldType* declared = spec.takes ? spec.takes->field(field.name.text) : nullptr;
    if (declared == nullptr) {
      report(codes::unknown_field, field.name.span,
             fmt::format("`{}` takes no field `{}`", spec.name, field.name.text));
      continue;
    }
    Typed value = expression(*field.value, &declared->type);
    require(value, declared->type.or_null(), field.value->span, fmt::format("`{}`", field.name.text));
    value.expr.type = written_type(value.type, declared->type);
    fields.emplace_back(field.name.text, std::move(value));
  }
  frames = std::move(frames_before);
  not_null = std::move(not_null_before);
  file = file_before;
  in_catalog = catalog_before;
  return fields;
}

std::vector<std::pair<std::string, Typed>> Checker::default_fields(const ActionSpec& spec) {
  std::vector<std::pair<std::string, Typed>> result;
  for (const Type& record : record_types) {
    auto fields = mapped(record, spec);
    if (record_types.size() == 1) return fields;
    // Of several sources, the record says which mapping is its own.
    for (auto& [name, value] : fields) {
      Typed* known = nullptr;
      for (auto& [other, held] : result) {
        if (other == name) known = &held;
      }
      if (known == nullptr) {
        result.emplace_back(name, literal(Kind::null, std::monostate{}, {}));
        known = &result.back().second;
      }
      const plan::Place where = value.expr.place;
      const Type text = type_of(Kind::text);
      plan::Expr of{plan::Member{plan::Expr{plan::Load{0}, record, where}, "@record"}, text, where};
      plan::Expr wanted{plan::Literal{record.record->name}, text, where};
      plan::Expr test{plan::Binary{plan::Operator::equal, std::move(of), std::move(wanted)}, type_of(Kind::boolean),
                      where};
      Type type = common(value.type, known->type).value_or(value.type);
      // Each source gives the field or not: what one leaves out is null.
      plan::Expr chosen{plan::Conditional{std::move(test), std::move(value.expr), std::move(known->expr)}, type, where};
      *known = {type, std::move(chosen)};
    }
  }
  for (auto& [name, value] : result) {
    std::size_t givers = 0;
    for (const Type& record : record_types) {
      const auto fields = mapped(record, spec);
      if (named(fields, name) != nullptr && !named(fields, name)->type.nullable) ++givers;
    }
    value.type.nullable = givers < record_types.size();
    value.expr.type.nullable = value.type.nullable;
  }
  return result;
}

void Checker::fill(const ast::Action& tree, const ActionSpec& spec, plan::Action& into,
                   const std::vector<std::pair<std::string, Typed>>& defaults) {
  const auto given = [&](const std::string& name) {
    return named(into.written, name) != nullptr || named(into.filling, name) != nullptr;
  };
  if (tree.initially) {
    for (const ast::RecordField& field : tree.initially->fields) {
      if (named(into.written, field.name.text) != nullptr) {
        report(codes::duplicate_field, field.name.span, fmt::format("`{}` is written anyway", field.name.text)).help =
            "leave it out of one of the two";
      } else if (auto filled = written_field(field, spec, defaults)) {
        into.filling.push_back(std::move(*filled));
      }
    }
  }
  const bool takes_defaults = !tree.only.has_value();
  for (const auto& [name, value] : defaults) {
    const bool key = std::find(into.keys.begin(), into.keys.end(), name) != into.keys.end();
    const FieldType* declared = spec.takes ? spec.takes->field(name) : nullptr;
    const bool needed_by_set = into.verb == Verb::set && declared != nullptr && declared->required;
    const bool wanted = takes_defaults && (creates(into.verb) || key || needed_by_set || into.verb == Verb::append);
    if (wanted && !given(name)) into.filling.push_back({name, value.expr});
  }
  if (takes_defaults && creates(into.verb) && !spec.client_from.empty() && !given("client")) {
    for (auto result = results.rbegin(); result != results.rend(); ++result) {
      if (result->node != spec.client_from || result->connection != into.connection) continue;
      const plan::Place where = place(tree.path.span);
      into.filling.push_back({"client",
                              {plan::Member{plan::Expr{plan::Load{result->slot}, result->type, where}, "id"},
                               type_of(Kind::id, true), where}});
      break;
    }
  }
}

void Checker::key_without_value(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made,
                                const std::string& key) {
  Span where = tree.path.span;
  for (const ast::Name& each : tree.keys) {
    if (each.text == key) where = each.span;
  }
  Diagnostic& diagnostic = report(codes::key_not_mapped, where, fmt::format("the key `{}` has no value", key));
  diagnostic.help = fmt::format("write `{}: …` in the braces", key);
  if (!tree.keys.empty() || creates(made.verb)) return;
  // What is there may be another key of the node's.
  const auto other = std::find_if(spec.keys.begin(), spec.keys.end(),
                                  [&](const std::string& each) { return named(made.written, each) != nullptr; });
  if (other == spec.keys.end()) return;
  const std::uint32_t behind = tree.verb ? tree.verb->span.end : tree.path.span.end;
  *diagnostic.help += fmt::format(", or find it `by {}`", *other);
  diagnostic.edit = Edit{{behind, behind}, " by " + *other};
}

void Checker::completeness(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made) {
  const auto known_lost = [&](const std::string& name) {
    // What was written and did not check has been told already.
    const auto mentions = [&](const std::optional<ast::Record>& record) {
      return record && std::any_of(record->fields.begin(), record->fields.end(),
                                   [&](const ast::RecordField& field) { return field.name.text == name; });
    };
    return mentions(tree.fields) || mentions(tree.initially);
  };
  const bool broken = (tree.fields && tree.fields->broken) || (tree.initially && tree.initially->broken);
  const bool unknown_record =
      broken ||
      std::any_of(record_types.begin(), record_types.end(), [](const Type& type) { return type.is(Kind::unknown); }) ||
      record_types.empty();
  for (const std::string& key : made.keys) {
    const plan::Field* field = named(made.written, key);
    if (field == nullptr) field = named(made.filling, key);
    if (field == nullptr) {
      if (known_lost(key) || unknown_record) continue;
      key_without_value(tree, spec, made, key);
      continue;
    }
    const bool always_null =
        std::holds_alternative<plan::Literal>(field->value.node) && field->value.type.is(Kind::null);
    const bool may_be_null = field->value.type.nullable && !field->value.type.is(Kind::unknown);
    if (creates(made.verb) && (may_be_null || always_null)) {
      Span where = tree.path.span;
      if (tree.fields) {
        for (const ast::RecordField& each : tree.fields->fields) {
          if (each.name.text == key && each.value) where = each.value->span;
        }
      }
      report(codes::maybe_null, where, fmt::format("the key `{}` {} null", key, always_null ? "is" : "may be")).help =
          always_null ? fmt::format("write a value: `{}` requires its keys", plan::verb_text(made.verb))
                      : fmt::format("write `{} ?? …`: `{}` requires its keys", field->value.place.text,
                                    plan::verb_text(made.verb));
    }
  }
  if (spec.takes && made.verb != Verb::find) {
    for (const FieldType& field : spec.takes->fields) {
      if (!field.required || named(made.written, field.name) != nullptr || named(made.filling, field.name) != nullptr ||
          known_lost(field.name))
        continue;
      if (unknown_record) continue;
      report(codes::missing_field, tree.path.span,
             fmt::format("`{} {}` needs `{}`", spec.name, plan::verb_text(made.verb), field.name))
          .help = fmt::format("write `{}: …` in the braces", field.name);
    }
  }
  if (made.verb == Verb::update) {
    const auto is_key = [&](const plan::Field& field) {
      return std::find(made.keys.begin(), made.keys.end(), field.name) != made.keys.end();
    };
    const std::size_t mentioned = tree.fields ? tree.fields->fields.size() : 0;
    if (!broken && std::all_of(made.written.begin(), made.written.end(), is_key) && mentioned == made.written.size()) {
      report(codes::writes_nothing, tree.path.span, "this update writes nothing").help =
          "put what changes into the braces, or use `find`";
    }
  }
}

void Checker::bind_result(const ast::Action& tree, const ActionSpec& spec, plan::Action& made) {
  made.result = slots++;
  Type type = spec.result;
  if (made.otherwise == plan::Action::Otherwise::null) type = type.or_null();
  results.push_back({made.connection, made.node, made.result, type});
  if (tree.as) {
    made.result_name = tree.as->text;
    bind(*tree.as, {.type = type, .slot = made.result, .action = spec.name, .named = true});
    return;
  }
  const ast::Name& last = tree.path.parts.back();
  made.result_name = last.text;
  Binding* earlier = find(last.text);
  if (earlier != nullptr && earlier->named) return;  // the source's noun, a `let` or an `as` keeps its name
  if (const TableInfo* table = table_named(last.text); table != nullptr && !table->standard) return;  // a table too
  Binding binding{.type = type,
                  .slot = made.result,
                  .source = file,
                  .span = tree.path.span,
                  .action = spec.name,
                  .given = {tree.path.span}};
  if (earlier != nullptr) {
    binding.given = earlier->given;
    binding.given.push_back(tree.path.span);
  }
  frames.back()[last.text] = std::move(binding);
}

}  // namespace pipewright::dsl
