#include "product.hpp"

#include <algorithm>

namespace pipewright::soundness {
namespace {

Entries read_fields(const engine::Record& record) {
  Entries made;
  for (const auto& [name, value] : record) made.emplace_back(name, read(value));
  return made;
}

engine::Outcome as_recorded(const Outcome& outcome, const engine::Want& want) {
  engine::Outcome made = engine::Outcome::done(dsl::plan::verb_text(want.action->verb));
  made.result = outcome.record;
  switch (outcome.kind) {
    case Came::Kind::written:
      break;
    case Came::Kind::unchanged:
      made.kind = engine::Outcome::Kind::unchanged;
      break;
    case Came::Kind::found:
      made.kind = engine::Outcome::Kind::found;
      break;
    case Came::Kind::nothing:
      return engine::Outcome::nothing();
    case Came::Kind::skipped:
      made.kind = engine::Outcome::Kind::skipped;
      made.reason = "the world skips it";
      break;
    case Came::Kind::failed:
      made.kind = engine::Outcome::Kind::failed;
      made.failure = engine::Failure{};
      made.failure->reason = "the world refuses it";
  }
  return made;
}

Done done_of(const engine::Want& want) {
  const engine::Operation& operation = want.operation;
  Done made{.connection = want.action->connection, .node = want.action->node, .verb = operation.verb};
  made.key = read_fields(operation.key);
  made.written = read_fields(operation.written);
  made.filling = read_fields(operation.filling);
  made.text = operation.text;
  if (operation.source_record) made.source_record = read(*operation.source_record);
  return made;
}

}  // namespace

dsl::ProgramInput input_of(const Files& files, const Zone& zone) {
  dsl::ProgramInput input;
  input.files = files;
  input.time_zone = zone.name;
  input.connections = {{"wb_second", "wb"}, {"crm_second", "crm"}, {"time_second", "time"}};
  return input;
}

Ran run(const dsl::plan::Plan& plan, const engine::CompiledTables& tables, const std::string& pipeline,
        const Given& given, const dsl::Catalog& catalog, engine::Reached* reached) {
  const dsl::plan::Pipeline& steps = *plan.pipeline(pipeline);
  engine::EventData event;
  event.record = given.record;
  event.before = given.before;
  event.received_at = given.now;
  event.time_zone = given.zone.name;
  event.pipeline = pipeline;
  event.reached = reached;
  std::map<engine::Address, engine::Recorded> recorded;
  Ran made;
  constexpr int most_rounds = 1000;
  for (int round = 0; round < most_rounds; ++round) {
    const engine::Progress progress = engine::advance(steps, plan, tables, event, recorded);
    if (progress.ending) {
      made.answer.end = static_cast<Answer::End>(progress.ending->kind);
      made.answer.through = progress.ending->reached_end;
      made.reason = progress.ending->reason;
      return made;
    }
    for (const engine::Want& want : progress.wants) {
      made.answer.actions[want.address] = done_of(want);
      const Outcome outcome =
          outcome_of(given.seed, want.address, *catalog.action(want.action->node), want.action->verb);
      recorded[want.address] = {as_recorded(outcome, want), {}, true};
    }
  }
  made.reason = "no end";
  return made;
}

}  // namespace pipewright::soundness
