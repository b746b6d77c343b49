// Expressions: literals, names, paths, records, lists.
#include <fmt/format.h>

#include <algorithm>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;

Typed Checker::bad(Span span) {
  return {type_of(Kind::unknown), {plan::Literal{std::monostate{}}, type_of(Kind::unknown), place(span)}};
}

Typed Checker::literal(Type::Kind kind, plan::Constant value, Span span) {
  return {type_of(kind), {plan::Literal{std::move(value)}, type_of(kind), place(span)}};
}

Typed Checker::expression(const ast::Expr& expr, const Type* wanted) {
  constexpr std::size_t most_of_one = 20'000;  // beside what stands in its own text
  constexpr std::size_t most_of_all = 1'000'000;
  if (!lets_under_way.empty()) {
    if (lets_too_large) return bad(expr.span);
    if (lets_under_way.size() > 1) ++let_parts;
    if (let_parts >= most_of_one || ++all_let_parts >= most_of_all) {
      lets_too_large = true;
      const Binding& outermost = lets[lets_under_way.front()].second;
      const SourceId file_before = std::exchange(file, outermost.source);
      report(codes::too_deep, outermost.constant->span,
             fmt::format("the value of `{}` grows without end", lets_under_way.front()))
          .help = "build it out of fewer copies of other values";
      file = file_before;
      return bad(expr.span);
    }
  }
  if (probed(expr.span)) probe_wanted = wanted != nullptr ? std::optional(*wanted) : std::nullopt;
  return std::visit(
      overloaded{
          [&](const ast::Bad&) { return bad(expr.span); },
          [&](const ast::Null&) { return literal(Kind::null, std::monostate{}, expr.span); },
          [&](const ast::Clear&) {
            report(codes::misplaced_clear, expr.span, "`clear` stands only for a field that is written").help =
                "write `null` for a value that is not there";
            return bad(expr.span);
          },
          [&](const ast::Bool& node) { return literal(Kind::boolean, node.value, expr.span); },
          [&](const ast::Number& node) {
            return literal(node.value.scale() == 0 ? Kind::integer : Kind::decimal, node.value, expr.span);
          },
          [&](const ast::DurationLiteral& node) { return literal(Kind::duration, node.value, expr.span); },
          [&](const ast::DateLiteral& node) { return literal(Kind::date, node.value, expr.span); },
          [&](const ast::TimeLiteral& node) {
            return literal(Kind::time, parse_time(node.text, input.time_zone).value_or(Instant{}), expr.span);
          },
          [&](const ast::TextLiteral& node) { return text_literal(node, expr.span); },
          [&](const ast::Reference& node) { return reference(node, expr.span); },
          [&](const ast::Member& node) { return member(node, expr.span); },
          [&](const ast::Element& node) { return element(node, expr.span); },
          [&](const ast::Call& node) { return call(node, expr.span); },
          [&](const ast::Unary& node) { return unary(node, expr.span); },
          [&](const ast::Binary& node) { return binary(node, expr.span); },
          [&](const ast::Conditional& node) { return conditional(node, expr.span, wanted); },
          [&](const ast::ListLiteral& node) { return list(node, expr.span, wanted); },
          [&](const ast::Comprehension& node) { return comprehension(node, expr.span, wanted); },
          [&](const ast::RecordLiteral& node) { return record(node, expr.span, wanted); },
      },
      expr.node);
}

