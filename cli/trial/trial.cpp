#include "cli/trial/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "cli/trial/happened.hpp"
#include "cli/trial/judge.hpp"
#include "cli/trial/world.hpp"
#include "engine/bind.hpp"
#include "engine/journal/memory.hpp"
#include "engine/json.hpp"
#include "engine/run/virtual.hpp"

namespace pipewright::cli {
namespace {

namespace plan = dsl::plan;
using engine::Batch;
using engine::Calls;
using engine::Connection;
using engine::EndingKind;
using engine::Evaluated;
using engine::Look;
using engine::NewEvent;
using engine::Outcome;
using engine::Outcomes;
using engine::Page;
using engine::Record;
using engine::Task;
using engine::Value;

constexpr auto longest = std::chrono::hours(24 * 3);  // virtual; what fails for a day is parked

// 2026-11-23, a Monday, at noon in Moscow: a test without `given now` runs then, today and in ten years.
constexpr Instant noon{std::chrono::milliseconds(1795424400000)};

std::string operation_of(const engine::ActionNode& node, const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::done) return outcome.operation;
  if (outcome.kind != Outcome::Kind::unchanged) return {};
  return node.name.starts_with("log.") ? "send" : "none";
}

void note_all(Happened& happened, const engine::ActionNode& node, const Connection& connection, const Batch& batch,
              const Outcomes& outcomes) {
  for (std::size_t i = 0; i < batch.size() && i < outcomes.size(); ++i) {
    Made made;
    made.operation = operation_of(node, outcomes[i]);
    if (made.operation.empty()) continue;
    made.connection = connection.name();
    made.node = node.name;
    made.silent = node.name.starts_with("log.");
    made.text = batch[i].text.value_or("");
    // What exists is changed only by what is written.
    made.asked = made.operation == "create" ? batch[i].whole() : batch[i].written;
    for (const auto& [name, value] : batch[i].key) {
      if (engine::find_field(made.asked, name) == nullptr) made.asked.emplace_back(name, value);
    }
    const bool record = node.name == "file.append" && batch[i].written.empty();
    if (record && batch[i].source_record.record() != nullptr) made.asked = *batch[i].source_record.record();
    made.result = outcomes[i].result;
    happened.made.push_back(std::move(made));
  }
}

Task<Outcomes> noted(std::shared_ptr<const engine::ActionNode> node, Happened* happened, Connection& connection,
                     Batch batch, Calls& calls) {
  const Batch asked = batch;
  Outcomes outcomes = co_await node->work(connection, std::move(batch), calls);
  note_all(*happened, *node, connection, asked, outcomes);
  co_return outcomes;
}

// Files are not touched by a test: a line is appended in word only.
Task<Outcomes> appended(Connection&, Batch batch, Calls&) {
  Outcomes outcomes;
  for (const engine::Operation& operation : batch) {
    Outcome outcome;
    outcome.operation = "append";
    Record result;
    result.emplace_back("path", Value(operation.text.value_or("")));
    outcome.result = Value(std::move(result));
    outcomes.push_back(std::move(outcome));
  }
  co_return outcomes;
}

/// By source, as it stands in the file.
using GivenEvents = std::map<std::string, std::vector<NewEvent>>;

std::string key_of(const plan::Source& source) {
  return fmt::format("{}:{}:{}", source.place.file, source.place.line, source.place.column);
}

Task<Page> given_events(std::shared_ptr<GivenEvents> events, Connection&, Look look, Calls&) {
  Page page;
  page.cursor = look.cursor;
  page.events = std::exchange((*events)[key_of(*look.source)], {});
  co_return page;
}

class Watcher : public engine::Observer {
 public:
  explicit Watcher(Happened& happened) : happened_(happened) {}
  void ended(const engine::Ended& event) override {
    EndedAs ended;
    ended.kind = event.kind;
    ended.pipeline = event.pipeline;
    ended.key = event.key;
    ended.reason = event.reason;
    if (event.place != nullptr) ended.place = *event.place;
    ended.warnings = event.warnings;
    happened_.ended.push_back(std::move(ended));
  }
  [[nodiscard]] bool every_event() const override { return true; }

