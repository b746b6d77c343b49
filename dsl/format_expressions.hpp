// Tokens with their comments, and expressions out of them; the statements around them are format.cpp's. Private to the
// formatter.
//
// The tree says what comes next, the source says how it is written: a cursor goes along, every token is taken once and
// in its order, and the comments that are met on the way are put down beside the token that they followed or stood
// above. So nothing can be lost: what the tree does not account for stops the cursor, and the file stays as it was.
//
// Where a construct is laid out, lines inside it begin two columns behind its own first one; its closing bracket
// comes back by two.
#pragma once

#include <cassert>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "dsl/layout.hpp"
#include "dsl/syntax_tokens.hpp"

namespace pipewright::dsl {

class ExpressionWriter {
 protected:
  explicit ExpressionWriter(const Source& source) : text_(source.text()) {
    if (text_.starts_with("\xEF\xBB\xBF")) cursor_ = 3;
    skip(true);
  }

  // ---- tokens ----

  Layout token(std::size_t length, std::string shown) {
    Layout out = comments_above();
    out += layout::text(std::move(shown));
    cursor_ += length;
    out += skip(false);
    return out;
  }

  Layout take(std::string_view sign) {
    if (!text_.substr(cursor_).starts_with(sign)) return stop();
    return token(sign.size(), std::string(sign));
  }

  Layout take_as(Span span, std::string shown) {
    if (cursor_ != span.begin || span.end < span.begin || span.end > text_.size()) return stop();
    return token(span.end - span.begin, std::move(shown));
  }

  Layout take(Span span) { return take_as(span, std::string(text_.substr(span.begin, span.end - span.begin))); }
  Layout take(const ast::Name& name) { return take(name.span); }
  Layout take(const ast::Path& path) { return take(path.span); }

  // A word and a space behind it.
  Layout word(std::string_view sign) {
    Layout out = take(sign);
    out += layout::text(" ");
    return out;
  }

  // A text whose holes the tree does not keep: a title, an import's path.
  Layout plain_text(Span span) {
    std::string shown;
    for (const char c : text_.substr(span.begin, span.end - span.begin)) shown += c == '\t' ? "\\t" : std::string(1, c);
    const bool holes = shown.find('{') != std::string::npos;
    return holes ? take(span) : take_as(span, shown);
  }

  [[nodiscard]] bool at(std::string_view sign) const {
    if (!text_.substr(cursor_).starts_with(sign)) return false;
    const std::size_t end = cursor_ + sign.size();
    return !word_char(sign.back()) || end >= text_.size() || !word_char(text_[end]);
  }

