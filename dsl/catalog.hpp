// What is declared: enumerations, records, nodes, default mappings and standard tables, read from the standard
// library's own `.pipe` files.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/plan.hpp"
#include "dsl/types.hpp"

namespace pipewright::dsl {

enum class TextPart { none, optional, required };  ///< the text after a node's path

struct SourceSpec {
  std::string name;  ///< `wb.fbs.new`
  std::string noun;
  Type record;
  bool before = false;
  bool of = false;   ///< takes `of [fields]`
  std::string sees;  ///< the field whose change makes an event, `created`, or nothing: any field, or those of `of`
  TextPart text = TextPart::none;
  std::optional<Duration> every;                           ///< nothing: not polled
  enum class Since { any, now, none } since = Since::any;  ///< what may follow `since`: its records may have no dates
  std::vector<FieldType> options;
  std::string limits;  ///< for people: which limits the calls count against
  std::string api;     ///< for people: the calls and their page
  std::string doc;
};

struct ActionSpec {
  std::string name;  ///< `crm.order`
  std::string noun;
  Type result;
  std::shared_ptr<const RecordType> takes;
  bool takes_anything = false;  ///< any record (`file.append`)
  std::vector<plan::Verb> verbs;
  plan::Verb default_verb = plan::Verb::upsert;
  std::vector<std::string> default_key;
  std::vector<std::string> keys;       ///< fields that `by` may name
  std::vector<std::string> exclusive;  ///< fields of which one may be given
  TextPart text = TextPart::none;
  bool unasked = false;            ///< needs at_most_once or at_least_once
  bool silent = false;             ///< no write: `log`
  std::string client_from;         ///< `crm.client`: the field `client` comes from the chain's last result of it
  std::vector<std::string> feeds;  ///< sources that see what it writes
  std::string limits;
  std::string api;
  std::string doc;
};

struct Mapping {
  std::string from;  ///< record
  std::string to;    ///< action
  SourceId source = 0;
  ast::Record fields;
};

struct StandardTable {
  std::string name;
  SourceId source = 0;
  ast::Table table;
};

class Catalog {
 public:
  std::vector<std::shared_ptr<const Source>>
      sources;  ///< the declarations' texts; a SourceId of a mapping or table indexes them
  std::map<std::string, std::shared_ptr<const EnumType>> enums;
  std::map<std::string, std::shared_ptr<const RecordType>> records;
  std::map<std::string, SourceSpec> source_nodes;
  std::map<std::string, ActionSpec> action_nodes;
  std::vector<Mapping> mappings;
  std::vector<StandardTable> tables;
  std::string digest;  ///< of the declarations' texts

  [[nodiscard]] const SourceSpec* source(const std::string& name) const;
  [[nodiscard]] const ActionSpec* action(const std::string& name) const;
  [[nodiscard]] const Mapping* mapping(const std::string& from_record, const std::string& to_action) const;
  [[nodiscard]] std::vector<std::string> node_names() const;
  /// First words of nodes: `wb`, `crm`, …: the connections that are there without configuration.
  [[nodiscard]] std::vector<std::string> families() const;
};

struct CatalogRead {
  Catalog catalog;
  Diagnostics diagnostics;  ///< a declaration that is wrong: for the tests, users never see one
};

/// Reads declarations: name and text of each file.
CatalogRead read_catalog(const std::vector<std::pair<std::string, std::string>>& files);

}  // namespace pipewright::dsl
