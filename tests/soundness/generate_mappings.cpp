// The default mappings of the catalog as the generator's own tree.
#include "base/overloaded.hpp"
#include "generator.hpp"

namespace pipewright::soundness {
namespace {

namespace ast = dsl::ast;

class Reader {
 public:
  Reader(std::string noun, Type record) : noun_(std::move(noun)), record_(std::move(record)) {}

  Node node(const ast::Expr& expr) const {
    return std::visit(overloaded{
                          [&](const ast::Reference&) { return make(Node::Kind::name, record_, noun_); },
                          [&](const ast::Number& each) {
                            return literal(each.value.scale() == 0 ? Kind::integer : Kind::decimal, each.value.text());
                          },
                          [&](const ast::Bool& each) { return literal(Kind::boolean, each.value ? "true" : "false"); },
                          [&](const ast::TextLiteral& each) { return text(each); },
                          [&](const ast::Member& each) { return member(each); },
                          [&](const ast::Binary& each) { return fallback(each); },
                          [&](const ast::ListLiteral& each) { return list(each); },
                          [&](const ast::RecordLiteral& each) { return record(each); },
                          // The mappings hold nothing else; what they will hold shows as a difference.
                          [&](const auto&) { return literal(Kind::null, {}); },
                      },
                      expr.node);
  }

 private:
  Node text(const ast::TextLiteral& text) const {
    Node made = make(Node::Kind::joined, simple(Kind::text));
    for (const auto& part : text.parts) {
      const auto* run = std::get_if<std::string>(&part);
      made.parts.push_back(run != nullptr ? literal(Kind::text, *run) : node(*std::get<Box<ast::Expr>>(part)));
    }
    return made;
  }

  Node member(const ast::Member& member) const {
    Node base = node(*member.record);
    const dsl::FieldType* field = base.type.record->field(member.name.text);
    const Type type = base.type.nullable ? nullable(field->type) : field->type;
    return make(Node::Kind::member, type, member.name.text, {std::move(base)});
  }

  Node fallback(const ast::Binary& binary) const {
    Node left = node(*binary.left);
    Node right = node(*binary.right);
    const Type type = together(present(left.type), right.type).value_or(right.type);
    return soundness::binary("??", type, std::move(left), std::move(right));
  }

  Node list(const ast::ListLiteral& list) const {
    Node made = make(Node::Kind::list, Type());
    for (const ast::Expr& each : list.elements) made.parts.push_back(node(each));
    made.type = list_type(made.parts.empty() ? Type() : made.parts.front().type);
    return made;
  }

  Node record(const ast::RecordLiteral& record) const {
    Node made = make(Node::Kind::record, Type());
    std::vector<std::pair<std::string, Type>> types;
    for (const ast::RecordField& each : record.fields) {
      made.names.push_back(each.name.text);
      made.parts.push_back(node(*each.value));
      types.emplace_back(each.name.text, made.parts.back().type);
    }
    made.type = record_type(types);
    return made;
  }

  std::string noun_;
  Type record_;
};

}  // namespace

std::optional<std::vector<Field>> default_fields(const dsl::Catalog& catalog, const dsl::RecordType& record,
                                                 const std::string& noun, const std::string& action) {
  const dsl::Mapping* mapping = catalog.mapping(record.name, action);
  if (mapping == nullptr) return std::nullopt;
  const Reader reader(noun, source_type(record));
  std::vector<Field> made;
  for (const ast::RecordField& each : mapping->fields.fields)
    made.push_back({each.name.text, reader.node(*each.value)});
  return made;
}

}  // namespace pipewright::soundness
