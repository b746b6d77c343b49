// pipewright test: the `test` blocks, through the real interpreter and the real connectors, in virtual time.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/project.hpp"
#include "cli/terminal.hpp"
#include "cli/trial/coverage.hpp"
#include "cli/trial/trial.hpp"
#include "dsl/render.hpp"
#include "engine/json.hpp"

namespace pipewright::cli {
namespace {

using Json = nlohmann::ordered_json;
using dsl::plan::Place;

struct Tried {
  TrialCase tried;
  TrialResult result;
  [[nodiscard]] bool passed() const { return result.failures.empty(); }
};

std::string place_text(const Place& place) { return fmt::format("{}:{}", place.file, place.line); }

// The line of the source with what is meant underlined.
std::string drawn(const Project& project, const Place& place, const std::string& note) {
  std::string line;
  for (const auto& source : project.checked.sources) {
    if (source->name() == place.file) line = std::string(source->line(place.line));
  }
  const std::string number = std::to_string(place.line);
  const std::string margin(number.size() + 2, ' ');
  const std::size_t from = place.column > 0 ? place.column - 1 : 0;
  const std::size_t rest = code_points(line) > from ? code_points(line) - from : 1;
  const std::size_t width = std::max<std::size_t>(1, std::min(rest, code_points(place.text)));
  return fmt::format("{0}--> {1}:{2}:{3}\n{0} |\n {4} | {5}\n{0} | {6}{7}{8}\n", margin.substr(1), place.file,
                     place.line, place.column, number, line, std::string(from, ' '), std::string(width, '^'),
                     note.empty() ? "" : " " + note);
}

std::string indented(const std::string& text, std::size_t by) {
  std::string made;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size() - 1);
    made += std::string(by, ' ') + text.substr(from, end + 1 - from);
    from = end + 1;
  }
  return made;
}

struct Paint {
  bool on = false;
  [[nodiscard]] std::string good(const std::string& text) const { return on ? "\x1b[32m" + text + "\x1b[0m" : text; }
  [[nodiscard]] std::string bad(const std::string& text) const { return on ? "\x1b[1;31m" + text + "\x1b[0m" : text; }
};

void print_text(const Project& project, const std::vector<Tried>& all, const std::optional<Coverage>& coverage,
                const Options& options) {
  const Paint paint{colors(options.color, 1)};
  const std::size_t width = terminal_width(1);
  std::string file;
  std::size_t failed = 0;
  for (const Tried& each : all) {
    if (each.tried.test->place.file != file) {
      file = each.tried.test->place.file;
      fmt::print("{}\n", file);
    }
    const std::string word = each.passed() ? paint.good("ok  ") : paint.bad("FAIL");
    const std::string place = each.passed() ? "" : place_text(each.tried.test->place);
    fmt::print("  {}  {}\n", word, with_place(each.tried.name, place, width > 8 ? width - 8 : width));
    if (!each.passed()) ++failed;
    for (const TrialFailure& failure : each.result.failures) {
      fmt::print("        {}\n{}", failure.message, indented(drawn(project, failure.place, ""), 8));
      for (const std::string& line : failure.details) fmt::print("        {}\n", line);
    }
    if (each.passed() || each.result.failures.front().details.empty()) {
      for (const std::string& note : each.result.notes) fmt::print("        note: {}\n", note);
    }
  }
  if (coverage) {
    for (const Unreached& each : coverage->unreached) fmt::print("{}", drawn(project, each.place, each.what));
    fmt::print("coverage: {} of {} steps, rows and branches reached{}\n", coverage->reached, coverage->total,
               coverage->total == 0 ? "" : fmt::format(" ({} %)", coverage->reached * 100 / coverage->total));
  }
  fmt::print("{} passed, {} failed\n", all.size() - failed, failed);
}

Json json_of(const engine::Value& value) { return Json::parse(engine::write_json(value)); }

std::string path_text(const std::string& connection, const std::string& node) {
  return connection + node.substr(std::min(node.find('.'), node.size()));
}

// What was given, what crossed the boundary, and how each event ended.
void add_story(const Happened& happened, Json& into) {
  into["given"] = into["exists"] = into["faults"] = into["writes"] = into["events"] = Json::array();
  for (const GivenThing& each : happened.events)
    into["given"].push_back({{"source", path_text(each.connection, each.node)},
                             {"record", json_of(each.record)},
                             {"raw", json_of(each.raw)}});
  for (const GivenThing& each : happened.existing)
    into["exists"].push_back({{"node", path_text(each.connection, each.node)}, {"record", json_of(each.record)}});
  for (const FaultGiven& each : happened.faults) into["faults"].push_back(each.what);
  for (const Made& each : happened.made) {
    if (each.operation == "none") continue;
    Json made{{"action", path_text(each.connection, each.node)},
              {"operation", each.operation},
              {"fields", json_of(engine::Value(each.asked))}};
    if (!each.text.empty()) made["text"] = each.text;
    made["requests"] = Json::array();
    for (const engine::Exchange& request : each.requests)
      made["requests"].push_back({{"method", request.method}, {"url", request.url}, {"body", request.request_body}});
    into["writes"].push_back(std::move(made));
  }
  for (const EndedAs& each : happened.ended) {
    Json ended{{"pipeline", each.pipeline}, {"key", each.key}, {"outcome", engine::ending_text(each.kind)}};
    if (!each.reason.empty()) ended["reason"] = each.reason;
    if (each.place.line != 0) ended["place"] = place_text(each.place);
    into["events"].push_back(std::move(ended));
  }
}

