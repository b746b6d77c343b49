// A line of JSON at the end of a file: gathered by `work`, written when the positions are asked for.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "engine/json.hpp"
#include "stdlib/file/files.hpp"

namespace pipewright::file {
namespace {

using engine::Batch;
using engine::Calls;
using engine::Connection;
using engine::Failure;
using engine::Operation;
using engine::Outcome;
using engine::Outcomes;
using engine::Record;
using engine::SinkReach;
using engine::SinkReport;
using engine::Task;
using engine::Value;

// What data brings into a path names a file; it does not lead anywhere.
std::optional<Failure> fault_of_path(const Operation& operation) {
  const std::string path = operation.text.value_or("");
  const auto parks = [&](const char* what) {
    return permanent(fmt::format("`{}` is not a path that data may make: {}", printable(path), what),
                     "check the record, or leave such events out with `where`");
  };
  if (path.find('\0') != std::string::npos) return parks("it holds a NUL character");
  for (const engine::TextPart& part : operation.text_parts) {
    if (!part.hole) continue;
    if (part.text.find('/') != std::string::npos) return parks("a value holds `/`");
    if (std::any_of(part.text.begin(), part.text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }))
      return parks("a value holds a control character");
  }
  if (operation.text_parts.empty()) return std::nullopt;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t next = std::min(path.find('/', at), path.size());
    const std::string_view segment = std::string_view(path).substr(at, next - at);
    if (segment == "..") return parks("a part of it is `..`");
    if (segment.empty() && next == path.size()) return parks("the name of the file is empty");
    at = next + 1;
  }
  return std::nullopt;
}

// An open target for the batch, asked for once in it.
tl::expected<Sink*, Failure> sink_of(Files& files, const std::string& path, std::set<std::string>& in_this_batch) {
  const auto held = files.sinks.find(path);
  if (held != files.sinks.end() && !in_this_batch.insert(path).second) return &held->second;
  auto target = files.targets->open(path);
  if (!target) return tl::unexpected<Failure>(std::move(target.error()));
  in_this_batch.insert(path);
  Sink& sink = held != files.sinks.end() ? held->second : files.sinks[path];
  if (sink.target == nullptr) sink.result = Value(Record{{"path", Value(path)}});
  sink.target = *target;
  if (!sink.target->announced && sink.target->regular) {
    sink.target->announced = true;
    files.opened.push_back(sink.target);
  }
  return &sink;
}

Outcome append_one(Files& files, const Operation& operation, std::size_t index, std::set<std::string>& in_this_batch) {
  if (auto fault = fault_of_path(operation)) return Outcome::failed(std::move(*fault));
  const Value line = operation.source_record.value_or(Value(operation.written));
  if (const engine::Broken* broken = engine::broken_in(line))
    return Outcome::failed(permanent(broken->reason(), "fix the line, or leave it out with `where`"));
  auto sink = sink_of(files, files.path_of(operation.text.value_or("")), in_this_batch);
  if (!sink) return Outcome::failed(std::move(sink.error()));
  if ((*sink)->waiting.empty()) files.dirty.push_back(*sink);
  engine::append_json((*sink)->waiting, line);
  (*sink)->waiting.push_back('\n');
  (*sink)->items.push_back(index);
  Outcome outcome = Outcome::done("append");
  outcome.result = (*sink)->result;
  outcome.summary = "line appended";
  return outcome;
}

Task<Outcomes> append(Connection& connection, Batch batch, Calls& calls) {
  auto& files = static_cast<Files&>(connection);
  Outcomes outcomes;
  outcomes.reserve(batch.size());
  std::optional<Failure> blocked;
  if (files.targets->to_cut()) {
    const auto cut = files.targets->cut_back([&](std::string text) { calls.note(std::move(text)); });
    if (!cut) blocked = cut.error();
  }
  for (std::string& text : files.log) calls.note(std::move(text));
  files.log.clear();
  std::set<std::string> in_this_batch;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (blocked)
      outcomes.push_back(Outcome::failed(*blocked));
    else
      outcomes.push_back(append_one(files, batch[i], i, in_this_batch));
  }
  co_return outcomes;
}

