// The expressions of the tree, out of the grammar's flat nodes; the statements around them are tree_builder.cpp's.
// Private to the parser.
#pragma once

#include <algorithm>
#include <cassert>

#include "base/text.hpp"
#include "dsl/codes.hpp"
#include "dsl/tree_builder.hpp"

namespace pipewright::dsl {

using grammar::Kind;

/// A flat node with its children again.
struct Node {
  const FlatNode* flat;
  std::vector<Node> children;
  [[nodiscard]] Kind kind() const { return flat->kind; }
  [[nodiscard]] Span span() const { return flat->span; }
  [[nodiscard]] const Node* child(Kind wanted) const {
    for (const Node& each : children) {
      if (each.kind() == wanted) return &each;
    }
    return nullptr;
  }
};

class ExpressionReader {
 public:
  ExpressionReader(const Source& source, SourceId id, Diagnostics& diagnostics)
      : source_(source), id_(id), diagnostics_(diagnostics) {}

 protected:
  static std::vector<Node> nested(const std::vector<FlatNode>& nodes, std::size_t first, std::size_t last) {
    std::vector<Node> result;
    while (last > first) {
      const FlatNode& node = nodes[last - 1];
      if (node.kind != Kind::comment) result.push_back({&node, nested(nodes, node.first, last - 1)});
      last = node.first;
    }
    std::reverse(result.begin(), result.end());
    return result;
  }

  std::string text(Span span) const { return std::string(source_.text(span)); }

  ast::Name name(const Node& node) const {
    Span span = node.span();
    if (node.kind() == Kind::quoted_name) return {text({span.begin + 1, span.end - 1}), span};
    return {text(span), span};
  }

  ast::Path path(const Node& node) const {
    ast::Path result;
    result.span = node.span();
    for (const Node& part : node.children) result.parts.push_back(name(part));
    return result;
  }

  // ---- documentation: the comment behind, else the comment lines above ----
  // Blank lines mean nothing; an empty comment (`#` alone) ends what belongs together.

  static std::string comment_text(std::string_view line) {
    const std::size_t from = line.find_first_not_of("# \t");
    if (from == std::string_view::npos) return {};
    std::string text(line.substr(from));
    std::replace_if(text.begin(), text.end(), [](char c) { return c == '\t' || c == '\r'; }, ' ');
    return trimmed(text);
  }

  std::string doc_behind(std::uint32_t end) const {
    const std::string_view all = source_.text();
    std::size_t at = std::min(all.find_first_not_of(" \t", end), all.size());
    if (const std::size_t next = all.find_first_not_of(" \t\r\n", at); next < all.size() && all[next] == ',')
      at = std::min(all.find_first_not_of(" \t", next + 1), all.size());
    if (at >= all.size() || all[at] != '#') return {};
    return comment_text(all.substr(at, all.find('\n', at) - at));
  }

  std::string doc_above(std::uint32_t begin) const {
    const std::string_view all = source_.text();
    if (!trimmed(all.substr(0, begin).substr(begin == 0 ? 0 : all.rfind('\n', begin - 1) + 1)).empty()) return {};
    std::size_t line = source_.position(begin).line;
    std::vector<std::string> lines;
    while (line > 1) {
      const std::string above = trimmed(source_.line(--line));
      if (above.empty()) continue;
      if (!above.starts_with('#') || above == "#") break;
      lines.insert(lines.begin(), comment_text(above));
    }
    return join(lines, " ");
  }

  // ---- expressions ----

  ast::Expr made(decltype(ast::Expr::node) node, Span span) const { return {std::move(node), span}; }

  void bad_literal(Span span, std::string message, std::optional<std::string> help = std::nullopt) {
    diagnostics_.push_back({.code = &codes::bad_literal,
                            .source = id_,
                            .span = span,
                            .message = std::move(message),
                            .help = std::move(help)});
  }

  static plan::Operator operator_of(std::string_view text) {
    using plan::Operator;
    static const std::vector<std::pair<std::string_view, Operator>> operators = {
        {"+", Operator::add},      {"-", Operator::subtract},       {"*", Operator::multiply},
        {"/", Operator::divide},   {"%", Operator::remainder},      {"==", Operator::equal},
        {"!=", Operator::unequal}, {"<=", Operator::less_or_equal}, {">=", Operator::greater_or_equal},
        {"<", Operator::less},     {">", Operator::greater},        {"in", Operator::in},
        {"and", Operator::and_},   {"or", Operator::or_},           {"??", Operator::otherwise}};
    for (const auto& [word, op] : operators) {
      if (word == text) return op;
    }
    return Operator::not_in;
  }

