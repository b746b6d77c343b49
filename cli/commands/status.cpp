// pipewright status: the books of each pipeline, how they go, the limits of a running engine, and what is down.
#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/limits.hpp"
#include "cli/project.hpp"
#include "cli/terminal.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/json.hpp"
#include "engine/run/loop.hpp"

namespace pipewright::cli {
namespace {

using engine::Counters;
using engine::List;
using engine::Record;
using engine::Value;

Value moment(const std::optional<Instant>& at) { return at ? Value(utc_text(*at)) : Value(); }

/// Everything that `status` says.
struct Books {
  std::map<std::string, Counters> pipelines;
  std::map<std::string, engine::Pace> paces;
  std::vector<engine::Notice> notices;
  std::vector<LimitLeft> limits;
  Counters all;
};

Value counters_json(const Counters& counters) {
  Record made;
  made.emplace_back("received", Value(counters.received));
  made.emplace_back("done", Value(counters.done()));
  made.emplace_back("skipped", Value(counters.skipped));
  made.emplace_back("parked", Value(counters.parked));
  made.emplace_back("in_flight", Value(counters.in_flight()));
  return Value(std::move(made));
}

void print_json(const Books& books) {
  List pipelines;
  for (const auto& [name, counters] : books.pipelines) {
    const auto pace = books.paces.find(name);
    const engine::Pace at = pace == books.paces.end() ? engine::Pace{} : pace->second;
    Record made;
    made.emplace_back("name", Value(name));
    made.emplace_back("received", Value(counters.received));
    made.emplace_back("written", Value(counters.written));
    made.emplace_back("unchanged", Value(counters.unchanged));
    made.emplace_back("skipped", Value(counters.skipped));
    made.emplace_back("parked", Value(counters.parked));
    made.emplace_back("in_flight", Value(counters.in_flight()));
    made.emplace_back("last_event", moment(at.last_received));
    made.emplace_back("last_success", moment(at.last_done));
    made.emplace_back("waiting_since", moment(at.oldest_open));
    pipelines.emplace_back(std::move(made));
  }
  List notices;
  for (const engine::Notice& notice : books.notices) {
    Record made;
    made.emplace_back("subject", Value(notice.subject));
    made.emplace_back("text", Value(notice.text));
    made.emplace_back("since", Value(utc_text(notice.at)));
    notices.emplace_back(std::move(made));
  }
  List limits;
  for (const LimitLeft& room : books.limits) {
    Record made;
    made.emplace_back("connection", Value(room.connection));
    made.emplace_back("group", Value(room.group));
    made.emplace_back("free", Value(room.free));
    made.emplace_back("burst", Value(room.burst));
    made.emplace_back("rate", Value(room.rate));
    limits.emplace_back(std::move(made));
  }
  Record out;
  out.emplace_back("events", counters_json(books.all));
  out.emplace_back("pipelines", Value(std::move(pipelines)));
  out.emplace_back("notices", Value(std::move(notices)));
  out.emplace_back("limits", Value(std::move(limits)));
  fmt::print("{}\n", engine::write_json(Value(std::move(out))));
}

std::string ago(const std::optional<Instant>& at, Instant now) {
  if (!at) return "—";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *at).count();
  if (seconds < 1) return "now";
  if (seconds < 120) return fmt::format("{} s ago", seconds);
  if (seconds < 7200) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} days ago", seconds / 86400);
}

void print_text(const Books& books, Instant now) {
  std::size_t width = 8;
  for (const auto& [name, counters] : books.pipelines) width = std::max(width, name.size());
  fmt::print("{}  {}  {}  {}  {}  {}  {}  {}\n", padded("PIPELINE", width), padded("LAST EVENT", 11),
             padded("LAST SUCCESS", 12), padded_left("BEHIND", 9), padded_left("WRITTEN", 9),
             padded_left("UNCHANGED", 9), padded_left("SKIPPED", 9), padded_left("PARKED", 7));
  for (const auto& [name, counters] : books.pipelines) {
    const auto pace = books.paces.find(name);
    const engine::Pace at = pace == books.paces.end() ? engine::Pace{} : pace->second;
    std::string remark;
    if (at.oldest_open) remark += fmt::format("   oldest {}", ago(at.oldest_open, now));
    if (counters.parked > 0) remark += fmt::format("   pipewright events --pipeline {}", name);
    fmt::print("{}  {}  {}  {:>9}  {:>9}  {:>9}  {:>9}  {:>7}{}\n", padded(name, width),
               padded(ago(at.last_received, now), 11), padded(ago(at.last_done, now), 12), counters.in_flight(),
               counters.written, counters.unchanged, counters.skipped, counters.parked, remark);
  }
  if (!books.limits.empty()) {
    std::vector<std::string> rooms;
    for (const LimitLeft& room : books.limits) {
      const std::string name = room.group == room.connection ? room.group : room.connection + " " + room.group;
      rooms.push_back(fmt::format("{} {} of {} free ({})", name, room.free, room.burst, room.rate));
    }
    fmt::print("LIMITS  {}\n", join(rooms, " · "));
  }
  for (const engine::Notice& notice : books.notices)
    fmt::print("NOTICE  {}: {}\n", printable(notice.subject), printable(notice.text));
  fmt::print("received {} = done {} + skipped {} + parked {} + in flight {}\n", books.all.received, books.all.done(),
             books.all.skipped, books.all.parked, books.all.in_flight());
}

Result<Books> books_of(const engine::SqliteJournal& journal, Instant now) {
  const auto counters = journal.counters();
  const auto paces = journal.paces();
  const auto notices = journal.notices();
  const auto buckets = journal.buckets();
  if (!counters) return fail(counters.error());
  if (!paces) return fail(paces.error());
  if (!notices) return fail(notices.error());
  if (!buckets) return fail(buckets.error());
  Books books{*counters, *paces, *notices, {}, {}};
  if (journal.running()) books.limits = limits_left(*buckets, now);
  return books;
}

}  // namespace

int status(const Options& options) {
  Project project;
  if (const auto stopped = load_config(options, project)) return *stopped;
  auto journal = engine::SqliteJournal::open(state_path(options, project), engine::SqliteJournal::Mode::read);
  if (!journal) {
    tell_error(journal.error().message, journal.error().help);
    return Status::usage;
  }
  const Instant now = engine::Loop::now();
  Result<Books> read = books_of(**journal, now);
  if (!read) {
    tell_error(read.error().message, read.error().help);
    return Status::usage;
  }
  Books& books = *read;
  for (const auto& [name, counters] : books.pipelines) {
    books.all.received += counters.received;
    books.all.written += counters.written;
    books.all.unchanged += counters.unchanged;
    books.all.skipped += counters.skipped;
    books.all.parked += counters.parked;
  }
  if (options.format == Format::json)
    print_json(books);
  else
    print_text(books, now);
  return Status::fine;
}

}  // namespace pipewright::cli
