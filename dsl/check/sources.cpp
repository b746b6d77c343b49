// Nodes by their paths, the sources of a pipeline, and the stream that several sources make.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;

std::optional<std::string> Checker::node_name(const ast::Path& path, std::string& connection) {
  connection = path.parts.front().text;
  std::string family = connection;
  if (const auto configured = input.connections.find(connection); configured != input.connections.end()) {
    family = configured->second;
  } else {
    const auto families = catalog.families();
    if (std::find(families.begin(), families.end(), family) == families.end()) return std::nullopt;
  }
  std::string name = family;
  for (std::size_t i = 1; i < path.parts.size(); ++i) name += "." + path.parts[i].text;
  return name;
}

// A node of one word: a pipeline's name, a step, or nothing.
void Checker::unknown_word(const ast::Path& path, bool wanted_source) {
  const std::string& word = path.parts.front().text;
  if (is_lost(word)) return;
  std::vector<std::string> names;
  for (const auto& [pipeline_name, info] : pipelines) names.push_back(pipeline_name);
  if (wanted_source) {
    Diagnostic& diagnostic = report(codes::unknown_node, path.span, fmt::format("there is no pipeline `{}`", word));
    suggest(diagnostic, path.span, word, names);
    if (const auto elsewhere = pipelines.find(word); elsewhere != pipelines.end())
      suggest_import(diagnostic, elsewhere->second.file);
  } else {
    std::vector<std::string> words = catalog.node_names();
    for (const char* step : {"where", "let", "when", "each"}) words.emplace_back(step);
    Diagnostic& diagnostic = report(codes::unknown_node, path.span, fmt::format("`{}` is no step and no node", word));
    suggest(diagnostic, path.span, word, words);
    if (!diagnostic.help) diagnostic.help = "a step is `where`, `let`, `when`, `each` or a node such as `crm.order`";
  }
}

// A path under a known connection that leads nowhere.
void Checker::misspelt_node(const ast::Path& path, const std::string& name, const std::string& connection,
                            bool wanted_source) {
  std::vector<std::string> names;
  for (const auto& [each, spec] : catalog.source_nodes) {
    if (wanted_source) names.push_back(each);
  }
  for (const auto& [each, spec] : catalog.action_nodes) {
    if (!wanted_source) names.push_back(each);
  }
  Diagnostic& diagnostic = report(codes::unknown_node, path.span,
                                  fmt::format("there is no {} `{}`", wanted_source ? "source" : "action", path.text()));
  const std::size_t last = name.rfind('.');
  const std::string parent = name.substr(0, last);
  std::vector<std::string> siblings;
  for (const std::string& each : names) {
    if (each.starts_with(parent + ".") && each.find('.', parent.size() + 1) == std::string::npos)
      siblings.push_back("`" + connection + each.substr(each.find('.')) + "`");
  }
  if (!wanted_source && plan::verb_named(path.parts.back().text) && catalog.action(parent) != nullptr) {
    const std::uint32_t verb = path.parts.back().span.begin;
    diagnostic.message = fmt::format("the verb `{}` stands behind its node, not in its path", path.parts.back().text);
    diagnostic.help = fmt::format("write `{} {}`", source().text({path.span.begin, verb - 1}), path.parts.back().text);
    diagnostic.edit = Edit{{verb - 1, verb}, " "};
  } else if (const auto near = closest(name, names)) {
    const std::string shown = connection + near->substr(near->find('.'));
    diagnostic.help = fmt::format("did you mean `{}`?", shown);
    diagnostic.edit = Edit{path.span, shown};
  } else if (!siblings.empty()) {
    diagnostic.help = fmt::format("there {} {}", siblings.size() == 1 ? "is" : "are", join(siblings, ", "));
  } else {
    diagnostic.help = "`pipewright nodes` lists all there are";
  }
}

