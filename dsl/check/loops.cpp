// Feedback: a pipeline's write makes an event of a pipeline whose write makes one of the first again. A cycle through
// two connections is reported in any case; one within a connection when its sources show the pipelines' own writes.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {
namespace {

using plan::Verb;

constexpr std::size_t longest_cycle = 4;     // pipelines
constexpr std::size_t most_steps = 100'000;  // of the search, in a program that is one tangle

/// A write, as sources may see it.
struct Write {
  const plan::Action* action = nullptr;
  const ActionSpec* spec = nullptr;
  const plan::Place* place = nullptr;
};

/// The write of one pipeline makes an event of another one, or of itself.
struct Wake {
  std::size_t from = 0, to = 0;
  const Write* write = nullptr;
  const plan::Source* source = nullptr;
  std::string field;     ///< what was written, where only that is seen
  bool endless = false;  ///< nothing stops it: the source shows own writes, and what is written follows the event
};

struct Cycle {
  std::vector<const Wake*> path;
  std::set<std::size_t> members;
  bool endless = false;
};

void writes_of(const plan::Steps& steps, const Catalog& catalog, std::vector<Write>& into) {
  for (const plan::Step& step : steps) {
    std::visit(overloaded{
                   [&](const plan::Action& action) {
                     const ActionSpec* spec = catalog.action(action.node);
                     if (spec != nullptr && action.verb != Verb::find) into.push_back({&action, spec, &step.place});
                   },
                   [&](const plan::When& when) {
                     for (const auto& branch : when.branches) writes_of(branch.steps, catalog, into);
                     writes_of(when.otherwise, catalog, into);
                   },
                   [&](const plan::Each& each) { writes_of(*each.steps, catalog, into); },
                   [](const auto&) {},
               },
               step.node);
  }
}

// The sources that begin a pipeline, also through the pipelines that it listens to.
std::vector<const plan::Source*> sources_of(const plan::Plan& all, const plan::Pipeline& pipeline) {
  std::vector<const plan::Source*> found;
  std::vector<const plan::Pipeline*> open = {&pipeline};
  std::set<std::string> seen;
  while (!open.empty()) {
    const plan::Pipeline* next = open.back();
    open.pop_back();
    if (!seen.insert(next->name).second) continue;
    for (const plan::Source& source : next->sources) found.push_back(&source);
    for (const std::string& upstream : next->upstream) {
      if (const plan::Pipeline* giver = all.pipeline(upstream)) open.push_back(giver);
    }
  }
  return found;
}

bool is_constant(const plan::Expr& expr) {
  if (const auto* text = std::get_if<plan::TextOf>(&expr.node))
    return std::all_of(text->parts.begin(), text->parts.end(), is_constant);
  return std::holds_alternative<plan::Literal>(expr.node) || std::holds_alternative<plan::Clear>(expr.node);
}

bool is_key(const plan::Action& action, const std::string& field) {
  return std::find(action.keys.begin(), action.keys.end(), field) != action.keys.end();
}

// Nothing where it is not known before running.
std::optional<std::string> literal_text(const std::optional<plan::Expr>& expr) {
  const plan::Literal* literal = expr ? std::get_if<plan::Literal>(&expr->node) : nullptr;
  const std::string* text = literal == nullptr ? nullptr : std::get_if<std::string>(&literal->value);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

bool creates(Verb verb) { return verb == Verb::create || verb == Verb::upsert || verb == Verb::ensure; }
bool changes(Verb verb) { return verb == Verb::update || verb == Verb::upsert || verb == Verb::set; }

bool shows_own(const plan::Source& source, const SourceSpec& spec) {
  const bool can_hide =
      std::any_of(spec.options.begin(), spec.options.end(), [](const FieldType& each) { return each.name == "own"; });
  const bool asked = std::any_of(source.options.begin(), source.options.end(), [](const auto& option) {
    const bool* on = std::get_if<bool>(&option.second);
    return option.first == "own" && on != nullptr && *on;
  });
  return !can_hide || asked;
}

// Whether the source makes an event of this write, and of which field; fills in what it finds.
bool sees(const plan::Source& source, const SourceSpec& spec, Wake& wake) {
  const plan::Action& action = *wake.write->action;
  const auto& feeds = wake.write->spec->feeds;
  if (source.connection != action.connection || std::find(feeds.begin(), feeds.end(), source.node) == feeds.end())
    return false;
  wake.endless = shows_own(source, spec);
  if (action.verb == Verb::append || action.verb == Verb::send) return literal_text(action.text) == source.text;
  if (spec.sees == "created") return creates(action.verb);
  if (!changes(action.verb)) return false;
  bool follows = false;
  bool any = false;
  for (const plan::Field& field : action.written) {
    const bool wanted = spec.sees.empty() ? source.of.empty() || std::find(source.of.begin(), source.of.end(),
                                                                           field.name) != source.of.end()
                                          : field.name == spec.sees;
    if (!wanted || is_key(action, field.name)) continue;
    any = true;
    if (!spec.sees.empty() || !source.of.empty()) wake.field = field.name;
    follows = follows || !is_constant(field.value);
  }
  wake.endless = wake.endless && follows;
  return any;
}

std::string path_text(const std::string& connection, const std::string& node) {
  return connection + node.substr(std::min(node.find('.'), node.size()));
}

}  // namespace

/// Finds the cycles, each once.
class Checker::Loops {
 public:
  explicit Loops(Checker& checker) : checker_(checker), all_(checker.out.plan.pipelines) {
    writes_.resize(all_.size());
    wakes_.resize(all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) writes_of(all_[i].steps, checker.catalog, writes_[i]);
    for (std::size_t to = 0; to < all_.size(); ++to) {
      for (const plan::Source* source : sources_of(checker.out.plan, all_[to])) {
        const SourceSpec* spec = checker.catalog.source(source->node);
        for (std::size_t from = 0; spec != nullptr && from < all_.size(); ++from) add(from, to, *source, *spec);
      }
    }
  }

