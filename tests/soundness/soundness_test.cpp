// What `validate` passes does not park for a reason that it could know.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include "generate.hpp"
#include "judge.hpp"
#include "mutate.hpp"
#include "shrink.hpp"
#include "tests/golden/declarations.hpp"

namespace pipewright::soundness {
namespace {

std::size_t number_from(const char* variable, std::size_t otherwise) {
  const char* given = std::getenv(variable);
  return given == nullptr ? otherwise : std::stoull(given);
}

// How many programs are tried, and how many failures are shown.
struct Figure {
  std::size_t count = number_from("PIPEWRIGHT_SOUNDNESS", number_from("PIPEWRIGHT_SEEDS", 2000));
  std::size_t first = number_from("PIPEWRIGHT_SOUNDNESS_SEED", 1);
  std::size_t most = number_from("PIPEWRIGHT_SOUNDNESS_FAULTS", 1);

  /// `sound` says of a seed whether all is well.
  void over_all_seeds(const std::function<bool(std::uint64_t)>& sound) const {
    std::size_t faults = 0;
    for (std::size_t seed = first; seed < first + count && faults < most; ++seed) faults += sound(seed) ? 0 : 1;
  }

  using Judged = std::function<std::optional<Fault>(const Program&, Tally&)>;

  static bool sound(const Program& program, const Judged& judged, std::uint64_t seed, Tally& tally) {
    const auto fault = judged(program, tally);
    if (!fault) return true;
    Tally unused;
    const auto again = [&](const Program& smaller) {
      const auto same = judged(smaller, unused);
      return same && same->kind == fault->kind;
    };
    // Without the condition that shows a value to be there it would be another fault.
    const bool shown_by_a_condition = fault->kind.find("P0302") != std::string::npos;
    const Program least = shown_by_a_condition ? program : smallest(program, again);
    FAIL_CHECK("seed " << seed << ": " << fault->kind << "\n" << judged(least, unused)->text);
    return false;
  }
};

}  // namespace

TEST_CASE("well-typed programs park for reasons of the grammar alone, and mean what a naive evaluator says") {
  constexpr std::size_t every_reason = 2000;  // so many programs park for every reason that there is
  const Figure figure;
  Tally tally;
  figure.over_all_seeds([&](std::uint64_t seed) {
    const Program program = generate(seed, tests::declarations());
    const auto judged = [&](const Program& each, Tally& into) {
      return judge(each, seed, tests::declarations(), into);
    };
    return figure.sound(program, judged, seed, tally);
  });
  MESSAGE(fmt::format("{} programs, {} events, {} actions; skipped {}, unchanged {}, written {}, parked {}; {} fixed",
                      tally.programs, tally.events, tally.actions, tally.ends[Answer::End::skipped],
                      tally.ends[Answer::End::unchanged], tally.ends[Answer::End::written],
                      tally.ends[Answer::End::parked], tally.fixed));
  for (const Allowed& each : allowed()) {
    MESSAGE(fmt::format("{:6} parked: {}", tally.reasons[each.reason], each.place));
    CHECK((figure.count < every_reason || tally.reasons[each.reason] > 0));  // the generator reaches each of them
  }
}

TEST_CASE("what validate passes of slightly wrong programs parks for reasons of the grammar alone") {
  const Figure figure;
  Tally tally;
  figure.over_all_seeds([&](std::uint64_t seed) {
    Random random(seed);
    const Program program = mutated(generate(seed, tests::declarations()), random);
    const auto judged = [&](const Program& each, Tally& into) {
      return judge_mutated(each, seed, tests::declarations(), into);
    };
    return figure.sound(program, judged, seed, tally);
  });
  MESSAGE(fmt::format("{} changed programs pass", tally.mutated));
  CHECK((figure.count < 100 || tally.mutated > 0));
}

}  // namespace pipewright::soundness