Typed Checker::text_literal(const ast::TextLiteral& text, Span span) {
  if (Here* place = here(Here::Kind::text, span)) place->wanted = probe_wanted;
  if (text.parts.empty()) return literal(Kind::text, std::string(), span);
  if (text.parts.size() == 1) {
    if (const auto* run = std::get_if<std::string>(&text.parts.front())) return literal(Kind::text, *run, span);
  }
  plan::TextOf made;
  for (const auto& part : text.parts) {
    if (const auto* run = std::get_if<std::string>(&part)) {
      made.parts.push_back(literal(Kind::text, *run, span).expr);
      continue;
    }
    const ast::Expr& hole = *std::get<Box<ast::Expr>>(part);
    Typed value = expression(hole);
    if (value.type.is(Kind::json)) {
      Diagnostic& diagnostic =
          report(codes::json_unconverted, hole.span, "json must be converted before it goes into a text");
      diagnostic.help = fmt::format("write `{{text({})}}`", source().text(hole.span));
      diagnostic.edit = Edit{hole.span, fmt::format("text({})", source().text(hole.span))};
    } else if (value.type.nullable || value.type.is(Kind::null)) {
      report(codes::maybe_null, hole.span,
             fmt::format("`{}` may be null, and a text cannot hold that", source().text(hole.span)))
          .help = fmt::format("write `{{{} ?? \"…\"}}`", source().text(hole.span));
    } else if (value.type.is(Kind::list) || value.type.is(Kind::record) || value.type.is(Kind::map)) {
      report(codes::wrong_type, hole.span,
             fmt::format("a {} cannot go into a text", value.type.is(Kind::list) ? "list" : "record"))
          .help = "use one of its fields, or `join`";
    }
    made.parts.push_back(std::move(value.expr));
  }
  return {type_of(Kind::text), {std::move(made), type_of(Kind::text), place(span)}};
}

Typed Checker::reference(const ast::Reference& reference, Span span) {
  const std::string& name = reference.name.text;
  Binding* binding = find(name);
  if (Here* place = here(Here::Kind::value, span)) {
    place->wanted = probe_wanted;
    place->names = visible_here();
  }
  if (binding == nullptr) {
    if (is_lost(name)) return bad(span);
    if (TableInfo* table = table_named(name); table != nullptr) {
      table->used = true;
      report(codes::wrong_type, span, fmt::format("the table `{}` is no value", name)).help =
          fmt::format("look a key up: `{}[…]`", name);
      return bad(span);
    }
    static const std::map<std::string, const char*> foreign = {
        {"None", "null"},      {"nil", "null"},     {"NULL", "null"},   {"Null", "null"},
        {"undefined", "null"}, {"nothing", "null"}, {"True", "true"},   {"TRUE", "true"},
        {"yes", "true"},       {"False", "false"},  {"FALSE", "false"}, {"no", "false"}};
    if (const auto word = foreign.find(name); word != foreign.end()) {
      Diagnostic& diagnostic =
          report(codes::foreign_word, span, fmt::format("`{}` is written `{}` here", name, word->second));
      diagnostic.help = fmt::format("write `{}`", word->second);
      diagnostic.edit = Edit{span, word->second};
      return bad(span);
    }
    Diagnostic& diagnostic = report(codes::unknown_name, span, fmt::format("nothing is named `{}`", name));
    suggest(diagnostic, span, name, visible_names());
    // `order_id` for `order.id`
    for (std::size_t at = name.find('_'); at != std::string::npos; at = name.find('_', at + 1)) {
      const Binding* record = find(name.substr(0, at));
      if (record == nullptr || !record->type.is(Kind::record) ||
          record->type.record->field(name.substr(at + 1)) == nullptr)
        continue;
      const std::string path = name.substr(0, at) + "." + name.substr(at + 1);
      diagnostic.help = fmt::format("did you mean `{}`?", path);
      diagnostic.edit = Edit{span, path};
    }
    if (!diagnostic.help && std::isalpha(static_cast<unsigned char>(name[0])) != 0) {
      diagnostic.help = fmt::format("a text stands in quotes: \"{}\"", name);
    }
    if (const auto elsewhere = lets.find(name); elsewhere != lets.end() && !in_catalog)
      suggest_import(diagnostic, elsewhere->second.first);
    return bad(span);
  }
  if (binding->given.size() > 1) {
    Diagnostic& diagnostic = report(codes::ambiguous_result, span, fmt::format("two actions give the name `{}`", name));
    for (const Span& each : binding->given) diagnostic.labels.push_back({binding->source, each, "given here"});
    diagnostic.help = fmt::format("name one of them: `… as my_{}`", name);
    return bad(span);
  }
  if (binding->constant != nullptr) {
    Typed value = let_value(name, *binding, span);
    if (index != nullptr) {
      Binding typed = *binding;
      typed.type = value.type;
      mention_name(reference.name, typed, false);
    }
    return value;
  }
  Type type = binding->type;
  if (type.nullable && not_null.contains(name)) type = type.plain();
  if (index != nullptr) {
    Binding typed = *binding;
    typed.type = type;
    mention_name(reference.name, typed, false);
  }
  return {type, {plan::Load{binding->slot}, type, place(span)}};
}

