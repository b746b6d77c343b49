// What the words of a program name, and what may stand at a place: written down while it is checked, for whoever edits
// it. `check` without an index writes nothing down.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsl/ast.hpp"
#include "dsl/catalog.hpp"
#include "dsl/source.hpp"
#include "dsl/types.hpp"

namespace pipewright::dsl {

/// Where something is declared: in a file of the program, or of the standard library (`Catalog::sources`).
struct Declared {
  bool standard = false;
  SourceId source = 0;
  Span span;
  bool operator==(const Declared& other) const {
    return standard == other.standard && source == other.source && span.begin == other.span.begin &&
           span.end == other.span.end;
  }
};

/// A word of the program and what it names.
struct Mention {
  enum class Kind {
    source,  ///< `wb.fbs.new`
    action,  ///< `crm.order`
    verb,    ///< `upsert`, of the node `owner`
    field,   ///< of the record `owner`
    key,     ///< a field of the action `owner`, behind `by`
    option,  ///< of the source `owner`
    word,    ///< of the enumeration `owner`: a text
    value,   ///< what a `let`, `as`, `each` or `for` gave
    record,  ///< what a source gives: its noun, `before`
    result,  ///< of an action without `as`
    table,
    pipeline,
    function,
  };
  Kind kind = Kind::value;
  SourceId source = 0;
  Span span;
  std::string name;
  std::string owner;
  Type type = {};
  std::string doc;
  std::optional<Declared> declared = std::nullopt;  ///< in the program; what is standard is in CatalogPlaces
  bool declares = false;                            ///< the word itself is the declaration
};

/// What an action takes from the default mapping.
struct ActionUse {
  SourceId source = 0;
  Span path;
  Span span;                   ///< the whole action
  std::optional<Span> braces;  ///< of its fields
  std::string node;
  struct Default {
    std::string field;
    std::string text;    ///< the mapping's expression, as it is written
    bool taken = false;  ///< it is written, and nothing in the program names it
  };
  std::vector<Default> defaults;
};

/// A name that can be used at the probed place.
struct Visible {
  std::string name;
  Mention::Kind kind = Mention::Kind::value;
  Type type;
  std::string from;  ///< the node that gave it, empty for a value
};

/// What may stand at the probed place.
struct Here {
  enum class Kind {
    nothing,
    value,   ///< an expression; `wanted` is the type that is looked for there
    text,    ///< the inside of a text; `wanted` as above
    member,  ///< a field of `owner`; without one, a part of the path `name`
    field,   ///< of a record that is written: `owner`
    action_field,
    option,
    of_field,
    source,
    action,  ///< a step
    verb,
    key,
    otherwise,  ///< skip, fail, null
    table_key,  ///< of the table `name`
    pipeline,   ///< behind `of` of a test
    given,      ///< behind `given`; `name` is what the pipeline receives
    expected,   ///< behind `expect`
    operation,
  };
  Kind kind = Kind::nothing;
  Span span;  ///< of the word there
  std::string name;
  std::string node;          ///< of fields, verbs, keys and options
  std::vector<Type> owners;  ///< records whose fields may stand there
  std::optional<Type> wanted;
  std::vector<Visible> names;
  std::vector<std::string> given;  ///< fields that are written already
};

struct Index {
  /// The place whose `here` is wanted; nothing: none.
  std::optional<std::pair<SourceId, std::uint32_t>> probe;
  Here here;
  std::vector<Mention> mentions;  ///< by source and place, once each
  std::vector<ActionUse> actions;
  /// Types that a table is asked with: `enumerations` whose words may be its keys.
  std::vector<std::pair<std::string, Type>> lookups;

  /// The mention at this place; a place right behind a word counts as in it.
  [[nodiscard]] const Mention* at(SourceId source, std::uint32_t offset) const;
};

/// Where the standard library declares its things; by `source wb.fbs.new`, `action crm.order`, `record wb.fbs.order`,
/// `field wb.fbs.order.price`, `enum wb.supplier_status`, `word wb.supplier_status.new`, `table wb.order_status`.
std::map<std::string, Declared> catalog_places(const Catalog& catalog);

}  // namespace pipewright::dsl
