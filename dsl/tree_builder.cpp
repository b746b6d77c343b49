#include "dsl/tree_builder.hpp"

#include "dsl/tree_expressions.hpp"

namespace pipewright::dsl {
namespace {

class Builder : private ExpressionReader {
 public:
  using ExpressionReader::ExpressionReader;

  ast::File file(const std::vector<FlatNode>& nodes) {
    ast::File result;
    for (const FlatNode& node : nodes) {
      if (node.kind == Kind::comment) result.comments.push_back(node.span);
    }
    // A comment that was read on a way that led nowhere is read again.
    const auto by_place = [](const Span& a, const Span& b) { return a.begin < b.begin; };
    const auto same = [](const Span& a, const Span& b) { return a.begin == b.begin; };
    std::sort(result.comments.begin(), result.comments.end(), by_place);
    result.comments.erase(std::unique(result.comments.begin(), result.comments.end(), same), result.comments.end());
    for (const Node& node : nested(nodes, 0, nodes.size())) {
      if (node.kind() != Kind::bad_statement) result.statements.push_back(statement(node));
    }
    return result;
  }

 private:
  // ---- chains ----

  ast::Steps steps(const std::vector<Node>& nodes, std::size_t from = 0) {
    ast::Steps result;
    for (std::size_t i = from; i < nodes.size(); ++i) {
      if (auto made_step = step(nodes[i])) result.push_back(std::move(*made_step));
    }
    return result;
  }

  std::optional<ast::Step> step(const Node& node) {
    const std::vector<Node>& children = node.children;
    switch (node.kind()) {
      case Kind::bad_step:
        return ast::Step{ast::BadStep{}, node.span()};
      case Kind::where:
        return ast::Step{ast::Where{expression(children[0])}, node.span()};
      case Kind::let_step:
        return ast::Step{ast::Let{name(children[0]), expression(children[1])}, node.span()};
      case Kind::each:
        return ast::Step{ast::Each{name(children[0]), expression(children[1]), steps(children, 2)}, node.span()};
      case Kind::when: {
        ast::When when;
        for (const Node& branch : children) {
          if (branch.kind() == Kind::branch)
            when.branches.push_back({expression(branch.children[0]), steps(branch.children, 1)});
          if (branch.kind() == Kind::else_branch) when.otherwise = steps(branch.children);
        }
        return ast::Step{std::move(when), node.span()};
      }
      case Kind::action:
        return ast::Step{action(node), node.span()};
      default:
        return std::nullopt;
    }
  }

  ast::Action action(const Node& node) {
    ast::Action action;
    for (const Node& part : node.children) {
      switch (part.kind()) {
        case Kind::path:
          action.path = path(part);
          break;
        case Kind::verb:
          action.verb = name(part.children.front());
          break;
        case Kind::action_text:
          action.text = expression(part.children.front());
          break;
        case Kind::keys:
          action.keys = names(part);
          break;
        case Kind::only:
          action.only = part.span();
          break;
        case Kind::fields:
          action.fields = record(part);
          break;
        case Kind::initially:
          action.initially = record(part.children.front());
          break;
        case Kind::as:
          action.as = name(part.children.front());
          break;
        case Kind::otherwise:
          action.otherwise = name(part.children.front());
          break;
        case Kind::delivery:
          action.delivery = name(part);
          break;
        default:
          break;
      }
    }
    return action;
  }

  // ---- statements ----

  void once(bool first, Span span, const std::string& what) {
    if (first) return;
    diagnostics_.push_back({.code = &codes::duplicate_field,
                            .source = id_,
                            .span = span,
                            .message = "`" + what + "` is given twice",
                            .help = "leave one of them out"});
  }

  ast::SourceUse source_use(const Node& node) {
    ast::SourceUse use;
    use.span = node.span();
    for (const Node& part : node.children) {
      switch (part.kind()) {
        case Kind::path:
          use.path = path(part);
          break;
        case Kind::action_text:
          use.text = expression(part.children.front());
          break;
        case Kind::of:
          once(use.of.empty(), part.span(), "of");
          use.of = names(part);
          break;
        case Kind::every:
          once(!use.every, part.span(), "every");
          use.every = expression(part.children.front());
          break;
        case Kind::since:
          once(!use.since, part.span(), "since");
          use.since = part.children.front().kind() == Kind::since_now
                          ? ast::Expr{ast::DurationLiteral{Duration(0)}, part.children.front().span()}
                          : expression(part.children.front());
          break;
        case Kind::options:
          once(!use.options, part.span(), "the options");
          use.options = record(part);
          break;
        default:
          break;
      }
    }
    return use;
  }

  ast::Pipeline pipeline(const Node& node) {
    ast::Pipeline pipeline;
    pipeline.head = {node.span().begin, node.span().begin};
    for (const Node& part : node.children) {
      if (part.kind() == Kind::name) {
        pipeline.name = name(part);
        pipeline.head.end = part.span().end;
      } else if (part.kind() == Kind::source_use) {
        pipeline.sources.push_back(source_use(part));
        if (!pipeline.name && pipeline.head.empty()) pipeline.head.end = part.span().end;
      } else if (auto made_step = step(part)) {
        pipeline.steps.push_back(std::move(*made_step));
      }
    }
    return pipeline;
  }