// Its expression is read anew at each use, in the place where it stands: slots belong to the pipeline that uses it.
Typed Checker::let_value(const std::string& name, const Binding& binding, Span span) {
  const auto begin = std::find(lets_under_way.begin(), lets_under_way.end(), name);
  if (begin != lets_under_way.end()) {
    std::vector<std::string> circle(begin, lets_under_way.end());
    circle.push_back(name);
    if (lets_in_circle.insert(name).second) {
      report(codes::pipeline_cycle, span, fmt::format("these values are made of one another: {}", join(circle, " → ")))
          .help = "give one of them a value of its own";
    }
    lets_in_circle.insert(circle.begin(), circle.end());
    return bad(span);
  }
  if (lets_in_circle.contains(name) || wrong_lets.contains(name)) return bad(span);
  const SourceId file_before = file;
  const bool catalog_before = in_catalog;
  auto frames_before = std::move(frames);
  frames.clear();
  frames.emplace_back();
  file = binding.source;
  in_catalog = false;
  if (lets_under_way.empty()) let_parts = 0;
  lets_under_way.push_back(name);
  const std::size_t told = out.diagnostics.size();
  Typed value = expression(*binding.constant);
  if (out.diagnostics.size() > told) wrong_lets.insert(name);  // told once, however often it is used
  lets_under_way.pop_back();
  frames = std::move(frames_before);
  file = file_before;
  in_catalog = catalog_before;
  if (value.type.nullable && not_null.contains(name)) value.type = value.type.plain();
  return value;
}

std::optional<std::string> Checker::path_of(const ast::Expr& expr) {
  if (const auto* reference = std::get_if<ast::Reference>(&expr.node)) return reference->name.text;
  if (const auto* member = std::get_if<ast::Member>(&expr.node)) {
    if (const auto base = path_of(*member->record)) return *base + "." + member->name.text;
  }
  if (const auto* element = std::get_if<ast::Element>(&expr.node)) {
    const auto base = path_of(*element->list);
    if (!base) return std::nullopt;
    if (const auto* number = std::get_if<ast::Number>(&element->index->node))
      return fmt::format("{}[{}]", *base, number->value.text());
    if (const auto* text = std::get_if<ast::TextLiteral>(&element->index->node);
        text != nullptr && text->parts.size() == 1) {
      if (const auto* run = std::get_if<std::string>(&text->parts[0])) return fmt::format("{}[\"{}\"]", *base, *run);
    }
  }
  return std::nullopt;
}

namespace {

std::vector<std::string> field_names(const RecordType& record) {
  std::vector<std::string> names;
  for (const FieldType& field : record.fields) names.push_back(field.name);
  return names;
}

// A field that is not there but stands one level deeper: `order.user_id` for `order.user.id`.
std::optional<std::string> deeper(const RecordType& record, const std::string& word) {
  std::vector<std::string> paths;
  std::map<std::string, std::string> by_flat;
  for (const FieldType& field : record.fields) {
    if (!field.type.is(Kind::record)) continue;
    for (const FieldType& inner : field.type.record->fields)
      by_flat[field.name + "_" + inner.name] = field.name + "." + inner.name;
  }
  if (const auto found = by_flat.find(word); found != by_flat.end()) return found->second;
  for (const auto& [flat, path] : by_flat) paths.push_back(flat);
  if (const auto near = closest(word, paths)) return by_flat[*near];
  return std::nullopt;
}

}  // namespace

