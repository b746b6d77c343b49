// Tests: that what they give and expect exists, and the plan of what they say.
#include <fmt/format.h>

#include <algorithm>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;

void Checker::check_test(const ast::Test& test, std::map<std::string, std::pair<SourceId, Span>>& names) {
  if (const auto [earlier, fresh] = names.emplace(test.name, std::pair{file, test.name_span}); !fresh) {
    duplicate("tests", test.name, earlier->second.first, earlier->second.second, test.name_span);
  }
  if (Here* place = here(Here::Kind::pipeline, test.of.span)) place->name = test.of.text;
  const auto found = pipelines.find(test.of.text);
  if (found == pipelines.end() || !visible[file].contains(found->second.file)) {
    if (is_lost(test.of.text)) return;
    std::vector<std::string> all;
    for (const auto& [name, info] : pipelines) all.push_back(name);
    suggest(
        report(codes::test_of_nothing, test.of.span, fmt::format("there is no pipeline `{}` to test", test.of.text)),
        test.of.span, test.of.text, all);
    return;
  }
  mention_pipeline(test.of);
  frames.clear();
  frames.emplace_back();
  slots = 0;
  plan::Test made;
  made.name = test.name;
  made.pipeline = test.of.text;
  made.place = place(test.name_span);
  const auto item = [&](plan::TestItems& into, const auto& each) {
    if constexpr (std::is_same_v<std::decay_t<decltype(each)>, ast::Given>) {
      if (auto given = check_given(each, found->second)) into.givens.push_back(std::move(*given));
    } else if constexpr (std::is_same_v<std::decay_t<decltype(each)>, ast::Expect>) {
      if (auto expected = check_expect(each)) into.expectations.push_back(std::move(*expected));
    }
  };
  for (const auto& each : test.items) {
    std::visit([&](const auto& one) { item(made.items, one); }, each);
    const auto* loop = std::get_if<ast::ForEach>(&each);
    if (loop == nullptr) continue;
    plan::TestCases cases;
    cases.name = loop->name.text;
    Typed list = expression(loop->cases);
    const bool listed = list.type.is(Kind::list);
    if (!listed && !list.type.is(Kind::unknown)) {
      report(codes::wrong_type, loop->cases.span,
             fmt::format("`for each … in` goes through a list, this is {}", type_text(list.type)))
          .help = "write the cases in brackets: `[ { … }, { … } ]`";
    }
    cases.list = std::move(list.expr);
    cases.slot = slots++;
    frames.emplace_back();
    bind(loop->name, {.type = listed ? *list.type.element : type_of(Kind::unknown), .slot = cases.slot, .named = true});
    for (const auto& inner : loop->items) std::visit([&](const auto& one) { item(cases.items, one); }, inner);
    frames.pop_back();
    made.cases.push_back(std::move(cases));
  }
  made.slots = slots;
  out.tests.push_back(std::move(made));
}

// The fields of a partial record; one without a declared type takes any.
std::vector<plan::Field> Checker::partial_fields(const ast::Record& record, const std::string& owner,
                                                 const std::vector<const RecordType*>& types) {
  std::vector<plan::Field> made;
  for (const ast::RecordField& field : record.fields) {
    std::vector<std::string> names;
    const FieldType* known = nullptr;
    for (const RecordType* type : types) {
      for (const FieldType& each : type->fields) names.push_back(each.name);
      if (known == nullptr && type->field(field.name.text) != nullptr) {
        known = type->field(field.name.text);
        mention_field(field.name, *type, *known);
      }
    }
    if (Here* place = here(Here::Kind::field, field.name.span)) {
      for (const RecordType* type : types) place->owners.push_back(record_of(std::make_shared<RecordType>(*type)));
      place->given = names_of(record.fields);
    }
    if (known == nullptr && !types.empty()) {
      Diagnostic& diagnostic =
          report(codes::unknown_field, field.name.span, fmt::format("`{}` has no field `{}`", owner, field.name.text));
      suggest(diagnostic, field.name.span, field.name.text, names);
    }
    if (known != nullptr && known->unfilled && field.value && !std::holds_alternative<ast::Null>(field.value->node)) {
      report(codes::never_comes, field.name.span,
             fmt::format("`{}.{}` is always null when it comes: the test shows what cannot happen", owner,
                         field.name.text))
          .help = "leave it out";
    }
    if (!field.value) {
      report(codes::missing_separator, field.name.span, fmt::format("`{}` has no value here", field.name.text)).help =
          fmt::format("write `{}: …`", field.name.text);
      continue;
    }
    made.push_back({field.name.text, partial_value(*field.value, fmt::format("{}.{}", owner, field.name.text), known)});
  }
  return made;
}

