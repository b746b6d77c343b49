#include "dsl/format.hpp"

#include <algorithm>

#include "dsl/format_declarations.hpp"

namespace pipewright::dsl {
namespace {

constexpr std::size_t line_width = 100;
constexpr std::size_t aligned_keys = 80;  // a longer row of a table does not move the arrows of the others
constexpr int in_step = 5;                // `-> ` and two columns

class Writer : private DeclarationWriter {
 public:
  explicit Writer(const Source& source) : DeclarationWriter(source), source_(source) {}

  std::string text(const ast::File& file) {
    std::string out;
    const ast::Statement* before = nullptr;
    bool one_line = false;
    for (const ast::Statement& each : file.statements) {
      const bool commented = comments_wait();
      std::string head = layout::print(comments_above(), line_width);
      const std::string body = layout::print(layout::indent(2, statement(each)), line_width);
      const bool body_is_line = std::count(body.begin(), body.end(), '\n') == 1;
      const bool together = before != nullptr && before->node.index() == each.node.index() && !commented && one_line &&
                            body_is_line && stands_together(each);
      if (before != nullptr && !together) out += "\n";
      out += head + body;
      before = &each;
      one_line = body_is_line;
    }
    if (comments_wait()) out += (before != nullptr ? "\n" : "") + layout::print(comments_above(), line_width);
    return finished() ? out : source_.text();
  }

 private:
  static bool stands_together(const ast::Statement& statement) {
    return std::holds_alternative<ast::Import>(statement.node) || std::holds_alternative<ast::Let>(statement.node);
  }

  Layout statement(const ast::Statement& statement) {
    using namespace ast;
    return std::visit(overloaded{
                          [&](const Import& node) {
                            Layout out = word("import");
                            out += plain_text(node.path_span);
                            return out;
                          },
                          [&](const Let& node) { return let(node); },
                          [&](const Table& node) { return table(node); },
                          [&](const Pipeline& node) { return pipeline(node); },
                          [&](const Test& node) { return test(node); },
                          [&](const EnumDeclaration& node) { return enumeration(node); },
                          [&](const RecordDeclaration& node) {
                            Layout out = word("record");
                            out += take(node.name);
                            out += layout::text(" ");
                            out += declared_fields(node.fields);
                            return out;
                          },
                          [&](const SourceDeclaration& node) {
                            return node_declaration("source", node.name, node.noun, node.record, node.attributes);
                          },
                          [&](const ActionDeclaration& node) {
                            return node_declaration("action", node.name, node.noun, node.result, node.attributes);
                          },
                          [&](const MappingDeclaration& node) {
                            Layout out = word("mapping");
                            out += take(node.from);
                            out += layout::text(" ");
                            out += word("->");
                            out += take(node.to);
                            out += layout::text(" ");
                            out += record(node.fields.fields);
                            return out;
                          },
                      },
                      statement.node);
  }

  Layout let(const ast::Let& node) {
    Layout out = word("let");
    out += take(node.name);
    out += layout::text(" ");
    out += word("=");
    out += expression(node.value);
    return out;
  }

  // ---- tables ----

  struct Row {
    Layout keys;
    Layout value;
    bool open = false;
  };

  Layout table(const ast::Table& node) {
    Layout out = word("table");
    out += take(node.name);
    out += layout::text(" ");
    out += take("{");
    Layout inside;
    // A row's keys are known to be wide only when all are read: the rows are put together afterwards.
    std::vector<Layout> separators;
    std::vector<Row> rows;
    const bool commas = need_commas(node.rows, [](const ast::Table::Row& each) { return each.span.begin; });
    for (const ast::Table::Row& each : node.rows) {
      separators.push_back(separator(rows.empty(), !rows.empty() && rows.back().open, commas));
      rows.push_back(row(each));
      rows.back().open = open_ended(each.value);
    }
    std::size_t widest = 0;
    for (const Row& each : rows) {
      const std::size_t width = layout::flat_width(each.keys).value_or(0);
      if (width <= aligned_keys) widest = std::max(widest, width);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t width = layout::flat_width(rows[i].keys).value_or(widest);
      inside += std::move(separators[i]);
      Layout line = std::move(rows[i].keys);
      line += layout::gap(width < widest ? widest - width : 0);
      line += std::move(rows[i].value);
      inside += layout::indent(2, std::move(line));
    }
    if (node.otherwise) {
      inside += separator(rows.empty(), !rows.empty() && rows.back().open);
      inside += layout::indent(2, otherwise(*node.otherwise));
    }
    return enclosed(std::move(out), std::move(inside), "}", "", rows.empty() && !node.otherwise);
  }

  Row row(const ast::Table::Row& node) {
    Layout keys;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      if (i > 0) keys += take(",");
      if (i > 0) keys += layout::line();
      keys += expression(node.keys[i]);
    }
    Layout value = word("->");
    value += expression(node.value);
    return {layout::group_alone(std::move(keys)), std::move(value)};
  }

