// Pipelines: what their sources bind, and the chain.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;

void Checker::check_pipeline(PipelineInfo& info) {
  file = info.file;
  plan::Pipeline made;
  made.name = info.name;
  made.place = place(info.span);
  made.record = info.record;
  made.noun = info.noun;
  frames.clear();
  frames.emplace_back();
  not_null.clear();
  facts = {};
  results.clear();
  record_types = info.record_types;
  slots = 2;
  repeats = 1;
  pipeline = &made;
  const auto twice = [this](const ast::SourceUse& use, const std::string& name) {
    report(codes::duplicate_name, use.path.span, fmt::format("`{}` is a source of this pipeline already", name)).help =
        "leave one of them out";
  };
  for (const ast::SourceUse& use : info.tree->sources) {
    if (use.path.parts.size() == 1) {
      const std::string& name = use.path.parts[0].text;
      if (std::find(made.upstream.begin(), made.upstream.end(), name) != made.upstream.end()) twice(use, name);
      made.upstream.push_back(name);
      if (use.every || use.since || use.text || use.options || !use.of.empty()) {
        report(codes::misplaced_part, use.span,
               fmt::format("`{}` is a pipeline: what stands after a source has no meaning here", name))
            .help = fmt::format("write it after the sources of `{}`", name);
      }
      continue;
    }
    std::string connection;
    const auto name = node_name(use.path, connection);
    const SourceSpec* spec = name ? catalog.source(*name) : nullptr;
    if (spec == nullptr) continue;
    auto source = source_use(use, *spec, connection);
    if (!source) continue;
    const auto same = [&](const plan::Source& other) {
      return other.node == source->node && other.connection == connection && other.text == source->text &&
             other.of == source->of;
    };
    if (std::any_of(made.sources.begin(), made.sources.end(), same)) twice(use, use.path.text());
    made.sources.push_back(std::move(*source));
  }
  // An option after the last source holds for all that have none of their own.
  if (const ast::SourceUse& last = info.tree->sources.back(); info.tree->sources.size() > 1 && !made.sources.empty()) {
    std::size_t at = 0;
    for (const ast::SourceUse& use : info.tree->sources) {
      if (use.path.parts.size() == 1 || at >= made.sources.size()) continue;
      plan::Source& source = made.sources[at++];
      if (last.every && !use.every && source.every) source.every = made.sources.back().every;
      if (last.since && !use.since) {
        source.since = made.sources.back().since;
        source.since_time = made.sources.back().since_time;
      }
    }
  }
  const bool known = info.record.is(Kind::record) || info.record.is(Kind::json);
  frames.back()[info.noun.empty() ? "order" : info.noun] = {.type = known ? info.record : type_of(Kind::unknown),
                                                            .slot = 0,
                                                            .source = file,
                                                            .span = info.tree->sources.front().path.span,
                                                            .named = true};
  if (info.has_before || !known)
    frames.back()["before"] = {.type = known ? info.record.or_null() : type_of(Kind::unknown),
                               .slot = 1,
                               .source = file,
                               .span = info.tree->sources.front().path.span,
                               .named = true};
  if (!free_of(info.noun, info.tree->sources.front())) frames.back()[info.noun].type = type_of(Kind::unknown);
  if (info.has_before) free_of("before", info.tree->sources.front());
  made.steps = steps(info.tree->steps);
  made.slots = slots;
  pipeline = nullptr;
  out.plan.pipelines.push_back(std::move(made));
}

// Nothing shadows: a `let` or a table that a source's name would hide is told once.
bool Checker::free_of(const std::string& name, const ast::SourceUse& giver) {
  const SourceId here = file;
  bool free = true;
  const auto tell = [&](SourceId where, Span span) {
    free = false;
    file = where;
    Diagnostic& diagnostic = report(codes::duplicate_name, span, fmt::format("`{}` is what a source gives", name));
    diagnostic.labels.push_back({here, giver.path.span, "this one"});
    diagnostic.help = "take another name: nothing shadows here";
    file = here;
  };
  if (const auto let = lets.find(name); let != lets.end() && visible[here].contains(let->second.first))
    tell(let->second.first, let->second.second.span);
  if (const TableInfo* table = table_named(name); table != nullptr && !table->standard) tell(table->file, table->span);
  return free;
}

// ---- the chain ----

plan::Steps Checker::scoped(const ast::Steps& tree, const std::set<std::string>& narrowed) {
  const std::set<std::string> before = not_null;
  const Facts facts_before = facts;
  const std::size_t results_before = results.size();
  not_null.insert(narrowed.begin(), narrowed.end());
  frames.emplace_back();
  plan::Steps made = steps(tree);
  frames.pop_back();
  results.resize(results_before);
  facts = facts_before;
  not_null = before;
  return made;
}

plan::Steps Checker::steps(const ast::Steps& tree) {
  plan::Steps made;
  bool reachable = true;
  bool told = false;
  for (const ast::Step& each : tree) {
    if (!reachable && !told) {
      report(codes::unreachable_step, each.span, "no record can reach this step").help =
          "fix the condition above it, or take the step out";
      told = true;
    }
    const bool before = reachable;
    if (auto step_made = step(each, reachable)) made.push_back(std::move(*step_made));
    if (before && !reachable && &each == &tree.back()) {
      report(codes::unreachable_step, each.span, "nothing passes this filter").help =
          "fix the condition, or take it out";
    }
  }
  return made;
}