plan::Expr Checker::partial_value(const ast::Expr& value, const std::string& owner, const FieldType* known) {
  const auto* inner = std::get_if<ast::RecordLiteral>(&value.node);
  if (known != nullptr && known->type.is(Kind::record) && inner != nullptr) {
    plan::RecordOf record;
    for (plan::Field& field : partial_fields({inner->fields, value.span}, owner, {known->type.record.get()}))
      record.fields.push_back(std::move(field));
    return {std::move(record), known->type, place(value.span)};
  }
  const auto* list = std::get_if<ast::ListLiteral>(&value.node);
  if (known != nullptr && known->type.is(Kind::list) && known->type.element->is(Kind::record) && list != nullptr) {
    FieldType element = *known;
    element.type = *known->type.element;
    plan::ListOf elements;
    for (const ast::Expr& each : list->elements) elements.elements.push_back(partial_value(each, owner, &element));
    return {std::move(elements), known->type, place(value.span)};
  }
  Typed typed = expression(value, known != nullptr ? &known->type : nullptr);
  if (known == nullptr || known->type.is(Kind::json) || typed.type.is(Kind::list)) return std::move(typed.expr);
  // The word of an enumeration may come from a case: it is seen when the test runs.
  if (known->type.is(Kind::enumeration) && typed.type.is(Kind::text) &&
      !std::holds_alternative<ast::TextLiteral>(value.node))
    return std::move(typed.expr);
  require(typed, known->type.or_null(), value.span, fmt::format("`{}`", owner.substr(owner.rfind('.') + 1)));
  if (known->type.is(Kind::enumeration)) words_fit(known->type, value);
  return std::move(typed.expr);
}

std::optional<plan::Given> Checker::check_given(const ast::Given& given, const PipelineInfo& tested) {
  plan::Given made;
  made.place = place(given.span);
  if (given.now) {
    made.kind = plan::Given::Kind::now;
    made.now = expression(*given.now).expr;
    return made;
  }
  if (given.subject.parts.empty()) return std::nullopt;
  if (Here* place = here(Here::Kind::given, given.subject.span)) place->name = tested.noun;
  std::vector<const RecordType*> types;
  const bool event = given.subject.parts.size() == 1;
  if (event) {
    const std::string& word = given.subject.parts.front().text;
    if (tested.noun.empty()) return std::nullopt;
    if (word != tested.noun) {
      Diagnostic& diagnostic =
          report(codes::unknown_name, given.subject.span, fmt::format("`{}` receives no `{}`", tested.name, word));
      diagnostic.help = fmt::format("write `given {} {{ … }}`", tested.noun);
      return std::nullopt;
    }
    for (const Type& each : tested.record_types) {
      if (each.is(Kind::record)) types.push_back(each.record.get());
    }
  } else {
    const auto name = node_name(given.subject, made.connection);
    if (const SourceSpec* source = name ? catalog.source(*name) : nullptr; source != nullptr && !given.fault)
      return check_given_event(given, tested, *source, std::move(made));
    const ActionSpec* spec = name ? catalog.action(*name) : nullptr;
    if (spec == nullptr) {
      unknown_node(given.subject, false);
      return std::nullopt;
    }
    made.node = *name;
    mention_node(given.subject, Mention::Kind::action, spec->name, spec->doc);
    if (spec->result.is(Kind::record)) types.push_back(spec->result.record.get());
    if (spec->takes) types.push_back(spec->takes.get());
    if (spec->takes_anything) types.clear();
    made.kind = given.fault ? plan::Given::Kind::fault : plan::Given::Kind::existing;
  }
  if (given.fault) {
    if (event) {
      report(codes::unknown_node, given.subject.span,
             fmt::format("`{}` is what comes; a fault strikes an action", given.subject.text()))
          .help = "name the node that answers so: `given crm.order answers 503 twice`";
      return std::nullopt;
    }
    plan::TestFault fault;
    if (given.fault->kind == "answers") fault.kind = plan::TestFault::Kind::answers;
    if (given.fault->kind == "refuses") fault.kind = plan::TestFault::Kind::refuses;
    if (given.fault->argument) fault.argument = expression(*given.fault->argument).expr;
    if (given.fault->times) fault.times = expression(*given.fault->times).expr;
    made.fault = std::move(fault);
  }
  if (given.record) made.fields = partial_fields(*given.record, given.subject.text(), types);
  return made;
}