 private:
  Happened& happened_;
};

/// A case on its way.
class Trial {
 public:
  Trial(const TrialCase& each, const Project& project, const Examples& examples)
      : case_(each), project_(project), examples_(examples), plan_(project.checked.plan), config_(project.config) {
    scope_.plan = &project.checked.plan;
    scope_.time_zone = config_.time_zone;
    scope_.now = noon;
    scope_.slots.resize(static_cast<std::size_t>(std::max(each.test->slots, 1)));
    if (each.cases != nullptr) scope_.slots[static_cast<std::size_t>(each.cases->slot)] = each.value;
  }

  TrialResult run(engine::Reached* reached) {
    TrialResult result;
    if (!prepare(result) || !perform(result, reached)) return result;
    Judge judge(happened_, scope_);
    for (const plan::TestItems* items : parts()) judge.hear(items->expectations);
    judge.decide(result);
    return result;
  }

 private:
  std::vector<const plan::TestItems*> parts() const {
    std::vector<const plan::TestItems*> all{&case_.test->items};
    if (case_.cases != nullptr) all.push_back(&case_.cases->items);
    return all;
  }

  static bool refuse(TrialResult& result, const plan::Place& place, std::string message) {
    result.failures.push_back({place, std::move(message), {}, {}, {}});
    return false;
  }

  bool fields_of(const std::vector<plan::Field>& fields, Record& into, TrialResult& result) {
    for (const plan::Field& field : fields) {
      Evaluated value = engine::evaluate(field.value, scope_);
      if (!value) return refuse(result, field.value.place, value.error().reason);
      into.emplace_back(field.name, std::move(*value));
    }
    return true;
  }

  // Where the tested pipeline's records come from, through the pipelines above it.
  void roots(const plan::Pipeline& pipeline, std::vector<plan::Source>& into) const {
    into.insert(into.end(), pipeline.sources.begin(), pipeline.sources.end());
    for (const std::string& name : pipeline.upstream) {
      if (const plan::Pipeline* above = plan_.pipeline(name)) roots(*above, into);
    }
  }

  bool prepare(TrialResult& result) {
    std::set<std::string> closed;
    for (const plan::TestItems* items : parts()) {
      for (const plan::Given& given : items->givens) {
        if (given.kind == plan::Given::Kind::existing) closed.insert(given.connection);
        if (given.kind != plan::Given::Kind::now) continue;
        const Evaluated now = engine::evaluate(*given.now, scope_);
        if (now && now->time() != nullptr) scope_.now = *now->time();
      }
    }
    world_ = std::make_unique<TrialWorld>(config_, scope_.now, closed);
    const plan::Pipeline* tested = plan_.pipeline(case_.test->pipeline);
    if (tested == nullptr) return refuse(result, case_.place, "the pipeline is not there");
    roots(*tested, roots_);
    std::vector<const plan::Given*> events;
    for (const plan::TestItems* items : parts()) {
      for (const plan::Given& given : items->givens) {
        if (given.kind == plan::Given::Kind::event) events.push_back(&given);
        if (given.kind == plan::Given::Kind::existing && !exists(given, result)) return false;
        if (given.kind == plan::Given::Kind::fault && !fault(given, result)) return false;
      }
    }
    for (const plan::Given* given : events) {
      if (!event(*given, result)) return false;
    }
    return true;
  }

  bool exists(const plan::Given& given, TrialResult& result) {
    Record fields;
    if (!fields_of(given.fields, fields, result)) return false;
    const Result<void> made = world_->exists(given.connection, given.node, fields);
    return made || refuse(result, given.place, made.error().message);
  }

