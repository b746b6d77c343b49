// pipewright events: what is parked, what happened to an event, and beginning again.
#include <fmt/format.h>

#include <charconv>
#include <thread>

#include "base/text.hpp"
#include "cli/project.hpp"
#include "cli/report.hpp"
#include "cli/session.hpp"
#include "cli/terminal.hpp"
#include "engine/http/server.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

using engine::EndingKind;
using engine::EventId;
using engine::ListedEvent;
using engine::Value;

std::unique_ptr<engine::SqliteJournal> open_to_read(const Options& options, Project& project, int& status) {
  if (const auto stopped = load_config(options, project)) {
    status = *stopped;
    return nullptr;
  }
  auto journal = engine::SqliteJournal::open(state_path(options, project), engine::SqliteJournal::Mode::read);
  if (!journal) {
    tell_error(journal.error().message, journal.error().help);
    status = Status::usage;
    return nullptr;
  }
  return std::move(*journal);
}

std::string outcome_text(const ListedEvent& event) {
  if (event.outcome) return engine::ending_text(*event.outcome);
  return event.waits_for.empty() ? "in flight" : "waiting";
}

std::string reason_of(const ListedEvent& event) { return event.outcome ? event.reason : event.waits_for; }

std::string listed_json(const ListedEvent& event) {
  std::string line = fmt::format("{{\"id\":{},\"pipeline\":", event.id);
  engine::append_json_text(line, event.pipeline);
  line += ",\"key\":";
  engine::append_json_text(line, event.key);
  line += ",\"outcome\":";
  engine::append_json_text(line, outcome_text(event));
  line += ",\"reason\":";
  engine::append_json_text(line, reason_of(event));
  line += fmt::format(",\"received_at\":\"{}\"}}", utc_text(event.received_at));
  return line;
}

std::optional<EventId> id_of(const std::string& text) {
  EventId id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id <= 0) return std::nullopt;
  return id;
}

std::string ago(Duration duration) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(duration).count();
  if (minutes < 1) return fmt::format("{} s ago", std::max<std::int64_t>(0, duration.count() / 1000));
  if (minutes < 120) return fmt::format("{} min ago", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h ago", minutes / 60);
  return fmt::format("{} days ago", minutes / 60 / 24);
}

// A form is easier to read decoded.
std::string readable(const std::string& body) {
  return body.find("%7B") == std::string::npos ? body : engine::http::url_decoded(body, true);
}

/// Where the steps of an event stand in the files that it began with.
class Places {
 public:
  Places(const engine::SqliteJournal& journal, const ListedEvent& event, const Project& project) {
    const auto text = journal.plan(event.plan);
    if (!text || !*text) return;
    plan_ = plan_from((*text)->files, project);
    pipeline_ = plan_ == nullptr ? nullptr : plan_->pipeline(event.pipeline);
  }
  [[nodiscard]] std::string of(const engine::Address& address) const {
    const auto* step = pipeline_ == nullptr ? nullptr : engine::step_at(pipeline_->steps, address);
    return step == nullptr ? "" : fmt::format("{}:{}", step->place.file, step->place.line);
  }

 private:
  std::shared_ptr<const dsl::plan::Plan> plan_;
  const dsl::plan::Pipeline* pipeline_ = nullptr;
};

/// What the journal has of one event.
struct Story {
  std::optional<engine::StoredEvent> stored;
  std::vector<engine::ListedOutcome> steps;
};

Result<Story> story_of(const engine::SqliteJournal& journal, EventId id) {
  auto stored = journal.event(id);
  if (!stored) return fail(stored.error());
  auto steps = journal.story(id);
  if (!steps) return fail(steps.error());
  return Story{std::move(*stored), std::move(*steps)};
}

int unreadable(const Error& error) {
  tell_error(error.message, error.help);
  return Status::usage;
}

// What came from outside, for a terminal.
std::string shown_text(const std::string& text, bool mask) { return printable(masked(text, mask)); }

