// pipewright dry-run: reads for real, writes nothing, and says what `run` would do.
#include <fmt/format.h>

#include <filesystem>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/text.hpp"
#include "cli/offline.hpp"
#include "cli/project.hpp"
#include "cli/report.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "dsl/render.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/json.hpp"
#include "engine/run/dry.hpp"
#include "engine/run/virtual.hpp"

namespace pipewright::cli {
namespace {

using engine::Change;
using engine::EndedStep;
using engine::EndingKind;
using engine::List;
using engine::NewEvent;
using engine::Outcome;
using engine::Record;
using engine::Value;

struct Counts {
  std::size_t create = 0, update = 0, unchanged = 0, skipped = 0, failed = 0;
  [[nodiscard]] std::size_t all() const { return create + update + unchanged + skipped + failed; }
};

bool creates(const EndedStep& step) {
  return step.outcome.operation == "create" || step.outcome.operation == "append" || step.outcome.operation == "send";
}

std::string operation_word(const std::string& operation) {
  if (operation == "set") return "update";
  return operation == "append" || operation == "send" ? "create" : operation;
}

/// Takes down what would be written; prints JSON lines at once, text grouped by pipeline at the end.
class Announcer : public engine::Observer {
 public:
  Announcer(const Options& options, const dsl::plan::Plan& plan) : options_(options), plan_(plan) {}

  [[nodiscard]] bool every_event() const override { return true; }

  void ended(const engine::Ended& event) override {
    if (options_.limit && counts_.all() >= *options_.limit) return;
    count(event);
    if (options_.format == Format::json)
      fmt::print("{}\n", masked(json(event), options_.mask));
    else
      texts_[event.pipeline] += masked(text(event), options_.mask);
    for (const std::string& warning : event.warnings)
      fmt::print(stderr, "warning: {} {}: {}\n", event.pipeline, event.key, warning);
  }
  void connection_down(const std::string& connection, const engine::Failure& failure) override {
    fmt::print(stderr, "{}: {}: {}\n", failure.kind == engine::Failure::Kind::credentials ? "error" : "warning",
               connection, failure.reason);
    if (!failure.help.empty()) fmt::print(stderr, "help: {}\n", failure.help);
  }
  void source_failing(const std::string& pipeline, const std::string& source, const engine::Failure& failure) override {
    fmt::print(stderr, "error: {}: {} cannot be read: {}\n", pipeline, source, failure.reason);
    if (!failure.help.empty()) fmt::print(stderr, "help: {}\n", failure.help);
  }
  void notice(const std::string& pipeline, const std::string& source, const std::string& text) override {
    if (!text.empty()) fmt::print(stderr, "warning: {}: {}: {}\n", pipeline, source, text);
  }

  void finish() const {
    for (const dsl::plan::Pipeline& pipeline : plan_.pipelines) {
      const auto found = texts_.find(pipeline.name);
      if (found == texts_.end()) continue;
      std::vector<std::string> sources;
      for (const auto& source : pipeline.sources) sources.push_back(source.node);
      for (const auto& upstream : pipeline.upstream) sources.push_back("on " + upstream);
      fmt::print("{} · {}\n{}", pipeline.name, join(sources, ", "), found->second);
    }
    const std::string summary =
        fmt::format("to create {}, to update {}, unchanged {}, skipped {}, failed {}", counts_.create, counts_.update,
                    counts_.unchanged, counts_.skipped, counts_.failed);
    if (options_.format == Format::json)
      fmt::print(stderr, "{}\n", summary);
    else
      fmt::print("{}\n", summary);
  }

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  void count(const engine::Ended& event) {
    switch (event.kind) {
      case EndingKind::skipped:
        ++counts_.skipped;
        return;
      case EndingKind::unchanged:
        ++counts_.unchanged;
        return;
      case EndingKind::parked:
        ++counts_.failed;
        return;
      case EndingKind::written:
        break;
    }
    const bool made = std::any_of(event.steps.begin(), event.steps.end(), [](const EndedStep& step) {
      return step.outcome.kind == Outcome::Kind::done && creates(step);
    });
    ++(made ? counts_.create : counts_.update);
  }

  // ---- text
  // -----------------------------------------------------------------------------------------------------------------------

