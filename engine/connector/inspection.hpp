// What `validate --online` asks an account, and the type of a connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dsl/diagnostic.hpp"
#include "dsl/plan.hpp"
#include "engine/connector/calls.hpp"
#include "engine/connector/connection.hpp"

namespace pipewright::engine {

using dsl::plan::Verb;

/// What a program wants of one account, in the order of its files; made by engine/uses.
struct Uses {
  struct Node {
    std::string name;              ///< `crm.order`
    std::optional<Verb> verb;      ///< of an action; a source has none
    std::set<std::string> fields;  ///< that an action is given, the default mapping's too
    dsl::plan::Place place;
  };
  /// A literal that meets the account: written to one of its fields, or compared with what came out of one.
  struct Word {
    std::string field;  ///< its enumeration, `crm.order_status`, else record and field: `crm.order.fields.order_type`
    std::string text;   ///< of a map (`custom_fields`): the name in it
    bool written = false;
    bool standard = false;  ///< of a table or mapping of the standard library; `place` is the step that takes it
    dsl::plan::Place place;
  };
  std::vector<Node> nodes;
  std::vector<Word> words;
};

/// One thing that an account made known.
struct Finding {
  const dsl::Code* code = nullptr;
  dsl::plan::Place place;  ///< of the use
  std::string word;        ///< what is to blame there: `"asembling"` in quotes, the name of a field; empty: the node
  std::string message;
  std::string note;
  std::string help;
  std::optional<std::string> instead;  ///< for `word`, when the help is to write something else there
};

struct Inspection {
  std::vector<std::string> facts;  ///< "accepted", "store wb", "24 statuses": one line for people
  std::vector<Finding> findings;
};

struct ConnectionType {
  std::string type;  ///< `wildberries`
  std::string
      default_name;  ///< `wb`: the connection that is there without configuration, and the first word of declared nodes
  std::vector<SettingKey> keys;
  std::function<Result<std::unique_ptr<Connection>>(Settings)> make;
  /// Asks the account, reading alone, whether the program may and can do what it says. Empty: there is nothing to ask.
  std::function<Task<Inspection>(Connection&, Uses, Calls&)> inspect;
};

}  // namespace pipewright::engine