  bool fault(const plan::Given& given, TrialResult& result) {
    TrialFault made;
    made.kind = given.fault->kind;
    made.connection = given.connection;
    made.node = given.node;
    if (given.node == "file.append" || given.node.starts_with("log."))
      return refuse(result, given.place, fmt::format("`{}` makes no call that could fail so", given.node));
    if (made.kind == plan::TestFault::Kind::refuses) made.left = 1 << 30;
    if (given.fault->argument) {
      const Evaluated value = engine::evaluate(*given.fault->argument, scope_);
      if (!value) return refuse(result, given.place, value.error().reason);
      made.text = value->display();
      if (value->number() != nullptr) made.status = static_cast<int>(value->number()->integer().value_or(0));
    }
    if (made.kind == plan::TestFault::Kind::answers && (made.status < 100 || made.status > 599))
      return refuse(result, given.place, fmt::format("{} is no HTTP status", made.text));
    if (given.fault->times) {
      const Evaluated times = engine::evaluate(*given.fault->times, scope_);
      if (times && times->number() != nullptr) made.left = static_cast<int>(times->number()->integer().value_or(1));
    }
    world_->add(std::move(made));
    return true;
  }

  // The source whose record has the fields that are given.
  std::size_t source_for(const Record& fields) const {
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      const dsl::Type& type = roots_[i].record;
      const bool suits =
          !type.is(dsl::Type::Kind::record) || std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
            return type.record->field(field.first) != nullptr || field.first == "raw" || field.first == "connection";
          });
      if (suits) return i;
    }
    return 0;
  }

  bool event(const plan::Given& given, TrialResult& result) {
    if (roots_.empty()) return refuse(result, given.place, "the pipeline has no source");
    Record fields;
    if (!fields_of(given.fields, fields, result)) return false;
    const std::size_t at = source_for(fields);
    const plan::Source& source = roots_[at];
    const bool declared = source.record.is(dsl::Type::Kind::record);
    if (declared) world_->known(source.connection, source.record.record->name, fields);
    const Value whole = declared ? examples_.whole(Value(fields), source.record) : Value(fields);
    NewEvent made;
    made.identity = fmt::format("given {}", ++given_);
    for (const char* name : {"id", "srid", "external_id"}) {
      if (declared && made.key.empty() && !whole[name].is_null()) made.key = whole[name].id_text();
    }
    if (made.key.empty()) made.key = made.identity;
    made.raw = Value(fields);
    if (declared) {
      made.derived = *whole.record();
      const Value* raw = engine::find_field(fields, "raw");
      if (raw != nullptr) made.raw = *raw;
      if (source.has_before) {
        Value& last = last_[made.key];
        made.before = last;
        last = whole;
      }
    }
    (*events_)[key_of(source)].push_back(std::move(made));
    return true;
  }

  // The tested pipeline with the given events as its source, and whoever listens to it.
  std::shared_ptr<const plan::Plan> part_of_plan() const {
    auto part = std::make_shared<plan::Plan>(plan_);
    std::set<std::string> wanted{case_.test->pipeline};
    for (bool more = true; more;) {
      more = false;
      for (const plan::Pipeline& each : part->pipelines) {
        for (const std::string& name : each.upstream) more |= wanted.contains(name) && wanted.insert(each.name).second;
      }
    }
    std::erase_if(part->pipelines, [&](const plan::Pipeline& each) { return !wanted.contains(each.name); });
    for (plan::Pipeline& each : part->pipelines) {
      if (each.name == case_.test->pipeline) {
        each.upstream.clear();
        each.sources = roots_;
      } else {
        each.sources.clear();
      }
    }
    return part;
  }

  std::shared_ptr<const engine::Registry> registry() {
    auto made = std::make_shared<engine::Registry>(*project_.registry);
    for (const std::string& name : made->node_names()) {
      if (const engine::ActionNode* found = made->action(name)) {
        engine::ActionNode node = *found;
        if (name == "file.append") {
          node.work = appended;
          node.positions = {};
          node.openings = {};
          node.resume = {};
        }
        const auto real = std::make_shared<const engine::ActionNode>(node);
        node.work = [real, happened = &happened_](Connection& connection, Batch batch, Calls& calls) {
          return noted(real, happened, connection, std::move(batch), calls);
        };
        made->put(std::move(node));
      }
    }
    for (const plan::Source& root : roots_) {
      const engine::SourceNode* found = made->source(root.node);
      engine::SourceNode node = found != nullptr ? *found : engine::SourceNode{};
      node.name = root.node;
      node.rereadable = false;  // each event is told of
      node.look = [events = events_](Connection& connection, Look look, Calls& calls) {
        return given_events(events, connection, look, calls);
      };
      made->put(std::move(node));
    }
    return made;
  }

  bool perform(TrialResult& result, engine::Reached* reached) {
    const auto nodes = registry();
    auto connections = engine::open_connections(*nodes, config_, scope_.now);
    if (!connections) return refuse(result, case_.place, connections.error().message);
    auto runnable = engine::bind(part_of_plan(), nodes, config_, *connections, {});
    if (!runnable) return refuse(result, case_.place, runnable.error().message);
    engine::MemoryJournal journal;
    engine::VirtualLoop loop(
        journal,
        [this](const std::string& connection, const engine::Request& request, Instant now) {
          return world_->answer(connection, request, now);
        },
        scope_.now, 1);
    Watcher watcher(happened_);
    engine::Options options;
    options.once = true;
    options.give_up = longest;
    options.reached = reached;
    engine::Core core(loop, watcher, options);
    const Result<bool> drained = loop.run(core, std::move(*runnable), scope_.now + longest);
    if (!drained) return refuse(result, case_.place, drained.error().message);
    if (!*drained) return refuse(result, case_.place, "the events have not ended after three days of virtual time");
    return true;
  }

  const TrialCase& case_;
  const Project& project_;
  const Examples& examples_;
  const plan::Plan& plan_;
  engine::Config config_;
  engine::Scope scope_;
  std::unique_ptr<TrialWorld> world_;
  std::vector<plan::Source> roots_;
  std::shared_ptr<GivenEvents> events_ = std::make_shared<GivenEvents>();
  std::map<std::string, Value> last_;
  int given_ = 0;
  Happened happened_;
};