// `given wb.dbs.new { … }`: an event of this one of the tested pipeline's sources.
std::optional<plan::Given> Checker::check_given_event(const ast::Given& given, const PipelineInfo& tested,
                                                      const SourceSpec& source, plan::Given made) {
  made.node = source.name;
  mention_node(given.subject, Mention::Kind::source, source.name, source.doc);
  const auto same = std::find_if(tested.record_types.begin(), tested.record_types.end(), [&](const Type& each) {
    return each.kind == source.record.kind &&
           (!each.is(Kind::record) || each.record->name == source.record.record->name);
  });
  if (same == tested.record_types.end()) {
    report(codes::unknown_name, given.subject.span,
           fmt::format("`{}` does not read `{}`", tested.name, given.subject.text()))
        .help = fmt::format("write `given {} {{ … }}`, or name one of its sources", tested.noun);
    return std::nullopt;
  }
  std::vector<const RecordType*> types;
  if (same->is(Kind::record)) types.push_back(same->record.get());
  if (given.record) made.fields = partial_fields(*given.record, given.subject.text(), types);
  return made;
}

// An operation that the node can really make.
void Checker::operation_fits(const ast::Name& operation, const ActionSpec& spec) {
  static const std::vector<std::string> all = {"create", "update", "set", "append", "send", "none"};
  std::vector<std::string> possible;
  const auto add = [&](const char* word) {
    if (std::find(possible.begin(), possible.end(), word) == possible.end()) possible.emplace_back(word);
  };
  for (const plan::Verb verb : spec.verbs) {
    using plan::Verb;
    if (verb == Verb::create || verb == Verb::upsert || verb == Verb::ensure) add("create");
    if (verb == Verb::update || verb == Verb::upsert) add("update");
    if (verb == Verb::set || verb == Verb::append || verb == Verb::send) add(plan::verb_text(verb).c_str());
  }
  add("none");
  if (std::find(possible.begin(), possible.end(), operation.text) != possible.end()) return;
  const bool known = std::find(all.begin(), all.end(), operation.text) != all.end();
  Diagnostic& diagnostic = report(codes::unknown_verb, operation.span,
                                  known ? fmt::format("`{}` never makes `{}`", spec.name, operation.text)
                                        : fmt::format("`{}` is no operation that is made", operation.text));
  suggest(diagnostic, operation.span, operation.text, possible);
  if (!diagnostic.help) diagnostic.help = fmt::format("it makes: {}", join(possible, ", "));
}

std::optional<plan::Expectation> Checker::check_expect(const ast::Expect& expect) {
  plan::Expectation made;
  made.place = place(expect.span);
  if (expect.text) made.text = expression(*expect.text).expr;
  if (expect.kind == "nothing") made.kind = plan::Expectation::Kind::nothing;
  if (expect.kind == "nothing else") made.kind = plan::Expectation::Kind::nothing_else;
  if (expect.kind == "skipped") made.kind = plan::Expectation::Kind::skipped;
  if (expect.kind == "parked") made.kind = plan::Expectation::Kind::parked;
  if (!expect.node) return made;
  here(Here::Kind::expected, expect.node->span);
  if (expect.operation) here(Here::Kind::operation, expect.operation->span);
  const auto name = node_name(*expect.node, made.connection);
  const ActionSpec* spec = name ? catalog.action(*name) : nullptr;
  if (spec == nullptr) {
    unknown_node(*expect.node, false);
    return std::nullopt;
  }
  made.node = *name;
  mention_node(*expect.node, Mention::Kind::action, spec->name, spec->doc);
  if (expect.operation) operation_fits(*expect.operation, *spec);
  if (expect.operation) made.operation = expect.operation->text;
  if (expect.times) made.times = expression(*expect.times).expr;
  std::vector<const RecordType*> types;
  if (spec->takes && !spec->takes_anything) {
    types.push_back(spec->takes.get());
    if (spec->result.is(Kind::record)) types.push_back(spec->result.record.get());
  }
  if (!expect.record) return made;
  // `clear`: the field was emptied. What is left is like any record.
  ast::Record others = *expect.record;
  std::erase_if(others.fields, [&](const ast::RecordField& field) {
    const bool emptied = field.value && std::holds_alternative<ast::Clear>(field.value->node) &&
                         std::any_of(types.begin(), types.end(),
                                     [&](const RecordType* type) { return type->field(field.name.text) != nullptr; });
    if (emptied)
      made.fields.push_back({field.name.text, {plan::Clear{}, type_of(Kind::null), place(field.value->span)}});
    return emptied;
  });
  for (plan::Field& field : partial_fields(others, expect.node->text(), types)) made.fields.push_back(std::move(field));
  return made;
}

}  // namespace pipewright::dsl
