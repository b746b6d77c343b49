// Tests and the declarations of the standard library. Private to the formatter.
#pragma once

#include "dsl/format_expressions.hpp"

namespace pipewright::dsl {

class DeclarationWriter : protected ExpressionWriter {
 protected:
  using ExpressionWriter::ExpressionWriter;

  // Between rows, items of a test, declared fields: always a line end.
  Layout separator(bool first, bool before_is_open, bool commas = false) {
    return first ? layout::hard() : between(before_is_open, commas);
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
      } else if (at("of") && node.values) {
        out += word("of");
        out += take(*node.values);
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
};

}  // namespace pipewright::dsl
