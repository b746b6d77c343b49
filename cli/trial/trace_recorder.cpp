#include "cli/trial/trace_recorder.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace pipewright::cli {
namespace {

using engine::EndedStep;
using engine::Exchange;
using engine::Outcome;

// A target that cannot be asked may have done what it answered with a 5xx; another says no by that.
bool is_taken(const Exchange& exchange, bool unasked) {
  if (!exchange.write) return false;
  const int status = exchange.status;
  return status == 0 || (status >= 200 && status < 300) || (unasked && status >= 500 && status != 503);
}

// How often the same request was taken.
std::size_t times_taken(const EndedStep& step, bool unasked) {
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> counts;
  std::size_t most = 0;
  for (const Exchange& each : step.exchanges) {
    if (is_taken(each, unasked)) most = std::max(most, ++counts[{each.method, each.url, each.request_body}]);
  }
  return most;
}

bool is_message(const std::string& node) { return node.starts_with("log."); }

std::string operation_of(const EndedStep& step, std::size_t taken) {
  const Outcome& outcome = step.outcome;
  if (outcome.kind == Outcome::Kind::done) return outcome.operation;
  if (outcome.kind == Outcome::Kind::unchanged) return is_message(step.node) ? "send" : "none";
  const bool unknown = outcome.failure && outcome.failure->delivery == engine::Delivery::unknown;
  return unknown && taken > 0 ? dsl::plan::verb_text(step.verb) : std::string();
}

}  // namespace

void TraceRecorder::note(const EndedStep& step) {
  const engine::ActionNode* node = registry_.action(step.node);
  if (node == nullptr || !step.operation) return;
  const auto repeat = node->verbs.find(step.verb);
  const bool unasked = repeat != node->verbs.end() && repeat->second == engine::Repeat::unasked;
  const std::size_t taken = times_taken(step, unasked);
  const engine::Operation& operation = *step.operation;
  Made made;
  made.operation = operation_of(step, taken);
  if (made.operation.empty()) return;
  made.connection = step.connection;
  made.node = step.node;
  made.silent = is_message(step.node);
  made.text = operation.text.value_or("");
  // What exists is changed only by what is written; what is created holds what was sent.
  const engine::Record& created = step.outcome.record;
  made.asked = made.operation != "create" ? operation.written : created.empty() ? operation.whole() : created;
  for (const auto& [name, value] : operation.key) {
    if (engine::find_field(made.asked, name) == nullptr) made.asked.emplace_back(name, value);
  }
  const auto& record = operation.source_record;
  if (step.node == "file.append" && record && record->record() != nullptr) made.asked = *record->record();
  made.result = step.outcome.result;
  for (const Exchange& each : step.exchanges) {
    if (is_taken(each, unasked) && made.operation != "none") made.requests.push_back(each);
  }
  const std::size_t times = made.operation == "none" ? 1 : std::max<std::size_t>(taken, 1);
  happened_.made.insert(happened_.made.end(), times, made);
}

void TraceRecorder::ended(const engine::Ended& event) {
  for (const EndedStep& step : event.steps) note(step);
  EndedAs ended;
  ended.kind = event.kind;
  ended.pipeline = event.pipeline;
  ended.key = event.key;
  ended.reason = event.reason;
  if (event.place != nullptr) ended.place = *event.place;
  ended.warnings = event.warnings;
  happened_.ended.push_back(std::move(ended));
}

}  // namespace pipewright::cli
