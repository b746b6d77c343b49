// The connector of the simulated world, written as real ones are.
#include <fmt/format.h>

#include <algorithm>

#include "engine/json.hpp"
#include "engine/simulation/world.hpp"

namespace pipewright::engine::simulation {
namespace {

class SimConnection : public Connection {
 public:
  SimConnection(std::string name, Rate rate)
      : Connection(Settings{std::move(name), "sim", {}, {}, {}, "UTC", "."}), rate_(rate) {}
  [[nodiscard]] std::map<std::string, Rate> limits() const override {
    return rate_.interval.count() > 0 ? std::map<std::string, Rate>{{"api", rate_}} : std::map<std::string, Rate>{};
  }

  [[nodiscard]] Feedback feedback(const Request&, const Answer& answer) const override {
    Feedback feedback;
    if (const auto seconds = answer.header("retry-after")) feedback.pause = std::chrono::seconds(std::stoll(*seconds));
    return feedback;
  }

 private:
  Rate rate_;
};

Request request_of(const std::string& kind, const std::string& verb, List body, bool write) {
  Request request;
  request.method = write ? "POST" : "GET";
  request.url = "sim://target/" + kind + "/" + verb;
  request.body = write_json(Value(std::move(body)));
  request.group = "api";
  request.write = write;
  return request;
}

std::optional<Failure> failure_of(const CallResult& result) {
  if (!result) return Failure{Failure::Kind::transient, result.error().message, {}, result.error().delivery};
  if (result->status == 401)
    return Failure{Failure::Kind::credentials, "the key is not accepted", {}, Delivery::not_sent};
  if (result->status == 429 || result->status >= 500) {
    return Failure{
        Failure::Kind::transient, fmt::format("HTTP {}", result->status), {}, unknown_if(result->status != 429)};
  }
  if (result->status >= 400)
    return Failure{
        Failure::Kind::permanent, fmt::format("HTTP {}: {}", result->status, result->body), {}, Delivery::not_sent};
  return std::nullopt;
}

// What is to be changed of a record that is there.
Record differences(const Operation& operation, const Value& there) {
  Record changed;
  for (const auto& [name, value] : operation.written) {
    if (!(there[name] == value)) changed.emplace_back(name, value);
  }
  return changed;
}

// The write says whose it is, for who judges the calls.
Record named(const Operation& operation, Record record) {
  set_field(record, "pipeline", Value(operation.pipeline));
  set_field(record, "event", Value(operation.event_key));
  return record;
}

struct Pieces {
  std::vector<Value> found;
  std::optional<Failure> failure;
};

Task<Pieces> find_all(std::string kind, Batch batch, Calls& calls) {
  Pieces pieces;
  for (std::size_t from = 0; from < batch.size(); from += 100) {
    List keys;
    const std::size_t to = std::min(batch.size(), from + 100);
    for (std::size_t i = from; i < to; ++i)
      keys.push_back(batch[i].key.empty() ? Value() : batch[i].key.front().second);
    Request request = request_of(kind, "find", std::move(keys), false);
    CallResult result = co_await calls.send(std::move(request));
    pieces.failure = failure_of(result);
    if (pieces.failure) co_return pieces;
    Result<Value> body = result->json();
    for (const Value& each : *body->list()) pieces.found.push_back(each);
  }
  co_return pieces;
}

Task<Outcomes> write_all(std::string kind, std::vector<std::size_t> which, std::string verb,
                         std::vector<Record> records, Outcomes outcomes, Calls& calls) {
  for (std::size_t from = 0; from < which.size(); from += 50) {
    const std::size_t to = std::min(which.size(), from + 50);
    List body;
    for (std::size_t i = from; i < to; ++i) body.emplace_back(records[i]);
    Request request = request_of(kind, verb, std::move(body), true);
    request.items.assign(which.begin() + static_cast<std::ptrdiff_t>(from),
                         which.begin() + static_cast<std::ptrdiff_t>(to));
    List predicted;
    for (std::size_t i = from; i < to; ++i) {
      Record record = records[i];
      set_field(record, "id", Value(Placeholder{"(new)"}));
      predicted.emplace_back(std::move(record));
    }
    request.predicted = Value(std::move(predicted));
    CallResult result = co_await calls.send(std::move(request));
    const std::optional<Failure> failure = failure_of(result);
    Value answer;
    if (!failure) answer = *result->json();
    for (std::size_t i = from; i < to; ++i) {
      Outcome& outcome = outcomes[which[i]];
      if (failure) {
        outcome = Outcome::failed(*failure);
        continue;
      }
      outcome = Outcome::done(verb == "create" ? "create" : "update");
      outcome.result = (*answer.list())[i - from];
      outcome.record = records[i];
      outcome.summary = verb + "d";
    }
  }
  co_return outcomes;
}

Task<Outcomes> work(std::string kind, Batch batch, Calls& calls) {
  Outcomes outcomes(batch.size());
  Pieces pieces = co_await find_all(kind, batch, calls);
  if (pieces.failure) {
    pieces.failure->delivery = Delivery::not_sent;
    for (Outcome& each : outcomes) each = Outcome::failed(*pieces.failure);
    co_return outcomes;
  }
  std::vector<std::size_t> fresh, known;
  std::vector<Record> fresh_records, known_records;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Value there = pieces.found[i];
    if (there.is_null() && batch[i].assumed) there = *batch[i].assumed;
    outcomes[i].kind = Outcome::Kind::done;
    if (batch[i].verb == Verb::find) {
      outcomes[i] = Outcome::nothing();
      if (!there.is_null()) outcomes[i].kind = Outcome::Kind::found;
      outcomes[i].result = there;
      continue;
    }
    if (there.is_null() && batch[i].verb == Verb::update) {
      outcomes[i] = Outcome::nothing();
      continue;
    }
    if (there.is_null()) {
      fresh.push_back(i);
      fresh_records.push_back(named(batch[i], batch[i].whole()));
      continue;
    }
    Record changed = batch[i].verb == Verb::ensure ? Record{} : differences(batch[i], there);
    outcomes[i].result = there;
    if (changed.empty()) {
      outcomes[i].kind = Outcome::Kind::unchanged;
      continue;
    }
    set_field(changed, "external_id", batch[i].key.front().second);
    known.push_back(i);
    known_records.push_back(named(batch[i], std::move(changed)));
  }
  if (!fresh.empty()) outcomes = co_await write_all(kind, fresh, "create", fresh_records, outcomes, calls);
  if (!known.empty()) outcomes = co_await write_all(kind, known, "edit", known_records, outcomes, calls);
  co_return outcomes;
}

Task<Outcomes> send_text(Connection&, Batch batch, Calls& calls) {
  Outcomes outcomes(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Request request = request_of("message", "send", List(), true);
    Record body = named(batch[i], {{"text", Value(batch[i].text.value_or(""))}});
    for (const auto& [name, value] : batch[i].written) set_field(body, name, value);
    request.body = write_json(Value(std::move(body)));
    request.items.push_back(i);
    const std::string text = batch[i].text.value_or("");
    if (text.starts_with("host")) request.group = "api " + text.substr(0, text.find(' '));
    CallResult result = co_await calls.send(std::move(request));
    if (const auto failure = failure_of(result))
      outcomes[i] = Outcome::failed(*failure);
    else
      outcomes[i] = Outcome::done("send");
  }
  co_return outcomes;
}

Task<Outcomes> write_log(Connection&, Batch batch, Calls&) {
  Outcomes outcomes(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    outcomes[i].kind = Outcome::Kind::unchanged;
    outcomes[i].summary = batch[i].text.value_or("");
  }
  co_return outcomes;
}

std::string identity_of(const Operation& operation) {
  return operation.key.empty() ? std::string() : operation.key.front().second.id_text();
}

ActionNode keyed(std::string name) {
  ActionNode node;
  node.name = std::move(name);
  for (const Verb verb : {Verb::find, Verb::update, Verb::upsert, Verb::ensure}) node.verbs[verb] = Repeat::keyed;
  node.capacity = 50;
  node.parallel = 2;
  node.group = "api";
  node.identity = identity_of;
  node.work = [kind = node.name.substr(node.name.find('.') + 1)](Connection&, Batch batch, Calls& calls) {
    return work(kind, std::move(batch), calls);
  };
  return node;
}

Task<Page> page_from(World* world, Look look, Calls& calls) {
  Page page;
  List asked;  // sources with another text ask for something else
  if (look.source->text) asked.emplace_back(*look.source->text);
  Request request = request_of("script", "find", std::move(asked), false);
  CallResult result = co_await calls.send(std::move(request));
  page.failure = failure_of(result);
  if (page.failure) co_return page;
  std::size_t at = look.cursor.empty() ? 0 : static_cast<std::size_t>(std::atoll(look.cursor.c_str()));
  for (; at < world->script.size() && page.events.size() < look.room; ++at) {
    const Scripted& next = world->script[at];
    if (next.at > calls.now()) break;
    NewEvent event;
    event.identity = next.identity;
    event.key = next.key;
    event.raw = Value(next.record);
    page.events.push_back(std::move(event));
  }
  page.cursor = fmt::format("{}", at);
  page.more = at < world->script.size() && world->script[at].at <= calls.now();
  co_return page;
}

Task<Page> page_of_file(World* world, Look look) {
  Page page;
  std::size_t at = look.cursor.empty() ? 0 : static_cast<std::size_t>(std::atoll(look.cursor.c_str()));
  for (; at < world->script.size() && page.events.size() < look.room; ++at) {
    NewEvent event;
    event.identity = world->script[at].identity;
    event.raw = Value(world->script[at].record);
    page.events.push_back(std::move(event));
  }
  page.cursor = fmt::format("{}", at);
  page.more = at < world->script.size();
  co_return page;
}

Task<std::vector<std::optional<std::string>>> wanted_by(World* world, std::vector<Value> records, Calls& calls) {
  std::vector<std::optional<std::string>> reasons(records.size());
  Request request = request_of("script", "check", List(), false);
  CallResult result = co_await calls.send(std::move(request));
  if (!result || result->status != 200 || !world->still_wanted) co_return reasons;
  for (std::size_t i = 0; i < records.size(); ++i) reasons[i] = world->still_wanted(records[i]);
  co_return reasons;
}

}  // namespace

