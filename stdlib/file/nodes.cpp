#include "stdlib/file/nodes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "base/text.hpp"
#include "engine/json.hpp"

namespace pipewright::file {
namespace {

using engine::Batch;
using engine::Calls;
using engine::Connection;
using engine::Failure;
using engine::Look;
using engine::NewEvent;
using engine::Operation;
using engine::Outcome;
using engine::Outcomes;
using engine::Page;
using engine::Record;
using engine::Task;
using engine::Value;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// An open target: lines are gathered and written when the positions are asked for.
struct Sink {
  std::shared_ptr<const Descriptor> descriptor;
  std::uint64_t size = 0;
  std::string waiting;
  Value result;  ///< what the step's name is bound to
};

/// A file that is being read, in blocks.
struct Reading {
  Descriptor descriptor;
  std::uint64_t offset = 0;  ///< of the first byte of `buffer`
  std::string buffer;
};

class Files : public Connection {
 public:
  using Connection::Connection;
  const std::string& path_of(const std::string& written) {
    const auto [found, fresh] = paths_.try_emplace(written);
    if (fresh) {
      const std::filesystem::path path(written);
      found->second = path.is_absolute()
                          ? path.string()
                          : (std::filesystem::path(settings().directory) / path).lexically_normal().string();
    }
    return found->second;
  }
  std::map<std::string, Sink> sinks;
  std::set<std::string> announced;  ///< whose beginning the journal knows
  std::map<std::string, Reading> readings;