void Checker::unknown_node(const ast::Path& path, bool wanted_source) {
  // What goes on behind it did not parse: it is not known which node was meant.
  if (std::any_of(out.diagnostics.begin(), out.diagnostics.end(), [&](const Diagnostic& each) {
        return each.source == file && each.code == &codes::syntax && each.span.begin <= path.span.end + 1 &&
               each.span.end >= path.span.begin;
      }))
    return;
  std::string connection;
  const auto name = node_name(path, connection);
  const Span first = path.parts.front().span;
  if (path.parts.size() == 1) return unknown_word(path, wanted_source);
  if (!name) {
    std::vector<std::string> names = catalog.families();
    for (const auto& [configured, family] : input.connections) names.push_back(configured);
    Diagnostic& diagnostic =
        report(codes::unknown_connection, first, fmt::format("there is no connection `{}`", connection));
    suggest(diagnostic, first, connection, names);
    if (!diagnostic.help)
      diagnostic.help =
          fmt::format("add [connections.{}] to pipewright.toml; there are: {}", connection, join(names, ", "));
    return;
  }
  const bool source_there = catalog.source(*name) != nullptr;
  const bool action_there = catalog.action(*name) != nullptr;
  if (wanted_source && action_there) {
    report(codes::not_a_source, path.span, fmt::format("`{}` is an action, not a source", path.text())).help =
        "it stands in a chain, after `->`";
    return;
  }
  if (!wanted_source && source_there) {
    report(codes::not_a_source, path.span, fmt::format("`{}` is a source, not an action", path.text())).help =
        fmt::format("it begins a pipeline: `on {}`", path.text());
    return;
  }
  misspelt_node(path, *name, connection, wanted_source);
}

const SourceSpec* Checker::source_spec(const ast::Path& path, std::string* connection) {
  std::string word;
  const auto name = node_name(path, word);
  if (connection != nullptr) *connection = word;
  const SourceSpec* spec = name ? catalog.source(*name) : nullptr;
  if (spec == nullptr) unknown_node(path, true);
  return spec;
}

// ---- the stream ----

namespace {

// Every source's record has two more fields than declared: the account it came from, and what came.
Type with_origin(const Type& record) {
  if (!record.is(Kind::record)) return record;
  auto more = std::make_shared<RecordType>(*record.record);
  if (more->field("connection") == nullptr) {
    more->fields.push_back(
        {.name = "connection", .type = type_of(Kind::text), .doc = "the connection it came from", .derived = true});
  }
  if (more->field("raw") == nullptr) {
    more->fields.push_back(
        {.name = "raw", .type = type_of(Kind::json), .doc = "what came, in the API's own words", .derived = true});
  }
  Type result = record_of(more);
  result.nullable = record.nullable;
  return result;
}

bool same_type(const Type& a, const Type& b) { return type_text(a.plain()) == type_text(b.plain()); }

// What one of them has the other may have too.
std::shared_ptr<const EnumType> either(const std::shared_ptr<const EnumType>& a,
                                       const std::shared_ptr<const EnumType>& b) {
  if (a == b || !a || !b) return a == b ? a : nullptr;
  auto both = std::make_shared<EnumType>(*a);
  for (const std::string& word : b->words) {
    if (std::find(both->words.begin(), both->words.end(), word) == both->words.end()) both->words.push_back(word);
  }
  return both;
}

}  // namespace

Type Checker::merged(const std::vector<Type>& records) {
  if (records.size() == 1 || !records.front().is(Kind::record)) return records.front();
  auto both = std::make_shared<RecordType>();
  both->name = records.front().record->name;
  for (const Type& record : records) {
    if (record.record->name != both->name) both->name = "the records of this stream";
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (const FieldType& field : records[i].record->fields) {
      if (both->field(field.name) != nullptr) continue;
      const auto conflicting = [&](const auto& conflict) { return conflict.first == field.name; };
      if (std::any_of(both->conflicts.begin(), both->conflicts.end(), conflicting)) continue;
      FieldType result = field;
      bool conflict = false;
      for (const Type& other : records) {
        const FieldType* same = other.record->field(field.name);
        if (same == nullptr) {
          result.type = result.type.or_null();
        } else if (!same_type(same->type, field.type)) {
          if (!conflict)
            both->conflicts.emplace_back(field.name,
                                         fmt::format("{} and {}", type_text(field.type), type_text(same->type)));
          conflict = true;
        } else if (same->type.nullable) {
          result.type = result.type.or_null();
        }
        result.unfilled = result.unfilled && (same == nullptr || same->unfilled);
        result.values = same == nullptr ? result.values : either(result.values, same->values);
      }
      if (!conflict) both->fields.push_back(std::move(result));
    }
  }
  return record_of(both);
}

