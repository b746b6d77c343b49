#include "engine/simulation/world.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/json.hpp"

namespace pipewright::engine::simulation {
namespace {

Answer json_answer(Value value) {
  Answer answer;
  answer.status = 200;
  answer.body = write_json(value);
  return answer;
}

Value shown(const Target::Kept& kept) {
  Record fields = kept.fields;
  set_field(fields, "id", Value(kept.id));
  return Value(std::move(fields));
}

}  // namespace

Answer Target::handle(const Request& request) {
  // sim://target/KIND/find|create|edit
  const std::size_t slash = request.url.rfind('/');
  const std::string verb = request.url.substr(slash + 1);
  const std::size_t before = request.url.rfind('/', slash - 1);
  const std::string kind = request.url.substr(before + 1, slash - before - 1);
  ++calls[kind + "/" + verb];
  const Value body = parse_json(request.body).value_or(Value());
  if (verb == "send") {
    sent.push_back(body["text"].display());
    return json_answer(Value(Record{}));
  }
  List made;
  std::vector<Kept>& kept = kinds[kind];
  for (const Value& each : *body.list()) {
    const std::string key = verb == "find" ? each.id_text() : each["external_id"].id_text();
    const auto found = std::find_if(kept.begin(), kept.end(), [&](const Kept& one) {
      const Value* held = find_field(one.fields, "external_id");
      return held != nullptr && held->id_text() == key;
    });
    if (verb == "find") {
      made.push_back(found == kept.end() ? Value() : shown(*found));
      continue;
    }
    history[kind + " " + key].push_back(each["n"].display());
    if (verb == "create" || found == kept.end()) {
      kept.push_back({next_id++, *each.record()});
      made.push_back(shown(kept.back()));
    } else {
      for (const auto& [name, value] : *each.record()) set_field(found->fields, name, value);
      made.push_back(shown(*found));
    }
  }
  return json_answer(Value(std::move(made)));
}

CallResult World::answer_to(const Request& request) {
  if (fate) {
    if (auto decided = fate(request)) {
      if (!*decided && decided->error().delivery == Delivery::unknown) target.handle(request);
      return std::move(*decided);
    }
  }
  const double chance = std::uniform_real_distribution<double>(0, 1)(random_);
  double edge = faults_.request_lost;
  if (chance < edge)
    return tl::unexpected<Lost>(
        Lost{unknown_if(std::uniform_int_distribution<int>(0, 1)(random_) == 1), "connection reset"});
  if (chance < (edge += faults_.server_error)) return Answer{503, {}, "unavailable", {}};
  if (chance < (edge += faults_.too_many)) return Answer{429, {}, "slow down", {}};
  Answer answer = target.handle(request);
  if (chance < (edge += faults_.answer_lost)) return tl::unexpected<Lost>(Lost{Delivery::unknown, "timeout"});
  return answer;
}

void World::send(CallId id, const std::string&, const Request& request) {
  const auto delay =
      std::uniform_int_distribution<Duration::rep>(faults_.least_delay.count(), faults_.most_delay.count())(random_);
  answers_.push_back({now + Duration(delay), id, answer_to(request)});
}

void World::commit(CommitId id, Transaction transaction) { journal_work_.emplace_back(id, std::move(transaction)); }

void World::query(QueryId id, Query query) { journal_work_.emplace_back(id, std::move(query)); }

Result<void> World::start(Core& core, std::shared_ptr<const Runnable> runnable) {
  Result<Opening> opening = journal_.open();
  if (!opening) return fail(opening.error());
  return core.start(std::move(runnable), std::move(*opening), now);
}

void World::restart() {
  answers_.clear();
  journal_work_.clear();
  now += Duration(1000);
}

World::End World::run(Core& core, Instant until) {
  for (;;) {
    most_loaded = std::max(most_loaded, core.loaded());
    if (core.drained()) return End::drained;
    if (core.broken() != nullptr) return End::broken;
    if (core.stopped()) return End::stopped;
    if (!journal_work_.empty()) {
      auto [id, work] = std::move(journal_work_.front());
      journal_work_.pop_front();
      if (const auto* query = std::get_if<Query>(&work)) {
        core.replied(now, id, journal_.query(*query));
        continue;
      }
      if (boundary()) return End::crashed;  // not durable
      ++commits;
      auto stored = journal_.commit(std::span(&std::get<Transaction>(work), 1));
      if (boundary()) return End::crashed;  // durable, and nobody heard of it
      now += Duration(1);
      if (stored)
        core.committed(now, id, std::move(stored->front()));
      else
        core.committed(now, id, fail(stored.error()));
      continue;
    }
    const auto first = std::min_element(answers_.begin(), answers_.end(),
                                        [](const Pending& a, const Pending& b) { return a.at < b.at; });
    const std::optional<Instant> wake = core.wakes_at();
    if (first == answers_.end() && !wake) return End::idle;
    if (first != answers_.end() && (!wake || first->at <= *wake)) {
      if (first->at > until) return End::late;
      if (boundary()) return End::crashed;
      Pending answer = std::move(*first);
      answers_.erase(first);
      now = std::max(now, answer.at);
      core.answered(now, answer.id, std::move(answer.result));
      continue;
    }
    if (*wake > until) {
      now = until;
      return End::late;
    }
    now = std::max(now, *wake);
    core.tick(now);
  }
}

std::vector<std::string> broken_promises(const World& world) {
  std::vector<std::string> broken;
  for (const auto& [kind, kept] : world.target.kinds) {
    std::map<std::string, int> times;
    for (const Target::Kept& each : kept) {
      const Value* key = find_field(each.fields, "external_id");
      if (key != nullptr && ++times[key->id_text()] == 2)
        broken.push_back(fmt::format("{} {} is there twice", kind, key->id_text()));
    }
  }
  for (const auto& [key, writes] : world.target.history) {
    int last = 0;
    for (const std::string& each : writes) {
      const int n = std::atoi(each.c_str());
      if (n < last) broken.push_back(fmt::format("{}: {} was written after {}", key, n, last));
      last = std::max(last, n);
    }
  }
  std::int64_t in_flight = 0;
  const auto all_counters = world.journal_.counters();
  const auto all_events = world.journal_.events({true, 0, 10'000'000});
  for (const auto& [pipeline, counters] : *all_counters) in_flight += counters.in_flight();
  std::int64_t open = 0;
  for (const ListedEvent& each : *all_events) open += each.outcome ? 0 : 1;
  if (open != in_flight) broken.push_back(fmt::format("the books say {} in flight, there are {}", in_flight, open));
  return broken;
}

}  // namespace pipewright::engine::simulation
