#include "dsl/format.hpp"

#include <algorithm>

#include "dsl/format_expressions.hpp"

namespace pipewright::dsl {
namespace {

constexpr std::size_t line_width = 100;
constexpr std::size_t aligned_keys = 80;  // a longer row of a table does not move the arrows of the others
constexpr int in_step = 5;                // `-> ` and two columns

class Writer : private ExpressionWriter {
 public:
  explicit Writer(const Source& source) : ExpressionWriter(source), source_(source) {}

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

  // Between rows, items of a test, declared fields: always a line end.
  Layout separator(bool first, bool before_is_open, bool commas = false) {
    return first ? layout::hard() : between(before_is_open, commas);
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

  // ---- tests ----

  Layout test(const ast::Test& node) {
    Layout out = word("test");
    out += plain_text(node.name_span);
    out += layout::text(" ");
    out += word("of");
    out += take(node.of);
    out += layout::text(" ");
    out += items(node.items);
    return out;
  }

  template <class Items>
  Layout items(const Items& nodes) {
    Layout out = take("{");
    Layout inside;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      inside += separator(i == 0, false);
      inside += layout::indent(2, std::visit([&](const auto& node) { return item(node); }, nodes[i]));
    }
    return enclosed(std::move(out), std::move(inside), "}", "", nodes.empty());
  }

  Layout item(const ast::Given& node) {
    Layout out = word("given");
    if (node.now) {
      out += word("now");
      out += expression(*node.now);
      return out;
    }
    out += take(node.subject);
    out += layout::text(" ");
    if (node.record) out += layout::group(record(node.record->fields));
    if (!node.fault) return out;
    if (node.fault->kind == "loses") {
      out += word("loses");
      out += word("its");
      out += take("answer");
      return out;
    }
    out += word(node.fault->kind);
    if (node.fault->argument) out += expression(*node.fault->argument);
    if (node.fault->times) {
      out += layout::text(" ");
      out += times(*node.fault->times);
    }
    return out;
  }

  Layout item(const ast::Expect& node) {
    Layout out = word("expect");
    if (node.kind == "skipped" || node.kind == "parked") {
      out += take(node.kind);
      if (!node.text) return out;
      out += layout::text(" ");
      out += word(node.kind == "skipped" ? "at" : "with");
      out += expression(*node.text);
      return out;
    }
    if (node.kind != "write") {
      out += take("nothing");
      if (node.kind == "nothing") return out;
      out += layout::text(" ");
      out += take("else");
      return out;
    }
    if (node.node) out += take(*node.node);
    const auto part = [&](Layout piece) {
      out += layout::text(" ");
      out += std::move(piece);
    };
    if (node.operation) part(take(*node.operation));
    if (node.times) part(times(*node.times));
    if (node.record) part(layout::group(record(node.record->fields)));
    return out;
  }

  Layout item(const ast::ForEach& node) {
    Layout out = word("for");
    out += word("each");
    out += take(node.name);
    out += layout::text(" ");
    out += word("in");
    out += expression(node.cases);
    out += layout::text(" ");
    out += items(node.items);
    return out;
  }

  Layout times(const ast::Expr& count) {
    if (!at_digit()) return take(at("once") ? "once" : "twice");
    Layout out = expression(count);
    out += layout::text(" ");
    out += take("times");
    return out;
  }

  // ---- declarations ----

  Layout enumeration(const ast::EnumDeclaration& node) {
    Layout out;
    if (node.open) out += word("open");
    out += word("enum");
    out += take(node.name);
    out += layout::text(" ");
    out += take("{");
    Layout inside;
    for (std::size_t i = 0; i < node.words.size(); ++i) {
      inside += i == 0 ? layout::line() : between();
      inside += take(node.words[i]);
    }
    return layout::group(enclosed(std::move(out), std::move(inside), "}", " ", node.words.empty()));
  }

  Layout type(const ast::TypeName& node) {
    Layout out;
    if (node.path) {
      out += take(*node.path);
    } else if (node.map) {
      out += word("map");
      out += word("of");
      out += type(**node.element);
    } else if (node.element) {
      out += take("[");
      out += type(**node.element);
      out += take("]");
    }
    if (node.nullable) out += take("?");
    return out;
  }

  Layout declared_fields(const std::vector<ast::DeclaredField>& fields) {
    Layout out = take("{");
    Layout inside;
    const std::size_t widest = widest_of(fields, [](const auto&) { return true; });
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool open = i > 0 && fields[i - 1].example && open_ended(*fields[i - 1].example);
      inside += separator(i == 0, open);
      inside += layout::indent(2, declared_field(fields[i], widest));
    }
    return enclosed(std::move(out), std::move(inside), "}", "", fields.empty());
  }

  Layout declared_field(const ast::DeclaredField& node, std::size_t widest) {
    Layout out = take(node.name);
    out += take(":");
    out += value_gap(node.name, widest);
    out += type(node.type);
    // What follows may stand in any order.
    std::size_t flag = 0;
    while (!stopped_at(node.span.end)) {
      out += layout::text(" ");
      if (at("example") && node.example) {
        out += word("example");
        out += expression(*node.example);
      } else if (at("from") && !node.from_span.empty()) {
        out += word("from");
        out += plain_text(node.from_span);
      } else if (flag < node.flags.size()) {
        out += take(node.flags[flag++]);
      } else {
        break;
      }
    }
    return out;
  }

  [[nodiscard]] bool stopped_at(std::uint32_t end) const { return cursor() >= end; }

  Layout node_declaration(std::string_view what, const ast::Path& name, const ast::Name& noun,
                          const ast::TypeName& given, const std::vector<ast::Attribute>& attributes) {
    Layout out = word(what);
    out += take(name);
    out += layout::text(" ");
    out += word("gives");
    out += take(noun);
    out += word(":");
    out += type(given);
    for (const ast::Attribute& each : attributes) {
      out += layout::hard();
      out += layout::indent(2, attribute(each));
    }
    return out;
  }

  Layout attribute(const ast::Attribute& node) {
    Layout out = take(node.word);
    out += take(":");
    std::size_t name = 0;
    while (!stopped_at(node.span.end)) {
      if (name < node.names.size() && cursor() == node.names[name].span.begin) {
        out += layout::text(" ");
        out += take(node.names[name++]);
      } else if (at(",")) {
        out += take(",");
      } else if (node.path && cursor() == node.path->span.begin) {
        out += layout::text(" ");
        out += take(*node.path);
      } else if (node.value && cursor() == node.value->span.begin) {
        out += layout::text(" ");
        out += expression(*node.value);
      } else if (at("{")) {
        out += layout::text(" ");
        out += declared_fields(node.fields);
      } else {
        return out;  // written twice, which the tree does not keep: the file stays as it is
      }
    }
    return out;
  }

  const Source& source_;
};

}  // namespace

std::string format(const ast::File& file, const Source& source) { return Writer(source).text(file); }

}  // namespace pipewright::dsl
