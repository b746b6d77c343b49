#include "dsl/types.hpp"

#include <fmt/format.h>

#include "dsl/plan.hpp"

namespace pipewright::dsl {

const FieldType* RecordType::field(std::string_view wanted) const {
  for (const FieldType& each : fields) {
    if (each.name == wanted) return &each;
  }
  return nullptr;
}

Type type_of(Type::Kind kind, bool nullable) {
  Type type;
  type.kind = kind;
  type.nullable = nullable;
  return type;
}

Type list_of(Type element) {
  Type type = type_of(Type::Kind::list);
  type.element = std::make_shared<const Type>(std::move(element));
  return type;
}

Type map_of(Type element) {
  Type type = type_of(Type::Kind::map);
  type.element = std::make_shared<const Type>(std::move(element));
  return type;
}

Type record_of(std::shared_ptr<const RecordType> record) {
  Type type = type_of(Type::Kind::record);
  type.record = std::move(record);
  return type;
}

std::string type_text(const Type& type) {
  using Kind = Type::Kind;
  const auto named = [&]() -> std::string {
    switch (type.kind) {
      case Kind::unknown:
        return "unknown";
      case Kind::null:
        return "null";
      case Kind::text:
        return "text";
      case Kind::integer:
        return "int";
      case Kind::decimal:
        return "decimal";
      case Kind::money:
        return "money";
      case Kind::kopecks:
        return "kopecks";
      case Kind::boolean:
        return "bool";
      case Kind::time:
        return "time";
      case Kind::date:
        return "date";
      case Kind::duration:
        return "duration";
      case Kind::id:
        return "id";
      case Kind::json:
        return "json";
      case Kind::list:
        return fmt::format("[{}]", type_text(*type.element));
      case Kind::map:
        return fmt::format("map of {}", type_text(*type.element));
      case Kind::record:
        return type.record->name.empty() ? "record" : type.record->name;
      case Kind::enumeration:
        return type.enumeration->name;
    }
    return {};
  };
  return named() + (type.nullable ? "?" : "");
}

bool numeric(const Type& type) {
  return type.is(Type::Kind::integer) || type.is(Type::Kind::decimal) || type.is(Type::Kind::money) ||
         type.is(Type::Kind::kopecks);
}

bool has_order(const Type& type) {
  return numeric(type) || type.is(Type::Kind::text) || type.is(Type::Kind::time) || type.is(Type::Kind::date) ||
         type.is(Type::Kind::duration);
}

namespace {

bool same_enumeration(const Type& a, const Type& b) { return a.enumeration->name == b.enumeration->name; }

bool record_fits(const RecordType& from, const RecordType& to) {
  if (!from.name.empty() && from.name == to.name) return true;
  for (const FieldType& field : from.fields) {
    const FieldType* wanted = to.field(field.name);
    if (wanted == nullptr || !fits(field.type, wanted->type.or_null())) return false;
  }
  return true;
}

bool kind_fits(const Type& from, const Type& to) {
  using Kind = Type::Kind;
  if (from.is(Kind::unknown) || to.is(Kind::unknown)) return true;
  switch (to.kind) {
    case Kind::json:
      return true;
    case Kind::id:
      return from.is(Kind::id) || from.is(Kind::integer) || from.is(Kind::text) || from.is(Kind::enumeration);
    case Kind::text:
      return from.is(Kind::text) || from.is(Kind::enumeration) || from.is(Kind::id);
    case Kind::decimal:
      return from.is(Kind::decimal) || from.is(Kind::integer);
    case Kind::money:
      return from.is(Kind::money) || from.is(Kind::decimal) || from.is(Kind::integer);
    case Kind::enumeration:
      return from.is(Kind::enumeration) ? same_enumeration(from, to) || to.enumeration->open : from.is(Kind::text);
    case Kind::list:
      return from.is(Kind::list) && fits(*from.element, *to.element);
    case Kind::map:
      if (from.is(Kind::map)) return fits(*from.element, *to.element);
      if (!from.is(Kind::record)) return false;
      for (const FieldType& field : from.record->fields) {
        if (!fits(field.type, to.element->or_null())) return false;
      }
      return true;
    case Kind::record:
      return from.is(Kind::record) && record_fits(*from.record, *to.record);
    default:
      return from.kind == to.kind;
  }
}

}  // namespace

bool fits(const Type& from, const Type& to, bool ignore_null) {
  if (from.is(Type::Kind::null)) return ignore_null || to.nullable || to.is(Type::Kind::unknown);
  if (!ignore_null && from.nullable && !to.nullable && !to.is(Type::Kind::unknown)) return false;
  return kind_fits(from, to);
}

std::optional<Type> common(const Type& a, const Type& b) {
  using Kind = Type::Kind;
  if (a.is(Kind::unknown) || b.is(Kind::unknown)) return type_of(Kind::unknown);
  if (a.is(Kind::null)) return b.or_null();
  if (b.is(Kind::null)) return a.or_null();
  const bool nullable = a.nullable || b.nullable;
  const auto with_null = [&](Type type) {
    type.nullable = nullable;
    return type;
  };
  if (a.is(Kind::list) && b.is(Kind::list)) {
    // An empty list says nothing of its elements.
    if (a.element->is(Kind::unknown)) return with_null(b);
    if (b.element->is(Kind::unknown)) return with_null(a);
    if (const auto element = common(*a.element, *b.element)) return with_null(list_of(*element));
    return std::nullopt;
  }
  const bool partial =
      a.is(Kind::record) && b.is(Kind::record) && (a.record->name.empty() || a.record->name != b.record->name);
  if (partial && (a.record->name.empty() || b.record->name.empty() || fits(a, b, true) || fits(b, a, true))) {
    // What one of them lacks may be null.
    auto both = std::make_shared<RecordType>();
    for (const FieldType& field : a.record->fields) {
      FieldType joined = field;
      const FieldType* other = b.record->field(field.name);
      const auto type = other != nullptr ? common(field.type, other->type) : std::optional(field.type.or_null());
      if (!type) return std::nullopt;
      joined.type = *type;
      both->fields.push_back(std::move(joined));
    }
    for (const FieldType& field : b.record->fields) {
      if (a.record->field(field.name) != nullptr) continue;
      FieldType alone = field;
      alone.type = alone.type.or_null();
      both->fields.push_back(std::move(alone));
    }
    return with_null(record_of(std::move(both)));
  }
  if (a.is(Kind::json) || b.is(Kind::json)) return a.kind == b.kind ? std::optional(with_null(a)) : std::nullopt;
  // Beside any other text a word is a text: nothing says that the other one is a word too.
  const auto text = [](const Type& type) { return type.is(Kind::text) || type.is(Kind::enumeration); };
  if (text(a) && text(b))
    return with_null(a.kind == b.kind && (a.is(Kind::text) || same_enumeration(a, b)) ? a : type_of(Kind::text));
  // An id is compared by its text, whatever it stands beside.
  if (a.is(Kind::id) && fits(b, a, true)) return with_null(a);
  if (fits(a, b, true)) return with_null(b);
  if (fits(b, a, true)) return with_null(a);
  return std::nullopt;
}

std::string plan::verb_text(Verb verb) {
  switch (verb) {
    case Verb::create:
      return "create";
    case Verb::find:
      return "find";
    case Verb::update:
      return "update";
    case Verb::upsert:
      return "upsert";
    case Verb::ensure:
      return "ensure";
    case Verb::set:
      return "set";
    case Verb::send:
      return "send";
    case Verb::append:
      return "append";
  }
  return {};
}

std::optional<plan::Verb> plan::verb_named(std::string_view word) {
  for (const Verb verb :
       {Verb::create, Verb::find, Verb::update, Verb::upsert, Verb::ensure, Verb::set, Verb::send, Verb::append}) {
    if (verb_text(verb) == word) return verb;
  }
  return std::nullopt;
}

}  // namespace pipewright::dsl
