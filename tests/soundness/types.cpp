#include "types.hpp"

#include <algorithm>

namespace pipewright::soundness {

Type simple(Kind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Type nullable(Type type) {
  type.nullable = !type.is(Kind::null);
  return type;
}

Type present(Type type) {
  type.nullable = false;
  return type;
}

Type list_type(Type element) {
  Type type = simple(Kind::list);
  type.element = std::make_shared<const Type>(std::move(element));
  return type;
}

Type record_type(std::vector<std::pair<std::string, Type>> fields) {
  auto made = std::make_shared<dsl::RecordType>();
  for (auto& [name, type] : fields) made->fields.push_back({.name = std::move(name), .type = std::move(type)});
  Type type = simple(Kind::record);
  type.record = std::move(made);
  return type;
}

bool is_number(const Type& type) { return type.is(Kind::integer) || type.is(Kind::decimal) || type.is(Kind::money); }

bool is_single(const Type& type) { return !type.is(Kind::list) && !type.is(Kind::map) && !type.is(Kind::record); }

bool is_ordered(const Type& type) {
  return is_number(type) || type.is(Kind::text) || type.is(Kind::time) || type.is(Kind::date) ||
         type.is(Kind::duration);
}

namespace {

bool is_word(const Type& type) { return type.is(Kind::text) || type.is(Kind::enumeration) || type.is(Kind::id); }

// What a field of one of two records is, that the other one lacks.
void add_missing(const dsl::RecordType& from, const dsl::RecordType& other, dsl::RecordType& into) {
  for (const dsl::FieldType& field : from.fields) {
    if (other.field(field.name) == nullptr) into.fields.push_back({.name = field.name, .type = nullable(field.type)});
  }
}

std::optional<Type> records_together(const Type& a, const Type& b) {
  if (!a.record->name.empty() && a.record->name == b.record->name) return a;
  auto both = std::make_shared<dsl::RecordType>();
  for (const dsl::FieldType& field : a.record->fields) {
    const dsl::FieldType* other = b.record->field(field.name);
    if (other == nullptr) continue;
    const auto type = together(field.type, other->type);
    if (!type) return std::nullopt;
    both->fields.push_back({.name = field.name, .type = *type});
  }
  add_missing(*a.record, *b.record, *both);
  add_missing(*b.record, *a.record, *both);
  Type type = simple(Kind::record);
  type.record = std::move(both);
  return type;
}

std::optional<Type> plain_together(const Type& a, const Type& b) {
  if (is_number(a) && is_number(b)) return simple(std::max(a.kind, b.kind));  // int, decimal, money
  const bool id = a.is(Kind::id) || b.is(Kind::id);
  if (id && (is_word(a) || a.is(Kind::integer)) && (is_word(b) || b.is(Kind::integer))) return simple(Kind::id);
  if (is_word(a) && is_word(b)) {
    const bool same = a.kind == b.kind && (a.is(Kind::text) || a.enumeration->name == b.enumeration->name);
    return same ? present(a) : simple(Kind::text);
  }
  if (a.kind != b.kind) return std::nullopt;
  if (a.is(Kind::record)) return records_together(a, b);
  if (!a.is(Kind::list) && !a.is(Kind::map)) return present(a);
  const auto element = together(*a.element, *b.element);
  if (!element) return std::nullopt;
  Type type = simple(a.kind);
  type.element = std::make_shared<const Type>(*element);
  return type;
}

}  // namespace

std::optional<Type> together(const Type& a, const Type& b) {
  if (a.is(Kind::null)) return nullable(b);
  if (b.is(Kind::null)) return nullable(a);
  auto type = plain_together(a, b);
  if (type) type->nullable = a.nullable || b.nullable;
  return type;
}

std::optional<std::string> path_text(const Node& node) {
  if (node.kind == Node::Kind::name) return node.word;
  if (node.kind != Node::Kind::member && node.kind != Node::Kind::element) return std::nullopt;
  const auto base = path_text(node.parts[0]);
  if (!base) return std::nullopt;
  if (node.kind == Node::Kind::member) return *base + "." + node.word;
  const Node& place = node.parts[1];
  if (place.kind == Node::Kind::number) return *base + "[" + place.word + "]";
  if (place.kind == Node::Kind::text) return *base + "[\"" + place.word + "\"]";
  return std::nullopt;
}

namespace {

bool is_literal(const Node& node) {
  using Literal = Node::Kind;
  return node.kind == Literal::boolean || node.kind == Literal::number || node.kind == Literal::text ||
         node.kind == Literal::duration || node.kind == Literal::date || node.kind == Literal::time;
}

// The path, and every record on the way to it.
void show(const Node& node, std::set<std::string>& paths) {
  const auto path = path_text(node);
  if (!path) return;
  paths.insert(*path);
  for (const Node* at = &node; !at->parts.empty(); at = &at->parts[0]) {
    if (at->kind == Node::Kind::member) paths.insert(*path_text(at->parts[0]));
  }
}

void shown_by_comparison(const Node& condition, bool holds, std::set<std::string>& paths) {
  const Node& left = condition.parts[0];
  const Node& right = condition.parts[1];
  const bool equals = condition.word == (holds ? "==" : "!=");
  const bool differs = condition.word == (holds ? "!=" : "==");
  if (differs && right.kind == Node::Kind::null) show(left, paths);
  if (differs && left.kind == Node::Kind::null) show(right, paths);
  if (equals && is_literal(right)) show(left, paths);
  if (equals && is_literal(left)) show(right, paths);
  const bool among = condition.word == (holds ? "in" : "not in");
  if (among && right.kind == Node::Kind::list && std::all_of(right.parts.begin(), right.parts.end(), is_literal))
    show(left, paths);
}

}  // namespace

void shown_by(const Node& condition, bool holds, std::set<std::string>& paths) {
  if (condition.kind == Node::Kind::not_true) return shown_by(condition.parts[0], !holds, paths);
  if (condition.kind != Node::Kind::binary) return;
  if (condition.word == (holds ? "and" : "or")) {
    shown_by(condition.parts[0], holds, paths);
    shown_by(condition.parts[1], holds, paths);
    return;
  }
  shown_by_comparison(condition, holds, paths);
}

Type source_type(const dsl::RecordType& record) {
  auto made = std::make_shared<dsl::RecordType>(record);
  made->fields.push_back({.name = "connection", .type = simple(Kind::text)});
  made->fields.push_back({.name = "raw", .type = simple(Kind::json)});
  Type type = simple(Kind::record);
  type.record = std::move(made);
  return type;
}

Type stream_type(const std::vector<Type>& records) {
  Type made = records.front();
  for (const Type& each : records) {
    auto both = std::make_shared<dsl::RecordType>();
    both->name = made.record->name == each.record->name ? each.record->name : "";
    for (const dsl::FieldType& field : made.record->fields) {
      const dsl::FieldType* other = each.record->field(field.name);
      if (other == nullptr) continue;
      // One that has two types is an error where it is used.
      const bool same = dsl::type_text(present(field.type)) == dsl::type_text(present(other->type));
      if (!same) continue;
      dsl::FieldType one = field;
      one.type.nullable = field.type.nullable || other->type.nullable;
      both->fields.push_back(std::move(one));
    }
    add_missing(*made.record, *each.record, *both);
    add_missing(*each.record, *made.record, *both);
    made = simple(Kind::record);
    made.record = std::move(both);
  }
  return made;
}

}  // namespace pipewright::soundness