  static std::string value_text(const Value& value) {
    if (value.text() != nullptr) return "\"" + *value.text() + "\"";
    if (const List* list = value.list()) {
      std::vector<std::string> parts;
      for (const Value& each : *list) parts.push_back(value_text(each));
      return join(parts, ", ");
    }
    if (const Record* record = value.record()) {
      const Value& name = value["name"];
      const Value& quantity = value["quantity"];
      if (!quantity.is_null() && find_field(*record, "price") != nullptr) {
        return fmt::format("{} × «{}» at {}", quantity.display(),
                           name.is_null() ? value["barcode"].display() : name.display(), value["price"].display());
      }
      std::vector<std::string> parts;
      for (const auto& [field, held] : *record) parts.push_back(field + " " + value_text(held));
      return "{" + join(parts, ", ") + "}";
    }
    return value.display();
  }

  [[nodiscard]] std::string text(const engine::Ended& event) const {
    const std::size_t width = terminal_width(1);
    std::string out = fmt::format("  {} {}\n", noun_of(event.pipeline), event.key);
    for (const EndedStep& step : event.steps) {
      const Outcome& outcome = step.outcome;
      std::vector<std::string> parts;
      char sign = '.';
      if (outcome.kind == Outcome::Kind::done && !outcome.changes.empty()) {
        sign = '~';
        for (const Change& change : outcome.changes)
          parts.push_back(fmt::format("{} {} → {}", change.field, value_text(change.before), value_text(change.after)));
      } else if (outcome.kind == Outcome::Kind::done) {
        sign = '+';
        Record fields = outcome.record;  // what it is known by first, its lines last
        std::stable_sort(fields.begin(), fields.end(), [&](const auto& a, const auto& b) {
          const auto rank = [&](const auto& field) {
            return find_field(step.key, field.first) != nullptr ? 0 : field.second.list() != nullptr ? 2 : 1;
          };
          return rank(a) < rank(b);
        });
        for (const auto& [field, value] : fields) parts.push_back(field + " " + value_text(value));
      } else if (outcome.kind == Outcome::Kind::failed) {
        continue;  // the reason stands below
      } else {
        parts.push_back(outcome.summary.empty() ? (outcome.kind == Outcome::Kind::nothing ? "not found" : "unchanged")
                                                : outcome.summary);
      }
      const std::string mark = sign == '.' ? "·" : std::string(1, sign);
      out += wrapped(fmt::format("    {} {}  ", mark, padded(step.node, 12)), parts, place_text(step.place), width);
    }
    if (event.kind == EndingKind::skipped)
      out += with_place(fmt::format("    · skipped       {}", event.reason), place_text(event.place), width) + "\n";
    if (event.kind == EndingKind::parked)
      out += with_place(fmt::format("    ! would fail    {}", event.reason), place_text(event.place), width) + "\n";
    if (event.steps.empty() && event.kind == EndingKind::unchanged) out += "    · unchanged\n";
    return out;
  }

  // ---- json
  // -----------------------------------------------------------------------------------------------------------------------

  static Value write_record(const EndedStep& step) {
    Record write;
    write.emplace_back("node", Value(step.node));
    write.emplace_back("verb", Value(dsl::plan::verb_text(step.verb)));
    const bool done = step.outcome.kind == Outcome::Kind::done;
    write.emplace_back("operation", Value(done ? operation_word(step.outcome.operation) : std::string("none")));
    write.emplace_back("key", Value(step.key));
    write.emplace_back("record", Value(step.outcome.record));
    Record changes;
    for (const Change& change : step.outcome.changes) {
      List pair;
      pair.push_back(change.before);
      pair.push_back(change.after.is_clear() ? Value() : change.after);
      engine::set_field(changes, change.field, Value(std::move(pair)));
    }
    write.emplace_back("changes", Value(std::move(changes)));
    for (const engine::Exchange& exchange : step.exchanges) {
      if (!exchange.write || !done) continue;
      Record request;
      request.emplace_back("method", Value(exchange.method));
      request.emplace_back("url", Value(exchange.url));
      request.emplace_back("body", Value(exchange.request_body));
      engine::set_field(write, "request", Value(std::move(request)));
    }
    return Value(std::move(write));
  }

  static std::string json(const engine::Ended& event) {
    Record line;
    line.emplace_back("pipeline", Value(event.pipeline));
    line.emplace_back("event", Value(event.key));
    const char* outcome = event.kind == EndingKind::written     ? "write"
                          : event.kind == EndingKind::unchanged ? "unchanged"
                          : event.kind == EndingKind::skipped   ? "skipped"
                                                                : "failed";
    line.emplace_back("outcome", Value(outcome));
    if (!event.reason.empty()) line.emplace_back("why", Value(event.reason));
    List writes;
    for (const EndedStep& step : event.steps) {
      const Outcome::Kind kind = step.outcome.kind;
      if (kind == Outcome::Kind::done || kind == Outcome::Kind::unchanged) writes.push_back(write_record(step));
    }
    line.emplace_back("writes", Value(std::move(writes)));
    return engine::write_json(Value(std::move(line)));
  }