std::string case_name(const plan::Test& test, const Value& value, std::size_t number) {
  std::string shown;
  if (const Record* record = value.record()) {
    for (const auto& [name, field] : *record) {
      if (!shown.empty()) shown += ", ";
      shown += fmt::format("{}: {}", name, engine::write_json(field));
    }
  } else {
    shown = engine::write_json(value);
  }
  std::size_t end = std::min<std::size_t>(shown.size(), 80);
  while (end < shown.size() && end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;
  if (end < shown.size()) shown = shown.substr(0, end) + "…";
  return fmt::format("{} [{}: {}]", test.name, number, shown);
}

}  // namespace

std::vector<TrialCase> trial_cases(const Project& project) {
  std::vector<TrialCase> all;
  for (const plan::Test& test : project.checked.tests) {
    if (std::find(project.files.begin(), project.files.end(), test.place.file) == project.files.end()) continue;
    if (test.cases.empty()) {
      all.push_back({test.name, &test, nullptr, {}, test.place, {}});
      continue;
    }
    std::size_t number = 0;
    for (const plan::TestCases& cases : test.cases) {
      engine::Scope scope;
      scope.plan = &project.checked.plan;
      scope.now = noon;
      scope.time_zone = project.config.time_zone;
      const Evaluated list = engine::evaluate(cases.list, scope);
      if (!list || list->list() == nullptr) {
        const std::string why = list ? "`for each` wants a list" : list.error().reason;
        all.push_back({test.name, &test, nullptr, {}, cases.list.place, why});
        continue;
      }
      for (const Value& value : *list->list()) {
        ++number;
        all.push_back({case_name(test, value, number), &test, &cases, value, test.place, {}});
      }
    }
  }
  return all;
}

TrialResult try_case(const TrialCase& each, const Project& project, const Examples& examples,
                     engine::Reached* reached) {
  if (!each.broken.empty()) return {{{each.place, each.broken, {}, {}, {}}}, {}, {}};
  const auto begins = std::chrono::steady_clock::now();
  TrialResult result = Trial(each, project, examples).run(reached);
  result.took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begins);
  return result;
}

}  // namespace pipewright::cli
