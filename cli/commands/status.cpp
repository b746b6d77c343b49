// pipewright status: the books of each pipeline, and what is down.
#include <fmt/format.h>

#include "cli/project.hpp"
#include "cli/terminal.hpp"
#include "engine/journal/sqlite.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

using engine::Counters;

std::string books(const Counters& counters) {
  return fmt::format("{{\"received\":{},\"done\":{},\"skipped\":{},\"parked\":{},\"in_flight\":{}}}", counters.received,
                     counters.done(), counters.skipped, counters.parked, counters.in_flight());
}

void print_json(const std::map<std::string, Counters>& pipelines, const Counters& all,
                const std::vector<engine::Notice>& notices) {
  std::string line = "{\"events\":" + books(all) + ",\"pipelines\":[";
  bool first = true;
  for (const auto& [name, counters] : pipelines) {
    if (!first) line += ",";
    first = false;
    line += "{\"name\":";
    engine::append_json_text(line, name);
    line +=
        fmt::format(",\"received\":{},\"written\":{},\"unchanged\":{},\"skipped\":{},\"parked\":{},\"in_flight\":{}}}",
                    counters.received, counters.written, counters.unchanged, counters.skipped, counters.parked,
                    counters.in_flight());
  }
  line += "],\"notices\":[";
  first = true;
  for (const engine::Notice& notice : notices) {
    if (!first) line += ",";
    first = false;
    line += "{\"subject\":";
    engine::append_json_text(line, notice.subject);
    line += ",\"text\":";
    engine::append_json_text(line, notice.text);
    line += fmt::format(",\"since\":\"{}\"}}", utc_text(notice.at));
  }
  fmt::print("{}]}}\n", line);
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
  const std::map<std::string, Counters> pipelines = (*journal)->counters();
  const std::vector<engine::Notice> notices = (*journal)->notices();
  Counters all;
  for (const auto& [name, counters] : pipelines) {
    all.received += counters.received;
    all.written += counters.written;
    all.unchanged += counters.unchanged;
    all.skipped += counters.skipped;
    all.parked += counters.parked;
  }
  if (options.format == Format::json) {
    print_json(pipelines, all, notices);
    return Status::fine;
  }
  std::size_t width = 8;
  for (const auto& [name, counters] : pipelines) width = std::max(width, name.size());
  fmt::print("{}  {}  {}  {}  {}  {}\n", padded("PIPELINE", width), padded_left("WRITTEN", 9),
             padded_left("UNCHANGED", 9), padded_left("SKIPPED", 9), padded_left("BEHIND", 9),
             padded_left("PARKED", 9));
  for (const auto& [name, counters] : pipelines) {
    fmt::print("{}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}{}\n", padded(name, width), counters.written, counters.unchanged,
               counters.skipped, counters.in_flight(), counters.parked,
               counters.parked > 0 ? fmt::format("   pipewright events --pipeline {}", name) : "");
  }
  for (const engine::Notice& notice : notices) fmt::print("NOTICE  {}: {}\n", notice.subject, notice.text);
  fmt::print("received {} = done {} + skipped {} + parked {} + in flight {}\n", all.received, all.done(), all.skipped,
             all.parked, all.in_flight());
  return Status::fine;
}

}  // namespace pipewright::cli