void print_json(const std::vector<Tried>& all, const std::optional<Coverage>& coverage) {
  Json out{{"tests", Json::array()}};
  std::size_t failed = 0;
  for (const Tried& each : all) {
    Json failures = Json::array();
    for (const TrialFailure& failure : each.result.failures) {
      failures.push_back({{"file", failure.place.file},
                          {"line", failure.place.line},
                          {"message", failure.message},
                          {"expected", failure.expected},
                          {"got", failure.got}});
    }
    if (!each.passed()) ++failed;
    Json test{{"name", each.tried.name},
              {"pipeline", each.tried.test->pipeline},
              {"file", each.tried.test->place.file},
              {"line", each.tried.test->place.line},
              {"status", each.passed() ? "pass" : "fail"},
              {"failures", failures}};
    add_story(each.result.happened, test);
    out["tests"].push_back(std::move(test));
  }
  out["passed"] = all.size() - failed;
  out["failed"] = failed;
  if (coverage) {
    Json unreached = Json::array();
    for (const Unreached& each : coverage->unreached) {
      unreached.push_back({{"file", each.place.file},
                           {"line", each.place.line},
                           {"column", each.place.column},
                           {"text", each.place.text},
                           {"what", each.what}});
    }
    out["coverage"] = {{"reached", coverage->reached}, {"total", coverage->total}, {"unreached", unreached}};
  }
  fmt::print("{}\n", out.dump());
}

void print_junit(const std::vector<Tried>& all) {
  const auto seconds = [](Duration took) { return static_cast<double>(took.count()) / 1000.0; };
  std::size_t failed = 0;
  Duration took{0};
  for (const Tried& each : all) {
    failed += each.passed() ? 0 : 1;
    took += each.result.took;
  }
  fmt::print("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  fmt::print(
      "<testsuites name=\"pipewright\" tests=\"{0}\" failures=\"{1}\" errors=\"0\" time=\"{2:.3f}\">\n"
      "<testsuite name=\"pipewright\" tests=\"{0}\" failures=\"{1}\" errors=\"0\" skipped=\"0\" time=\"{2:.3f}\">\n",
      all.size(), failed, seconds(took));
  for (const Tried& each : all) {
    const Place& place = each.tried.test->place;
    fmt::print("<testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3f}\"",
               xml_escaped(each.tried.name), xml_escaped(each.tried.test->pipeline), xml_escaped(place.file),
               place.line, seconds(each.result.took));
    if (each.passed()) {
      fmt::print("/>\n");
      continue;
    }
    fmt::print(">\n");
    for (const TrialFailure& failure : each.result.failures) {
      fmt::print("<failure message=\"{}\" type=\"expectation\">{}: {}\n", xml_escaped(failure.message),
                 xml_escaped(place_text(failure.place)), xml_escaped(failure.message));
      for (const std::string& line : failure.details) fmt::print("{}\n", xml_escaped(line));
      fmt::print("</failure>\n");
    }
    fmt::print("</testcase>\n");
  }
  fmt::print("</testsuite>\n</testsuites>\n");
}

}  // namespace

int test(const Options& options) {
  Project project;
  if (const auto stopped = load(options, project)) return *stopped;
  if (const auto stopped = ready(options, project, false)) return *stopped;
  std::vector<TrialCase> cases = trial_cases(project);
  if (cases.empty()) {
    fmt::print(
        stderr,
        "there is no test in {}\nhelp: write one: test \"NAME\" of PIPELINE {{ given order {{ id: 1 }}, expect nothing "
        "}}\n",
        join(project.files, ", "));
  } else if (!options.filter.empty()) {
    std::vector<std::string> names;
    for (const TrialCase& each : cases) names.push_back(each.name);
    std::erase_if(cases, [&](const TrialCase& each) { return each.name.find(options.filter) == std::string::npos; });
    if (cases.empty()) {
      const auto near = closest(options.filter, names);
      tell_error(fmt::format("no test has `{}` in its name", options.filter),
                 near ? "did you mean `" + *near + "`?" : "without --filter all tests run");
      return Status::usage;
    }
  }
  const Examples examples(project.catalog);
  engine::Reached reached;
  std::vector<Tried> all;
  bool failed = false;
  for (TrialCase& each : cases) {
    TrialResult result = try_case(each, project, examples, options.coverage ? &reached : nullptr);
    failed = failed || !result.failures.empty();
    all.push_back({std::move(each), std::move(result)});
  }
  std::optional<Coverage> coverage;
  if (options.coverage) coverage = coverage_of(project, reached);
  if (options.format == Format::json)
    print_json(all, coverage);
  else if (options.format == Format::junit)
    print_junit(all);
  else
    print_text(project, all, coverage, options);
  return failed ? Status::wrong : Status::fine;
}

}  // namespace pipewright::cli
