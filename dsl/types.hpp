// Types of the language and what fits where.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace pipewright::dsl {

struct RecordType;
struct EnumType;

struct Type {
  enum class Kind {
    unknown,  ///< follows from a reported mistake: fits everywhere, silently
    null,
    text,
    integer,
    decimal,
    money,    ///< exact major units (roubles)
    kopecks,  ///< exact hundredths; does not mix with money
    boolean,
    time,
    date,
    duration,
    id,    ///< integers and text alike, compared by their text
    json,  ///< must be converted explicitly
    list,
    map,  ///< any field name, values of one type (custom fields)
    record,
    enumeration,
  };

  Kind kind = Kind::unknown;
  bool nullable = false;
  std::shared_ptr<const Type> element;          ///< list and map
  std::shared_ptr<const RecordType> record;     ///< record
  std::shared_ptr<const EnumType> enumeration;  ///< enumeration

  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  [[nodiscard]] Type plain() const {  ///< the same without null
    Type copy = *this;
    copy.nullable = false;
    return copy;
  }
  [[nodiscard]] Type or_null() const {
    Type copy = *this;
    if (kind != Kind::unknown && kind != Kind::null) copy.nullable = true;
    return copy;
  }
};

struct FieldType {
  std::string name;  ///< snake_case
  Type type;
  std::string doc;                         ///< the comment beside the declaration
  std::string api_name;                    ///< the API's own word when `snake_case` of it is not `name`; else empty
  bool in_kopecks = false;                 ///< the API speaks hundredths, the record holds major units
  std::string zone;                        ///< the API writes wall clocks of this zone; empty: it writes offsets
  bool derived = false;                    ///< the connector fills it in; the API has no such field
  bool required = false;                   ///< of what an action takes: it must be given
  bool unfilled = false;                   ///< always null: the API does not say it today
  std::shared_ptr<const EnumType> values;  ///< the values that it has or takes, compared by their text; null: any
  std::optional<std::string> example;      ///< source text of a literal, for tests and documentation
};

struct RecordType {
  std::string name;  ///< `wb.fbs.order`; empty for a record literal
  std::vector<FieldType> fields;
  std::string doc;
  /// Of several sources in one stream: fields whose types differ, with both in words; using one is an error.
  std::vector<std::pair<std::string, std::string>> conflicts;

  [[nodiscard]] const FieldType* field(std::string_view wanted) const;
};

struct EnumType {
  std::string name;
  std::vector<std::string> words;
  bool open = false;  ///< accounts add words of their own (`crm.order_status`): unknown words are not mistakes
  std::string doc;
};

Type type_of(Type::Kind kind, bool nullable = false);
Type list_of(Type element);
Type map_of(Type element);
Type record_of(std::shared_ptr<const RecordType> record);

/// As declarations write it: `text?`, `[wb.item]`, `wb.supplier_status`.
std::string type_text(const Type& type);

/// Whether a value of `from` may stand where `to` is required (null aside when `ignore_null`).
bool fits(const Type& from, const Type& to, bool ignore_null = false);
/// The type of "one or the other"; nothing when they have none in common.
std::optional<Type> common(const Type& a, const Type& b);
bool numeric(const Type& type);
/// Whether `<` compares two of it. Ids and words of an enumeration are equal or not, and have no order.
bool has_order(const Type& type);

}  // namespace pipewright::dsl
