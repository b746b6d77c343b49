#include "cli/inbox.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

namespace fs = std::filesystem;
using engine::List;
using engine::Record;
using engine::Value;

std::optional<std::string> read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Whole or not at all: written aside, then renamed.
void write(const fs::path& path, const std::string& text) {
  const fs::path aside = path.string() + ".part";
  {
    std::ofstream out(aside, std::ios::binary);
    out << text;
  }
  std::error_code error;
  fs::rename(aside, path, error);
}

}  // namespace

Inbox::Inbox(const std::string& state_path) : folder_(state_path + ".inbox") {}

void Inbox::serve(engine::Core& core, Instant now) {
  std::error_code error;
  if (!fs::is_directory(folder_, error)) return;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != ".request") continue;
    const auto text = read(entry.path());
    fs::remove(entry.path(), error);
    const Result<Value> asked = text ? engine::parse_json(*text) : Result<Value>(Value());
    if (!asked) continue;
    std::vector<engine::EventId> ids;
    if (const List* list = (*asked)["ids"].list()) {
      for (const Value& id : *list) {
        if (id.number() != nullptr && id.number()->integer()) ids.push_back(*id.number()->integer());
      }
    }
    const auto flag = [&](const char* name) {
      return (*asked)[name].boolean() != nullptr && *(*asked)[name].boolean();
    };
    List answers;
    for (const engine::RetryAnswer& each : core.retry(ids, flag("as_was"), flag("stale"), now)) {
      Record record;
      record.emplace_back("id", Value(each.id));
      record.emplace_back("accepted", Value(each.accepted));
      record.emplace_back("reason", Value(each.reason));
      answers.emplace_back(std::move(record));
    }
    fs::path reply = entry.path();
    reply.replace_extension(".reply");
    write(reply, engine::write_json(Value(std::move(answers))));
  }
}

namespace {

constexpr auto published_every = std::chrono::seconds(5);

}  // namespace

std::string rate_text(const engine::Rate& rate) {
  const double interval = std::chrono::duration<double, std::milli>(rate.interval).count();
  if (interval < 150) return fmt::format("{:.0f}/s", 1000 / interval);
  if (interval <= 60000) return fmt::format("{:.0f}/min", 60000 / interval);
  return fmt::format("{:.0f}/h", 3600000 / interval);
}

void Inbox::publish(const engine::Core& core, Instant now) {
  if (now - published_ < published_every) return;
  published_ = now;
  List all;
  for (const engine::ConnectionStatus& connection : core.connections()) {
    for (const auto& [group, free] : connection.headroom) {
      const engine::Rate& rate = connection.rates.at(group);
      Record limit;
      limit.emplace_back("connection", Value(connection.name));
      limit.emplace_back("group", Value(group));
      limit.emplace_back("free", Value(free));
      limit.emplace_back("burst", Value(rate.burst));
      limit.emplace_back("rate", Value(rate_text(rate)));
      all.emplace_back(std::move(limit));
    }
  }
  Record said;
  said.emplace_back("at", Value(static_cast<std::int64_t>(now.time_since_epoch().count())));
  said.emplace_back("limits", Value(std::move(all)));
  std::error_code error;
  fs::create_directories(folder_, error);
  write(fs::path(folder_) / "limits", engine::write_json(Value(std::move(said))));
}

void Inbox::close() {
  std::error_code error;
  fs::remove(fs::path(folder_) / "limits", error);
}

std::vector<LimitRoom> Inbox::limits(Instant now) const {
  std::vector<LimitRoom> rooms;
  const auto text = read(fs::path(folder_) / "limits");
  const Result<Value> said = text ? engine::parse_json(*text) : Result<Value>(Value());
  if (!said || (*said)["at"].number() == nullptr || (*said)["limits"].list() == nullptr) return rooms;
  const Instant at{Duration((*said)["at"].number()->integer().value_or(0))};
  if (now - at > 3 * published_every) return rooms;
  const auto number = [](const Value& value) {
    return value.number() == nullptr ? 0 : static_cast<int>(value.number()->integer().value_or(0));
  };
  for (const Value& each : *(*said)["limits"].list()) {
    rooms.push_back({each["connection"].display(), each["group"].display(), number(each["free"]), number(each["burst"]),
                     each["rate"].display()});
  }
  return rooms;
}

std::optional<std::vector<engine::RetryAnswer>> Inbox::ask(const RetryRequest& request, Duration patience) {
  std::error_code error;
  fs::create_directories(folder_, error);
  const fs::path path = fs::path(folder_) / fmt::format("{}.request", ::getpid());
  List ids;
  for (const engine::EventId id : request.ids) ids.emplace_back(id);
  Record record;
  record.emplace_back("ids", Value(std::move(ids)));
  record.emplace_back("as_was", Value(request.as_was));
  record.emplace_back("stale", Value(request.stale));
  write(path, engine::write_json(Value(std::move(record))));
  fs::path reply = path;
  reply.replace_extension(".reply");
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto text = read(reply);
    if (!text) continue;
    fs::remove(reply, error);
    std::vector<engine::RetryAnswer> answers;
    const Result<Value> read_back = engine::parse_json(*text);
    if (!read_back || read_back->list() == nullptr) return answers;
    for (const Value& each : *read_back->list()) {
      const bool* accepted = each["accepted"].boolean();
      answers.push_back(
          {each["id"].number()->integer().value_or(0), accepted != nullptr && *accepted, each["reason"].display()});
    }
    return answers;
  }
  fs::remove(path, error);
  return std::nullopt;
}

}  // namespace pipewright::cli
