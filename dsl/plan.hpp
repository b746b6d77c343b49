// The plan: what a checked program means, as a directed graph of pipelines whose chains are steps. Nothing in it can be
// wrong any more; names are slots, default mappings are written out. Immutable, known by its hash.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/box.hpp"
#include "base/decimal.hpp"
#include "base/time.hpp"
#include "dsl/types.hpp"

namespace pipewright::dsl::plan {

/// Where in the integrator's files something stands; `text` is its source on one line.
struct Place {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;
  std::string text;
};

struct Expr;

using Constant = std::variant<std::monostate, bool, Decimal, std::string, Duration, Date, Instant>;  // monostate: null

enum class Operator {
  add,
  subtract,
  multiply,
  divide,
  remainder,
  equal,
  unequal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  in,
  not_in,
  and_,
  or_,
  otherwise,  // otherwise: `??`
};

struct Literal {
  Constant value;
};
struct Load {
  int slot;
};  // what a name is bound to
struct Member {
  Box<Expr> record;
  std::string name;
};  // of a null record: null; of json too
struct Element {
  Box<Expr> list;
  Box<Expr> index;
};  // null when absent; of a map: by name
struct Lookup {
  std::size_t table;
  Box<Expr> key;
};
struct Negate {
  Box<Expr> operand;
};
struct Not {
  Box<Expr> operand;
};
struct Binary {
  Operator op;
  Box<Expr> left;
  Box<Expr> right;
};
struct Conditional {
  Box<Expr> condition;
  Box<Expr> then;
  Box<Expr> otherwise;
};
struct ListOf {
  std::vector<Expr> elements;
};
struct Field;
struct RecordOf {
  std::vector<Field> fields;
};
struct Comprehension {
  Box<Expr> element;
  int slot;
  Box<Expr> list;
  std::optional<Box<Expr>> condition;
};
struct Call {
  std::string function;
  std::vector<Expr> arguments;
};  // functions are known by name: engine/functions
struct TextOf {
  std::vector<Expr> parts;
};  // holes and literals, each printed by its own type
struct Clear {};  // empties a field

struct Expr {
  std::variant<Literal, Load, Member, Element, Lookup, Negate, Not, Binary, Conditional, ListOf, RecordOf,
               Comprehension, Call, TextOf, Clear>
      node;
  Type type;    ///< static; money prints with two decimals, ids compare by text
  Place place;  ///< for what goes wrong at run time
};

struct Table {
  enum class Otherwise { none, value, skip, fail, keep };
  struct Row {
    std::vector<Constant> keys;
    Expr value;
    Place place;
  };
  std::string name;
  std::vector<Row> rows;
  Otherwise otherwise = Otherwise::none;
  std::optional<Expr> otherwise_value;
  Place place;
};

enum class Verb { create, find, update, upsert, ensure, set, send, append };
std::string verb_text(Verb verb);
std::optional<Verb> verb_named(std::string_view word);

struct Step;
using Steps = std::vector<Step>;

/// A field of an action's braces or of its default mapping. Money is rounded half up to kopecks when written.
struct Field {
  std::string name;
  Expr value;
};

struct Where {
  Expr condition;
};
struct Let {
  int slot;
  Expr value;
};
struct When {
  struct Branch {
    Expr condition;
    Steps steps;
  };
  std::vector<Branch> branches;
  Steps otherwise;
};
struct Each {
  int slot;
  Expr list;
  Box<Steps> steps;
};
struct Action {
  enum class Otherwise {
    park,
    skip,
    fail,
    null
  };  // when nothing is found; `fail` and `park` both park, `fail` by wish
  enum class Delivery { unstated, at_most_once, at_least_once };
  std::string connection;  // `crm`
  std::string node;        // by type: `crm.order` even for connection `crm_moscow`
  Verb verb;
  std::optional<Expr> text;       // the text after the verb
  bool bare = true;               // without braces: `file.append` writes the source's record
  std::vector<std::string> keys;  // of `by`; their values stand in `written`, else in `filling`
  std::vector<Field> written;     // the braces: what an existing record is changed to
  std::vector<Field> filling;     // default mapping and `initially`: only for what is created
  Otherwise otherwise = Otherwise::park;
  Delivery delivery = Delivery::unstated;
  int result = -1;  // slot, -1: nobody uses it
  std::string result_name;
};

struct Step {
  std::variant<Where, Let, When, Each, Action> node;
  Place place;
};

struct Source {
  std::string connection;
  std::string node;                 // by type: `wb.fbs.new`
  std::string noun;                 // `order`
  std::optional<std::string> text;  // the path of `file.lines "x.ndjson"`, of a webhook, a cron line
  std::vector<std::string> of;      // `changed of [status, manager_id]`
  std::optional<Duration> every;
  std::optional<Duration> since;                          // how far back the first poll goes; nothing: `since now`
  std::optional<Instant> since_time;                      // … or from when
  std::vector<std::pair<std::string, Constant>> options;  // `{ own: true }`
  Type record;                                            // of what it emits
  bool has_before = false;
  Place place;
};

/// slot 0 holds the source's record, slot 1 `before` (null where the source has none), 2… what the chain binds.
struct Pipeline {
  std::string name;
  std::vector<Source> sources;
  std::vector<std::string> upstream;  // `on NAME`
  int slots = 2;
  Steps steps;
  Type record;
  std::string noun;
  Place place;
};

/// How many actions one event may reach; more parks it.
constexpr std::size_t most_effects = 10'000;

struct Plan {
  std::vector<Pipeline> pipelines;
  std::vector<Table> tables;
  std::string hash;  // of all that it was made from: 32 hex digits (docs/decisions/0030-what-a-plan-is-known-by.md)
  std::vector<std::pair<std::string, std::string>> files;  // name and text, so that it can be made again

  [[nodiscard]] const Pipeline* pipeline(const std::string& name) const {
    for (const Pipeline& each : pipelines) {
      if (each.name == name) return &each;
    }
    return nullptr;
  }
};

}  // namespace pipewright::dsl::plan
