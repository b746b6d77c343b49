// File + Catalog → the plan: names, types, nulls, tables, keys, cycles and loops. Checking and lowering are one walk,
// because the plan of an expression is known exactly when its type is (docs/decisions/0003-check-lowers.md).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dsl/ast.hpp"
#include "dsl/catalog.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/plan.hpp"
#include "dsl/plan_test.hpp"
#include "dsl/source.hpp"

namespace pipewright::dsl {

struct ProgramInput {
  std::vector<std::pair<std::string, std::string>> files;  ///< path and text of each file that was named
  Loader load;                                             ///< for `import`; paths are relative to the importing file
  std::map<std::string, std::string> connections;          ///< configured name → family: `wb_moscow` → `wb`
  std::string time_zone = "UTC";                           ///< `[run] time_zone`, for times without an offset
  std::string version;                                     ///< of the program that checks
  std::string meaning;                                     ///< what else decides what is written: settings of accounts
};

/// `# allow P0412: why`
struct Allow {
  SourceId file = 0;
  Span scope;  ///< the statement that the comment stands in, or above
  int number = 0;
};

struct Checked {
  plan::Plan plan;                                     ///< complete only when there are no errors
  std::vector<plan::Test> tests;                       ///< in the order of files and places
  Diagnostics diagnostics;                             ///< in the order of files and places
  std::vector<std::shared_ptr<const Source>> sources;  ///< by SourceId
  std::vector<ast::File> files;                        ///< by SourceId
  std::size_t own_tables = 0;                          ///< of the program itself, without the standard ones
  std::vector<Allow> allows;

  /// Whether a comment says that this warning is meant.
  [[nodiscard]] bool allowed(const Code& code, SourceId where, Span span) const;
};

struct Index;

Checked check(const ProgramInput& input, const Catalog& catalog);
/// The same, and into `index` what the words of the program name (dsl/index.hpp).
Checked check(const ProgramInput& input, const Catalog& catalog, Index& index);

/// Typechecks every default mapping and standard table of the catalog: for the tests of the standard library.
Diagnostics check_catalog(const Catalog& catalog);

/// The default mapping from a source's record to an action, as it would stand in braces; empty when there is none.
std::string default_mapping_text(const Catalog& catalog, const std::string& source, const std::string& action);

}  // namespace pipewright::dsl
