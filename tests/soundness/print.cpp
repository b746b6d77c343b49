#include "print.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "random.hpp"

namespace pipewright::soundness {
namespace {

// How tightly an expression holds together (grammar.md, 6).
enum Level { loosest, either, both, negation, comparison, fallback, sums, products, sign, tightest };

Level level_of(const Node& node) {
  using Kind = Node::Kind;
  switch (node.kind) {
    case Kind::conditional:
      return loosest;
    case Kind::not_true:
      return negation;
    case Kind::negate:
      return sign;
    case Kind::binary:
      if (node.word == "or") return either;
      if (node.word == "and") return both;
      if (node.word == "??") return fallback;
      if (node.word == "+" || node.word == "-") return sums;
      if (node.word == "*" || node.word == "/" || node.word == "%") return products;
      return comparison;
    default:
      return tightest;
  }
}

class Printer {
 public:
  explicit Printer(std::uint64_t layout, Words words = Words::own)
      : random_(layout), slips_(layout), words_(words), plain_(layout == 0) {}

  std::string out;

  // Values and tables apart from the pipelines, each a statement.
  std::vector<std::string> declarations(const Program& program) {
    std::vector<std::string> made;
    for (const auto& [name, value] : program.lets) {
      comment(0);
      out += "let " + name + " =";
      gap();
      expression(value);
      out += "\n";
      made.push_back(std::exchange(out, {}));
    }
    for (const Table& each : program.tables) {
      table(each);
      made.push_back(std::exchange(out, {}));
    }
    return made;
  }

  std::vector<std::string> pipelines(const Program& program) {
    std::vector<std::string> made;
    for (const Pipeline& each : program.pipelines) {
      pipeline(each);
      made.push_back(std::exchange(out, {}));
    }
    return made;
  }

  std::string in_some_order(std::vector<std::string> statements) {
    std::string made;
    for (std::size_t left = statements.size(); left > 0; --left) {
      std::swap(statements[plain_ ? 0 : random_.below(left)], statements[left - 1]);
      made += statements[left - 1];
    }
    return made;
  }

  bool chance(std::size_t count) { return !plain_ && random_.one_in(count); }

  void expression(const Node& node, Level least = loosest) {
    const bool brackets = level_of(node) < least || chance(25);
    if (!brackets) return bare(node);
    out += "(";
    bare(node);
    out += ")";
  }

 private:
  void new_line() {
    if (chance(8)) out += "  # a remark";
    out += "\n" + std::string(plain_ ? 4 : 2 + random_.below(6), ' ');
    if (chance(12)) out += "# a line of its own\n      ";
  }

  // A space, or the end of a line; not within a text.
  void gap() {
    if (in_text_ == 0 && chance(9)) return new_line();
    out += chance(12) ? "  " : " ";
  }

  void comment(std::size_t indent) {
    if (chance(4)) out += std::string(indent, ' ') + "# said of what follows\n";
    if (chance(6)) out += "\n";
  }

  static std::string escaped(const std::string& text) {
    std::string made;
    for (const char c : text) {
      if (c == '\n') {
        made += "\\n";
      } else if (c == '\t') {
        made += "\\t";
      } else {
        if (c == '"' || c == '\\' || c == '{' || c == '}') made.push_back('\\');
        made.push_back(c);
      }
    }
    return made;
  }

  void texts(const Node& node) {
    out += "\"";
    ++in_text_;
    for (const Node& each : node.parts) {
      if (each.kind == Node::Kind::text) {
        out += escaped(each.word);
      } else {
        out += chance(6) ? "{ " : "{";
        // `{{` is no beginning of a record in a hole.
        const bool record = text_of_first(each) == '{';
        if (record) out += "(";
        expression(each);
        out += record ? ")}" : "}";
      }
    }
    --in_text_;
    out += "\"";
  }

  static char text_of_first(const Node& node) {
    Printer plain(0);
    plain.expression(node);
    return plain.out.front();
  }

