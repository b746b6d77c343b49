#include "dsl/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/overloaded.hpp"
#include "base/text.hpp"

namespace pipewright::dsl {
namespace {

using plan::Expr;
using Kind = GraphNode::Kind;

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// The node under the name of its connection: `wb_moscow.fbs.new`.
std::string shown_node(const std::string& connection, const std::string& node) {
  const std::size_t dot = node.find('.');
  return dot == std::string::npos ? node : connection + node.substr(dot);
}

std::string duration_text(Duration span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  if (seconds % 86400 == 0) return fmt::format("{}d", seconds / 86400);
  if (seconds % 3600 == 0) return fmt::format("{}h", seconds / 3600);
  if (seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

std::string constant_text(const plan::Constant& constant) {
  return std::visit(overloaded{
                        [](std::monostate) { return std::string("null"); },
                        [](bool held) { return std::string(held ? "true" : "false"); },
                        [](const Decimal& held) { return held.text(); },
                        [](const std::string& held) { return "\"" + held + "\""; },
                        [](Duration held) { return duration_text(held); },
                        [](const Date& held) { return date_text(held); },
                        [](Instant held) { return utc_text(held); },
                    },
                    constant);
}

std::string expr_text(const Expr& expr) {
  if (const auto* literal = std::get_if<plan::Literal>(&expr.node)) return constant_text(literal->value);
  return expr.place.text;
}

void lookups_in(const Expr& expr, std::set<std::size_t>& into) {
  const auto all = [&](const auto& parts) {
    for (const Expr& each : parts) lookups_in(each, into);
  };
  std::visit(overloaded{
                 [](const plan::Literal&) {},
                 [](const plan::Load&) {},
                 [](const plan::Clear&) {},
                 [&](const plan::Member& node) { lookups_in(*node.record, into); },
                 [&](const plan::Element& node) {
                   lookups_in(*node.list, into);
                   lookups_in(*node.index, into);
                 },
                 [&](const plan::Lookup& node) {
                   into.insert(node.table);
                   lookups_in(*node.key, into);
                 },
                 [&](const plan::Negate& node) { lookups_in(*node.operand, into); },
                 [&](const plan::Not& node) { lookups_in(*node.operand, into); },
                 [&](const plan::Binary& node) {
                   lookups_in(*node.left, into);
                   lookups_in(*node.right, into);
                 },
                 [&](const plan::Conditional& node) {
                   lookups_in(*node.condition, into);
                   lookups_in(*node.then, into);
                   lookups_in(*node.otherwise, into);
                 },
                 [&](const plan::ListOf& node) { all(node.elements); },
                 [&](const plan::RecordOf& node) {
                   for (const auto& [name, each] : node.fields) lookups_in(each, into);
                 },
                 [&](const plan::Comprehension& node) {
                   lookups_in(*node.list, into);
                   if (node.condition) lookups_in(**node.condition, into);
                   lookups_in(*node.element, into);
                 },
                 [&](const plan::Call& node) { all(node.arguments); },
                 [&](const plan::TextOf& node) { all(node.parts); },
             },
             expr.node);
}

class Builder {
 public:
  explicit Builder(const plan::Plan& plan) : plan_(plan) {}

  Graph build(const std::string& only) {
    std::set<std::string> wanted;
    const std::function<void(const plan::Pipeline&)> want = [&](const plan::Pipeline& pipeline) {
      if (!wanted.insert(pipeline.name).second) return;
      for (const std::string& name : pipeline.upstream) {
        if (const plan::Pipeline* above = plan_.pipeline(name)) want(*above);
      }
    };
    for (const plan::Pipeline& each : plan_.pipelines) {
      if (only.empty() || each.name == only) want(each);
    }
    // Who listens stands below who speaks.
    std::set<std::string> placed;
    const std::function<void(const plan::Pipeline&)> place = [&](const plan::Pipeline& pipeline) {
      if (!wanted.contains(pipeline.name) || placed.contains(pipeline.name)) return;
      for (const std::string& name : pipeline.upstream) {
        if (!placed.contains(name) && wanted.contains(name)) return;
      }
      placed.insert(pipeline.name);
      add(pipeline);
      for (const plan::Pipeline& each : plan_.pipelines) {
        if (std::find(each.upstream.begin(), each.upstream.end(), pipeline.name) != each.upstream.end()) place(each);
      }
    };
    for (const plan::Pipeline& each : plan_.pipelines) place(each);
    for (const GraphPipeline& each : graph_.pipelines) {
      for (const std::string& name : each.upstream) {
        const auto ends = ends_.find(name);
        if (ends == ends_.end()) continue;
        for (const std::size_t end : ends->second)
          graph_.edges.push_back(
              {graph_.nodes[end].id, graph_.nodes[entry_.at(each.name)].id, "", GraphEdge::Kind::listens});
      }
    }
    return std::move(graph_);
  }

 private:
  std::size_t node(Kind kind, std::string title, std::vector<std::string> lines) {
    graph_.nodes.push_back({fmt::format("n{}", graph_.nodes.size() + 1), kind, std::move(title), std::move(lines)});
    return graph_.nodes.size() - 1;
  }

  void edge(std::size_t from, std::size_t to, const std::string& label = {},
            GraphEdge::Kind kind = GraphEdge::Kind::flow) {
    graph_.edges.push_back({graph_.nodes[from].id, graph_.nodes[to].id, label, kind});
  }

  void add(const plan::Pipeline& pipeline) {
    GraphPipeline made;
    made.name = pipeline.name;
    made.place = fmt::format("{}:{}", file_name(pipeline.place.file), pipeline.place.line);
    std::vector<std::size_t> open;
    for (const plan::Source& source : pipeline.sources) {
      std::vector<std::string> lines;
      if (source.text) lines.push_back("\"" + *source.text + "\"");
      if (source.every) lines.push_back("every " + duration_text(*source.every));
      if (!source.of.empty()) lines.push_back("of " + join(source.of, ", "));
      made.sources.push_back(node(Kind::source, shown_node(source.connection, source.node), std::move(lines)));
      open.push_back(made.sources.back());
    }
    if (!pipeline.upstream.empty()) {
      made.upstream = pipeline.upstream;
      const std::size_t from = node(Kind::upstream, "on " + join(pipeline.upstream, ", "), {});
      made.sources.push_back(from);
      entry_[pipeline.name] = from;
      open.push_back(from);
    }
    made.chain = chain(pipeline.steps, open, "");
    ends_[pipeline.name] = open;
    graph_.pipelines.push_back(std::move(made));
  }

  // `open` are the nodes that lead on: into the chain, then out of it.
  std::size_t chain(const plan::Steps& steps, std::vector<std::size_t>& open, std::string label) {
    const std::size_t index = graph_.chains.size();
    graph_.chains.emplace_back();
    for (const plan::Step& step : steps) {
      GraphChain::Link link;
      std::set<std::size_t> tables;
      link.node = step_node(step, tables);
      for (const std::size_t from : open) edge(from, link.node, label);
      label.clear();
      for (const std::size_t table : tables) {
        link.tables.push_back(table_node(table));
        edge(link.tables.back(), link.node, {}, GraphEdge::Kind::lookup);
      }
      open = {link.node};
      if (const auto* when = std::get_if<plan::When>(&step.node)) {
        std::vector<std::size_t> ends;
        const auto arm = [&](const std::string& name, const plan::Steps& inner) {
          std::vector<std::size_t> at = {link.node};
          link.arms.push_back({name, chain(inner, at, name)});
          ends.insert(ends.end(), at.begin(), at.end());
        };
        for (const plan::When::Branch& branch : when->branches) arm(branch.condition.place.text, branch.steps);
        if (when->otherwise.empty())
          ends.push_back(link.node);
        else
          arm("else", when->otherwise);
        open = std::move(ends);
      }
      if (const auto* each = std::get_if<plan::Each>(&step.node)) {
        std::vector<std::size_t> at = {link.node};
        link.arms.push_back({"each", chain(*each->steps, at, "each")});
        open = std::move(at);
      }
      graph_.chains[index].links.push_back(std::move(link));
    }
    return index;
  }

  std::size_t step_node(const plan::Step& step, std::set<std::size_t>& tables) {
    return std::visit(overloaded{
                          [&](const plan::Where& where) {
                            lookups_in(where.condition, tables);
                            return node(Kind::filter, "only where", {where.condition.place.text});
                          },
                          [&](const plan::Let& let) {
                            lookups_in(let.value, tables);
                            return node(Kind::value, step.place.text, {});
                          },
                          [&](const plan::When& when) {
                            for (const plan::When::Branch& branch : when.branches) lookups_in(branch.condition, tables);
                            return node(Kind::branch, "when", {});
                          },
                          [&](const plan::Each& each) {
                            lookups_in(each.list, tables);
                            return node(Kind::each, "for each of", {each.list.place.text});
                          },
                          [&](const plan::Action& action) { return action_node(action, tables); },
                      },
                      step.node);
  }

  std::size_t action_node(const plan::Action& action, std::set<std::size_t>& tables) {
    static const std::map<plan::Verb, const char*> words = {{plan::Verb::create, "create"},
                                                            {plan::Verb::find, "find"},
                                                            {plan::Verb::update, "update"},
                                                            {plan::Verb::upsert, "update or create"},
                                                            {plan::Verb::ensure, "create unless there"},
                                                            {plan::Verb::set, "set"},
                                                            {plan::Verb::send, ""},
                                                            {plan::Verb::append, ""}};
    const bool log = action.node.starts_with("log.");
    std::string title = shown_node(action.connection, action.node);
    if (const std::string verb = words.at(action.verb); !verb.empty()) title = verb + " " + title;
    std::vector<std::string> lines;
    if (action.text) lines.push_back(expr_text(*action.text));
    if (!action.keys.empty()) lines.push_back("by " + join(action.keys, ", "));
    std::vector<std::string> copied;
    std::vector<std::string> chosen;
    for (const plan::Field& field : action.written) {
      lookups_in(field.value, tables);
      const bool telling = std::holds_alternative<plan::Literal>(field.value.node) ||
                           std::holds_alternative<plan::Lookup>(field.value.node);
      if (telling)
        chosen.push_back(field.name + ": " + expr_text(field.value));
      else if (std::find(action.keys.begin(), action.keys.end(), field.name) == action.keys.end())
        copied.push_back(field.name);
    }
    if (!copied.empty()) lines.push_back(join(copied, ", "));
    lines.insert(lines.end(), chosen.begin(), chosen.end());
    std::vector<std::string> filled;
    for (const plan::Field& field : action.filling) {
      lookups_in(field.value, tables);
      filled.push_back(field.name);
    }
    if (!filled.empty()) lines.push_back("when new: " + join(filled, ", "));
    if (action.text) lookups_in(*action.text, tables);
    if (action.otherwise == plan::Action::Otherwise::skip) lines.emplace_back("not found: skip");
    if (action.otherwise == plan::Action::Otherwise::null) lines.emplace_back("not found: go on without");
    return node(log                               ? Kind::log
                : action.verb == plan::Verb::find ? Kind::find
                                                  : Kind::write,
                std::move(title), std::move(lines));
  }

  std::size_t table_node(std::size_t index) {
    if (const auto found = tables_.find(index); found != tables_.end()) return found->second;
    const plan::Table& table = plan_.tables[index];
    constexpr std::size_t shown = 12;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < table.rows.size() && i < shown; ++i) {
      std::vector<std::string> keys;
      for (const plan::Constant& key : table.rows[i].keys) keys.push_back(constant_text(key));
      lines.push_back(join(keys, ", ") + " → " + expr_text(table.rows[i].value));
    }
    if (table.rows.size() > shown) lines.push_back(fmt::format("… {} more", table.rows.size() - shown));
    using Otherwise = plan::Table::Otherwise;
    if (table.otherwise == Otherwise::skip) lines.emplace_back("else skip");
    if (table.otherwise == Otherwise::fail) lines.emplace_back("else fail");
    if (table.otherwise == Otherwise::keep) lines.emplace_back("else keep");
    if (table.otherwise == Otherwise::value && table.otherwise_value)
      lines.push_back("else " + expr_text(*table.otherwise_value));
    return tables_[index] = node(Kind::table, "table " + table.name, std::move(lines));
  }

  const plan::Plan& plan_;
  Graph graph_;
  std::map<std::size_t, std::size_t> tables_;
  std::map<std::string, std::vector<std::size_t>> ends_;
  std::map<std::string, std::size_t> entry_;
};

}  // namespace

Graph graph_of(const plan::Plan& plan, const std::string& only) { return Builder(plan).build(only); }

}  // namespace pipewright::dsl
