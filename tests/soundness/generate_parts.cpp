// Literals, operators and paths.
#include "generator.hpp"

namespace pipewright::soundness {

Node make(Node::Kind kind, Type type, std::string word, std::vector<Node> parts) {
  Node node;
  node.kind = kind;
  node.word = std::move(word);
  node.parts = std::move(parts);
  node.type = std::move(type);
  return node;
}

Node call(const std::string& function, Type type, std::vector<Node> arguments) {
  return make(Node::Kind::call, std::move(type), function, std::move(arguments));
}

Node binary(const std::string& op, Type type, Node left, Node right) {
  std::vector<Node> parts;
  parts.push_back(std::move(left));
  parts.push_back(std::move(right));
  return make(Node::Kind::binary, std::move(type), op, std::move(parts));
}

Node literal(Kind kind, std::string word) {
  switch (kind) {
    case Kind::boolean:
      return make(Node::Kind::boolean, simple(kind), std::move(word));
    case Kind::integer:
    case Kind::decimal:
      return make(Node::Kind::number, simple(kind), std::move(word));
    case Kind::duration:
      return make(Node::Kind::duration, simple(kind), std::move(word));
    case Kind::date:
      return make(Node::Kind::date, simple(kind), std::move(word));
    case Kind::time:
      return make(Node::Kind::time, simple(kind), std::move(word));
    case Kind::null:
      return make(Node::Kind::null, simple(kind));
    default:
      return make(Node::Kind::text, simple(Kind::text), std::move(word));
  }
}

namespace {

void add_paths(const Path& from, int deeper, std::vector<Path>& into) {
  into.push_back(from);
  if (deeper == 0) return;
  const auto further = [&](Node node, const Type& type) {
    Path next{std::move(node), present(type), from.way};
    next.way.emplace_back(*path_text(next.node), type.nullable);
    add_paths(next, deeper - 1, into);
  };
  const auto member = [&](const std::string& name, const Type& type) {
    further(make(Node::Kind::member, type, name, {from.node}), type);
  };
  const auto element = [&](Node place, const Type& type) {
    further(make(Node::Kind::element, type, {}, {from.node, std::move(place)}), type);
  };
  switch (from.type.kind) {
    case Kind::record:
      for (const dsl::FieldType& field : from.type.record->fields) member(field.name, field.type);
      return;
    case Kind::list:
      element(literal(Kind::integer, "0"), nullable(*from.type.element));
      element(literal(Kind::integer, "1"), nullable(*from.type.element));
      return;
    case Kind::map:
      element(literal(Kind::text, "a"), nullable(*from.type.element));
      element(literal(Kind::text, "wb-id"), nullable(*from.type.element));
      return;
    case Kind::json:
      for (const char* name : {"a", "b", "price", "list"}) member(name, nullable(simple(Kind::json)));
      element(literal(Kind::integer, "0"), nullable(simple(Kind::json)));
      element(literal(Kind::text, "a"), nullable(simple(Kind::json)));
      return;
    default:
      return;
  }
}

}  // namespace

std::vector<Path> paths_of(const std::string& name, const Type& type) {
  Path root{make(Node::Kind::name, type, name), present(type), {{name, type.nullable}}};
  std::vector<Path> made;
  add_paths(root, 3, made);
  return made;
}

Type Generator::type_of(const Path& path) const {
  bool may_be_null = false;
  for (const auto& [text, by_itself] : path.way) may_be_null = (may_be_null || by_itself) && !shown_.contains(text);
  Type type = path.type;
  type.nullable = may_be_null;
  return type;
}

void Generator::bind(const std::string& name, const Type& type) {
  static std::map<std::pair<std::string, std::string>, std::shared_ptr<const std::vector<Path>>> known;
  if (type.is(Kind::record) && !type.record->name.empty()) {
    auto& paths = known[{name + (type.nullable ? "?" : ""), type.record->name}];
    // One of a source has more than one of an action.
    if (paths == nullptr || paths->front().type.record->fields.size() != type.record->fields.size())
      paths = std::make_shared<const std::vector<Path>>(paths_of(name, type));
    bound_.push_back({name, type, paths});
    return;
  }
  bound_.push_back({name, type, std::make_shared<const std::vector<Path>>(paths_of(name, type))});
}

// From a random place on, the first path that fits.
std::optional<Node> Generator::path(const Wanted& wanted, bool may_be_null) {
  std::size_t all = 0;
  for (const Bound& each : bound_) all += each.paths->size();
  if (all == 0) return std::nullopt;
  const std::size_t start = random_.below(all);
  std::optional<Node> earlier;
  std::size_t at = 0;
  for (const Bound& each : bound_) {
    for (const Path& candidate : *each.paths) {
      const std::size_t place = at++;
      if (place < start && earlier) continue;
      if (!wanted(candidate.type)) continue;
      const Type type = type_of(candidate);
      if (type.nullable != may_be_null) continue;
      Node node = candidate.node;
      node.type = type;
      if (place >= start) return node;
      earlier = std::move(node);
    }
  }
  return earlier;
}

std::optional<Node> Generator::nullable_path(const Wanted& wanted) { return path(wanted, true); }

}  // namespace pipewright::soundness