Typed Checker::member(const ast::Member& node, Span span) {
  // `wb.order_status[…]`, a standard table, is taken apart in element(); here a path of names is a record's field.
  Typed base = expression(*node.record);
  const Type& type = base.type;
  if (Here* place = here(Here::Kind::member, node.name.span)) {
    place->name = std::string(source().text({node.record->span.begin, node.name.span.begin}));
    place->owners = {type};
    place->names = visible_here();
  }
  if (type.is(Kind::unknown)) return bad(span);
  const auto made = [&](Type result) -> Typed {
    if (const auto path = path_of({node, span}); path && result.nullable && not_null.contains(*path))
      result = result.plain();
    return {result, {plan::Member{std::move(base.expr), node.name.text}, result, place(span)}};
  };
  if (type.is(Kind::json)) return made(type_of(Kind::json, true));
  if (type.is(Kind::record)) {
    const RecordType& record = *type.record;
    if (const FieldType* field = record.field(node.name.text)) {
      mention_field(node.name, record, *field);
      return made(type.nullable ? field->type.or_null() : field->type);
    }
    for (const auto& [name, types] : record.conflicts) {
      if (name != node.name.text) continue;
      report(codes::different_sources, node.name.span,
             fmt::format("`{}` is {} in the sources of this stream", name, types))
          .help = "make a pipeline for each source";
      return bad(span);
    }
    const bool of_source = pipeline != nullptr && type.record == pipeline->record.record;
    Diagnostic& diagnostic =
        report(codes::unknown_field, node.name.span,
               of_source && !pipeline->sources.empty()
                   ? fmt::format("`{}` gives no field `{}`", pipeline->sources.front().node, node.name.text)
                   : fmt::format("{} has no field `{}`", record.name.empty() ? "this record" : "`" + record.name + "`",
                                 node.name.text));
    diagnostic.note = record.name.empty() ? "" : fmt::format("not a field of {}", record.name);
    if (const auto path = deeper(record, node.name.text); path && !closest(node.name.text, field_names(record))) {
      diagnostic.help = fmt::format("did you mean `{}.{}`?", source().text(node.record->span), *path);
      diagnostic.edit = Edit{node.name.span, *path};
    } else if (const auto snake = snake_case(node.name.text); record.field(snake) != nullptr) {
      diagnostic.help = fmt::format("did you mean `{}`?", snake);
      diagnostic.edit = Edit{node.name.span, snake};
    } else {
      suggest(diagnostic, node.name.span, node.name.text, field_names(record));
    }
    return bad(span);
  }
  if (type.is(Kind::map)) {
    report(codes::unknown_field, node.name.span, "fields of this map stand in brackets").help =
        fmt::format("write `{}[\"{}\"]`", source().text(node.record->span), node.name.text);
    return bad(span);
  }
  Diagnostic& diagnostic =
      report(codes::unknown_field, node.name.span,
             fmt::format("`{}` is {} and has no fields", source().text(node.record->span), type_text(type)));
  const std::string list(source().text(node.record->span));
  if (type.is(Kind::list) && (node.name.text == "length" || node.name.text == "size" || node.name.text == "count")) {
    diagnostic.help = fmt::format("write `size({})`", list);
    diagnostic.edit = Edit{span, fmt::format("size({})", list)};
  } else if (type.is(Kind::text) && node.name.text == "length") {
    diagnostic.help = fmt::format("write `length({})`", list);
    diagnostic.edit = Edit{span, fmt::format("length({})", list)};
  } else if (type.is(Kind::list))
    diagnostic.help = fmt::format("take one of the list: `first({})`, or go through it with `each`",
                                  source().text(node.record->span));
  return bad(span);
}

