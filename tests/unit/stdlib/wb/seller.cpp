#include "tests/unit/stdlib/wb/seller.hpp"

#include <algorithm>

#include "engine/normalise.hpp"
#include "stdlib/stdlib.hpp"
#include "tests/support/in_process.hpp"

namespace pipewright::wb::tests {
namespace {

States part_of(const States& states, const std::vector<std::string>& keys) {
  States found;
  for (const std::string& key : keys) {
    if (const auto row = states.find(key); row != states.end()) found.emplace(key, row->second);
  }
  return found;
}

std::vector<engine::Seen> open_of(const States& states, const std::string& after, std::size_t limit) {
  std::vector<engine::Seen> found;
  for (auto at = states.upper_bound(after); at != states.end() && found.size() < limit; ++at) {
    if (at->second.open) found.push_back(at->second);
  }
  return found;
}

void keep(States& states, const engine::Seen& seen) {
  if (seen.forget)
    states.erase(seen.key);
  else
    states[seen.key] = seen;
}

sandbox::Options in_process(sandbox::Options options, Instant& time) {
  options.listen = false;
  options.port = 1;
  options.clock = [&time] { return std::chrono::system_clock::time_point(time.time_since_epoch()); };
  return options;
}

}  // namespace

void SandboxCalls::reach(engine::Request request, Done done) {
  done(pipewright::tests::result_of(sandbox_.answer(pipewright::tests::server_request(request))));
}

void SandboxCalls::look_up(std::vector<std::string> keys, std::function<void(States)> done) {
  done(own == nullptr ? States() : part_of(*own, keys));
}

void SandboxCalls::look_up_open(std::string after, std::size_t limit,
                                std::function<void(std::vector<engine::Seen>)> done) {
  done(own == nullptr ? std::vector<engine::Seen>() : open_of(*own, after, limit));
}

void SandboxCalls::look_up_shared(std::string kind, std::vector<std::string> keys, std::function<void(States)> done) {
  done(part_of(shared[kind], keys));
}

void SandboxCalls::look_up_shared_open(std::string kind, std::string after, std::size_t limit,
                                       std::function<void(std::vector<engine::Seen>)> done) {
  done(open_of(shared[kind], after, limit));
}

void SandboxCalls::store(std::vector<engine::SharedState> states, std::function<void(bool)> done) {
  for (const engine::SharedState& each : states) keep(shared[each.kind], each.seen);
  done(true);
}

std::vector<std::string> Polled::keys() const {
  std::vector<std::string> all;
  for (const engine::NewEvent& event : events) all.push_back(event.key);
  return all;
}

std::string Polled::field(std::size_t event, const std::string& name) const {
  const Value* derived = engine::find_field(events.at(event).derived, name);
  const Value& value = derived != nullptr ? *derived : events.at(event).raw[name];
  return value.broken() != nullptr ? "broken: " + value.display() : value.display();
}

Seller::Seller(sandbox::Options options, std::map<std::string, Value> given, std::string token,
               std::string client_secret)
    : sandbox(in_process(std::move(options), time)), calls(sandbox, time) {
  settings.name = "wb";
  settings.type = "wildberries";
  settings.time_zone = "Europe/Moscow";
  settings.opened = time;
  for (const char* host : {"marketplace", "statistics", "analytics", "content"})
    settings.values[std::string(host) + "_url"] = Value(sandbox.url());
  for (const auto& [name, value] : given) settings.values[name] = value;
  settings.secrets["token"] = Secret(token.empty() ? sandbox.credential() : token);
  if (!client_secret.empty()) settings.secrets["client_secret"] = Secret(client_secret);
  restart();
}

void Seller::restart() { connection = *nodes.connections.front().make(settings); }

engine::Outcomes Seller::act(const std::string& name, engine::Batch batch) {
  const auto found = std::find_if(nodes.actions.begin(), nodes.actions.end(),
                                  [&](const engine::ActionNode& each) { return each.name == name; });
  REQUIRE(found != nodes.actions.end());
  auto task = found->work(*connection, std::move(batch), calls);
  task.start();
  REQUIRE(task.finished());
  return task.take();
}

engine::Outcomes Seller::set(const std::string& name, const std::vector<std::string>& ids, const std::string& status,
                             engine::Delivery delivery) {
  engine::Batch batch;
  for (const std::string& id : ids) {
    Operation operation;
    operation.verb = engine::Verb::set;
    operation.written.emplace_back("id", Value(id));
    operation.written.emplace_back("status", Value(status));
    operation.event_key = id;
    operation.delivery = delivery;
    batch.push_back(std::move(operation));
  }
  return act(name, std::move(batch));
}

engine::Outcomes Seller::set(const std::string& name, const std::vector<std::int64_t>& ids, const std::string& status) {
  return set(name, texts(ids), status);
}

Source Seller::source(const std::string& name, std::optional<Duration> since) {
  static const dsl::Catalog catalog = stdlib::catalog();
  Source made;
  made.node = name;
  made.declared.connection = "wb";
  made.declared.node = name;
  made.declared.since = since;
  return made;
}

const engine::SourceNode& Seller::node(const std::string& name) const {
  const auto found = std::find_if(nodes.sources.begin(), nodes.sources.end(),
                                  [&](const engine::SourceNode& each) { return each.name == name; });
  REQUIRE(found != nodes.sources.end());
  return *found;
}

Polled Seller::poll(Source& source, std::size_t room) {
  Polled polled;
  const engine::SourceNode& from = node(source.node);
  calls.own = &source.states;
  for (bool more = true; more; ++polled.pages) {
    REQUIRE(polled.pages < 1000);
    engine::Look look;
    look.cursor = source.cursor;
    look.source = &source.declared;
    look.once = true;
    look.room = room;
    auto task = from.look(*connection, look, calls);
    task.start();
    REQUIRE(task.finished());
    engine::Page page = task.take();
    for (engine::NewEvent& event : page.events) polled.events.push_back(std::move(event));
    for (const engine::Seen& seen : page.seen) keep(source.states, seen);
    for (const engine::SharedState& each : page.shared) keep(calls.shared[each.kind], each.seen);
    if (page.notice) polled.notices.push_back(*page.notice);
    if (!page.cursor.empty()) source.cursor = page.cursor;
    polled.failure = page.failure;
    more = page.more && !page.failure;
  }
  calls.own = nullptr;
  return polled;
}

std::vector<std::int64_t> Seller::tasks(Scheme scheme, int count, const Json& fields) {
  return sandbox.add_tasks(scheme, count, fields);
}

std::string Seller::supplier_status(std::int64_t task) const {
  const Json state = sandbox.state();
  for (const Json& each : state["orders"]) {
    if (each["id"] == task) return each["supplierStatus"];
  }
  return {};
}

std::string Seller::supply_of(std::int64_t task) const {
  const Json state = sandbox.state();
  for (const Json& each : state["orders"]) {
    if (each["id"] == task) return each["supplyId"];
  }
  return {};
}

std::vector<std::int64_t> Seller::shipped() const {
  std::vector<std::int64_t> all;
  const Json state = sandbox.state();
  for (const Json& each : state["orders"]) {
    if (each["supplierStatus"] == "complete") all.push_back(each["id"]);
  }
  return all;
}

std::vector<std::string> Seller::supply_names() const {
  std::vector<std::string> all;
  const Json state = sandbox.state();
  for (const Json& each : state["supplies"]) all.push_back(each["name"]);
  return all;
}

std::size_t Seller::answered(int status) const {
  const Json log = sandbox.log();
  return static_cast<std::size_t>(
      std::count_if(log.begin(), log.end(), [&](const Json& each) { return each["status"] == status; }));
}

Json body_fault(const std::string& match, const std::string& body, int times) {
  return {{"match", match}, {"kind", "body"}, {"body", body}, {"times", times}};
}

std::vector<std::string> texts(const std::vector<std::int64_t>& ids) {
  std::vector<std::string> all;
  for (const std::int64_t id : ids) all.push_back(std::to_string(id));
  return all;
}

std::string why(const Outcome& outcome) {
  return outcome.failure ? outcome.failure->reason : outcome.summary.empty() ? outcome.reason : outcome.summary;
}

}  // namespace pipewright::wb::tests