std::shared_ptr<const Registry> registry(World& world) {
  Nodes nodes;
  SourceNode source;
  source.name = "sim.new";
  source.every = std::chrono::seconds(30);
  source.look = [from = &world](Connection&, Look look, Calls& calls) {
    return page_from(from, std::move(look), calls);
  };
  source.still_wanted = [from = &world](Connection&, std::vector<Value> records, Calls& calls) {
    return wanted_by(from, std::move(records), calls);
  };
  nodes.sources.push_back(source);
  source.name = "sim.lines";
  source.rereadable = true;
  source.look = [from = &world](Connection&, Look look, Calls&) { return page_of_file(from, std::move(look)); };
  nodes.sources.push_back(source);
  for (const char* name : {"sim.client", "sim.order", "sim.line", "sim.copy", "sim.heard", "sim.sometimes"})
    nodes.actions.push_back(keyed(name));
  ActionNode send;
  send.name = "sim.send";
  send.verbs[Verb::send] = Repeat::unasked;
  send.group = "api";
  send.work = send_text;
  send.capacity = 4;
  nodes.actions.push_back(send);
  send.name = "sim.post";  // to a host, the text up to its first space, that has limits and credentials of its own
  send.realm = [](Connection&, const Operation& operation) {
    const std::string text = operation.text.value_or("");
    return text.substr(0, text.find(' '));
  };
  nodes.actions.push_back(send);
  ActionNode ticket = keyed("sim.ticket");  // gives its `id` with the answer that created it, and never again
  ticket.work = [](Connection&, Batch batch, Calls& calls) { return work("ticket", std::move(batch), calls); };
  nodes.actions.push_back(ticket);
  ActionNode log;
  log.name = "sim.log";
  log.verbs[Verb::send] = Repeat::keyed;
  log.capacity = 1000;
  log.pure_sink = true;
  log.work = write_log;
  nodes.actions.push_back(log);
  std::vector<Nodes> parts;
  parts.push_back(std::move(nodes));
  return std::make_shared<const Registry>(std::move(parts));
}

std::map<std::string, std::shared_ptr<Connection>> connections(Rate rate) {
  std::map<std::string, std::shared_ptr<Connection>> all;
  for (const char* name : {"sim", "other"}) all[name] = std::make_shared<SimConnection>(name, rate);
  return all;
}

}  // namespace pipewright::engine::simulation