bool Checker::stream_of(PipelineInfo& info, std::vector<std::string>& path) {
  if (info.state == PipelineInfo::State::done) return true;
  path.push_back(info.name);
  if (info.state == PipelineInfo::State::under_way) {
    const auto begin = std::find(path.begin(), path.end(), info.name);
    const std::string circle = join({begin, path.end()}, " → ");
    const SourceId before = file;
    file = info.file;
    report(codes::pipeline_cycle, info.span, fmt::format("these pipelines feed each other in a circle: {}", circle))
        .help = "break it: one of them needs a source of its own";
    file = before;
    path.pop_back();
    info.state = PipelineInfo::State::done;
    return false;
  }
  info.state = PipelineInfo::State::under_way;
  std::vector<Type> records;
  bool good = true;
  const SourceId before = file;
  for (const ast::SourceUse& use : info.tree->sources) {
    file = info.file;
    here(Here::Kind::source, use.path.span);
    std::string noun;
    if (use.path.parts.size() == 1) {
      const auto upstream = pipelines.find(use.path.parts[0].text);
      if (upstream == pipelines.end() || !visible[file].contains(upstream->second.file)) {
        unknown_node(use.path, true);
        good = false;
        continue;
      }
      mention_pipeline(use.path.parts.front());
      if (!stream_of(upstream->second, path)) {
        good = false;
        continue;
      }
      if (!upstream->second.record.is(Kind::record) && upstream->second.noun.empty()) {
        good = false;
        continue;
      }
      for (const Type& each : upstream->second.record_types) records.push_back(each);
      noun = upstream->second.noun;
      info.has_before = info.has_before || upstream->second.has_before;
    } else {
      const SourceSpec* spec = source_spec(use.path, nullptr);
      if (spec == nullptr) {
        good = false;
        continue;
      }
      mention_node(use.path, Mention::Kind::source, spec->name, spec->doc);
      records.push_back(with_origin(spec->record));
      noun = spec->noun;
      info.has_before = info.has_before || spec->before;
    }
    if (info.noun.empty()) info.noun = noun;
    if (info.noun != noun) {
      file = info.file;
      report(codes::different_sources, use.span,
             fmt::format("this source gives `{}`, the first one gives `{}`", noun, info.noun))
          .help = "make a pipeline for each";
      good = false;
    }
  }
  file = before;
  path.pop_back();
  info.state = PipelineInfo::State::done;
  if (records.empty()) return false;
  for (const Type& each : records) {
    const auto known = [&](const Type& other) { return type_text(other) == type_text(each); };
    if (std::none_of(info.record_types.begin(), info.record_types.end(), known)) info.record_types.push_back(each);
  }
  info.record = merged(info.record_types);
  return good;
}

// Records without dates can only be left out as a whole.
void Checker::check_since(const ast::SourceUse& use, const SourceSpec& spec) {
  const auto* duration = std::get_if<ast::DurationLiteral>(&use.since->node);
  if (spec.since == SourceSpec::Since::none) {
    report(codes::misplaced_part, use.since->span,
           fmt::format("`{}` starts when the pipeline does: `since` has no meaning", spec.name))
        .help = "leave `since` out";
  } else if (spec.since == SourceSpec::Since::now && (duration == nullptr || duration->value.count() != 0)) {
    report(codes::misplaced_part, use.since->span, fmt::format("the records of `{}` have no dates", spec.name)).help =
        "write `since now` for what comes from now on, or leave it out to begin with the first one";
  }
}

