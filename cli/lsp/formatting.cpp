// The one form of a file, or of statements in it, as edits of what differs.
#include <algorithm>

#include "cli/lsp/requests.hpp"
#include "dsl/format.hpp"
#include "dsl/parser.hpp"

namespace pipewright::cli::lsp {

// Whole statements that the range touches; their comments above stay as they are.
Answer range_formatting(Context& context, const Json& params) {
  const auto place = asked(context, params);
  if (!place) return Json(nullptr);
  const dsl::Source source(place->path, place->text->text());
  const dsl::Parsed parsed = dsl::parse(source, 0);
  if (!parsed.diagnostics.empty()) return Json::array();  // the diagnostics say why
  const dsl::Source formatted(place->path, dsl::format(parsed.file, source));
  const dsl::Parsed again = dsl::parse(formatted, 0);
  const Json& range = params.at("range");
  const std::uint32_t from = place->text->offset(position_of(range.at("start")));
  const std::uint32_t to = place->text->offset(position_of(range.at("end")));
  Json edits = Json::array();
  const auto& statements = parsed.file.statements;
  for (std::size_t i = 0; i < statements.size() && i < again.file.statements.size(); ++i) {
    const dsl::Span span = statements[i].span;
    const std::string_view after = formatted.text(again.file.statements[i].span);
    if (span.end < from || span.begin > to || source.text(span) == after) continue;
    edits.push_back({{"range", place->text->range(span)}, {"newText", std::string(after)}});
  }
  return edits;
}

Answer formatting(Context& context, const Json& params) {
  const auto place = asked(context, params);
  if (!place) return Json(nullptr);
  const dsl::Source source(place->path, place->text->text());
  const dsl::Parsed parsed = dsl::parse(source, 0);
  if (!parsed.diagnostics.empty()) return Json::array();  // the diagnostics say why
  const std::string& before = source.text();
  const std::string after = dsl::format(parsed.file, source);
  if (before == after) return Json::array();
  // What is equal at both ends stays, in whole lines: the cursor of an editor stays with it.
  const auto shorter = std::min(before.size(), after.size());
  std::size_t head = 0;
  for (std::size_t at = 0; at < shorter && before[at] == after[at]; ++at) {
    if (before[at] == '\n') head = at + 1;
  }
  std::size_t tail = 0;
  for (std::size_t at = 0; at < shorter - head && before[before.size() - 1 - at] == after[after.size() - 1 - at];
       ++at) {
    if (at > 0 && before[before.size() - 1 - at] == '\n') tail = at;
  }
  const dsl::Span span{static_cast<std::uint32_t>(head), static_cast<std::uint32_t>(before.size() - tail)};
  return Json::array(
      {{{"range", place->text->range(span)}, {"newText", after.substr(head, after.size() - tail - head)}}});
}

}  // namespace pipewright::cli::lsp