void print_story(const Story& told, const ListedEvent& event, const std::string& zone, const Options& options,
                 const Places& places) {
  const auto clock = [&](Instant at) { return zoned_text(at, zone, "%H:%M:%S"); };
  const Instant ended = event.ended_at.value_or(event.received_at);
  fmt::print("event {} · {} · {} · {}{}\n", event.id, event.pipeline, printable(event.key), outcome_text(event),
             event.ended_at ? fmt::format(" at {}, {}", clock(ended), ago(engine::Loop::now() - ended)) : "");
  const auto& stored = told.stored;
  fmt::print("received {} from {}{}\n", clock(event.received_at), stored ? stored->source : "?",
             event.commit.empty() ? "" : fmt::format(" · git {}", event.commit));
  for (const engine::ListedOutcome& step : told.steps) {
    const engine::StoredOutcome& outcome = step.stored;
    const std::string line = fmt::format("  {}  {} {}  {}", padded(outcome.address, 4), outcome.node, outcome.verb,
                                         shown_text(outcome.outcome.summary, options.mask));
    const std::string place = places.of(outcome.address);
    fmt::print("\n{}\n", place.empty() ? line : with_place(line, place, terminal_width(1)));
    for (const engine::Exchange& exchange : step.exchanges) {
      const std::size_t width = terminal_width(1);
      const bool refused = exchange.status == 0 || exchange.status >= 400;
      // A good answer is one line; one that refused is there in full, and so is what it refuses.
      const auto shown = [&](const std::string& body) {
        const std::string text = shown_text(body, options.mask);
        return refused || width < 20 ? text : fitted(text, width - 16);
      };
      fmt::print("     → {} {}  {}\n", exchange.method,
                 fitted(printable(engine::http::url_decoded(exchange.url, false)), width - 24), clock(exchange.at));
      if (!exchange.request_body.empty()) fmt::print("       {}\n", shown(readable(exchange.request_body)));
      fmt::print("     ← {} {}  {} ms\n", exchange.status == 0 ? "no answer" : fmt::format("{}", exchange.status),
                 shown(exchange.answer_body), exchange.took.count());
    }
    if (outcome.outcome.failure)
      fmt::print("     failed: {}\n", shown_text(outcome.outcome.failure->reason, options.mask));
  }
  fmt::print("\n");
  for (const std::string& warning : event.warnings) fmt::print("warning {}\n", shown_text(warning, options.mask));
  if (!event.reason.empty()) fmt::print("why    {}\n", shown_text(event.reason, options.mask));
  if (!event.place.empty()) fmt::print("where  {}\n", event.place);
  std::string help;
  for (const engine::ListedOutcome& step : told.steps) {
    if (step.stored.outcome.failure && !step.stored.outcome.failure->help.empty())
      help = step.stored.outcome.failure->help;
  }
  if (event.outcome == EndingKind::parked)
    fmt::print("to do  {}pipewright events retry {}\n", help.empty() ? "" : help + ", then: ", event.id);
  if (stored)
    fmt::print("record {}\n",
               shown_text(engine::write_json(stored->record["raw"].is_null() ? stored->record : stored->record["raw"]),
                          options.mask));
}

// The same as one object: {…as listed,
// "source","place","warnings","steps":[{"address","node","verb","place","summary","failure","calls"}]}.
std::string story_json(const Story& told, const ListedEvent& event, const Options& options, const Places& places) {
  const auto text = [&](const std::string& shown) { return Value(masked(shown, options.mask)); };
  engine::List steps;
  for (const engine::ListedOutcome& step : told.steps) {
    engine::List calls;
    for (const engine::Exchange& exchange : step.exchanges) {
      engine::Record call;
      call.emplace_back("method", Value(exchange.method));
      call.emplace_back("url", Value(exchange.url));
      call.emplace_back("request", text(exchange.request_body));
      call.emplace_back("status", exchange.status == 0 ? Value() : Value(exchange.status));
      call.emplace_back("answer", text(exchange.answer_body));
      call.emplace_back("at", Value(utc_text(exchange.at)));
      call.emplace_back("ms", Value(static_cast<std::int64_t>(exchange.took.count())));
      calls.emplace_back(std::move(call));
    }
    const engine::StoredOutcome& stored = step.stored;
    engine::Record shown;
    shown.emplace_back("address", Value(stored.address));
    shown.emplace_back("node", Value(stored.node));
    shown.emplace_back("verb", Value(stored.verb));
    shown.emplace_back("place", Value(places.of(stored.address)));
    shown.emplace_back("summary", text(stored.outcome.summary));
    shown.emplace_back("failure", stored.outcome.failure ? text(stored.outcome.failure->reason) : Value());
    shown.emplace_back("calls", Value(std::move(calls)));
    steps.emplace_back(std::move(shown));
  }
  engine::List warnings;
  for (const std::string& warning : event.warnings) warnings.push_back(text(warning));
  const auto& stored = told.stored;
  engine::Record more;
  more.emplace_back("source", stored ? Value(stored->source) : Value());
  more.emplace_back("place", Value(event.place));
  more.emplace_back("warnings", Value(std::move(warnings)));
  more.emplace_back("steps", Value(std::move(steps)));
  std::string line = listed_json(event);
  line.back() = ',';
  return line + engine::write_json(Value(std::move(more))).substr(1);
}

}  // namespace