Typed Checker::element(const ast::Element& node, Span span) {
  // A table's name, or a standard table's path.
  if (const auto path = path_of(*node.list)) {
    const std::string root = path->substr(0, path->find_first_of(".["));
    const bool bound = find(root) != nullptr;
    if (!bound && table_named(*path) != nullptr) return lookup(*path, *node.index, span, node.list->span);
    if (!bound && !is_lost(root)) {
      const std::vector<std::string> names = table_names();
      Diagnostic& diagnostic =
          report(codes::unknown_table, node.list->span, fmt::format("there is no table `{}`", *path));
      suggest(diagnostic, node.list->span, *path, names);
      if (const auto elsewhere = tables.find(*path); elsewhere != tables.end() && !in_catalog)
        suggest_import(diagnostic, elsewhere->second.file);
      // That nobody uses the one that was meant only follows.
      if (const auto near = closest(*path, names); near && tables.contains(*near)) tables[*near].used = true;
      expression(*node.index);
      return bad(span);
    }
    if (!bound) return bad(span);
  }
  Typed base = expression(*node.list);
  Typed index = expression(*node.index);
  const auto made = [&](const Type& result) -> Typed {
    Type type = result.or_null();
    if (const auto path = path_of({node, span}); path && not_null.contains(*path)) type = type.plain();
    return {type, {plan::Element{std::move(base.expr), std::move(index.expr)}, type, place(span)}};
  };
  if (base.type.is(Kind::unknown) || index.type.is(Kind::unknown)) return bad(span);
  if (base.type.is(Kind::list)) {
    if (!require(index, type_of(Kind::integer), node.index->span, "a place in a list")) return bad(span);
    return made(*base.type.element);
  }
  if (base.type.is(Kind::map)) {
    if (!require(index, type_of(Kind::text), node.index->span, "a field's name")) return bad(span);
    return made(*base.type.element);
  }
  if (base.type.is(Kind::json)) {
    if (!index.type.is(Kind::integer) && !index.type.is(Kind::text))
      require(index, type_of(Kind::integer), node.index->span, "a place in json");
    return made(type_of(Kind::json));
  }
  Diagnostic& diagnostic =
      report(codes::wrong_type, node.list->span,
             fmt::format("`{}` is {} and has no `[…]`", source().text(node.list->span), type_text(base.type)));
  const std::string written(source().text(node.index->span));
  if (base.type.is(Kind::record) && written.size() > 2 && written[0] == '"' &&
      base.type.record->field(written.substr(1, written.size() - 2)) != nullptr) {
    const std::string field =
        fmt::format("{}.{}", source().text(node.list->span), written.substr(1, written.size() - 2));
    diagnostic.help = fmt::format("write `{}`", field);
    diagnostic.edit = Edit{span, field};
  }
  return bad(span);
}

Typed Checker::list(const ast::ListLiteral& node, Span span, const Type* wanted) {
  const Type* element_wanted = wanted != nullptr && wanted->is(Kind::list) ? wanted->element.get() : nullptr;
  plan::ListOf made;
  std::optional<Type> element;
  for (const ast::Expr& each : node.elements) {
    Typed value = expression(each, element_wanted);
    const auto both = element ? common(*element, value.type) : std::optional(value.type);
    if (!both) {
      report(codes::wrong_type, each.span,
             fmt::format("a list holds values of one type: {} and {}", type_text(*element), type_text(value.type)));
      return bad(span);
    }
    element = both;
    made.elements.push_back(std::move(value.expr));
  }
  const Type type = list_of(element.value_or(element_wanted != nullptr ? *element_wanted : type_of(Kind::unknown)));
  return {type, {std::move(made), type, place(span)}};
}

