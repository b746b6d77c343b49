// pipewright run: the engine, until stopped or --once.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/project.hpp"
#include "cli/report.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "dsl/render.hpp"
#include "engine/journal/sqlite.hpp"

namespace pipewright::cli {
namespace {

using engine::Core;
using engine::Loop;

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  int execute() {
    if (const auto stopped = load(options_, *project_)) return *stopped;
    if (const auto stopped = ready(options_, *project_, true)) return *stopped;
    for (const dsl::Diagnostic& each : project_->checked.diagnostics) {
      fmt::print(stderr, "{}",
                 dsl::render_text({each}, project_->checked.sources, colors(options_.color, 2), screen_width(2)));
    }
    const std::string state = state_path(options_, *project_);
    auto journal = engine::SqliteJournal::open(state, engine::SqliteJournal::Mode::write);
    if (!journal) {
      tell_error(journal.error().message, journal.error().help);
      return Status::usage;
    }
    journal_ = std::move(*journal);
    auto session = Session::open(*project_);
    if (!session) {
      tell_error(session.error().message, session.error().help);
      return Status::usage;
    }
    session_ = std::move(*session);
    watch_signals();
    greet(state);
    return drive();
  }

 private:
  void greet(const std::string& state) {
    if (!is_terminal(2)) return;
    const std::size_t pipelines = project_->checked.plan.pipelines.size();
    fmt::print(stderr, "pipewright {} · {} pipeline{} from {}{} · state {}\n", PIPEWRIGHT_VERSION, pipelines,
               pipelines == 1 ? "" : "s", project_->base,
               project_->commit.empty() ? "" : fmt::format(" (git {})", project_->commit), state);
    for (const auto& [name, connection] : session_->connections()) {
      const std::string summary = connection->summary();
      if (!summary.empty() && !connection->settings().secrets.empty())
        fmt::print(stderr, "{}  {}\n", padded(name, 4), summary);
    }
  }

  int drive() {
    Report report(options_, project_->config.time_zone);
    Loop loop(*journal_, session_->hooks([&report](engine::LogLevel level, const std::string& text) {
      report.remark(level == engine::LogLevel::warning ? "warning" : "info", text);
    }));
    engine::Options core_options;
    core_options.once = options_.once;
    Core core(loop, report, core_options);
    const auto before = totals();
    if (const Result<void> started = loop.start(core, session_->runnable()); !started) {
      tell_error(started.error().message, started.error().help);
      return Status::usage;
    }
    files_ = fingerprint_of_files(*project_, options_);
    Instant looked = Loop::clock().steady;
    Instant pruned = looked - std::chrono::hours(1);
    while (stops_asked() == 0 && !(options_.once && core.drained())) {
      if (const Result<void> fine = loop.round(core, std::chrono::milliseconds(200)); !fine) {
        tell_error(fine.error().message, fine.error().help);
        return Status::wrong;
      }
      const Instant now = Loop::clock().steady;
      if (now - looked >= std::chrono::milliseconds(500)) {
        looked = now;
        core.serve_requests(Loop::clock());
        if (!options_.once) reload_if_changed(core, report);
      }
      show_progress(report, now);
      if (now - pruned >= std::chrono::hours(1)) {
        pruned = now;
        loop.prune(Loop::now() - project_->config.keep, core.plans());
      }
    }
    report.progress("");
    left_ = options_.once && stops_asked() == 0 ? core.undrained() : std::vector<std::string>{};
    if (const Result<void> fine = stop(core, loop); !fine) {
      tell_error(fine.error().message, fine.error().help);
      return Status::wrong;
    }
    return finish(report, before);
  }

  // What is under way is awaited for a while: a service manager kills after ten seconds, and what has not come back by
  // then is asked about at the next start. A second signal does not wait.
  Result<void> stop(Core& core, Loop& loop) {
    const auto in_flight = totals().in_flight();
    if (is_terminal(2) && in_flight > 0 && stops_asked() > 0)
      fmt::print(stderr, "finishing {} event{} (once more: stop now, they go on at the next start)\n", in_flight,
                 in_flight == 1 ? "" : "s");
    constexpr Duration patience = std::chrono::seconds(8);
    const Instant last = Loop::clock().steady + patience;
    core.stop(Loop::clock());
    while (!core.stopped() && stops_asked() < 2 && Loop::clock().steady < last) {
      if (Result<void> fine = loop.round(core, std::chrono::milliseconds(100)); !fine) return fine;
    }
    return {};
  }

