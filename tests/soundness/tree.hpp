// Programs as the generator makes them: what a text says is known before the parser has seen it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dsl/plan.hpp"
#include "dsl/types.hpp"

namespace pipewright::soundness {

/// An expression with the type that grammar.md gives it.
struct Node {
  enum class Kind {
    null,
    boolean,   ///< word: `true`
    number,    ///< word: its digits
    duration,  ///< word: as it is written
    date,      ///< word
    time,      ///< word
    text,      ///< word: the text itself
    joined,    ///< a text with holes: parts are texts and expressions
    name,      ///< word
    member,    ///< parts: the record; word: the field
    element,   ///< parts: the list, map or json and the place
    lookup,    ///< word: the table; parts: the key
    call,      ///< word: the function
    negate,
    not_true,
    binary,       ///< word: the operator
    conditional,  ///< parts: condition, then, perhaps else
    list,
    comprehension,  ///< word: the name; parts: element, list, perhaps condition
    record,         ///< names and parts
    clear,
    from_mapping,  ///< a field without a value
  };
  Kind kind = Kind::null;
  std::string word;
  std::vector<Node> parts;
  std::vector<std::string> names;
  dsl::Type type;
};

struct Field {
  std::string name;
  Node value;
};

struct Action {
  std::string connection;  ///< `wb`, or another account of its kind
  std::string node;
  std::string verb;  ///< empty: the default
  dsl::plan::Verb means = dsl::plan::Verb::upsert;
  std::optional<Node> text;
  std::vector<std::string> by;    ///< as written
  std::vector<std::string> keys;  ///< what it means
  bool has_fields = false;
  bool only = true;                                    ///< nothing from the default mappings
  std::map<std::string, std::vector<Field>> defaults;  ///< the default mapping of each record of the stream
  std::vector<std::string> required;                   ///< fields that `set` takes from them
  std::vector<Field> fields;
  std::vector<Field> initially;
  std::string as;
  std::string otherwise;
  std::string delivery;
};

struct Step;
using Chain = std::vector<Step>;

struct Step {
  enum class Kind { where, let, when, each, action };
  Kind kind = Kind::where;
  std::string name;         ///< let, each
  std::vector<Node> parts;  ///< the condition, the value, the list; of `when` a condition for each branch
  std::vector<Chain> chains;
  bool has_else = false;  ///< the last chain is `else`
  Action action;
};

struct Table {
  enum class Otherwise { none, value, skip, fail, keep };
  std::string name;
  std::vector<std::pair<std::vector<Node>, Node>> rows;
  Otherwise otherwise = Otherwise::none;
  std::optional<Node> value;
  dsl::Type key;
  dsl::Type gives;
};

struct Pipeline {
  std::string name;
  std::vector<std::string> sources;  ///< `wb.fbs.new`, or the pipeline that it listens to
  std::vector<std::string> options;  ///< behind each source: `every 30s`
  bool listens = false;
  std::string noun;
  bool has_before = false;
  std::vector<std::shared_ptr<const dsl::RecordType>> records;  ///< of the sources; empty: json
  dsl::Type record;
  Chain chain;
};

struct Program {
  std::vector<std::pair<std::string, Node>> lets;
  std::vector<Table> tables;
  std::vector<Pipeline> pipelines;
};

}  // namespace pipewright::soundness
