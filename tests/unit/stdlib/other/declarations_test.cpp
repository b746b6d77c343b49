#include <doctest/doctest.h>

#include <set>

#include "base/embedded.hpp"
#include "dsl/check.hpp"
#include "dsl/render.hpp"
#include "stdlib/stdlib.hpp"

using namespace pipewright;

TEST_CASE("the declarations parse and check, default mappings and standard tables too") {
  std::vector<std::pair<std::string, std::string>> files;
  for (const embedded::File& file : embedded::declarations()) files.emplace_back(file.name, file.content);
  const dsl::CatalogRead read = dsl::read_catalog(files);
  CHECK_MESSAGE(read.diagnostics.empty(), dsl::render_text(read.diagnostics, read.catalog.sources, false));
  const dsl::Diagnostics checked = dsl::check_catalog(read.catalog);
  CHECK_MESSAGE(checked.empty(), dsl::render_text(checked, read.catalog.sources, false));
}

TEST_CASE("every declared node has behaviour, and every behaviour is declared") {
  const dsl::Catalog catalog = stdlib::catalog();
  const engine::Registry registry = stdlib::registry();
  for (const auto& [name, spec] : catalog.source_nodes) CHECK_MESSAGE(registry.source(name) != nullptr, name);
  for (const auto& [name, spec] : catalog.action_nodes) {
    const engine::ActionNode* node = registry.action(name);
    REQUIRE_MESSAGE(node != nullptr, name);
    std::set<engine::Verb> declared(spec.verbs.begin(), spec.verbs.end());
    std::set<engine::Verb> implemented;
    for (const auto& [verb, repeat] : node->verbs) implemented.insert(verb);
    CHECK_MESSAGE(declared == implemented, name);
  }
  for (const std::string& name : registry.node_names())
    CHECK_MESSAGE((catalog.source(name) != nullptr || catalog.action(name) != nullptr), name);
  std::set<std::string> families;
  for (const std::string& family : catalog.families()) families.insert(family);
  for (const engine::ConnectionType& type : registry.connection_types())
    CHECK_MESSAGE(families.contains(type.default_name), type.type);
}

TEST_CASE("every node and every field of a record is documented") {
  const dsl::Catalog catalog = stdlib::catalog();
  for (const auto& [name, spec] : catalog.source_nodes) CHECK_MESSAGE(!spec.doc.empty(), name);
  for (const auto& [name, spec] : catalog.action_nodes) CHECK_MESSAGE(!spec.doc.empty(), name);
}
