// pipewright validate: parse and check, without any secret and without the network; --fix does what the helps say,
// --online asks the accounts too.
#include <fmt/format.h>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "cli/cost/cost.hpp"
#include "cli/online.hpp"
#include "cli/project.hpp"
#include "cli/rewrite.hpp"
#include "cli/terminal.hpp"
#include "dsl/fix.hpp"
#include "dsl/render.hpp"

namespace pipewright::cli {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string page_of(const dsl::Code& code) {
  for (const embedded::File& file : embedded::explanations()) {
    if (file.name == code.text() + ".md") return file.content;
  }
  return {};
}

std::string change_text(const dsl::Fix& fix) {
  if (fix.before.empty()) return fmt::format("added `{}`", fix.after);
  if (fix.after.empty())
    return trimmed(fix.before).empty() ? "removed a space" : fmt::format("removed `{}`", fix.before);
  return fmt::format("`{}` → `{}`", fix.before, fix.after);
}

// What was mended is told on standard output where people read it, beside the diagnostics where a program does.
std::optional<int> fix_files(const Options& options, Project& project) {
  dsl::Fixed fixed = dsl::fix(project.input, project.catalog);
  for (const auto& [path, text] : fixed.texts) {
    if (const auto why = replace_file(path, text)) {
      tell_error(fmt::format("{} cannot be written: {}", path, *why), "the file is as it was");
      return Status::usage;
    }
  }
  for (const dsl::Fix& each : fixed.fixes) {
    fmt::print(options.format == Format::text ? stdout : stderr, "fixed {}:{}: {}: {}\n", each.file, each.line,
               each.message, change_text(each));
  }
  project.checked = std::move(fixed.checked);
  return std::nullopt;
}

void print_text(const dsl::Checked& checked, std::size_t pipelines, const Options& options) {
  if (!checked.diagnostics.empty()) {
    fmt::print("{}", dsl::render_text(checked.diagnostics, checked.sources, colors(options.color, 1), screen_width(1)));
    fmt::print("{}\n", dsl::count_text(checked.diagnostics, checked.sources.size()));
    return;
  }
  std::vector<std::string> names;
  for (const auto& source : checked.sources) names.push_back(source->name());
  const std::string shown = names.size() <= 4 ? join(names, ", ") : counted(names.size(), "file", "files");
  std::string what = counted(pipelines, "pipeline", "pipelines");
  if (checked.own_tables > 0) what += ", " + counted(checked.own_tables, "table", "tables");
  fmt::print("{}: {}, no problems\n", shown, what);
}

// The errors of the program come first: what it wants of the accounts is known only without them.
std::optional<int> ask_online(const Options& options, Project& project, std::vector<std::string>& facts) {
  if (!dsl::has_errors(project.checked.diagnostics)) return ask_accounts(options, project, facts);
  fmt::print(stderr, "the accounts are asked when these errors are fixed\n");
  return std::nullopt;
}

}  // namespace

int validate(const Options& options) {
  if (options.cost && options.format != Format::text && options.format != Format::json) {
    tell_error("--cost is told as text or json", "leave --format out, or write --format json");
    return Status::usage;
  }
  Project project;
  if (const auto stopped = load(options, project)) return *stopped;
  if (options.fix) {
    if (const auto stopped = fix_files(options, project)) return *stopped;
  }
  std::vector<std::string> facts;
  if (options.online) {
    if (const auto stopped = ask_online(options, project, facts)) return *stopped;
  }
  const dsl::Checked& checked = project.checked;
  std::size_t pipelines = 0;
  for (const dsl::ast::File& file : checked.files) {
    for (const dsl::ast::Statement& statement : file.statements)
      pipelines += std::holds_alternative<dsl::ast::Pipeline>(statement.node) ? 1 : 0;
  }
  const bool costed = options.cost && !dsl::has_errors(checked.diagnostics);
  const std::vector<PipelineCost> measured = costed ? costs(project) : std::vector<PipelineCost>{};
  switch (options.format) {
    case Format::json: {
      const std::string told =
          dsl::render_json(checked.diagnostics, checked.sources, checked.sources.size(), pipelines);
      fmt::print("{}\n", costed ? cost_json(measured, told) : told);
      break;
    }
    case Format::sarif:
      fmt::print("{}\n", dsl::render_sarif(checked.diagnostics, checked.sources, PIPEWRIGHT_VERSION, page_of));
      break;
    case Format::github:
      fmt::print("{}", dsl::render_github(checked.diagnostics, checked.sources));
      break;
    default:
      print_text(checked, pipelines, options);
      fmt::print("{}", cost_text(measured, colors(options.color, 1), screen_width(1)));
  }
  for (const std::string& fact : facts) fmt::print(options.format == Format::text ? stdout : stderr, "{}\n", fact);
  const bool wrong = dsl::has_errors(checked.diagnostics) || (options.deny_warnings && !checked.diagnostics.empty());
  return wrong ? Status::wrong : Status::fine;
}

}  // namespace pipewright::cli
