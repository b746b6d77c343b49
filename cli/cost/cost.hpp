// What a pipeline costs its accounts: the calls that the real connectors make for an event, counted against sandboxes
// in virtual time, and how many events the known limits let through in an hour.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/cost/tally.hpp"
#include "cli/project.hpp"

namespace pipewright::cli {

/// One kind of call, for an event.
struct CostLine {
  CallKind kind;
  bool look = false;    ///< the source asks, else a step
  double once = 0;      ///< only for the first event after a start: what an account is asked and remembers
  double alone = 0;     ///< for an event that comes by itself
  double together = 0;  ///< for each of `cost_batch` that come at once
};

/// One bucket of an account that the pipeline draws on.
struct CostLimit {
  std::string connection, group;
  engine::Rate rate;  ///< interval zero: no limit is known
  double alone = 0;
  double together = 0;
  double looks = 0;                  ///< calls an hour of the sources while nothing happens
  std::optional<double> throughput;  ///< events an hour; nothing: no limit, or events cost it nothing

  /// Calls that the limit lets through; nothing: no limit is known.
  [[nodiscard]] std::optional<double> an_hour() const {
    if (rate.interval <= Duration(0)) return std::nullopt;
    return Duration(std::chrono::hours(1)) / std::chrono::duration<double, Duration::period>(rate.interval);
  }
};

struct CostLook {
  std::string source;  ///< by connection: `wb_moscow.fbs.new`
  Duration every{0};
  int watched = 0;                                 ///< open tasks that it looked after meanwhile
  std::vector<std::pair<CallKind, double>> calls;  ///< of one look while nothing happens
};

struct PipelineCost {
  std::string pipeline, noun;
  dsl::plan::Place place;
  std::string test;  ///< whose event was sent; empty: the declared example of the source
  dsl::plan::Place test_place;
  std::vector<CostLook> looks;
  std::vector<CostLine> lines;
  std::vector<CostLimit> limits;
  std::optional<std::size_t> binding;  ///< of `limits`: the one that is used up first
  std::string remark;                  ///< why the steps could not be measured; empty: they were
};

/// How many come at once where calls of a batch are counted.
constexpr int cost_batch = 500;

/// Of every pipeline in the project's own files.
std::vector<PipelineCost> costs(const Project& project);

/// For people; `width` of the screen, 0 where nothing has to fit.
std::string cost_text(const std::vector<PipelineCost>& all, bool color, std::size_t width);
/// `{"diagnostics": …}` with the costs added.
std::string cost_json(const std::vector<PipelineCost>& all, const std::string& validated);

}  // namespace pipewright::cli