Typed Checker::comprehension(const ast::Comprehension& node, Span span, const Type* wanted) {
  Typed from = expression(*node.list);
  Type element;
  if (from.type.is(Kind::list))
    element = *from.type.element;
  else if (from.type.is(Kind::json))
    element = type_of(Kind::json);
  else if (!from.type.is(Kind::unknown))
    report(codes::wrong_type, node.list->span,
           fmt::format("`for … in` goes through a list, this is {}", type_text(from.type)));
  if (from.type.nullable && !from.type.is(Kind::json)) {
    report(codes::maybe_null, node.list->span, fmt::format("`{}` may be null", source().text(node.list->span))).help =
        fmt::format("write `{} ?? []`", source().text(node.list->span));
  }
  const int slot = slots++;
  frames.emplace_back();
  bind(node.name, {.type = element, .slot = slot, .named = true});
  const std::set<std::string> before = not_null;
  std::optional<Box<plan::Expr>> where;
  if (node.condition) {
    plan::Expr condition_plan;
    condition(**node.condition, condition_plan);
    where = Box<plan::Expr>(std::move(condition_plan));
    narrowings(**node.condition, true, not_null);
  }
  Typed value =
      expression(*node.element, wanted != nullptr && wanted->is(Kind::list) ? wanted->element.get() : nullptr);
  not_null = before;
  frames.pop_back();
  const Type type = list_of(value.type);
  return {
      type,
      {plan::Comprehension{std::move(value.expr), slot, std::move(from.expr), std::move(where)}, type, place(span)}};
}

Typed Checker::record(const ast::RecordLiteral& node, Span span, const Type* wanted) {
  auto type = std::make_shared<RecordType>();
  plan::RecordOf made;
  const RecordType* declared = wanted != nullptr && wanted->is(Kind::record) ? wanted->record.get() : nullptr;
  if (declared != nullptr) type->name = declared->name;
  std::set<std::string> given;
  for (const ast::RecordField& field : node.fields) {
    if (Here* place = here(Here::Kind::field, field.name.span)) {
      if (wanted != nullptr) place->owners = {*wanted};
      place->given = names_of(node.fields);
    }
    if (!given.insert(field.name.text).second) {
      report(codes::duplicate_field, field.name.span, fmt::format("`{}` is given twice", field.name.text));
      continue;
    }
    const FieldType* known = declared != nullptr ? declared->field(field.name.text) : nullptr;
    if (declared != nullptr && known == nullptr) {
      Diagnostic& diagnostic = report(codes::unknown_field, field.name.span,
                                      fmt::format("`{}` has no field `{}`", declared->name, field.name.text));
      diagnostic.note = fmt::format("not a field of {}", declared->name);
      suggest(diagnostic, field.name.span, field.name.text, field_names(*declared));
    }
    if (known != nullptr) mention_field(field.name, *declared, *known);
    if (!field.value) {
      report(codes::no_default_mapping, field.name.span, fmt::format("`{}` has no value here", field.name.text)).help =
          fmt::format("write `{}: …`; only a field of an action's braces can come from the default mapping",
                      field.name.text);
      continue;
    }
    const Type* field_wanted = known != nullptr                             ? &known->type
                               : wanted != nullptr && wanted->is(Kind::map) ? wanted->element.get()
                                                                            : nullptr;
    Typed value = expression(*field.value, field_wanted);
    if (known != nullptr) {
      require(value, known->type.or_null(), field.value->span, fmt::format("`{}`", field.name.text));
      if (known->type.is(Kind::enumeration)) words_fit(known->type, *field.value);
      // What is written is money where the field is, whatever number stands there.
      if (known->type.is(Kind::money)) value.expr.type = type_of(Kind::money, value.type.nullable);
    }
    type->fields.push_back({.name = field.name.text, .type = value.type});
    made.fields.push_back({field.name.text, std::move(value.expr)});
  }
  Type result = record_of(type);
  return {result, {std::move(made), result, place(span)}};
}

}  // namespace pipewright::dsl