std::optional<plan::Source> Checker::source_use(const ast::SourceUse& use, const SourceSpec& spec,
                                                const std::string& connection) {
  plan::Source made{.connection = connection,
                    .node = spec.name,
                    .noun = spec.noun,
                    .record = spec.record,
                    .has_before = spec.before,
                    .place = place(use.path.span)};
  made.every = spec.every;
  if (use.text) {
    if (spec.text == TextPart::none) {
      report(codes::misplaced_part, use.text->span, fmt::format("`{}` takes no text", spec.name));
    } else {
      Typed text = expression(*use.text);
      const auto* literal = std::get_if<plan::Literal>(&text.expr.node);
      if (literal != nullptr && std::holds_alternative<std::string>(literal->value))
        made.text = std::get<std::string>(literal->value);
      else if (!text.type.is(Kind::unknown))
        report(codes::wrong_type, use.text->span, "the text of a source has no holes");
    }
  } else if (spec.text == TextPart::required) {
    report(codes::missing_text, use.path.span, fmt::format("`{}` needs a text after it", spec.name)).help =
        fmt::format("write `{} \"…\"`", use.path.text());
  }
  if (use.every) {
    if (!spec.every)
      report(codes::misplaced_part, use.every->span,
             fmt::format("`{}` is not polled: `every` has no meaning", spec.name));
    const auto* duration = std::get_if<ast::DurationLiteral>(&use.every->node);
    if (duration != nullptr && duration->value < std::chrono::seconds(1)) {
      report(codes::bad_literal, use.every->span, "a source is polled once a second at most").help =
          "write `every 1s` or more";
    }
    if (duration != nullptr) made.every = duration->value;
  }
  if (use.since) {
    check_since(use, spec);
    if (const auto* duration = std::get_if<ast::DurationLiteral>(&use.since->node)) made.since = duration->value;
    if (const auto* date = std::get_if<ast::DateLiteral>(&use.since->node))
      made.since_time = start_of(date->value, input.time_zone);
    if (const auto* time = std::get_if<ast::TimeLiteral>(&use.since->node))
      made.since_time = parse_time(time->text, input.time_zone);
  }
  if (!use.of.empty() && !spec.of)
    report(codes::misplaced_part, use.of.front().span, fmt::format("`{}` takes no `of`", spec.name));
  for (const ast::Name& field : use.of) {
    made.of.push_back(field.text);
    if (Here* place = here(Here::Kind::of_field, field.span)) place->owners = {spec.record};
    if (spec.record.is(Kind::record)) {
      if (const FieldType* known = spec.record.record->field(field.text))
        mention_field(field, *spec.record.record, *known);
    }
    if (!spec.of || !spec.record.is(Kind::record) || spec.record.record->field(field.text) != nullptr) continue;
    std::vector<std::string> names;
    for (const FieldType& each : spec.record.record->fields) names.push_back(each.name);
    suggest(report(codes::unknown_field, field.span, fmt::format("`{}` gives no field `{}`", spec.name, field.text)),
            field.span, field.text, names);
  }
  if (use.options) {
    for (const ast::RecordField& option : use.options->fields) {
      if (Here* place = here(Here::Kind::option, option.name.span)) {
        place->node = spec.name;
        place->given = names_of(use.options->fields);
      }
      const auto known = std::find_if(spec.options.begin(), spec.options.end(),
                                      [&](const FieldType& each) { return each.name == option.name.text; });
      if (known == spec.options.end()) {
        std::vector<std::string> names;
        for (const FieldType& each : spec.options) names.push_back(each.name);
        suggest(report(codes::unknown_option, option.name.span,
                       fmt::format("`{}` has no option `{}`", spec.name, option.name.text)),
                option.name.span, option.name.text, names);
        continue;
      }
      if (!option.value) {
        report(codes::missing_separator, option.name.span,
               fmt::format("the option `{}` has no value", option.name.text));
        continue;
      }
      mention({.kind = Mention::Kind::option,
               .span = option.name.span,
               .name = option.name.text,
               .owner = spec.name,
               .type = known->type,
               .doc = known->doc});
      Typed value = expression(*option.value, &known->type);
      if (!require(value, known->type, option.value->span, fmt::format("`{}`", option.name.text))) continue;
      if (const auto* literal = std::get_if<plan::Literal>(&value.expr.node))
        made.options.emplace_back(option.name.text, literal->value);
      else if (!value.type.is(Kind::unknown))
        report(codes::wrong_type, option.value->span, "an option of a source is a literal");
    }
  }
  return made;
}

}  // namespace pipewright::dsl
