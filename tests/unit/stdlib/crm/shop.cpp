#include "tests/unit/stdlib/crm/shop.hpp"

#include <algorithm>

namespace pipewright::crm::tests {

void DirectCalls::reach(engine::Request request, Done done) {
  client_.send(1, request, "");
  while (true) {
    auto finished = client_.poll(1000);
    if (!finished.empty()) return done(std::move(finished.front().second));
  }
}

Shop::Shop(crm::sandbox::Options options, std::map<std::string, std::string> given, std::string key)
    : sandbox(std::move(options)) {
  engine::Settings settings;
  settings.name = "crm";
  settings.type = "retailcrm";
  settings.time_zone = "Europe/Moscow";
  settings.values["url"] = Value(sandbox.url());
  settings.values["site"] = Value("wb");
  for (const auto& [name, value] : given) settings.values[name] = Value(value);
  settings.secrets["key"] = Secret(key.empty() ? sandbox.credential() : key);
  connection = *nodes.connections.front().make(std::move(settings));
}

engine::Outcomes Shop::act(const std::string& node, engine::Batch batch) {
  const auto found = std::find_if(nodes.actions.begin(), nodes.actions.end(),
                                  [&](const engine::ActionNode& each) { return each.name == node; });
  REQUIRE(found != nodes.actions.end());
  auto task = found->work(*connection, std::move(batch), calls);
  task.start();
  REQUIRE(task.finished());
  return task.take();
}

Outcome Shop::one(const std::string& node, Operation operation) {
  engine::Batch batch;
  batch.push_back(std::move(operation));
  return act(node, std::move(batch)).front();
}

engine::Page Shop::look(const std::string& node, const std::string& cursor, const dsl::plan::Source* source) {
  const auto found = std::find_if(nodes.sources.begin(), nodes.sources.end(),
                                  [&](const engine::SourceNode& each) { return each.name == node; });
  REQUIRE(found != nodes.sources.end());
  engine::Look look;
  look.cursor = cursor;
  look.source = source;
  auto task = found->look(*connection, look, calls);
  task.start();
  REQUIRE(task.finished());
  return task.take();
}

nlohmann::json Shop::last_form(const std::string& path, const std::string& field) const {
  nlohmann::json found;
  for (const auto& entry : sandbox.log()) {
    if (entry["method"] != "POST" || entry["path"].get<std::string>().find(path) == std::string::npos) continue;
    const auto& form = entry["body"];
    if (form.contains(field))
      found =
          form[field].is_string() ? nlohmann::json::parse(form[field].get<std::string>(), nullptr, false) : form[field];
  }
  return found;
}

Value value_of(const nlohmann::json& json) { return *engine::parse_json(json.dump()); }
Record record_of(const nlohmann::json& json) { return *value_of(json).record(); }

Operation operation(Verb verb, const std::string& key, const nlohmann::json& written, const nlohmann::json& filling) {
  Operation made;
  made.verb = verb;
  made.written = record_of(written);
  made.filling = record_of(filling);
  made.key.emplace_back(key, made.field(key));
  made.event_key = "13833711";
  made.pipeline = "test";
  return made;
}

}  // namespace pipewright::crm::tests