int events_list(const Options& options) {
  Project project;
  int status = 0;
  const auto journal = open_to_read(options, project, status);
  if (journal == nullptr) return status;
  std::size_t shown = 0;
  engine::EventFilter filter;
  filter.all = options.all;
  const std::size_t most = options.limit.value_or(SIZE_MAX);
  bool header = false;
  while (shown < most) {
    const auto page = journal->events(filter);
    if (!page) return unreadable(page.error());
    if (page->empty()) break;
    for (const ListedEvent& event : *page) {
      filter.after = event.id;
      if (!options.pipeline.empty() && event.pipeline != options.pipeline) continue;
      if (shown++ >= most) break;
      if (options.format == Format::json) {
        fmt::print("{}\n", listed_json(event));
        continue;
      }
      if (!header)
        fmt::print("{}  {}  {}  {}  {}\n", padded("ID", 6), padded("PIPELINE", 18), padded("KEY", 18),
                   padded("OUTCOME", 9), "REASON");
      header = true;
      fmt::print("{}  {}  {}  {}  {}\n", padded(fmt::format("{}", event.id), 6), padded(event.pipeline, 18),
                 padded(printable(event.key), 18), padded(outcome_text(event), 9), printable(reason_of(event)));
    }
    if (page->size() < filter.limit) break;
  }
  if (options.format == Format::text) {
    if (shown == 0)
      fmt::print("{}\n", options.all
                             ? "no events are kept yet (of files only those that park: their lines can be read again)"
                             : "nothing is parked, nothing waits");
    else
      fmt::print(stderr, "one of them at length: pipewright events show ID\n");
  }
  return Status::fine;
}

int events_show(const Options& options) {
  Project project;
  int status = 0;
  const auto journal = open_to_read(options, project, status);
  if (journal == nullptr) return status;
  for (const std::string& text : options.ids) {
    const auto id = id_of(text);
    const auto read = id ? journal->listed(*id) : std::optional<ListedEvent>();
    if (!read) return unreadable(read.error());
    const auto& event = *read;
    if (!event) {
      tell_error(fmt::format("there is no event {}", text), "`pipewright events --all` lists all there are");
      return Status::usage;
    }
    const auto told = story_of(*journal, *id);
    if (!told) return unreadable(told.error());
    const Places places(*journal, *event, project);
    if (options.format == Format::json)
      fmt::print("{}\n", story_json(*told, *event, options, places));
    else
      print_story(*told, *event, project.config.time_zone, options, places);
  }
  return Status::fine;
}