  ast::Expr text_literal(const Node& node) {
    if (const std::size_t end = source_.text(node.span()).find('\n'); end != std::string_view::npos) {
      const Span line{node.span().begin, node.span().begin + static_cast<std::uint32_t>(end)};
      diagnostics_.push_back({.code = &codes::unfinished_text,
                              .source = id_,
                              .span = line,
                              .message = "this text does not end on its line",
                              .help = "give what stands in its hole a name with `let`"});
      return made(ast::Bad{}, node.span());
    }
    ast::TextLiteral literal;
    std::string run;
    const auto flush = [&] {
      if (!run.empty()) literal.parts.emplace_back(std::move(run));
      run.clear();
    };
    for (const Node& part : node.children) {
      if (part.kind() == Kind::characters) {
        run += text(part.span());
      } else if (part.kind() == Kind::escape) {
        const char c = source_.text(part.span())[1];
        run.push_back(c == 'n' ? '\n' : c == 't' ? '\t' : c);
      } else {
        flush();
        literal.parts.emplace_back(
            Box<ast::Expr>(part.children.empty() ? made(ast::Bad{}, part.span()) : expression(part.children.front())));
      }
    }
    flush();
    return made(std::move(literal), node.span());
  }

  ast::Expr number(const Node& node) {
    const auto value = Decimal::parse(source_.text(node.span()));
    if (value) return made(ast::Number{*value}, node.span());
    bad_literal(node.span(), "a number has 38 digits at most");
    return made(ast::Bad{}, node.span());
  }

  ast::Expr date(const Node& node) {
    const auto value = parse_date(source_.text(node.span()));
    if (value) return made(ast::DateLiteral{*value}, node.span());
    bad_literal(node.span(), "`" + text(node.span()) + "` is no day of the calendar");
    return made(ast::Bad{}, node.span());
  }

  ast::Expr time(const Node& node) {
    if (parse_time(source_.text(node.span()))) return made(ast::TimeLiteral{text(node.span())}, node.span());
    bad_literal(node.span(), "`" + text(node.span()) + "` is no time");
    return made(ast::Bad{}, node.span());
  }

  ast::Expr duration(const Node& node) {
    const auto value = parse_duration(source_.text(node.span()));
    if (value) return made(ast::DurationLiteral{*value}, node.span());
    bad_literal(node.span(), "`" + text(node.span()) + "` is too long a duration");
    return made(ast::Bad{}, node.span());
  }

  ast::Expr postfix(ast::Expr left, const Node& node) {
    const Span span{left.span.begin, node.span().end};
    if (node.kind() == Kind::member) return made(ast::Member{std::move(left), name(node.children.front())}, span);
    return made(ast::Element{std::move(left), expression(node.children.front())}, span);
  }

  // `reference member element …` lie side by side in their parent: the operands of a level are gathered first.
  std::vector<ast::Expr> operands_and_ops(const std::vector<Node>& nodes, std::vector<Span>& ops) {
    std::vector<ast::Expr> operands;
    for (const Node& node : nodes) {
      if (node.kind() == Kind::op) {
        ops.push_back(node.span());
      } else if ((node.kind() == Kind::member || node.kind() == Kind::element) && !operands.empty()) {
        ast::Expr left = std::move(operands.back());
        operands.back() = postfix(std::move(left), node);
      } else {
        operands.push_back(expression(node));
      }
    }
    return operands;
  }