  Layout otherwise(const ast::Otherwise& node) {
    Layout out = word("else");
    switch (node.kind) {
      case ast::Otherwise::Kind::value:
        out += expression(*node.value);
        break;
      case ast::Otherwise::Kind::skip:
        out += take("skip");
        break;
      case ast::Otherwise::Kind::fail:
        out += take("fail");
        break;
      case ast::Otherwise::Kind::keep:
        out += take("keep");
        break;
    }
    return out;
  }

  // ---- pipelines ----

  Layout pipeline(const ast::Pipeline& node) {
    Layout out;
    if (node.name) {
      out += word("pipeline");
      out += take(*node.name);
      out += layout::hard();
    }
    Layout sources = word("on");
    const int column = node.name ? 3 : 1;
    for (std::size_t i = 0; i < node.sources.size(); ++i) {
      if (i > 0) sources += take(",");
      if (i > 0) sources += layout::indent(column, layout::line());
      sources += layout::indent(column + 2, source_use(node.sources[i]));
    }
    out += layout::group(std::move(sources));
    out += steps(node.steps);
    return out;
  }

  Layout source_use(const ast::SourceUse& node) {
    Layout out = take(node.path);
    if (node.text && at("\"")) {
      out += layout::text(" ");
      out += expression(*node.text);
    }
    while (true) {
      if (node.every && (at("every") || at_digit())) {
        out += layout::text(" ");
        if (at("every")) out += word("every");
        out += expression(*node.every);
      } else if (node.since && at("since")) {
        out += layout::text(" ");
        out += word("since");
        out += expression(*node.since);
      } else if (at("of")) {
        out += layout::text(" ");
        out += word("of");
        out += take("[");
        for (std::size_t i = 0; i < node.of.size(); ++i) {
          if (i > 0) out += word(",");
          out += take(node.of[i]);
        }
        out += take("]");
      } else if (node.options && at("{")) {
        out += layout::text(" ");
        out += layout::group(record(node.options->fields));
      } else {
        return out;
      }
    }
  }

  Layout steps(const ast::Steps& nodes) {
    Layout out;
    for (const ast::Step& each : nodes) {
      out += layout::hard();
      out += word("->");
      out += layout::indent(in_step, step(each));
    }
    return out;
  }

  Layout step(const ast::Step& step) {
    using namespace ast;
    return std::visit(overloaded{
                          [&](const Where& node) {
                            Layout out = word("where");
                            out += expression(node.condition);
                            return out;
                          },
                          [&](const Let& node) { return let(node); }, [&](const When& node) { return when(node); },
                          [&](const Each& node) {
                            Layout out = word("each");
                            out += take(node.name);
                            out += layout::text(" ");
                            out += word("in");
                            out += expression(node.list);
                            out += layout::text(" ");
                            out += chain(node.steps);
                            return out;
                          },
                          [&](const Action& node) { return layout::group(action(node)); },
                          [&](const BadStep&) { return take("->"); },  // not in a file that parses
                      },
                      step.node);
  }

  Layout chain(const ast::Steps& nodes) {
    Layout out = take("{");
    out += steps(nodes);
    return enclosed(std::move(out), {}, "}", "", false);
  }

  Layout when(const ast::When& node) {
    Layout out;
    for (std::size_t i = 0; i < node.branches.size(); ++i) {
      if (i > 0) out += other();
      out += word("when");
      out += expression(node.branches[i].condition);
      out += layout::text(" ");
      out += chain(node.branches[i].steps);
    }
    if (node.otherwise) {
      out += other();
      out += chain(*node.otherwise);
    }
    return out;
  }

  Layout other() {
    Layout out = layout::text(" ");
    out += layout::indent(-2, word("else"));
    return out;
  }

  // The braces are broken first, then those of `initially`, when both do not fit.
  Layout action(const ast::Action& node) {
    Layout out = take(node.path);
    const auto part = [&](Layout piece) {
      out += layout::text(" ");
      out += std::move(piece);
    };
    if (node.verb) part(take(*node.verb));
    if (node.text) part(expression(*node.text));
    if (!node.keys.empty()) {
      part(word("by"));
      for (std::size_t i = 0; i < node.keys.size(); ++i) {
        if (i > 0) out += word(",");
        out += take(node.keys[i]);
      }
    }
    if (node.only) part(take("only"));
    if (node.fields) part(record(node.fields->fields));
    if (node.initially) {
      part(word("initially"));
      Layout braces = record(node.initially->fields);
      out += node.fields && !node.fields->fields.empty() ? layout::group(std::move(braces)) : std::move(braces);
    }
    if (node.as) {
      part(word("as"));
      out += take(*node.as);
    }
    if (node.otherwise) {
      part(word("else"));
      out += take(*node.otherwise);
    }
    if (node.delivery) part(take(*node.delivery));
    return out;
  }

  const Source& source_;
};

}  // namespace

std::string format(const ast::File& file, const Source& source) { return Writer(source).text(file); }

}  // namespace pipewright::dsl