  void report_all() {
    for (std::size_t i = 0; i < all_.size(); ++i) follow(i, i);
    // A larger cycle around a reported one adds nothing.
    std::stable_sort(cycles_.begin(), cycles_.end(),
                     [](const Cycle& a, const Cycle& b) { return a.path.size() < b.path.size(); });
    for (const Cycle& cycle : cycles_) {
      const bool known = std::any_of(reported_.begin(), reported_.end(), [&](const std::set<std::size_t>& reported) {
        return std::includes(cycle.members.begin(), cycle.members.end(), reported.begin(), reported.end());
      });
      if (known) continue;
      reported_.push_back(cycle.members);
      report(cycle);
    }
  }

 private:
  void add(std::size_t from, std::size_t to, const plan::Source& source, const SourceSpec& spec) {
    for (const Write& write : writes_[from]) {
      Wake wake{from, to, &write, &source, {}, false};
      if (sees(source, spec, wake)) wakes_[from].push_back(std::move(wake));
    }
  }

  // Every cycle is found from the first of its pipelines.
  void follow(std::size_t first, std::size_t at) {
    if (++steps_ > most_steps) return;
    for (const Wake& wake : wakes_[at]) {
      path_.push_back(&wake);
      if (wake.to == first)
        found();
      else if (wake.to > first && path_.size() < longest_cycle && !passed(wake.to))
        follow(first, wake.to);
      path_.pop_back();
    }
  }

  [[nodiscard]] bool passed(std::size_t pipeline) const {
    return std::any_of(path_.begin(), path_.end(), [&](const Wake* wake) { return wake->from == pipeline; });
  }

  void found() {
    Cycle cycle{path_, {}, true};
    std::set<std::string> connections;
    for (const Wake* wake : path_) {
      connections.insert(wake->source->connection);
      cycle.members.insert(wake->from);
      cycle.endless = cycle.endless && wake->endless;
      const PipelineInfo& info = checker_.pipelines[all_[wake->from].name];
      if (wake != path_.front() && checker_.allowed(codes::feedback_loop, info.file, info.span)) return;
    }
    if (connections.size() > 1 || cycle.endless) cycles_.push_back(std::move(cycle));
  }

  void report(const Cycle& cycle) {
    const bool endless = cycle.endless;
    const Wake& last = *cycle.path.back();
    const PipelineInfo& info = checker_.pipelines[all_[last.to].name];
    checker_.file = info.file;
    Span where = info.span;
    for (const ast::SourceUse& use : info.tree->sources) where = use.path.span.begin > 0 ? use.path.span : where;
    std::string drawn = path_text(last.source->connection, last.source->node);
    std::vector<std::string> names;
    for (const Wake* wake : cycle.path) {
      drawn += " → " + path_text(wake->write->action->connection, wake->write->action->node);
      names.push_back("`" + all_[wake->from].name + "`");
    }
    const std::string who =
        names.size() == 1 ? names.front() + " feeds itself"
                          : join({names.begin(), names.end() - 1}, ", ") + " and " + names.back() + " feed each other";
    Diagnostic& diagnostic = checker_.report(codes::feedback_loop, where, fmt::format("{}: {}", who, drawn));
    const plan::Place& place = *last.write->place;
    diagnostic.note = fmt::format("starts again when {} ({}:{}) writes{}", names.back(),
                                  std::filesystem::path(place.file).filename().string(), place.line,
                                  last.field.empty() ? "" : " `" + last.field + "`");
    diagnostic.remarks.emplace_back(endless
                                        ? "nothing stops it: each write makes the next event"
                                        : "what stops it: each side ignores its own writes; two accounts in between "
                                          "would not");
    const bool file = last.source->text.has_value();
    const std::string otherwise = !endless ? ""
                                  : file   ? "append to another file; "
                                           : "leave `{ own: true }` out, or write no field that the source sees; ";
    diagnostic.help = fmt::format("{}when it is meant so, say why above {}: `# allow P0412: …`", otherwise,
                                  names.size() == 1 ? "the pipeline" : "one of the pipelines");
  }

  Checker& checker_;
  const std::vector<plan::Pipeline>& all_;
  std::vector<std::vector<Write>> writes_;
  std::vector<std::vector<Wake>> wakes_;
  std::vector<const Wake*> path_;
  std::vector<Cycle> cycles_;
  std::vector<std::set<std::size_t>> reported_;
  std::size_t steps_ = 0;
};

void Checker::loops() { Loops(*this).report_all(); }

}  // namespace pipewright::dsl
