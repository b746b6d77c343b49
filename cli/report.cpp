#include "cli/report.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/mask.hpp"
#include "base/text.hpp"
#include "cli/terminal.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {

using engine::EndingKind;

void Tally::add(EndingKind kind) {
  ++events;
  switch (kind) {
    case EndingKind::written:
      ++written;
      break;
    case EndingKind::unchanged:
      ++unchanged;
      break;
    case EndingKind::skipped:
      ++skipped;
      break;
    case EndingKind::parked:
      ++parked;
      break;
  }
}

Report::Report(const Options& options, std::string time_zone)
    : options_(options), time_zone_(std::move(time_zone)), text_(is_terminal(2)) {}

std::string Report::clock() const {
  return zoned_text(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()), time_zone_,
                    "%H:%M:%S");
}

void Report::say(const std::string& text) {
  const std::string line = printable(text);
  if (progress_.empty()) {
    fmt::print(stderr, "{}\n", line);
  } else {
    fmt::print(stderr, "\r\033[K{}\n{}", line, progress_);
  }
}

void Report::progress(const std::string& text) {
  if (!text_ || text == progress_) return;
  fmt::print(stderr, "\r\033[K{}", fitted(text, terminal_width(2) - 1));
  progress_ = text;
}

std::string place_text(const dsl::plan::Place* place) {
  if (place == nullptr || place->file.empty()) return {};
  return fmt::format("{}:{}", std::filesystem::path(place->file).filename().string(), place->line);
}

std::string masked(const std::string& text, bool mask) { return mask ? without_personal_data(text) : text; }

std::string summary_of(const engine::Ended& event) {
  std::string text;
  for (const engine::EndedStep& step : event.steps) {
    if (step.outcome.summary.empty()) continue;
    text += (text.empty() ? "" : ", ") + step.outcome.summary;
  }
  return text;
}

void Report::ended(const engine::Ended& event) {
  tally_.add(event.kind);
  const std::string what = event.reason.empty() ? summary_of(event) : event.reason;
  const std::string shown = masked(what, options_.mask);
  if (!text_) {
    std::string line = fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"event\":{},\"pipeline\":",
                                   utc_text(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())),
                                   event.kind == EndingKind::parked ? "error" : "info", event.id);
    engine::append_json_text(line, event.pipeline);
    line += ",\"key\":";
    engine::append_json_text(line, event.key);
    line += fmt::format(",\"outcome\":\"{}\",\"what\":", engine::ending_text(event.kind));
    engine::append_json_text(line, shown);
    if (!event.warnings.empty()) {
      line += ",\"warnings\":[";
      for (std::size_t i = 0; i < event.warnings.size(); ++i) {
        if (i > 0) line += ",";
        engine::append_json_text(line, masked(event.warnings[i], options_.mask));
      }
      line += "]";
    }
    line += fmt::format(",\"ms\":{}}}\n", event.took.count());
    fmt::print(stderr, "{}", line);
    return;
  }
  const std::size_t width = terminal_width(2);
  std::string line = fmt::format("{}  {}  {}  {}  {}", clock(), padded(event.pipeline, 14), padded(event.key, 16),
                                 padded(engine::ending_text(event.kind), 9), shown);
  const std::string right = event.kind == EndingKind::parked && event.id > 0 ? fmt::format("events show {}", event.id)
                            : event.kind == EndingKind::skipped              ? place_text(event.place)
                                                                             : fmt::format("{} ms", event.took.count());
  say(with_place(fitted(line, width > right.size() + 12 ? width - right.size() - 2 : width), right, width));
  for (const std::string& warning : event.warnings) say("          warning: " + masked(warning, options_.mask));
}

void Report::remark(const std::string& level, const std::string& text, const std::string& help) {
  if (text_) {
    say(fmt::format("{}  {}{}{}", clock(), level == "info" ? "" : level + ": ", text,
                    help.empty() ? "" : "\n          help: " + help));
    return;
  }
  std::string line =
      fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"message\":",
                  utc_text(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())), level);
  engine::append_json_text(line, text);
  if (!help.empty()) {
    line += ",\"help\":";
    engine::append_json_text(line, help);
  }
  fmt::print(stderr, "{}}}\n", line);
}

void Report::connection_down(const std::string& connection, const engine::Failure& failure) {
  const bool credentials = failure.kind == engine::Failure::Kind::credentials;
  remark(credentials ? "error" : "warning",
         fmt::format("{}: {} ({}); its events wait and are retried", connection,
                     credentials ? "authentication failed" : "unavailable", failure.reason),
         failure.help);
}

void Report::connection_up(const std::string& connection) {
  remark("info", fmt::format("{}: available again", connection));
}

void Report::begins(const std::string& pipeline, const std::string& source, std::size_t count, bool over) {
  remark("info",
         fmt::format("{}: {} starts and takes {}{} record{} that exist{} already", pipeline, source,
                     over ? "over " : "", count, count == 1 && !over ? "" : "s", count == 1 && !over ? "s" : ""));
}

void Report::source_failing(const std::string& pipeline, const std::string& source, const engine::Failure& failure) {
  remark("error", fmt::format("{}: {} cannot be read: {}", pipeline, source, failure.reason), failure.help);
}

void Report::notice(const std::string& pipeline, const std::string& source, const std::string& text) {
  if (!text.empty()) remark("warning", fmt::format("{}: {}: {}", pipeline, source, text));
}

}  // namespace pipewright::cli