  [[nodiscard]] std::string noun_of(const std::string& pipeline) const {
    const dsl::plan::Pipeline* found = plan_.pipeline(pipeline);
    return found == nullptr ? "event" : found->noun;
  }

  const Options& options_;
  const dsl::plan::Plan& plan_;
  Counts counts_;
  std::map<std::string, std::string> texts_;
};

// ---- --input
// ------------------------------------------------------------------------------------------------------------------------------

Result<std::vector<Value>> read_input(const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream in(path, std::ios::binary);
    if (!in)
      return fail(fmt::format("{} cannot be read", path), "name a file of JSON or NDJSON, or `-` for standard input");
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  // One document: a record, or a list of them. Else a record a line.
  if (Result<Value> whole = engine::parse_json(text)) {
    if (const List* list = whole->list()) return *list;
    return std::vector<Value>{std::move(*whole)};
  }
  std::vector<Value> records;
  std::size_t number = 0;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = trimmed(text.substr(from, end - from));
    from = end + 1;
    ++number;
    if (line.empty()) continue;
    Result<Value> record = engine::parse_json(line);
    if (!record)
      return fail(fmt::format("{}:{}: {}", path, number, record.error().message), "the input is JSON, or JSON lines");
    records.push_back(std::move(*record));
  }
  return records;
}

// A record of the input stands for what the API would have sent; what only the connector knows may be given by its own
// name, and has its declared example otherwise.
NewEvent input_event(const Value& raw, const dsl::plan::Source& source, std::size_t number) {
  NewEvent event;
  event.raw = raw;
  const Value& id = raw["id"].is_null() ? raw["srid"] : raw["id"];
  event.key = id.is_null() ? fmt::format("input {}", number) : id.id_text();
  event.identity = fmt::format("input {}", number);
  if (!source.record.is(dsl::Type::Kind::record)) return event;
  for (const dsl::FieldType& field : source.record.record->fields) {
    if (!field.derived || !raw[field.name].is_null() || field.type.nullable) continue;
    if (!field.example) continue;
    std::string example = *field.example;
    if (example.size() >= 2 && example.front() == '"')
      event.derived.emplace_back(field.name, Value(example.substr(1, example.size() - 2)));
    else if (const auto number_value = Decimal::parse(example))
      event.derived.emplace_back(field.name, Value(*number_value));
    else if (const auto time = parse_time(example))
      event.derived.emplace_back(field.name, Value(*time));
  }
  return event;
}

Result<void> deliver(engine::Core& core, const dsl::plan::Plan& plan, const std::vector<Value>& records,
                     engine::Now now) {
  for (const dsl::plan::Pipeline& pipeline : plan.pipelines) {
    if (pipeline.sources.empty()) continue;
    std::vector<NewEvent> events;
    for (std::size_t i = 0; i < records.size(); ++i)
      events.push_back(input_event(records[i], pipeline.sources.front(), i + 1));
    if (Result<void> done = core.deliver(pipeline.name, 0, std::move(events), [] {}, now); !done) return done;
  }
  return {};
}

int refused(const Error& error) {
  tell_error(error.message, error.help);
  return Status::usage;
}

Result<void> agrees(const Options& options) {
  if (options.offline && options.sandbox)
    return fail("--offline and --sandbox exclude one another",
                "--sandbox has orders of its own, --offline takes --input");
  if (options.offline && options.input.empty())
    return fail("--offline has nothing to read", "give records with --input FILE");
  return {};
}

Result<void> begin_since(const std::string& text, Project& project) {
  const auto since = parse_duration(text);
  if (!since) return fail(fmt::format("`{}` is no duration", text), "write --since 2d, 12h or 30m");
  for (dsl::plan::Pipeline& pipeline : project.checked.plan.pipelines) {
    for (dsl::plan::Source& source : pipeline.sources) source.since = since;
  }
  return {};
}

engine::Options core_options(const Options& options) {
  engine::Options made;
  made.dry = true;
  made.once = true;
  made.keep_requests = true;
  made.poll = options.input.empty();
  return made;
}

// Says what came of it; the exit status. `cut`: --limit was reached, so the rest was left.
int told(const Options& options, const Announcer& announcer, const engine::Core& core, bool cut) {
  announcer.finish();
  std::fflush(stdout);
  const std::vector<std::string> left = cut ? std::vector<std::string>() : core.undrained();
  for (const std::string& each : left) fmt::print(stderr, "error: not read: {}\n", each);
  if (!left.empty() || announcer.counts().failed > 0) return Status::wrong;
  if (options.exit_code && announcer.counts().create + announcer.counts().update > 0) return Status::would_write;
  return Status::fine;
}

int failed(const Error& error) {
  tell_error(error.message, error.help);
  return Status::wrong;
}

// Virtual time over an answering function, with the nodes' remarks on standard error.
class OfflineLoop : public engine::VirtualLoop {
 public:
  using VirtualLoop::VirtualLoop;
  void log(engine::LogLevel level, const std::string& text) override { print_log(level, text); }
};

// Everything inside this process, in virtual time: no call is made. The exit status.
int perform_offline(const Options& options, const Project& project, const std::vector<Value>& records,
                    Offline& offline) {
  const auto session = Session::open(project);
  if (!session) return refused(session.error());
  const dsl::plan::Plan& plan = *(*session)->runnable()->plan;
  engine::DryJournal journal(nullptr);
  Announcer announcer(options, plan);
  OfflineLoop loop(
      journal,
      [&](const std::string& connection, const engine::Request& request, Instant now) {
        return offline.answer(connection, request, now);
      },
      offline.begins(), 1);
  engine::Core core(loop, announcer, core_options(options));
  Result<void> going = loop.start(core, (*session)->runnable());
  if (going && !options.input.empty()) going = deliver(core, plan, records, loop.now());
  if (!going) return refused(going.error());
  const auto drained = loop.drain(core, loop.now() + project.config.retry_for + std::chrono::hours(1));
  if (!drained) return failed(drained.error());
  for (const std::string& call : offline.not_asked())
    fmt::print(stderr, "note: not asked ({}): {}; an empty response with status 200 stands in\n",
               options.offline ? "--offline" : "--sandbox", call);
  return told(options, announcer, core, options.limit && announcer.counts().all() >= *options.limit);
}

// Reads for real, or delivers `records`; the exit status.
int perform(const Options& options, const Project& project, const std::vector<Value>& records) {
  const auto session = Session::open(project);
  if (!session) return refused(session.error());
  const dsl::plan::Plan& plan = *(*session)->runnable()->plan;
  // Where the real run stands, if it has run before. With --since the sources begin there instead.
  std::unique_ptr<engine::SqliteJournal> base;
  if (options.since.empty() && options.input.empty()) {
    const std::string state = state_path(options, project);
    auto opened = engine::SqliteJournal::open(state, engine::SqliteJournal::Mode::read);
    std::error_code error;
    if (!opened && std::filesystem::exists(state, error)) return refused(opened.error());
    if (opened) base = std::move(*opened);
  }
  engine::DryJournal journal(base.get());
  Announcer announcer(options, plan);
  watch_signals();
  engine::Loop loop(journal, (*session)->hooks(print_log));
  engine::Core core(loop, announcer, core_options(options));
  Result<void> going = loop.start(core, (*session)->runnable());
  if (going && !options.input.empty()) going = deliver(core, plan, records, engine::Loop::clock());
  if (!going) return refused(going.error());
  const auto cut = [&] { return options.limit && announcer.counts().all() >= *options.limit; };
  if (const Result<void> fine = drain(core, loop, [&] { return stops_asked() > 0 || cut(); }); !fine)
    return failed(fine.error());
  return told(options, announcer, core, cut());
}

}  // namespace

int dry_run(const Options& options) {
  Project project;
  if (const auto stopped = load(options, project)) return *stopped;
  if (const Result<void> fine = agrees(options); !fine) return refused(fine.error());
  if (const auto stopped = ready(options, project, !options.offline && !options.sandbox)) return *stopped;
  fmt::print(stderr, "{}",
             dsl::render_text(project.checked.diagnostics, project.checked.sources, colors(options.color, 2),
                              screen_width(2)));
  if (!options.since.empty()) {
    if (const Result<void> fine = begin_since(options.since, project); !fine) return refused(fine.error());
  }
  Result<std::vector<Value>> records = std::vector<Value>();
  if (!options.input.empty()) records = read_input(options.input);
  if (!records) return refused(records.error());
  if (!options.offline && !options.sandbox) return perform(options, project, *records);
  const auto offline = Offline::open(project.config, options.sandbox ? Offline::Orders::some : Offline::Orders::none);
  if (!offline) return refused(offline.error());
  return perform_offline(options, project, *records, **offline);
}

}  // namespace pipewright::cli
