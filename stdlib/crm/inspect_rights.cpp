#include "stdlib/crm/inspect_rights.hpp"

#include <fmt/format.h>

#include "dsl/codes.hpp"
#include "engine/inspect.hpp"

namespace pipewright::crm {
namespace {

namespace codes = dsl::codes;
using dsl::plan::Verb;
using engine::finding_at;
using engine::used_as;
using engine::Uses;

/// One scope that a node needs, and what for when that is not plain.
struct Need {
  const char* scope;
  std::string why;
  bool vital = true;  ///< false: the node does its work without it, less well
};

// Without a client of its own an order hangs on the technical client, which is made when it is missing.
bool takes_technical_client(const Uses::Node& node) {
  const bool creates = node.verb == Verb::upsert || node.verb == Verb::create || node.verb == Verb::ensure;
  return node.name == "crm.order" && creates && !node.fields.contains("client");
}

std::vector<Need> needs_of(const Uses::Node& node) {
  std::vector<Need> needs;
  const bool writes = node.verb && *node.verb != Verb::find;
  if (node.name == "crm.client") {
    needs.push_back({"customer_read", {}});
    if (writes) needs.push_back({"customer_write", {}});
    return needs;
  }
  needs.push_back({"order_read", {}});
  if (writes) needs.push_back({"order_write", {}});
  if (takes_technical_client(node)) {
    needs.push_back({"customer_read", "it looks up the client that orders without one hang on"});
    needs.push_back({"customer_write", "it makes the client that orders without one hang on, if it is missing", false});
  }
  if (node.name == "crm.order" && writes && node.fields.contains("items"))
    needs.push_back({"store_read", "the offers of barcodes are not found: lines are written as free text", false});
  return needs;
}

}  // namespace

Result<Key> key_of(const Value& credentials) {
  Key key;
  const List* scopes = credentials["scopes"].list();
  if (scopes == nullptr) return fail("the response about the key has no list `scopes`");
  for (const Value& each : *scopes) {
    if (each.text() == nullptr) return fail("the response about the key has `scopes` that are not strings");
    key.scopes.insert(*each.text());
  }
  if (const List* sites = credentials["sitesAvailable"].list()) {
    for (const Value& each : *sites) {
      if (each.text() != nullptr) key.sites.push_back(*each.text());
    }
  }
  return key;
}

void judge_scopes(const Account& account, const Uses& uses, const Key& key, engine::Inspection& into) {
  std::set<std::string> told;
  for (const Uses::Node& node : uses.nodes) {
    for (const Need& need : needs_of(node)) {
      if (key.scopes.contains(need.scope) || !told.insert(need.scope).second) continue;
      engine::Finding finding =
          finding_at(node, need.vital ? codes::right_missing : codes::useful_right,
                     fmt::format("the key of `{}` lacks the scope `{}`, which `{}` {}", account.name(), need.scope,
                                 used_as(node), need.vital ? "needs" : "would use"),
                     fmt::format("give it `{}` in the CRM: Settings → Integration → API keys", need.scope));
      finding.note = need.why;
      into.findings.push_back(std::move(finding));
    }
  }
}

}  // namespace pipewright::crm
