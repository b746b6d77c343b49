// Code actions: the mends that diagnostics bring, the import of a name that another file of the workspace gives, and
// `# allow` for a warning that is meant.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.hpp"
#include "cli/lsp/requests.hpp"
#include "cli/lsp/standard.hpp"
#include "dsl/codes.hpp"
#include "dsl/parser.hpp"

namespace pipewright::cli::lsp {
namespace {

Json edit_json(const std::string& uri, const Text& text, const std::vector<dsl::Edit>& edits) {
  Json list = Json::array();
  for (const dsl::Edit& each : edits) list.push_back({{"range", text.range(each.span)}, {"newText", each.text}});
  return {{"changes", {{uri, list}}}};
}

bool gives(const dsl::ast::File& file, std::string_view name) {
  return std::any_of(file.statements.begin(), file.statements.end(), [&](const dsl::ast::Statement& statement) {
    if (const auto* let = std::get_if<dsl::ast::Let>(&statement.node)) return let->name.text == name;
    if (const auto* table = std::get_if<dsl::ast::Table>(&statement.node)) return table->name.text() == name;
    if (const auto* pipeline = std::get_if<dsl::ast::Pipeline>(&statement.node))
      return pipeline->name && pipeline->name->text == name;
    return false;
  });
}

// The files of the workspace that give a name which is not known here, and the line that imports each.
std::vector<dsl::Edit> imports(const Context& context, const Analysis& analysis, const dsl::Diagnostic& diagnostic) {
  static constexpr std::array codes = {&dsl::codes::unknown_name, &dsl::codes::unknown_table, &dsl::codes::unknown_node,
                                       &dsl::codes::test_of_nothing};
  std::vector<dsl::Edit> found;
  if (std::find(codes.begin(), codes.end(), diagnostic.code) == codes.end()) return found;
  const std::string_view name = analysis.checked.sources.front()->text(diagnostic.span);
  // Behind the imports that are there, else above everything.
  std::uint32_t at = 0;
  for (const dsl::ast::Statement& statement : analysis.checked.files.front().statements) {
    const auto* import = std::get_if<dsl::ast::Import>(&statement.node);
    if (import == nullptr) continue;
    const std::size_t end = analysis.texts.front()->text().find('\n', import->path_span.end);
    if (end != std::string::npos) at = static_cast<std::uint32_t>(end + 1);
  }
  for (const std::string& path : context.workspace.files()) {
    const bool seen = std::find(analysis.paths.begin(), analysis.paths.end(), path) != analysis.paths.end();
    const auto text = seen || is_standard(path) ? std::nullopt : context.workspace.text_of(path);
    if (!text || !gives(dsl::parse(dsl::Source(path, *text)).file, name)) continue;
    const std::filesystem::path folder = std::filesystem::path(analysis.paths.front()).parent_path();
    const std::string written = std::filesystem::path(path).lexically_relative(folder).string();
    if (written.empty()) continue;  // of a document that has no file
    found.push_back({{at, at}, fmt::format("import \"{}\"\n", written)});
  }
  return found;
}

// The last rows that a table without one may get.
std::vector<dsl::Edit> last_rows(const Analysis& analysis, const dsl::Diagnostic& diagnostic) {
  std::vector<dsl::Edit> found;
  if (diagnostic.code != &dsl::codes::incomplete_table) return found;
  const std::string& text = analysis.texts.front()->text();
  for (const dsl::ast::Statement& statement : analysis.checked.files.front().statements) {
    if (diagnostic.span.begin < statement.span.begin || diagnostic.span.end > statement.span.end) continue;
    const std::size_t brace = text.rfind('}', statement.span.end - 1);
    if (brace == std::string::npos || brace < diagnostic.span.end) continue;  // it is not closed
    const std::size_t row = text.find_last_not_of(" \t\r\n", brace - 1);
    const bool lines = text.substr(row, brace - row).find('\n') != std::string::npos;
    const auto at = static_cast<std::uint32_t>(row + 1);
    for (const char* each : {"else skip", "else fail"})
      found.push_back({{at, at},
                       (lines                                  ? "\n  "
                        : text[row] == ',' || text[row] == '{' ? " "
                                                               : ", ") +
                           std::string(each)});
  }
  return found;
}

// What is asked about: the diagnostics at the cursor, else those of its line.
std::vector<const dsl::Diagnostic*> meant(const std::vector<dsl::Diagnostic>& all, const Text& text, dsl::Span range) {
  std::vector<const dsl::Diagnostic*> touched;
  std::vector<const dsl::Diagnostic*> near;
  const auto line = [&](std::uint32_t offset) { return text.position(offset).line; };
  for (const dsl::Diagnostic& each : all) {
    if (each.source != 0) continue;
    if (each.span.begin <= range.end && each.span.end >= range.begin) touched.push_back(&each);
    if (line(each.span.begin) <= line(range.end) && line(each.span.end) >= line(range.begin)) near.push_back(&each);
  }
  return touched.empty() ? near : touched;
}

// The mends of the file that can be made at once: of two that overlap the first.
std::vector<dsl::Edit> mends(const Analysis& analysis) {
  std::vector<dsl::Edit> all;
  for (const dsl::Diagnostic& each : analysis.checked.diagnostics) {
    if (each.source != 0 || !each.edit) continue;
    const bool apart = std::none_of(all.begin(), all.end(), [&](const dsl::Edit& other) {
      return each.edit->span.begin < other.span.end && other.span.begin < each.edit->span.end;
    });
    if (apart) all.push_back(*each.edit);
  }
  return all;
}

// With those of the mistakes that come to light then, as `validate --fix` does it.
std::vector<dsl::Edit> every_mend(Context& context, const std::string& path, const Analysis& analysis) {
  const std::vector<dsl::Edit> first = mends(analysis);
  const std::string& before = analysis.texts.front()->text();
  std::string text = before;
  std::vector<dsl::Edit> now = first;
  constexpr int most_rounds = 8;
  int rounds = 0;
  for (; !now.empty() && rounds < most_rounds; ++rounds) {
    std::stable_sort(now.begin(), now.end(),
                     [](const dsl::Edit& a, const dsl::Edit& b) { return a.span.begin > b.span.begin; });
    for (const dsl::Edit& each : now) text.replace(each.span.begin, each.span.end - each.span.begin, each.text);
    const auto next = context.workspace.analysis_with(path, {{path, text}});
    if (next == nullptr) break;
    now = mends(*next);
  }
  if (rounds < 2) return first;
  return {dsl::Edit{{0, static_cast<std::uint32_t>(before.size())}, text}};
}

std::string title(const dsl::Diagnostic& diagnostic, const std::string& text) {
  const dsl::Edit& edit = *diagnostic.edit;
  const std::string written = trimmed(edit.text);
  if (!written.empty()) return fmt::format("Write {}", written);
  const std::string left_out = trimmed(text.substr(edit.span.begin, edit.span.end - edit.span.begin));
  if (!left_out.empty()) return fmt::format("Leave out {}", left_out);
  return fmt::format("Mend: {}", diagnostic.help.value_or(diagnostic.message));  // white space
}

bool wanted(const Json& only, const std::string& kind) {
  if (!only.is_array()) return kind != "source.fixAll";
  return std::any_of(only.begin(), only.end(), [&](const Json& each) {
    const auto asked_for = each.get<std::string>();
    return kind == asked_for || kind.starts_with(asked_for + ".");
  });
}

// What can be done about one diagnostic.
void quick_fixes(Context& context, const Analysis& analysis, const dsl::Diagnostic& diagnostic, const std::string& uri,
                 const Text& text, Json& into) {
  const Json told = diagnostic_json(diagnostic, analysis, context.workspace);
  const auto offer = [&](const std::string& name, const dsl::Edit& edit) -> Json& {
    into.push_back(
        {{"title", name}, {"kind", "quickfix"}, {"diagnostics", {told}}, {"edit", edit_json(uri, text, {edit})}});
    return into.back();
  };
  if (diagnostic.edit) offer(title(diagnostic, text.text()), *diagnostic.edit)["isPreferred"] = true;
  for (const dsl::Edit& import : imports(context, analysis, diagnostic)) offer("Write " + trimmed(import.text), import);
  for (const dsl::Edit& row : last_rows(analysis, diagnostic))
    offer("Write " + row.text.substr(row.text.find("else")), row);
  if (diagnostic.code->severity != dsl::Severity::warning) return;
  for (const dsl::ast::Statement& statement : analysis.checked.files.front().statements) {
    if (diagnostic.span.begin < statement.span.begin || diagnostic.span.begin >= statement.span.end) continue;
    offer(fmt::format("Allow {} here", diagnostic.code->text()),
          {{statement.span.begin, statement.span.begin},
           fmt::format("# allow {}: it is meant so\n", diagnostic.code->text())});
  }
}

}  // namespace

Answer code_actions(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  if (!analysis || analysis->config_broken) return Json(nullptr);
  const auto uri = params.at("textDocument").at("uri").get<std::string>();
  const dsl::Span range = place->text->span(params.at("range"));
  const Json only = params.value("context", Json::object()).value("only", Json(nullptr));
  Json result = Json::array();
  if (wanted(only, "quickfix")) {
    for (const dsl::Diagnostic* found : meant(analysis->checked.diagnostics, *place->text, range))
      quick_fixes(context, *analysis, *found, uri, *place->text, result);
  }
  if (!wanted(only, "source.fixAll")) return result;
  if (const std::vector<dsl::Edit> all = every_mend(context, place->path, *analysis); !all.empty()) {
    result.push_back({{"title", "Apply all fixes of this file"},
                      {"kind", "source.fixAll"},
                      {"edit", edit_json(uri, *place->text, all)}});
  }
  return result;
}

}  // namespace pipewright::cli::lsp
