#include "cli/trial/stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cli/trial/trace_recorder.hpp"
#include "engine/bind.hpp"
#include "engine/journal/memory.hpp"

namespace pipewright::cli {
namespace {

namespace plan = dsl::plan;
using engine::Batch;
using engine::Calls;
using engine::Connection;
using engine::Evaluated;
using engine::List;
using engine::Look;
using engine::NewEvent;
using engine::Outcome;
using engine::Outcomes;
using engine::Page;
using engine::Record;
using engine::Task;
using engine::Value;

constexpr auto longest = std::chrono::hours(24 * 3);  // virtual; what fails for a day is parked

// Files are not touched by a test: a line is appended in word only.
Task<Outcomes> appended(Connection&, Batch batch, Calls&) {
  Outcomes outcomes;
  for (const engine::Operation& operation : batch) {
    Outcome outcome = Outcome::done("append");
    Record result;
    result.emplace_back("path", Value(operation.text.value_or("")));
    outcome.result = Value(std::move(result));
    outcomes.push_back(std::move(outcome));
  }
  co_return outcomes;
}

std::string key_of(const plan::Source& source) {
  return fmt::format("{}:{}:{}", source.place.file, source.place.line, source.place.column);
}

Task<Page> given_events(std::shared_ptr<Stage::Events> events, Connection&, Look look, Calls&) {
  Page page;
  page.cursor = look.cursor;
  page.events = std::exchange((*events)[key_of(*look.source)], {});
  co_return page;
}

// Where a pipeline's records come from, through the pipelines above it.
void roots(const plan::Plan& all, const plan::Pipeline& pipeline, std::vector<plan::Source>& into) {
  into.insert(into.end(), pipeline.sources.begin(), pipeline.sources.end());
  for (const std::string& name : pipeline.upstream) {
    if (const plan::Pipeline* above = all.pipeline(name)) roots(all, *above, into);
  }
}

// What one thing is known by, and what it belongs to.
constexpr const char* naming[] = {"id", "srid", "external_id", "rid", "order_uid", "order_code", "group_id", "number"};

std::string other_name(const std::string& name, int copy) {
  const auto number = Decimal::parse(name);
  if (!number || !number->integer()) return fmt::format("{}-{}", name, copy);
  return std::to_string(*number->integer() + std::int64_t{copy} * 1'000'000);
}

void add_names(const Value& record, int copy, std::map<std::string, std::string>& into) {
  for (const char* field : naming) {
    const std::string name = record[field].id_text();
    if (!name.empty()) into[name] = other_name(name, copy);
  }
}

// Whole words alone: the id 7 is not in "17".
std::string renamed(const std::string& text, const std::map<std::string, std::string>& names) {
  const auto in_word = [&](std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    return std::isalnum(c) != 0 || c >= 0x80;
  };
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (in_word(at) && end < text.size() && in_word(end)) ++end;
    const std::string word = text.substr(at, end - at);
    const auto name = word.size() < 3 ? names.end() : names.find(word);
    made += name == names.end() ? word : name->second;
    at = end;
  }
  return made;
}

bool is_naming(const std::string& field) {
  return field == "client" || std::find(std::begin(naming), std::end(naming), field) != std::end(naming);
}

// A number elsewhere is an amount or a code, whatever the ids are; so is a short word.
Value renamed(const Value& value, const std::map<std::string, std::string>& names, bool naming_field = false) {
  if (naming_field && (value.number() != nullptr || value.text() != nullptr)) {
    const auto name = names.find(value.id_text());
    if (name != names.end())
      return value.text() != nullptr ? Value(name->second) : Value(*Decimal::parse(name->second));
  }
  if (const std::string* text = value.text()) return renamed(*text, names);
  if (const List* list = value.list()) {
    List made;
    for (const Value& each : *list) made.push_back(renamed(each, names));
    return made;
  }
  if (const Record* record = value.record()) {
    Record made;
    for (const auto& [name, field] : *record) made.emplace_back(name, renamed(field, names, is_naming(name)));
    return made;
  }
  return value;
}

}  // namespace

Stage::Stage(const Project& project, const Examples& examples, const plan::Test& test, const plan::TestCases* cases,
             const Value& value)
    : project_(project), examples_(examples), test_(test), cases_(cases), config_(project.config) {
  scope_.plan = &project.checked.plan;
  scope_.time_zone = config_.time_zone;
  scope_.now = trial_noon;
  scope_.slots.resize(static_cast<std::size_t>(std::max(test.slots, 1)));
  if (cases != nullptr) scope_.slots[static_cast<std::size_t>(cases->slot)] = value;
}

std::vector<const plan::TestItems*> Stage::parts() const {
  std::vector<const plan::TestItems*> all{&test_.items};
  if (cases_ != nullptr) all.push_back(&cases_->items);
  return all;
}