  // Operators in a row nest too, each in the next one: what lies on one path is limited.
  bool too_long(const std::vector<Node>& nodes, Span span) {
    constexpr std::size_t most = 256;
    const auto nests = [](const Node& node) {
      return node.kind() == Kind::op || node.kind() == Kind::member || node.kind() == Kind::element;
    };
    in_a_row_ += static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), nests));
    if (in_a_row_ <= most) return false;
    diagnostics_.push_back({.code = &codes::too_deep,
                            .source = id_,
                            .span = {span.begin, span.begin + 1},
                            .message = "more than 256 operators in a row",
                            .help = "give parts of it names with `let`"});
    return true;
  }

  ast::Expr level(const Node& node) {
    const std::size_t before = in_a_row_;
    ast::Expr made_level = too_long(node.children, node.span()) ? made(ast::Bad{}, node.span()) : level_within(node);
    in_a_row_ = before;
    return made_level;
  }

  ast::Expr level_within(const Node& node) {
    std::vector<Span> ops;
    std::vector<ast::Expr> operands = operands_and_ops(node.children, ops);
    assert(operands.size() == ops.size() + 1);
    ast::Expr left = std::move(operands.front());
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const Span span{left.span.begin, operands[i + 1].span.end};
      left = made(ast::Binary{operator_of(source_.text(ops[i])), ops[i], std::move(left), std::move(operands[i + 1])},
                  span);
    }
    return left;
  }

  ast::Expr list(const Node& node) {
    std::vector<Node> plain = node.children;
    const Node* comprehension = node.child(Kind::comprehension);
    if (comprehension == nullptr) {
      ast::ListLiteral literal;
      for (const Node& element : plain) literal.elements.push_back(expression(element));
      return made(std::move(literal), node.span());
    }
    const std::vector<Node>& parts = comprehension->children;  // name, list, where?
    ast::Comprehension result{expression(node.children.front()), name(parts[0]), expression(parts[1]), std::nullopt};
    if (parts.size() > 2) result.condition = Box<ast::Expr>(expression(parts[2]));
    return made(std::move(result), node.span());
  }

  ast::Expr expression(const Node& node) {
    switch (node.kind()) {
      case Kind::number:
        return number(node);
      case Kind::duration:
        return duration(node);
      case Kind::date:
        return date(node);
      case Kind::time:
        return time(node);
      case Kind::text:
        return text_literal(node);
      case Kind::null:
        return made(ast::Null{}, node.span());
      case Kind::clear:
        return made(ast::Clear{}, node.span());
      case Kind::true_:
        return made(ast::Bool{true}, node.span());
      case Kind::false_:
        return made(ast::Bool{false}, node.span());
      case Kind::reference:
        return made(ast::Reference{name(node.children.front())}, node.span());
      case Kind::call: {
        ast::Call call{name(node.children.front()), {}};
        for (std::size_t i = 1; i < node.children.size(); ++i) call.arguments.push_back(expression(node.children[i]));
        return made(std::move(call), node.span());
      }
      case Kind::list:
        return list(node);
      case Kind::record:
        return made(ast::RecordLiteral{entries(node)}, node.span());
      case Kind::negation: {
        std::vector<Span> none;
        return made(ast::Unary{false, operands_and_ops(node.children, none).front()}, node.span());
      }
      case Kind::group: {
        ast::Expr inner = expression(node.children.front());
        inner.span = node.span();  // with its parentheses
        return inner;
      }
      case Kind::not_:
        return made(ast::Unary{true, expression(node.children.front())}, node.span());
      case Kind::conditional: {
        ast::Conditional result{expression(node.children[0]), expression(node.children[1]), std::nullopt};
        if (node.children.size() > 2) result.otherwise = Box<ast::Expr>(expression(node.children[2]));
        return made(std::move(result), node.span());
      }
      case Kind::product:
      case Kind::sum:
      case Kind::fallback:
      case Kind::comparison:
      case Kind::and_:
      case Kind::or_:
        return level(node);
      default:
        return made(ast::Bad{}, node.span());
    }
  }

  std::vector<ast::RecordField> entries(const Node& record) {
    std::vector<ast::RecordField> fields;
    for (const Node& node : record.children) {
      if (node.kind() == Kind::shorthand) fields.push_back({name(node.children[0]), std::nullopt, node.span()});
      if (node.kind() == Kind::entry)
        fields.push_back({name(node.children[0]), expression(node.children[1]), node.span()});
    }
    return fields;
  }

  // `fields`, `options`: a node around a record.
  ast::Record record(const Node& node) {
    const Node& inner = node.kind() == Kind::record ? node : node.children.front();
    return {entries(inner), inner.span(), inner.child(Kind::bad_entry) != nullptr};
  }

  std::vector<ast::Name> names(const Node& node) const {
    std::vector<ast::Name> result;
    for (const Node& each : node.children) result.push_back(name(each));
    return result;
  }

  const Source& source_;
  SourceId id_;
  Diagnostics& diagnostics_;
  std::size_t in_a_row_ = 0;  ///< operators and paths around the expression that is built
};

}  // namespace pipewright::dsl