  ast::Table table(const Node& node) {
    ast::Table table;
    table.name = path(node.children.front());
    for (const Node& part : node.children) {
      table.broken = table.broken || part.kind() == Kind::bad_entry;
      const bool row_or_else = part.kind() == Kind::row || part.kind() == Kind::otherwise_row;
      if (row_or_else && table.otherwise) {
        diagnostics_.push_back({.code = &codes::syntax,
                                .source = id_,
                                .span = part.span(),
                                .message = "`else` is the last row of a table",
                                .help = "put this row before it"});
        continue;
      }
      if (part.kind() == Kind::row) {
        ast::Table::Row row{{}, expression(part.children.back()), part.span()};
        for (std::size_t i = 0; i + 1 < part.children.size(); ++i) row.keys.push_back(expression(part.children[i]));
        table.rows.push_back(std::move(row));
      } else if (part.kind() == Kind::otherwise_row) {
        table.otherwise = otherwise(part);
      }
    }
    return table;
  }

  ast::Otherwise otherwise(const Node& node) {
    const Node& what = node.children.front();
    if (what.kind() != Kind::otherwise_word) return {ast::Otherwise::Kind::value, expression(what), node.span()};
    const std::string word = text(what.span());
    const auto kind = word == "skip"   ? ast::Otherwise::Kind::skip
                      : word == "fail" ? ast::Otherwise::Kind::fail
                                       : ast::Otherwise::Kind::keep;
    return {kind, std::nullopt, node.span()};
  }

  static std::string plain_text(const ast::Expr& expr) {
    const auto* literal = std::get_if<ast::TextLiteral>(&expr.node);
    std::string result;
    if (literal == nullptr) return result;
    for (const auto& part : literal->parts) {
      if (const auto* run = std::get_if<std::string>(&part)) result += *run;
    }
    return result;
  }

  ast::Given given(const Node& node) {
    ast::Given given;
    given.span = node.span();
    for (const Node& part : node.children) {
      switch (part.kind()) {
        case Kind::path:
          given.subject = path(part);
          break;
        case Kind::fields:
          given.record = record(part);
          break;
        case Kind::given_now:
          given.now = expression(part.children.front());
          break;
        case Kind::fault_loses:
          given.fault = ast::Fault{"loses", std::nullopt, std::nullopt};
          break;
        case Kind::fault_refuses:
          given.fault = ast::Fault{"refuses", expression(part.children.front()), std::nullopt};
          break;
        case Kind::fault_answers: {
          ast::Fault fault{"answers", expression(part.children.front()), std::nullopt};
          if (const Node* count = part.child(Kind::times)) fault.times = times(*count);
          given.fault = std::move(fault);
          break;
        }
        default:
          break;
      }
    }
    return given;
  }

  ast::Expr times(const Node& node) {
    if (!node.children.empty()) return expression(node.children.front());
    return made(ast::Number{Decimal(source_.text(node.span()).starts_with("twice") ? 2 : 1)}, node.span());
  }

  ast::Expect expect(const Node& node) {
    ast::Expect expect;
    expect.span = node.span();
    expect.kind = "write";
    for (const Node& part : node.children) {
      switch (part.kind()) {
        case Kind::path:
          expect.node = path(part);
          break;
        case Kind::verb:
          expect.operation = name(part.children.front());
          break;
        case Kind::times:
          expect.times = times(part);
          break;
        case Kind::fields:
          expect.record = record(part);
          break;
        case Kind::expect_nothing:
          expect.kind = "nothing";
          break;
        case Kind::expect_nothing_else:
          expect.kind = "nothing else";
          break;
        case Kind::expect_skipped:
        case Kind::expect_parked:
          expect.kind = part.kind() == Kind::expect_skipped ? "skipped" : "parked";
          if (!part.children.empty()) expect.text = expression(part.children.front());
          break;
        default:
          break;
      }
    }
    return expect;
  }

  ast::Test test(const Node& node) {
    ast::Test test;
    const ast::Expr title = expression(node.children[0]);
    test.name = plain_text(title);
    test.name_span = title.span;
    test.of = name(node.children[1]);
    for (const Node& item : node.children) {
      if (item.kind() == Kind::given) test.items.emplace_back(given(item));
      if (item.kind() == Kind::expect) test.items.emplace_back(expect(item));
      if (item.kind() == Kind::for_each) test.items.emplace_back(for_each(item));
    }
    return test;
  }

  ast::ForEach for_each(const Node& node) {
    ast::ForEach loop{name(node.children[0]), expression(node.children[1]), {}, node.span()};
    for (const Node& item : node.children) {
      if (item.kind() == Kind::given) loop.items.emplace_back(given(item));
      if (item.kind() == Kind::expect) loop.items.emplace_back(expect(item));
    }
    return loop;
  }

  // ---- declarations ----