 private:
  std::map<std::string, std::string> paths_;
};

Failure permanent(std::string reason, std::string help) {
  Failure failure;
  failure.kind = Failure::Kind::permanent;
  failure.reason = std::move(reason);
  failure.help = std::move(help);
  return failure;
}

// ---- file.lines
// -----------------------------------------------------------------------------------------------------------------------

struct Place {
  std::uint64_t offset = 0;
  std::uint64_t line = 0;
};

Place place_of(const std::string& cursor) {
  Place place;
  const Result<Value> read = cursor.empty() ? Result<Value>(Value()) : engine::parse_json(cursor);
  if (!read) return place;
  if (const Decimal* offset = (*read)["offset"].number())
    place.offset = static_cast<std::uint64_t>(offset->integer().value_or(0));
  if (const Decimal* line = (*read)["line"].number())
    place.line = static_cast<std::uint64_t>(line->integer().value_or(0));
  return place;
}

Value line_value(std::string_view text, std::uint64_t line) {
  Result<Value> value = engine::parse_json(text);
  if (value) return std::move(*value);
  return Value(
      engine::Broken{fmt::format("line {}", line), "JSON", shortened(repaired_utf8(first_bytes(text, 200)), 60)});
}

constexpr std::size_t block = 1U << 20U;

// Reads on until a whole line is in the buffer behind `from`, or the file ends. The line's end (behind its newline), or
// npos.
std::size_t line_end(Reading& reading, std::size_t from) {
  std::size_t searched = from;
  while (true) {
    const std::size_t end = reading.buffer.find('\n', searched);
    if (end != std::string::npos) return end + 1;
    searched = reading.buffer.size();
    const std::size_t before = reading.buffer.size();
    reading.buffer.resize(before + block);
    const ssize_t got = ::pread(reading.descriptor.number(), reading.buffer.data() + before, block,
                                static_cast<off_t>(reading.offset + before));
    reading.buffer.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got <= 0) return std::string::npos;
  }
}

Task<Page> look_lines(Connection& connection, Look look, Calls&) {
  auto& files = static_cast<Files&>(connection);
  Page page;
  page.cursor = look.cursor;
  const std::string path = files.path_of(look.source->text.value_or(""));
  Place place = place_of(look.cursor);
  auto found = files.readings.find(path);
  if (found == files.readings.end()) {
    Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (descriptor.number() < 0) {
      page.failure = permanent(fmt::format("{} cannot be read: {}", path, std::strerror(errno)),
                               "the path is relative to pipewright.toml");
      co_return page;
    }
    found = files.readings.emplace(path, Reading{std::move(descriptor), 0, {}}).first;
  }
  Reading& reading = found->second;
  struct stat status{};
  if (::fstat(reading.descriptor.number(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) < place.offset) {
    page.notice = fmt::format("{} is shorter than what was read of it: it is read from its beginning", path);
    place = {};
    files.readings.erase(found);
    page.cursor = "{\"offset\":0,\"line\":0}";
    page.more = true;
    co_return page;
  }
  if (place.offset < reading.offset || place.offset > reading.offset + reading.buffer.size()) {
    reading.buffer.clear();
    reading.offset = place.offset;
  } else {
    reading.buffer.erase(0, place.offset - reading.offset);
    reading.offset = place.offset;
  }
  std::size_t at = 0;
  while (page.events.size() < look.room) {
    std::size_t end = line_end(reading, at);
    // The last line of a file that nobody writes to any more may lack its line end.
    const bool unfinished = end == std::string::npos;
    if (unfinished && (!look.once || at >= reading.buffer.size())) break;
    if (unfinished) end = reading.buffer.size();
    std::string_view text = std::string_view(reading.buffer).substr(at, end - at);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    ++place.line;
    at = end;
    if (text.empty()) continue;
    if (page.events.empty()) page.events.reserve(look.room);
    NewEvent& event = page.events.emplace_back();
    event.identity = std::to_string(place.line);
    event.key = event.identity;
    event.raw = line_value(text, place.line);
  }
  place.offset = reading.offset + at;
  page.more = page.events.size() >= look.room;
  page.cursor = fmt::format("{{\"offset\":{},\"line\":{}}}", place.offset, place.line);
  co_return page;
}

// ---- file.append
// -----------------------------------------------------------------------------------------------------------------------

Result<Sink*> sink_of(Files& files, const std::string& path) {
  if (const auto found = files.sinks.find(path); found != files.sinks.end()) return &found->second;
  Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  struct stat status{};
  if (descriptor.number() < 0 || ::fstat(descriptor.number(), &status) != 0)
    return fail(fmt::format("{} cannot be written: {}", path, std::strerror(errno)),
                "does its folder exist, and may this user write there?");
  Record result;
  result.emplace_back("path", Value(path));
  return &files.sinks
              .emplace(path, Sink{std::make_shared<const Descriptor>(std::move(descriptor)),
                                  static_cast<std::uint64_t>(status.st_size),
                                  {},
                                  Value(std::move(result))})
              .first->second;
}

const engine::Broken* broken_in(const Value& value) {
  if (value.broken() != nullptr) return value.broken();
  if (const engine::List* list = value.list()) {
    for (const Value& each : *list) {
      if (const auto* found = broken_in(each)) return found;
    }
  }
  if (const Record* record = value.record()) {
    for (const auto& [name, field] : *record) {
      if (const auto* found = broken_in(field)) return found;
    }
  }
  return nullptr;
}

// The source's record goes out as it came, without what the engine added to it.
Value line_of(const Operation& operation) {
  if (!operation.written.empty()) return Value(operation.written);
  const Value& raw = operation.source_record["raw"];
  return operation.source_record.record() != nullptr && !raw.is_null() ? raw : operation.source_record;
}

Outcome append_one(Files& files, const Operation& operation) {
  const std::string& path = files.path_of(operation.text.value_or(""));
  const Value line = line_of(operation);
  if (const engine::Broken* broken = broken_in(line)) {
    return Outcome::failed(permanent(fmt::format("`{}` is {}, not {}", broken->path, broken->found, broken->expected),
                                     "mend the line, or leave it out with `where`"));
  }
  Result<Sink*> sink = sink_of(files, path);
  if (!sink) return Outcome::failed(permanent(sink.error().message, sink.error().help));
  engine::append_json((*sink)->waiting, line);
  (*sink)->waiting.push_back('\n');
  Outcome outcome = Outcome::done("append");
  outcome.result = (*sink)->result;
  outcome.summary = "line appended";
  return outcome;
}

Task<Outcomes> append(Connection& connection, Batch batch, Calls&) {
  auto& files = static_cast<Files&>(connection);
  Outcomes outcomes;
  outcomes.reserve(batch.size());
  for (const Operation& operation : batch) outcomes.push_back(append_one(files, operation));
  co_return outcomes;
}

// What cannot be written ends the process: the journal must not run ahead of the file.
[[noreturn]] void unwritable(const std::string& path) {
  fmt::print(stderr,
             "error: {} cannot be written: {}\nhelp: make room, then start again: what is missing is written then\n",
             path, std::strerror(errno));
  std::_Exit(1);
}

// Everything that waits is written, and is safe on the disk before the journal says so.
std::vector<engine::SinkReach> positions(Connection& connection) {
  auto& files = static_cast<Files&>(connection);
  std::vector<engine::SinkReach> result;
  for (auto& [path, sink] : files.sinks) {
    std::size_t done = 0;
    while (done < sink.waiting.size()) {
      const ssize_t wrote = ::write(sink.descriptor->number(), sink.waiting.data() + done, sink.waiting.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) unwritable(path);
      done += static_cast<std::size_t>(wrote);
    }
    sink.size += done;
    sink.waiting.clear();
    engine::SinkReach reach{path, std::to_string(sink.size), {}};
    if (done > 0) {
      reach.settle = [name = path, descriptor = sink.descriptor] {
        // A pipe or a terminal cannot be synchronised, and keeps nothing.
        if (::fdatasync(descriptor->number()) != 0 && errno != EINVAL && errno != EROFS) unwritable(name);
      };
    }
    result.push_back(std::move(reach));
  }
  return result;
}

std::vector<engine::SinkReach> openings(Connection& connection) {
  auto& files = static_cast<Files&>(connection);
  std::vector<engine::SinkReach> result;
  for (const auto& [path, sink] : files.sinks) {
    if (files.announced.insert(path).second) result.push_back({path, std::to_string(sink.size), {}});
  }
  return result;
}

Result<void> resume(Connection& connection, std::string target, std::string position) {
  auto& files = static_cast<Files&>(connection);
  const auto size = static_cast<std::uint64_t>(Decimal::parse(position).value_or(Decimal(0)).integer().value_or(0));
  files.sinks.erase(target);
  std::error_code error;
  const std::uint64_t there = std::filesystem::file_size(target, error);
  if (error) return {};  // it was moved away: it begins anew
  // Longer than the journal knows: written by a run that did not live to record it. Shorter: somebody emptied it.
  if (there > size && ::truncate(target.c_str(), static_cast<off_t>(size)) != 0)
    return fail(fmt::format("{} cannot be cut back to {} bytes: {}", target, size, std::strerror(errno)));
  return {};
}

}  // namespace

engine::Nodes nodes() {
  engine::ConnectionType type;
  type.type = "file";
  type.default_name = "file";
  type.make = [](engine::Settings settings) -> Result<std::unique_ptr<Connection>> {
    return std::make_unique<Files>(std::move(settings));
  };
  engine::SourceNode lines;
  lines.name = "file.lines";
  lines.every = std::chrono::seconds(1);
  lines.rereadable = true;
  lines.look = look_lines;
  engine::ActionNode appending;
  appending.name = "file.append";
  appending.verbs = {{engine::Verb::append, engine::Repeat::keyed}};
  appending.capacity = 1000;
  appending.parallel = 1;
  appending.pure_sink = true;
  appending.work = append;
  appending.positions = positions;
  appending.openings = openings;
  appending.resume = resume;
  return {{std::move(type)}, {std::move(lines)}, {std::move(appending)}};
}

}  // namespace pipewright::file