  // A backlog of more than a handful: how far it is, how fast, how long.
  void show_progress(Report& report, Instant now) {
    if (!is_terminal(2) || now - progressed_ < std::chrono::seconds(1)) return;
    progressed_ = now;
    std::string busiest;
    engine::Counters counters;
    const auto all = journal_->counters();
    if (!all) return;
    for (const auto& [name, each] : *all) {
      if (each.in_flight() > counters.in_flight()) busiest = name, counters = each;
    }
    if (counters.in_flight() <= 20) {
      backlog_.clear();
      return report.progress("");
    }
    const std::int64_t ended = counters.received - counters.in_flight();
    if (backlog_ != busiest) {
      backlog_ = busiest;
      backlog_since_ = now;
      backlog_ended_ = ended;
    }
    const double minutes = std::chrono::duration<double, std::ratio<60>>(now - backlog_since_).count();
    const double rate = minutes > 0 ? static_cast<double>(ended - backlog_ended_) / minutes : 0;
    const std::string left = rate > 0 ? fmt::format(" · {:.0f}/min · about {:.0f} min", rate,
                                                    std::ceil(static_cast<double>(counters.in_flight()) / rate))
                                      : "";
    report.progress(fmt::format("{}  {} of {}{}", busiest, ended - backlog_ended_,
                                ended - backlog_ended_ + counters.in_flight(), left));
  }

  // A changed file (program, configuration, secret, certificate) or SIGHUP: the new project is checked aside; a broken
  // one keeps the running version.
  void reload_if_changed(Core& core, Report& report) {
    const std::string now = fingerprint_of_files(*project_, options_);
    const bool asked = reload_asked();
    if (now == files_ && !asked) return;
    files_ = now;
    const auto failed = [&](const std::string& why) {
      report.remark("error", fmt::format("reload failed{}; the previous version keeps running", why));
    };
    auto fresh = std::make_unique<Project>();
    if (load(options_, *fresh) || ready(options_, *fresh, true)) return failed("");
    const bool same = fresh->checked.plan.hash == project_->checked.plan.hash &&
                      same_configuration(fresh->config, project_->config) &&
                      fresh->secret_files == project_->secret_files;
    if (same && !asked) return;
    auto session = session_->changed(*fresh);
    if (!session) return failed(" (" + session.error().message + ")");
    if (const Result<void> swapped = core.swap((*session)->runnable(), Loop::clock()); !swapped)
      return failed(" (" + swapped.error().message + ")");
    if (opened_state_.empty()) opened_state_ = state_path(options_, *project_);  // this is the first reload
    if (state_path(options_, *fresh) != opened_state_) {
      report.remark("warning", fmt::format("[state] has changed; the running process keeps {}", opened_state_),
                    "restart pipewright to use the other one");
    }
    (*session)->succeed(*session_);
    project_ = std::move(fresh);
    session_ = std::move(*session);
    const std::size_t pipelines = project_->checked.plan.pipelines.size();
    report.remark("info", fmt::format("reloaded: {} pipeline{}{}", pipelines, pipelines == 1 ? "" : "s",
                                      project_->commit.empty() ? "" : ", git " + project_->commit));
  }

  engine::Counters totals() const {
    engine::Counters all;
    const auto pipelines = journal_->counters();
    if (!pipelines) return all;
    for (const auto& [name, counters] : *pipelines) {
      all.received += counters.received;
      all.written += counters.written;
      all.unchanged += counters.unchanged;
      all.skipped += counters.skipped;
      all.parked += counters.parked;
    }
    return all;
  }

  int finish(Report& report, const engine::Counters& before) {
    const engine::Counters after = totals();
    // Parked events that were retried leave `parked` again: what ended in this run is what the books gained.
    Tally tally = report.tally();
    tally.written = std::max<std::size_t>(
        tally.written, static_cast<std::size_t>(std::max<std::int64_t>(0, after.written - before.written)));
    tally.unchanged = std::max<std::size_t>(
        tally.unchanged, static_cast<std::size_t>(std::max<std::int64_t>(0, after.unchanged - before.unchanged)));
    tally.skipped = std::max<std::size_t>(
        tally.skipped, static_cast<std::size_t>(std::max<std::int64_t>(0, after.skipped - before.skipped)));
    tally.events = tally.written + tally.unchanged + tally.skipped + tally.parked;
    for (const std::string& each : left_) fmt::print(stderr, "error: not finished: {}\n", each);
    if (!left_.empty()) fmt::print(stderr, "help: fix the cause and run again: it goes on from there\n");
    if (options_.format == Format::json) {
      fmt::print("{{\"events\":{},\"written\":{},\"unchanged\":{},\"skipped\":{},\"parked\":{}}}\n", tally.events,
                 tally.written, tally.unchanged, tally.skipped, tally.parked);
    } else {
      fmt::print("done: {} events, {} written, {} unchanged, {} skipped, {} parked\n", tally.events, tally.written,
                 tally.unchanged, tally.skipped, tally.parked);
    }
    if (options_.once && (tally.parked > 0 || !left_.empty())) return Status::wrong;
    return Status::fine;
  }

  const Options& options_;
  std::unique_ptr<Project> project_ = std::make_unique<Project>();
  std::unique_ptr<engine::SqliteJournal> journal_;
  std::unique_ptr<Session> session_;
  std::string files_;
  std::vector<std::string> left_;  // what `--once` could not finish
  std::string opened_state_;
  Instant progressed_;
  std::string backlog_;  // the pipeline whose backlog is shown
  Instant backlog_since_;
  std::int64_t backlog_ended_ = 0;
};

}  // namespace

int run(const Options& options) { return Run(options).execute(); }

}  // namespace pipewright::cli