std::optional<Stage::Obstacle> Stage::fields_of(const std::vector<plan::Field>& fields, Record& into) {
  for (const plan::Field& field : fields) {
    Evaluated value = engine::evaluate(field.value, scope_);
    if (!value) return Obstacle{field.value.place, value.error().reason};
    into.emplace_back(field.name, std::move(*value));
  }
  return std::nullopt;
}

std::optional<Stage::Obstacle> Stage::open() {
  std::set<std::string> closed;
  for (const plan::TestItems* items : parts()) {
    for (const plan::Given& given : items->givens) {
      if (given.kind == plan::Given::Kind::existing) closed.insert(given.connection);
      if (given.kind != plan::Given::Kind::now) continue;
      const Evaluated now = engine::evaluate(*given.now, scope_);
      if (now && now->time() != nullptr) scope_.now = *now->time();
    }
  }
  begins_ = scope_.now;
  world_ = std::make_unique<TrialWorld>(config_, scope_.now, closed);
  const plan::Pipeline* tested = project_.checked.plan.pipeline(test_.pipeline);
  if (tested == nullptr) return Obstacle{test_.place, "the pipeline is not there"};
  roots(project_.checked.plan, *tested, roots_);
  registry_ = registry();
  auto connections = engine::open_connections(*registry_, config_, scope_.now);
  if (!connections) return Obstacle{test_.place, connections.error().message};
  connections_ = std::move(*connections);
  return std::nullopt;
}

std::optional<Stage::Obstacle> Stage::give(int copy) {
  std::vector<Given> events;
  Names names;
  for (const plan::TestItems* items : parts()) {
    for (const plan::Given& given : items->givens) {
      if (given.kind != plan::Given::Kind::event) continue;
      events.emplace_back();
      if (auto wrong = read(given, events.back())) return wrong;
      if (copy == 0) continue;
      const Value& whole = events.back().whole;
      add_names(whole, copy, names);
      for (const char* person : {"user", "customer"}) add_names(whole[person], copy, names);
    }
  }
  std::vector<Given> existing;
  for (const plan::TestItems* items : parts()) {
    for (const plan::Given& given : items->givens) {
      if (given.kind == plan::Given::Kind::fault && copy == 0) {
        if (auto wrong = fault(given)) return wrong;
      }
      if (given.kind != plan::Given::Kind::existing) continue;
      existing.push_back({&given, {}, 0, {}});
      if (auto wrong = fields_of(given.fields, existing.back().fields)) return wrong;
    }
  }
  if (copy > 0) rename(existing, names, copy);
  for (const Given& each : existing) {
    happened_.existing.push_back({each.given->connection, each.given->node, Value(each.fields), {}});
    if (const Result<void> made = world_->exists(each.given->connection, each.given->node, each.fields); !made)
      return Obstacle{each.given->place, made.error().message};
  }
  for (Given& each : events) event(std::move(each), names);
  return std::nullopt;
}

// What mentions a thing of another name is another one too; what mentions none is there since the first copy.
void Stage::rename(std::vector<Given>& existing, Names& names, int copy) {
  for (std::size_t known = names.size() + 1; known != names.size();) {
    known = names.size();
    for (const Given& each : existing) {
      if (renamed(Value(each.fields), names) != Value(each.fields)) add_names(Value(each.fields), copy, names);
    }
  }
  std::erase_if(existing, [&](const Given& each) { return renamed(Value(each.fields), names) == Value(each.fields); });
  for (Given& each : existing) each.fields = *renamed(Value(each.fields), names).record();
}

std::optional<Stage::Obstacle> Stage::fault(const plan::Given& given) {
  TrialFault made;
  made.kind = given.fault->kind;
  made.connection = given.connection;
  made.node = given.node;
  if (given.node == "file.append" || given.node.starts_with("log."))
    return Obstacle{given.place, fmt::format("`{}` makes no call that could fail so", given.node)};
  if (made.kind == plan::TestFault::Kind::refuses) made.left = 1 << 30;
  if (given.fault->argument) {
    const Evaluated value = engine::evaluate(*given.fault->argument, scope_);
    if (!value) return Obstacle{given.place, value.error().reason};
    made.text = value->display();
    if (value->number() != nullptr) made.status = static_cast<int>(value->number()->integer().value_or(0));
  }
  if (made.kind == plan::TestFault::Kind::answers && (made.status < 100 || made.status > 599))
    return Obstacle{given.place, fmt::format("{} is no HTTP status", made.text)};
  if (given.fault->times) {
    const Evaluated times = engine::evaluate(*given.fault->times, scope_);
    if (times && times->number() != nullptr) made.left = static_cast<int>(times->number()->integer().value_or(1));
  }
  world_->add(std::move(made));
  happened_.faults.push_back({given.place, given.place.text, false});
  return std::nullopt;
}