std::function<Result<void>()> settle_of(Target& target) {
  return [path = target.path, held = std::weak_ptr<const Descriptor>(target.descriptor), error = target.sync_error,
          regular = target.regular]() -> Result<void> {
    int failed = error->load();
    const auto descriptor = held.lock();  // gone: it was synchronised when it made room
    // A pipe or a terminal cannot be synchronised, and keeps nothing.
    if (failed == 0 && descriptor && ::fdatasync(descriptor->number()) != 0 && regular) failed = errno;
    if (failed == 0 || failed == EINVAL || failed == EROFS) return {};
    return fail(fmt::format("{} cannot be written to the disk: {}", path, std::strerror(failed)),
                "check the disk, then start again: what is missing is written then");
  };
}

// Everything that waits is written, and is safe on the disk before the journal says so.
SinkReport positions(Connection& connection) {
  auto& files = static_cast<Files&>(connection);
  SinkReport report;
  for (Sink* sink : std::exchange(files.dirty, {})) {
    const std::string lines = std::exchange(sink->waiting, {});
    const std::vector<std::size_t> items = std::exchange(sink->items, {});
    std::optional<Failure> failure;
    if (!sink->target->descriptor) {  // it had to make room
      auto again = files.targets->open(sink->target->path);
      if (again)
        sink->target = *again;
      else
        failure = again.error();
    }
    if (!failure) failure = sink->target->write(lines);
    if (failure) {
      for (const std::size_t item : items) report.failed.emplace_back(item, *failure);
      continue;
    }
    sink->target->came_again(lines, [&](std::string text) { files.log.push_back(std::move(text)); });
    if (sink->target->regular)
      report.reached.push_back(
          {sink->target->path, sink->target->position(files.targets->next_number(), false), settle_of(*sink->target)});
  }
  return report;
}

std::vector<SinkReach> openings(Connection& connection) {
  auto& files = static_cast<Files&>(connection);
  std::vector<SinkReach> result;
  for (Target* target : std::exchange(files.opened, {}))
    result.push_back({target->path, target->position(files.targets->next_number(), false), {}});
  return result;
}

std::vector<SinkReach> closings(Connection& connection) {
  auto& files = static_cast<Files&>(connection);
  std::vector<SinkReach> result;
  std::set<Target*> closed;
  for (const auto& [path, sink] : files.sinks) {
    Target* target = sink.target;
    if (!target->regular || !target->announced || !closed.insert(target).second) continue;
    if (!target->descriptor && !files.targets->open(target->path)) continue;
    target->announced = false;
    result.push_back({target->path, target->position(files.targets->next_number(), true), {}});
  }
  return result;
}

Result<void> resume(Connection& connection, std::string target, std::string position) {
  auto& files = static_cast<Files&>(connection);
  Position known;
  const Result<Value> read = engine::parse_json(position);
  if (!read) return fail(fmt::format("the journal's position of {} cannot be read", target), "restore the journal");
  const Value& size = read->record() != nullptr ? (*read)["size"] : *read;  // once it was the size alone
  if (size.number() != nullptr) known.size = static_cast<std::uint64_t>(size.number()->integer().value_or(0));
  known.sum = (*read)["sum"].display();
  if (const Decimal* number = (*read)["n"].number())
    known.number = static_cast<std::uint64_t>(number->integer().value_or(0));
  known.closed = (*read)["closed"].boolean() != nullptr && *(*read)["closed"].boolean();
  // Lines that still wait come again.
  for (Sink* sink : std::exchange(files.dirty, {})) {
    sink->waiting.clear();
    sink->items.clear();
  }
  for (Target* opened : std::exchange(files.opened, {})) opened->announced = false;
  files.targets->remember(target, known);
  return {};
}

}  // namespace

engine::ActionNode append_node() {
  engine::ActionNode node;
  node.name = "file.append";
  node.verbs = {{engine::Verb::append, engine::Repeat::keyed}};
  node.capacity = 1000;
  node.parallel = 1;
  node.pure_sink = true;
  node.work = append;
  node.positions = positions;
  node.openings = openings;
  node.closings = closings;
  node.resume = resume;
  return node;
}

}  // namespace pipewright::file