  [[nodiscard]] bool at_digit() const {
    return cursor_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[cursor_])) != 0;
  }

  // The comments that stand above what comes next.
  Layout comments_above() {
    Layout out;
    for (std::string& comment : above_) out += layout::above(std::move(comment));
    above_.clear();
    return out;
  }

  // A comma that the source has; what separates in the result is decided elsewhere.
  Layout drop_comma() {
    if (!at(",")) return {};
    ++cursor_;
    const bool waiting = !above_.empty();
    return skip(waiting);
  }

  // Between two entries of braces or brackets: `, ` on one line, else a line end, which alone would let an operator
  // that follows go on with the entry before.
  Layout between(bool before_is_open = false, bool commas = false) {
    Layout comment = drop_comma();
    const bool needed = commas || at("and") || at("or") || at("in") || (before_is_open && at("else"));
    Layout out = needed ? layout::text(",") : layout::flat_text(",");
    out += std::move(comment);
    out += layout::line();
    return out;
  }

  // Whether one of them begins with a minus, which would go on with the one before: then commas stand between all.
  template <class Nodes, class Begin>
  [[nodiscard]] bool need_commas(const Nodes& nodes, const Begin& begin) const {
    return nodes.size() > 1 &&
           std::any_of(nodes.begin() + 1, nodes.end(), [&](const auto& node) { return text_[begin(node)] == '-'; });
  }

  // `open` and what is inside, and the closing sign; where the group around is broken, on a line of its own.
  Layout enclosed(Layout open, Layout inside, std::string_view sign, std::string flat, bool nothing) {
    inside += drop_comma();
    inside += comments_above();
    const bool empty = nothing && inside.empty && !open.ends_behind;
    Layout out = std::move(open);
    out += layout::block(std::move(inside));
    if (!empty) out += layout::indent(-2, layout::line(std::move(flat)));
    out += take(sign);
    return out;
  }

  // ---- expressions ----

  Layout expression(const ast::Expr& expr) {
    Layout out;
    std::size_t groups = 0;
    const std::optional<std::uint32_t> inner = left_begin(expr);
    while (at("(") && (!inner || cursor_ < *inner)) {
      out += take("(");
      ++groups;
    }
    out += ungrouped(expr);
    for (; groups > 0; --groups) out += take(")");
    return out;
  }

  Layout record(const std::vector<ast::RecordField>& fields) {
    Layout out = take("{");
    Layout inside;
    const std::size_t widest = widest_of(fields, [](const ast::RecordField& field) { return bool(field.value); });
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool open = i > 0 && fields[i - 1].value && open_ended(*fields[i - 1].value);
      inside += i == 0 ? layout::line() : between(open);
      inside += layout::indent(2, entry(fields[i], widest));
    }
    return enclosed(std::move(out), std::move(inside), "}", " ", fields.empty());
  }

  // How far the values of aligned fields stand; very long names do not count.
  template <class Fields, class Counts>
  std::size_t widest_of(const Fields& fields, const Counts& counts) const {
    std::size_t widest = 0;
    for (const auto& field : fields) {
      const std::size_t width = width_of(field.name);
      if (counts(field) && width <= aligned_names) widest = std::max(widest, width);
    }
    return widest;
  }

  Layout value_gap(const ast::Name& name, std::size_t widest) const {
    const std::size_t width = width_of(name);
    return layout::gap(width < widest ? widest - width : 0);
  }

  // `if a then b`: an `else` behind it would be its own.
  static bool open_ended(const ast::Expr& expr) {
    const auto* node = std::get_if<ast::Conditional>(&expr.node);
    return node != nullptr && (!node->otherwise || open_ended(**node->otherwise));
  }

  [[nodiscard]] bool finished() const { return !stopped_ && cursor_ == text_.size() && above_.empty(); }
  [[nodiscard]] std::size_t cursor() const { return cursor_; }
  [[nodiscard]] bool comments_wait() const { return !above_.empty(); }
  [[nodiscard]] std::string_view rest() const { return text_.substr(cursor_); }

 private:
  static constexpr std::size_t aligned_names = 24;

  Layout stop() {
    assert(false && "the tree and its source do not agree");
    stopped_ = true;
    return {};
  }

  // To the next token. A comment on the line of the token before belongs to that one.
  Layout skip(bool new_line) {
    Layout out;
    while (cursor_ < text_.size()) {
      const char c = text_[cursor_];
      if (c == '#') {
        const std::size_t end = std::min(text_.find('\n', cursor_), text_.size());
        std::string comment(text_.substr(cursor_, end - cursor_));
        std::replace_if(comment.begin(), comment.end(), [](char each) { return each == '\t' || each == '\r'; }, ' ');
        comment.resize(comment.find_last_not_of(' ') + 1);
        if (new_line)
          above_.push_back(std::move(comment));
        else
          out += layout::behind(std::move(comment));
        cursor_ = end;
      } else if (c == '\n') {
        new_line = true;
        ++cursor_;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++cursor_;
      } else {
        break;
      }
    }
    return out;
  }

  [[nodiscard]] std::size_t width_of(const ast::Name& name) const {
    return display_width(text_.substr(name.span.begin, name.span.end - name.span.begin));
  }

  Layout entry(const ast::RecordField& field, std::size_t widest) {
    Layout out = take(field.name);
    if (!field.value) return out;
    out += take(":");
    out += value_gap(field.name, widest);
    out += expression(*field.value);
    return out;
  }

  static std::optional<std::uint32_t> left_begin(const ast::Expr& expr) {
    if (const auto* binary = std::get_if<ast::Binary>(&expr.node)) return binary->left->span.begin;
    if (const auto* member = std::get_if<ast::Member>(&expr.node)) return member->record->span.begin;
    if (const auto* element = std::get_if<ast::Element>(&expr.node)) return element->list->span.begin;
    return std::nullopt;
  }

  Layout ungrouped(const ast::Expr& expr) {
    using namespace ast;
    return std::visit(
        overloaded{
            [&](const Bad&) { return stop(); }, [&](const TextLiteral& node) { return text(node, expr.span); },
            [&](const Reference& node) { return take(node.name); },
            [&](const Member& node) {
              Layout out = expression(*node.record);
              out += take(".");
              out += take(node.name);
              return out;
            },
            [&](const Element& node) {
              Layout out = expression(*node.list);
              out += take("[");
              out += expression(*node.index);
              out += take("]");
              return out;
            },
            [&](const Call& node) { return call(node); },
            [&](const Unary& node) {
              Layout out = node.is_not ? word("not") : take("-");
              out += expression(*node.operand);
              return out;
            },
            [&](const Binary& node) { return binary(expr, node); },
            [&](const Conditional& node) { return layout::group(conditional(node)); },
            [&](const ListLiteral& node) { return list(node); },
            [&](const Comprehension& node) { return comprehension(node); },
            [&](const RecordLiteral& node) { return layout::group(record(node.fields)); },
            [&](const auto&) { return take(literal_span(expr.span)); },  // numbers and words: as they are written
        },
        expr.node);
  }

  // The span of a literal in parentheses has them.
  [[nodiscard]] Span literal_span(Span span) const {
    const auto begin = static_cast<std::uint32_t>(cursor_);
    std::uint32_t end = begin;
    const auto part = [](char c) { return word_char(c) || c == '.' || c == ':' || c == '+' || c == '-'; };
    if (begin == span.begin) return span;
    while (end < span.end && part(text_[end])) ++end;
    return {begin, end};
  }

  // The quotes and what is between them; a hole is always on one line.
  Layout text(const ast::TextLiteral& node, Span span) {
    const std::size_t begin = cursor_;
    std::vector<std::string> above = std::exchange(above_, {});
    std::vector<const ast::Expr*> holes;
    for (const auto& part : node.parts) {
      if (const auto* hole = std::get_if<Box<ast::Expr>>(&part)) holes.push_back(&**hole);
    }
    std::string shown = "\"";
    std::size_t next = 0;
    std::size_t i = begin + 1;
    while (i < span.end && text_[i] != '"') {
      if (text_[i] == '\\') {
        shown += text_.substr(i, 2);
        i += 2;
      } else if (text_[i] == '{' && next < holes.size()) {
        cursor_ = i + 1;
        skip(false);
        shown += "{" + layout::flat(expression(*holes[next++])) + "}";
        if (!at("}")) return stop();
        i = cursor_ + 1;
      } else {
        shown += text_[i] == '\t' ? "\\t" : std::string(1, text_[i]);
        ++i;
      }
    }
    cursor_ = begin;
    above_ = std::move(above);
    if (next != holes.size() || i >= text_.size()) return stop();
    return token(i + 1 - begin, shown + "\"");
  }

  Layout call(const ast::Call& node) {
    Layout out = take(node.function);
    out += take("(");
    Layout inside;
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      if (i > 0) inside += take(",");
      inside += layout::line(i == 0 ? "" : " ");
      inside += layout::indent(2, expression(node.arguments[i]));
    }
    return layout::group(enclosed(std::move(out), std::move(inside), ")", "", node.arguments.empty()));
  }

  Layout list(const ast::ListLiteral& node) {
    Layout out = take("[");
    const bool one_record =
        node.elements.size() == 1 && std::holds_alternative<ast::RecordLiteral>(node.elements[0].node) && at("{");
    if (one_record && !comments_wait() && !out.ends_behind) {
      out += expression(node.elements[0]);
      Layout comment = drop_comma();
      const bool own_line = comments_wait() || !comment.empty;
      out += std::move(comment);
      out += comments_above();
      if (own_line) out += layout::indent(-2, layout::line(""));
      out += take("]");
      return out;
    }
    const bool commas = need_commas(node.elements, [](const ast::Expr& each) { return each.span.begin; });
    Layout inside;
    for (std::size_t i = 0; i < node.elements.size(); ++i) {
      inside += i == 0 ? layout::line("") : between(open_ended(node.elements[i - 1]), commas);
      inside += layout::indent(2, expression(node.elements[i]));
    }
    return layout::group(enclosed(std::move(out), std::move(inside), "]", "", node.elements.empty()));
  }

  Layout comprehension(const ast::Comprehension& node) {
    Layout out = take("[");
    out += layout::line("");
    out += layout::indent(2, expression(*node.element));
    out += layout::line();
    out += word("for");
    out += take(node.name);
    out += layout::text(" ");
    out += word("in");
    out += layout::indent(2, expression(*node.list));
    if (node.condition) {
      out += layout::line();
      out += word("where");
      out += layout::indent(2, expression(**node.condition));
    }
    return layout::group(enclosed(std::move(out), {}, "]", "", false));
  }

  Layout conditional(const ast::Conditional& node) {
    Layout head = word("if");
    head += expression(*node.condition);
    head += layout::line();
    head += word("then");
    head += layout::indent(2, expression(*node.then));
    Layout out = layout::group(std::move(head));
    if (!node.otherwise) return out;
    out += layout::line();
    out += word("else");
    const auto* next = std::get_if<ast::Conditional>(&(*node.otherwise)->node);
    out += next != nullptr && at("if") ? conditional(*next) : layout::indent(2, expression(**node.otherwise));
    return out;
  }

  static int level_of(plan::Operator op) {
    using plan::Operator;
    switch (op) {
      case Operator::multiply:
      case Operator::divide:
      case Operator::remainder:
        return 5;
      case Operator::add:
      case Operator::subtract:
        return 4;
      case Operator::otherwise:
        return 3;
      case Operator::and_:
        return 1;
      case Operator::or_:
        return 0;
      default:
        return 2;
    }
  }

  static bool in_parentheses(const ast::Expr& expr) {
    const auto inner = left_begin(expr);
    return inner && *inner != expr.span.begin;
  }

  // `a and b and c` is one chain, however it is nested.
  static void chain_of(const ast::Expr& expr, int level, std::vector<const ast::Binary*>& ops,
                       const ast::Expr*& first) {
    const auto* node = std::get_if<ast::Binary>(&expr.node);
    if (node == nullptr || level_of(node->op) != level || (!ops.empty() && in_parentheses(expr))) {
      first = &expr;
      return;
    }
    ops.push_back(node);
    chain_of(*node->left, level, ops, first);
  }

  [[nodiscard]] bool in_brackets(const ast::Expr& expr) const {
    using namespace ast;
    const bool kind = std::holds_alternative<ListLiteral>(expr.node) ||
                      std::holds_alternative<Comprehension>(expr.node) ||
                      std::holds_alternative<RecordLiteral>(expr.node);
    return kind && text_[expr.span.begin] != '(';
  }

  Layout operator_word(const ast::Binary& node) {
    const std::string_view written = text_.substr(node.op_span.begin, node.op_span.end - node.op_span.begin);
    Layout out = take_as(node.op_span, written.starts_with("not") ? "not in" : std::string(written));
    out += layout::text(" ");
    return out;
  }

  Layout binary(const ast::Expr& expr, const ast::Binary& node) {
    std::vector<const ast::Binary*> ops;
    const ast::Expr* first = nullptr;
    chain_of(expr, level_of(node.op), ops, first);
    std::reverse(ops.begin(), ops.end());
    const bool nested = std::holds_alternative<ast::Binary>(first->node);
    Layout out = layout::indent(nested ? 2 : 0, expression(*first));
    if (ops.size() == 1 && in_brackets(*ops[0]->right)) {
      out += layout::text(" ");
      out += operator_word(*ops[0]);
      out += expression(*ops[0]->right);
      return out;
    }
    for (const ast::Binary* op : ops) {
      out += layout::line();
      out += layout::indent(2, operator_word(*op));
      out += layout::indent(2, expression(*op->right));
    }
    return layout::group(std::move(out));
  }

  std::string_view text_;
  std::size_t cursor_ = 0;
  std::vector<std::string> above_ = {};
  bool stopped_ = false;
};

}  // namespace pipewright::dsl