plan::Where Checker::where(const ast::Where& node, bool& reachable) {
  plan::Where made;
  const std::size_t told = out.diagnostics.size();
  condition(node.condition, made.condition);
  narrowings(node.condition, true, not_null);
  if (out.diagnostics.size() > told) return made;  // one mistake, one message
  const Truth truth = facts.judge(made.condition);
  if (truth == Truth::never) reachable = false;
  if (truth == Truth::always) {
    report(codes::idle_filter, node.condition.span, "this filter drops nothing").help =
        "take it out, or say what it should drop";
  }
  facts.assume(made.condition, true);
  return made;
}

plan::When Checker::when(const ast::When& node) {
  plan::When made;
  const std::set<std::string> not_null_before = not_null;
  const Facts facts_before = facts;
  bool taken = false;  // a branch above is always taken
  const auto dead_end = [&](const ast::Steps& dead) {
    if (dead.empty()) return;
    report(codes::unreachable_step, dead.front().span, "no record can reach this step").help =
        "fix the conditions above it, or take the step out";
  };
  for (const ast::When::Branch& branch : node.branches) {
    plan::When::Branch one;
    const std::size_t told = out.diagnostics.size();
    condition(branch.condition, one.condition);
    const bool wrong = out.diagnostics.size() > told;
    std::set<std::string> narrowed;
    narrowings(branch.condition, true, narrowed);
    const Truth truth = wrong ? Truth::depends : facts.judge(one.condition);
    if (truth == Truth::never || taken) dead_end(branch.steps);
    taken = taken || truth == Truth::always;
    const Facts outside = facts;
    if (!wrong) facts.assume(one.condition, true);
    one.steps = scoped(branch.steps, narrowed);
    facts = outside;
    if (!wrong) facts.assume(one.condition, false);
    made.branches.push_back(std::move(one));
    narrowings(branch.condition, false, not_null);
  }
  if (node.otherwise && taken) dead_end(*node.otherwise);
  if (node.otherwise) made.otherwise = scoped(*node.otherwise, {});
  facts = facts_before;
  not_null = not_null_before;
  return made;
}

std::optional<plan::Step> Checker::step(const ast::Step& tree, bool& reachable) {
  const auto made = [&](decltype(plan::Step::node) node) { return plan::Step{std::move(node), place(tree.span)}; };
  return std::visit(
      overloaded{
          [&](const ast::BadStep&) -> std::optional<plan::Step> { return std::nullopt; },
          [&](const ast::Where& node) -> std::optional<plan::Step> { return made(where(node, reachable)); },
          [&](const ast::Let& node) -> std::optional<plan::Step> {
            Typed value = expression(node.value);
            const int slot = slots++;
            bind(node.name, {.type = value.type, .slot = slot, .named = true});
            return made(plan::Let{slot, std::move(value.expr)});
          },
          [&](const ast::When& node) -> std::optional<plan::Step> { return made(when(node)); },
          [&](const ast::Each& node) -> std::optional<plan::Step> {
            Typed list = expression(node.list);
            Type element;
            if (list.type.is(Kind::list))
              element = *list.type.element;
            else if (list.type.is(Kind::json))
              element = type_of(Kind::json);
            else if (!list.type.is(Kind::unknown))
              report(codes::wrong_type, node.list.span,
                     fmt::format("`each` goes through a list, this is {}", type_text(list.type)));
            if (list.type.is(Kind::list) && list.type.nullable) {
              report(codes::maybe_null, node.list.span, fmt::format("`{}` may be null", source().text(node.list.span)))
                  .help = fmt::format("write `{} ?? []`", source().text(node.list.span));
            }
            const int slot = slots++;
            frames.emplace_back();
            bind(node.name, {.type = element, .slot = slot, .named = true});
            const auto* literal = std::get_if<plan::ListOf>(&list.expr.node);
            const std::size_t items = literal == nullptr ? 1 : literal->elements.size();
            const std::size_t outside = std::exchange(repeats, std::min<std::size_t>(repeats * items, 1'000'000'000));
            plan::Steps inner = scoped(node.steps, {});
            repeats = outside;
            frames.pop_back();
            return made(plan::Each{slot, std::move(list.expr), Box<plan::Steps>(std::move(inner))});
          },
          [&](const ast::Action& node) -> std::optional<plan::Step> {
            auto action_made = action(node, tree.span);
            if (!action_made) return std::nullopt;
            if (repeats > plan::most_effects) {
              report(codes::too_many_effects, node.path.span,
                     fmt::format("this action is reached {} times for one event, and {} at most are made", repeats,
                                 plan::most_effects))
                  .help = "use fewer elements, or spread them over several pipelines; as it is every event parks";
            }
            return made(std::move(*action_made));
          },
      },
      tree.node);
}

}  // namespace pipewright::dsl
