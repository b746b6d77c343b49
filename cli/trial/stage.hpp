// A pipeline on its stage: what is given stands in sandboxes, what happens to it goes through the real core,
// interpreter and connectors in virtual time. `test` looks at what was written, `validate --cost` at what was asked.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/project.hpp"
#include "cli/trial/happened.hpp"
#include "cli/trial/records.hpp"
#include "cli/trial/world.hpp"
#include "dsl/plan_test.hpp"
#include "engine/core/core.hpp"
#include "engine/eval.hpp"

namespace pipewright::cli {

/// 2026-11-23, a Monday, at noon in Moscow: a test without `given now` runs then, today and in ten years.
constexpr Instant trial_noon{std::chrono::milliseconds(1795424400000)};

class Stage {
 public:
  /// Why something given cannot be, or the run did not end.
  struct Obstacle {
    dsl::plan::Place place;
    std::string message;
  };
  /// By source, as it stands in the file.
  using Events = std::map<std::string, std::vector<engine::NewEvent>>;

  Stage(const Project& project, const Examples& examples, const dsl::plan::Test& test,
        const dsl::plan::TestCases* cases, const engine::Value& value);

  /// Builds the world as it is before anything given.
  std::optional<Obstacle> open();
  /// What is given becomes true. A copy beyond 0 is the same under other names: every id of its events is another one,
  /// here and in all that mentions it; what mentions none of them is there once; faults are left out.
  std::optional<Obstacle> give(int copy = 0);
  /// Runs what was given since the last time; `alone`: without the pipelines that listen to this one. What accounts
  /// remember (caches) stays from one time to the next.
  std::optional<Obstacle> play(bool alone, engine::Reached* reached, const TrialWorld::Listener& listener = {});

  [[nodiscard]] const Happened& happened() const { return happened_; }
  [[nodiscard]] engine::Scope& scope() { return scope_; }
  /// Of the test and of its case.
  [[nodiscard]] std::vector<const dsl::plan::TestItems*> parts() const;

 private:
  /// Ids of a copy by those of the first.
  using Names = std::map<std::string, std::string>;
  struct Given {
    const dsl::plan::Given* given = nullptr;
    engine::Record fields;
    std::size_t source = 0;  ///< of an event
    engine::Value whole;     ///< of an event
  };

  std::optional<Obstacle> fields_of(const std::vector<dsl::plan::Field>& fields, engine::Record& into);
  static void rename(std::vector<Given>& existing, Names& names, int copy);
  std::optional<Obstacle> fault(const dsl::plan::Given& given);
  std::optional<Obstacle> read(const dsl::plan::Given& given, Given& into);
  void event(Given given, const Names& names);
  [[nodiscard]] std::optional<std::size_t> source_for(const dsl::plan::Given& given,
                                                      const engine::Record& fields) const;
  [[nodiscard]] std::shared_ptr<const dsl::plan::Plan> part_of_plan(bool alone) const;
  std::shared_ptr<const engine::Registry> registry();

  const Project& project_;
  const Examples& examples_;
  const dsl::plan::Test& test_;
  const dsl::plan::TestCases* cases_;
  engine::Config config_;
  engine::Scope scope_;
  Instant begins_;  ///< of the next play
  std::unique_ptr<TrialWorld> world_;
  std::vector<dsl::plan::Source> roots_;
  std::shared_ptr<const engine::Registry> registry_;
  engine::Connections connections_;
  std::shared_ptr<Events> events_ = std::make_shared<Events>();
  std::map<std::string, engine::Value> last_;
  int given_ = 0;
  Happened happened_;
};

}  // namespace pipewright::cli