  ast::TypeName type(const Node& node) {
    ast::TypeName result;
    result.span = node.span();
    for (const Node& part : node.children) {
      if (part.kind() == Kind::path) result.path = path(part);
      if (part.kind() == Kind::type_null) result.nullable = true;
      if (part.kind() == Kind::type_list || part.kind() == Kind::type_map) {
        result.element = Box<ast::TypeName>(type(part.children.front()));
        result.map = part.kind() == Kind::type_map;
      }
    }
    return result;
  }

  ast::DeclaredField declared_field(const Node& node) {
    ast::DeclaredField field;
    field.span = node.span();
    for (const Node& part : node.children) {
      switch (part.kind()) {
        case Kind::field_name:
          field.name = name(part);
          break;
        case Kind::type:
          field.type = type(part);
          break;
        case Kind::from:
          once(field.from_span.empty(), part.span(), "from");
          field.from = plain_text(expression(part.children.front()));
          field.from_span = part.children.front().span();
          break;
        case Kind::example:
          once(!field.example, part.span(), "example");
          field.example = expression(part.children.front());
          break;
        case Kind::values_of:
          once(!field.values, part.span(), "of");
          field.values = path(part.children.front());
          break;
        case Kind::flag:
          field.flags.push_back(name(part.children.front()));
          break;
        default:
          break;
      }
    }
    field.doc = doc_behind(node.span().end);
    if (field.doc.empty()) field.doc = doc_above(node.span().begin);
    return field;
  }

  ast::Attribute attribute(const Node& node) {
    ast::Attribute attribute;
    attribute.span = node.span();
    attribute.word = name(node.children.front());
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      const Node& part = node.children[i];
      if (part.kind() == Kind::attribute_words) {
        for (const Node& word : part.children) attribute.names.push_back(name(word));
      } else if (part.kind() == Kind::attribute_path) {
        once(!attribute.path, part.span(), "a path");
        attribute.path = path(part.children.front());
      } else if (part.kind() == Kind::attribute_value) {
        once(!attribute.value, part.span(), "a value");
        attribute.value = expression(part.children.front());
      } else if (part.kind() == Kind::attribute_fields) {
        once(attribute.fields.empty(), part.span(), "a list of fields");
        for (const Node& field : part.children) attribute.fields.push_back(declared_field(field));
      }
    }
    return attribute;
  }

  template <class Declaration>
  Declaration node_declaration(const Node& node) {
    Declaration declaration;
    declaration.name = path(node.children[0]);
    declaration.noun = name(node.children[1]);
    for (const Node& part : node.children) {
      if (part.kind() == Kind::type) {
        if constexpr (std::is_same_v<Declaration, ast::SourceDeclaration>) {
          declaration.record = type(part);
        } else {
          declaration.result = type(part);
        }
      }
      if (part.kind() == Kind::attribute) declaration.attributes.push_back(attribute(part));
    }
    declaration.doc = doc_above(node.span().begin);
    return declaration;
  }

  ast::EnumDeclaration enumeration(const Node& node) {
    ast::EnumDeclaration result;
    for (const Node& part : node.children) {
      if (part.kind() == Kind::open_) result.open = true;
      if (part.kind() == Kind::path) result.name = path(part);
      if (part.kind() == Kind::field_name || part.kind() == Kind::quoted_name) result.words.push_back(name(part));
    }
    result.doc = doc_above(node.span().begin);
    return result;
  }

  ast::RecordDeclaration record_declaration(const Node& node) {
    ast::RecordDeclaration result;
    for (const Node& part : node.children) {
      if (part.kind() == Kind::path) result.name = path(part);
      if (part.kind() == Kind::declared_field) result.fields.push_back(declared_field(part));
    }
    result.doc = doc_above(node.span().begin);
    return result;
  }

  ast::Statement statement(const Node& node) {
    ast::Statement result{ast::Import{}, node.span(), doc_above(node.span().begin)};
    switch (node.kind()) {
      case Kind::import_: {
        const ast::Expr written = expression(node.children.front());
        result.node = ast::Import{plain_text(written), written.span};
        break;
      }
      case Kind::let:
        result.node = ast::Let{name(node.children[0]), expression(node.children[1])};
        break;
      case Kind::table:
        result.node = table(node);
        break;
      case Kind::pipeline:
        result.node = pipeline(node);
        break;
      case Kind::test:
        result.node = test(node);
        break;
      case Kind::enum_:
        result.node = enumeration(node);
        break;
      case Kind::record_declaration:
        result.node = record_declaration(node);
        break;
      case Kind::source_declaration:
        result.node = node_declaration<ast::SourceDeclaration>(node);
        break;
      case Kind::action_declaration:
        result.node = node_declaration<ast::ActionDeclaration>(node);
        break;
      case Kind::mapping:
        result.node = ast::MappingDeclaration{path(node.children[0]), path(node.children[1]), record(node.children[2])};
        break;
      default:
        assert(false);
    }
    return result;
  }
};

}  // namespace

ast::File build_tree(const Source& source, SourceId id, const std::vector<FlatNode>& nodes, Diagnostics& diagnostics) {
  return Builder(source, id, diagnostics).file(nodes);
}

}  // namespace pipewright::dsl