// The source that the test names, or the first whose record has the fields that are given.
std::optional<std::size_t> Stage::source_for(const plan::Given& given, const Record& fields) const {
  const Value* connection = engine::find_field(fields, "connection");
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    const plan::Source& root = roots_[i];
    if (!given.node.empty() && (root.node != given.node || root.connection != given.connection)) continue;
    if (connection != nullptr && root.connection != connection->display()) continue;
    if (!first) first = i;
    const dsl::Type& type = root.record;
    const bool suits =
        !type.is(dsl::Type::Kind::record) || std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
          return type.record->field(field.first) != nullptr || field.first == "raw" || field.first == "connection";
        });
    if (suits) return i;
  }
  return first;
}

std::optional<Stage::Obstacle> Stage::read(const plan::Given& given, Given& into) {
  if (roots_.empty()) return Obstacle{given.place, "the pipeline has no source"};
  if (auto wrong = fields_of(given.fields, into.fields)) return wrong;
  into.given = &given;
  const auto source = source_for(given, into.fields);
  if (!source) {
    std::vector<std::string> known;
    for (const plan::Source& root : roots_)
      known.push_back(root.connection + root.node.substr(std::min(root.node.find('.'), root.node.size())));
    return Obstacle{given.place,
                    fmt::format("the pipeline has no source for this event; it has: {}", join(known, ", "))};
  }
  into.source = *source;
  const dsl::Type& type = roots_[into.source].record;
  into.whole = type.is(dsl::Type::Kind::record) ? examples_.whole(Value(into.fields), type) : Value(into.fields);
  return std::nullopt;
}

void Stage::event(Given given, const Names& names) {
  const plan::Source& source = roots_[given.source];
  const bool declared = source.record.is(dsl::Type::Kind::record);
  if (!names.empty()) {
    given.whole = renamed(given.whole, names);
    given.fields = *renamed(Value(given.fields), names).record();
    // The account knows the copy by its own id, where the example's would do for one.
    for (const char* name : {"id", "external_id"}) {
      if (!given.whole[name].is_null()) engine::set_field(given.fields, name, given.whole[name]);
    }
  }
  if (declared) world_->known(source.connection, source.record.record->name, given.fields);
  NewEvent made;
  made.identity = fmt::format("given {}", ++given_);
  for (const char* name : {"id", "srid", "external_id"}) {
    if (declared && made.key.empty() && !given.whole[name].is_null()) made.key = given.whole[name].id_text();
  }
  if (made.key.empty()) made.key = made.identity;
  made.raw = Value(given.fields);
  if (declared) {
    made.derived = *given.whole.record();
    const Value* raw = engine::find_field(given.fields, "raw");
    made.raw = raw != nullptr ? *raw : as_sent(given.whole, source.record, config_.time_zone);
    if (source.has_before) {
      Value& last = last_[made.key];
      made.before = last;
      last = given.whole;
    }
  }
  happened_.events.push_back({source.connection, source.node, declared ? given.whole : made.raw, made.raw});
  (*events_)[key_of(source)].push_back(std::move(made));
}

// The tested pipeline with the given events as its source, and whoever listens to it.
std::shared_ptr<const plan::Plan> Stage::part_of_plan(bool alone) const {
  auto part = std::make_shared<plan::Plan>(project_.checked.plan);
  std::set<std::string> wanted{test_.pipeline};
  for (bool more = !alone; more;) {
    more = false;
    for (const plan::Pipeline& each : part->pipelines) {
      for (const std::string& name : each.upstream) more |= wanted.contains(name) && wanted.insert(each.name).second;
    }
  }
  std::erase_if(part->pipelines, [&](const plan::Pipeline& each) { return !wanted.contains(each.name); });
  for (plan::Pipeline& each : part->pipelines) {
    if (each.name == test_.pipeline) {
      each.upstream.clear();
      each.sources = roots_;
    } else {
      each.sources.clear();
    }
  }
  return part;
}

std::shared_ptr<const engine::Registry> Stage::registry() {
  auto made = std::make_shared<engine::Registry>(*project_.registry);
  for (const std::string& name : made->node_names()) {
    if (name != "file.append") continue;
    engine::ActionNode node = *made->action(name);
    node.work = appended;
    node.positions = {};
    node.openings = {};
    node.resume = {};
    made->put(std::move(node));
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

std::optional<Stage::Obstacle> Stage::play(bool alone, engine::Reached* reached, const TrialWorld::Listener& listener) {
  auto runnable = engine::bind(part_of_plan(alone), registry_, config_, connections_, {});
  if (!runnable) return Obstacle{test_.place, runnable.error().message};
  engine::MemoryJournal journal;
  TraceRecorder recorder(happened_, *registry_);
  engine::Options options;
  options.once = true;
  options.give_up = longest;
  options.keep_requests = true;
  options.reached = reached;
  const Result<void> ended = world_->run(*runnable, journal, recorder, options, begins_, longest, listener);
  if (!ended) return Obstacle{test_.place, ended.error().message};
  for (std::size_t i = 0; i < happened_.faults.size(); ++i) happened_.faults[i].struck = world_->faults()[i].struck;
  return std::nullopt;
}

}  // namespace pipewright::cli
