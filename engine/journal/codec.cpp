// Outcomes as text, and back: one record of the journal's JSON.
#include <fmt/format.h>

#include <array>

#include "engine/journal/journal.hpp"
#include "engine/json.hpp"

namespace pipewright::engine {
namespace {

constexpr std::array<const char*, 6> kinds{"done", "unchanged", "found", "nothing", "skipped", "failed"};
constexpr std::array<const char*, 3> failures{"transient", "credentials", "permanent"};
constexpr std::array<const char*, 3> deliveries{"not_sent", "unknown", "sent"};

template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<const char*, N>& words, const std::string& word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (word == words[i]) return i;
  }
  return std::nullopt;
}

}  // namespace

std::string encode_outcome(const Outcome& outcome) {
  Record fields;
  fields.emplace_back("kind", kinds[static_cast<std::size_t>(outcome.kind)]);
  fields.emplace_back("operation", outcome.operation);
  if (!outcome.result.is_null()) fields.emplace_back("result", outcome.result);
  if (!outcome.changes.empty()) {
    List changes;
    for (const Change& change : outcome.changes) changes.emplace_back(List{change.field, change.before, change.after});
    fields.emplace_back("changes", std::move(changes));
  }
  if (!outcome.record.empty()) fields.emplace_back("record", outcome.record);
  if (!outcome.warnings.empty())
    fields.emplace_back("warnings", List(outcome.warnings.begin(), outcome.warnings.end()));
  if (!outcome.summary.empty()) fields.emplace_back("summary", outcome.summary);
  if (!outcome.reason.empty()) fields.emplace_back("reason", outcome.reason);
  if (outcome.failure) {
    Record failure;
    failure.emplace_back("kind", failures[static_cast<std::size_t>(outcome.failure->kind)]);
    failure.emplace_back("reason", outcome.failure->reason);
    failure.emplace_back("help", outcome.failure->help);
    failure.emplace_back("delivery", deliveries[static_cast<std::size_t>(outcome.failure->delivery)]);
    fields.emplace_back("failure", std::move(failure));
  }
  return encode(Value(std::move(fields)));
}

Result<Outcome> decode_outcome(const std::string& text) {
  const Result<Value> decoded = decode(text);
  if (!decoded || decoded->record() == nullptr) return fail("the journal's record of this step cannot be read");
  const Value& from = *decoded;
  const auto kind = index_of(kinds, from["kind"].display());
  if (!kind) return fail("the journal's record of this step has an unknown kind: it is of a newer version, or damaged");
  Outcome outcome;
  outcome.kind = static_cast<Outcome::Kind>(*kind);
  outcome.operation = from["operation"].display();
  outcome.result = from["result"];
  if (const List* changes = from["changes"].list()) {
    for (const Value& each : *changes) {
      if (each.list() != nullptr && each.list()->size() == 3) {
        outcome.changes.push_back({(*each.list())[0].display(), (*each.list())[1], (*each.list())[2]});
      }
    }
  }
  if (const Record* record = from["record"].record()) outcome.record = *record;
  if (const List* warnings = from["warnings"].list()) {
    for (const Value& each : *warnings) outcome.warnings.push_back(each.display());
  }
  outcome.summary = from["summary"].display();
  outcome.reason = from["reason"].display();
  if (const Value& failure = from["failure"]; failure.record() != nullptr) {
    const auto what = index_of(failures, failure["kind"].display());
    if (!what) return fail("the journal's record of this step names an unknown kind of failure");
    outcome.failure = Failure{static_cast<Failure::Kind>(*what), failure["reason"].display(), failure["help"].display(),
                              static_cast<Delivery>(index_of(deliveries, failure["delivery"].display()).value_or(1))};
  }
  return outcome;
}

Address set_aside(const Address& address, std::size_t round) {
  return is_set_aside(address) ? address : fmt::format("~{}:{}", round, address);
}

bool is_set_aside(const Address& address) { return address.starts_with('~'); }

}  // namespace pipewright::engine