namespace {

using Kind = engine::EventRequest::Kind;

int print_answers(const std::vector<engine::RetryAnswer>& answers, Kind kind) {
  bool refused = false;
  const char* done = kind == Kind::retry ? "queued for retry" : "skipped";
  for (const engine::RetryAnswer& answer : answers) {
    fmt::print("event {}: {}{}\n", answer.id, answer.accepted ? done : "refused",
               answer.reason.empty() ? "" : ", " + answer.reason);
    refused = refused || !answer.accepted;
  }
  return refused ? Status::wrong : Status::fine;
}

void ask_core(engine::Core& core, const Options& options, Kind kind, const std::vector<EventId>& ids,
              std::optional<std::vector<engine::RetryAnswer>>& into) {
  const auto answered = [&into](std::vector<engine::RetryAnswer> answers) { into = std::move(answers); };
  if (kind == Kind::retry)
    core.retry(ids, options.as_was, options.stale, engine::Loop::clock(), answered);
  else
    core.skip(ids, options.why, engine::Loop::clock(), answered);
}

// No `run` holds the journal: the work is done here.
int decide_here(const Options& options, std::unique_ptr<engine::SqliteJournal> journal, Kind kind,
                const std::vector<EventId>& ids) {
  Project project;
  if (const auto stopped = load(options, project)) return *stopped;
  if (const auto stopped = ready(options, project, true)) return *stopped;
  const auto session = Session::open(project);
  if (!session) return unreadable(session.error());
  Report report(options, project.config.time_zone);
  engine::Loop loop(*journal, (*session)->hooks([&](engine::LogLevel level, const std::string& text) {
    report.remark(level == engine::LogLevel::warning ? "warning" : "info", text);
  }));
  engine::Options core_options;
  core_options.once = true;
  core_options.poll = false;
  engine::Core core(loop, report, core_options);
  if (const Result<void> started = loop.start(core, (*session)->runnable()); !started)
    return unreadable(started.error());
  std::optional<std::vector<engine::RetryAnswer>> answers;
  ask_core(core, options, kind, ids, answers);
  const auto failed = [](const Result<void>& fine) {
    if (!fine) tell_error(fine.error().message, fine.error().help);
    return !fine;
  };
  while (!answers) {
    if (failed(loop.round(core, std::chrono::milliseconds(200)))) return Status::wrong;
  }
  const int status = print_answers(*answers, kind);
  if (kind == Kind::retry && failed(drain(core, loop, [] { return false; }))) return Status::wrong;
  const bool left = !core.undrained().empty();
  if (failed(loop.stop(core, std::chrono::seconds(8)))) return Status::wrong;
  if (kind == Kind::skip) return status;
  const Tally& tally = report.tally();
  fmt::print("done: {} events, {} written, {} unchanged, {} skipped, {} parked\n", tally.events, tally.written,
             tally.unchanged, tally.skipped, tally.parked);
  return tally.parked > 0 || left ? static_cast<int>(Status::wrong) : status;
}

// A `run` holds the journal: it finds the requests there, and answers them there.
int ask_owner(const std::string& path, const Options& options, Kind kind, const std::vector<EventId>& ids) {
  auto journal = engine::SqliteJournal::open(path, engine::SqliteJournal::Mode::ask);
  if (!journal) return unreadable(journal.error());
  std::vector<std::pair<std::int64_t, EventId>> asked;
  for (const EventId id : ids) {
    const auto request = (*journal)->ask({0, kind, id, options.as_was, options.stale, options.why});
    if (!request) return unreadable(request.error());
    asked.emplace_back(*request, id);
  }
  std::vector<engine::RetryAnswer> answers;
  const Instant last = engine::Loop::clock().steady + std::chrono::seconds(15);
  for (const auto& [request, id] : asked) {
    while (true) {
      const auto answer = (*journal)->answer(request);
      if (!answer) return unreadable(answer.error());
      if (*answer) {
        answers.push_back({id, (*answer)->accepted, (*answer)->reason});
        break;
      }
      if (engine::Loop::clock().steady > last) {
        print_answers(answers, kind);
        tell_error(fmt::format("{} holds the state database and has not answered yet",
                               (*journal)->running().value_or("another process")),
                   "it answers as soon as it can; `pipewright events` shows what came of it");
        return Status::usage;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  return print_answers(answers, kind);
}

int decide(const Options& options, Kind kind) {
  Project project;
  int status = 0;
  std::vector<EventId> ids;
  bool running = false;
  {
    const auto journal = open_to_read(options, project, status);
    if (journal == nullptr) return status;
    running = journal->running().has_value();
    engine::EventFilter filter;
    while (options.all) {
      const auto page = journal->events(filter);
      if (!page) return unreadable(page.error());
      if (page->empty()) break;
      for (const ListedEvent& event : *page) {
        if (event.outcome == EndingKind::parked) ids.push_back(event.id);
      }
      filter.after = page->back().id;
    }
  }
  for (const std::string& text : options.ids) {
    const auto id = id_of(text);
    if (!id) {
      tell_error(fmt::format("`{}` is not an event id", text), "`pipewright events` lists them");
      return Status::usage;
    }
    ids.push_back(*id);
  }
  if (ids.empty() && !options.all) {
    tell_error("no event id given",
               fmt::format("pipewright events {} 31, or --all", kind == Kind::retry ? "retry" : "skip"));
    return Status::usage;
  }
  if (ids.empty()) {
    fmt::print("nothing is parked\n");
    return Status::fine;
  }
  const std::string path = state_path(options, project);
  if (running) return ask_owner(path, options, kind, ids);
  auto journal = engine::SqliteJournal::open(path, engine::SqliteJournal::Mode::write);
  if (!journal) return unreadable(journal.error());
  return decide_here(options, std::move(*journal), kind, ids);
}

}  // namespace

int events_retry(const Options& options) { return decide(options, Kind::retry); }

int events_skip(const Options& options) { return decide(options, Kind::skip); }

}  // namespace pipewright::cli