  void separated(const std::vector<Node>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) out += ",";
      if (i > 0) gap();
      expression(parts[i]);
    }
  }

  void entries(const std::vector<std::string>& names, const std::vector<Node>& values) {
    out += "{";
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool lines = in_text_ == 0 && chance(3);
      if (i > 0 && !lines) out += ",";
      if (lines)
        new_line();
      else
        gap();
      const bool quotes = names[i].find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") != std::string::npos;
      if (values[i].kind == Node::Kind::from_mapping) {
        out += names[i];
        continue;
      }
      out += (quotes || chance(20)) ? "\"" + names[i] + "\": " : names[i] + ": ";
      expression(values[i]);
    }
    out += names.empty() ? "}" : " }";
  }

  void conditional(const Node& node) {
    out += "if ";
    expression(node.parts[0]);
    gap();
    out += "then ";
    // An `else` belongs to the nearest `if`.
    expression(node.parts[1], either);
    if (node.parts.size() < 3) return;
    gap();
    out += "else ";
    expression(node.parts[2]);
  }

  void binary(const Node& node) {
    const Level level = level_of(node);
    const bool alone = level == comparison;
    expression(node.parts[0], alone ? fallback : level);
    gap();
    out += word(node.word) + " ";
    expression(node.parts[1], static_cast<Level>(level + 1));
  }

  void comprehension(const Node& node) {
    out += "[";
    expression(node.parts[0]);
    gap();
    out += "for " + node.word + " in ";
    expression(node.parts[1]);
    if (node.parts.size() > 2) {
      gap();
      out += "where ";
      expression(node.parts[2]);
    }
    out += "]";
  }

  void bare(const Node& node) {
    using Kind = Node::Kind;
    switch (node.kind) {
      case Kind::null:
        out += word("null");
        return;
      case Kind::clear:
        out += "clear";
        return;
      case Kind::text:
        out += "\"" + escaped(node.word) + "\"";
        return;
      case Kind::joined:
        return texts(node);
      case Kind::member:
        expression(node.parts[0], tightest);
        out += "." + node.word;
        return;
      case Kind::element:
        expression(node.parts[0], tightest);
        out += "[";
        expression(node.parts[1]);
        out += "]";
        return;
      case Kind::lookup:
        out += node.word + "[";
        expression(node.parts[0]);
        out += "]";
        return;
      case Kind::call:
        out += node.word + "(";
        separated(node.parts);
        out += ")";
        return;
      case Kind::negate:
        out += "-";
        return expression(node.parts[0], sign);
      case Kind::not_true:
        out += "not ";
        return expression(node.parts[0], negation);
      case Kind::binary:
        return binary(node);
      case Kind::conditional:
        return conditional(node);
      case Kind::list:
        out += "[";
        separated(node.parts);
        out += "]";
        return;
      case Kind::comprehension:
        return comprehension(node);
      case Kind::record:
        return entries(node.names, node.parts);
      case Kind::boolean:
        out += word(node.word);
        return;
      default:
        out += node.word;
    }
  }

  void table(const Table& table) {
    out += "table " + table.name + " {\n";
    for (const auto& [keys, value] : table.rows) {
      comment(2);
      out += "  ";
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i > 0) out += ",";
        if (i > 0) gap();
        bare(keys[i]);  // a literal, without brackets
      }
      out += " -> ";
      expression(value);
      out += chance(4) ? ",\n" : "\n";
    }
    using Otherwise = Table::Otherwise;
    if (table.otherwise == Otherwise::skip) out += "  else skip\n";
    if (table.otherwise == Otherwise::fail) out += "  else fail\n";
    if (table.otherwise == Otherwise::keep) out += "  else keep\n";
    if (table.otherwise == Otherwise::value) {
      out += "  else ";
      expression(*table.value);
      out += "\n";
    }
    out += "}\n";
    comment(0);
  }

  void pipeline(const Pipeline& pipeline) {
    out += "pipeline " + pipeline.name + "\n  on ";
    for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
      out += (i > 0 ? ", " : "") + pipeline.sources[i];
      if (i < pipeline.options.size() && !pipeline.options[i].empty()) out += " " + pipeline.options[i];
    }
    out += "\n";
    chain(pipeline.chain, 2);
    comment(0);
  }

  void chain(const Chain& steps, std::size_t indent) {
    for (const Step& each : steps) {
      comment(indent);
      out += std::string(indent, ' ') + "-> ";
      step(each, indent);
      out += chance(10) ? "  # behind it\n" : "\n";
    }
  }

  void braces(const Chain& steps, std::size_t indent) {
    out += " {\n";
    chain(steps, indent + 5);
    out += std::string(indent + 3, ' ') + "}";
  }

  void step(const Step& step, std::size_t indent) {
    using Kind = Step::Kind;
    switch (step.kind) {
      case Kind::where:
        out += "where ";
        return expression(step.parts[0]);
      case Kind::let:
        out += "let " + step.name + " = ";
        return expression(step.parts[0]);
      case Kind::each:
        out += "each " + step.name + " in ";
        expression(step.parts[0]);
        return braces(step.chains[0], indent);
      case Kind::when:
        for (std::size_t i = 0; i < step.parts.size(); ++i) {
          out += i == 0 ? "when " : " else when ";
          expression(step.parts[i]);
          braces(step.chains[i], indent);
        }
        if (step.has_else) {
          out += " else";
          braces(step.chains.back(), indent);
        }
        return;
      case Kind::action:
        return action(step.action);
    }
  }

  void fields(const std::vector<Field>& fields) {
    std::vector<std::string> names;
    std::vector<Node> values;
    for (const Field& each : fields) {
      names.push_back(each.name);
      values.push_back(each.value);
    }
    entries(names, values);
  }

  void action(const Action& action) {
    out += action.connection + action.node.substr(action.node.find('.'));
    if (!action.verb.empty()) out += " " + action.verb;
    if (action.text) {
      out += " ";
      expression_of_text(*action.text);
    }
    for (std::size_t i = 0; i < action.by.size(); ++i) out += (i == 0 ? " by " : ", ") + action.by[i];
    if (action.has_fields) {
      out += action.only ? " only " : " ";
      fields(action.fields);
    }
    if (!action.initially.empty()) {
      out += " initially ";
      fields(action.initially);
    }
    if (!action.as.empty()) out += " as " + action.as;
    if (!action.otherwise.empty()) out += " else " + action.otherwise;
    if (!action.delivery.empty()) out += " " + action.delivery;
  }

  // The text of an action stands without brackets.
  void expression_of_text(const Node& node) { bare(node); }

  // A word of the language, or what it is in others. The choice is its own, so that the layout stays.
  std::string word(const std::string& own) {
    static const std::map<std::string, std::string> others = {{"and", "&&"},    {"or", "||"},       {"null", "None"},
                                                              {"true", "True"}, {"false", "False"}, {"!=", "<>"}};
    const auto other = others.find(own);
    if (words_ == Words::own || other == others.end() || in_text_ > 0 || slips_.one_in(2)) return own;
    return other->second;
  }

  Random random_;
  Random slips_;
  Words words_;
  bool plain_;
  int in_text_ = 0;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> texts_of(const Program& program, std::uint64_t layout, Words words) {
  Printer printer(layout, words);
  std::vector<std::string> declarations = printer.declarations(program);
  std::vector<std::string> pipelines = printer.pipelines(program);
  if (declarations.empty() || !printer.chance(4)) {
    pipelines.insert(pipelines.end(), declarations.begin(), declarations.end());
    return {{"program.pipe", printer.in_some_order(std::move(pipelines))}};
  }
  return {{"program.pipe", "import \"shared.pipe\"\n\n" + printer.in_some_order(std::move(pipelines))},
          {"shared.pipe", printer.in_some_order(std::move(declarations))}};
}

std::string text_of(const Node& node) {
  Printer printer(0);
  printer.expression(node);
  return std::move(printer.out);
}

}  // namespace pipewright::soundness
