// The one form of a file, as edits of the lines that differ.
#include <algorithm>

#include "cli/lsp/requests.hpp"
#include "dsl/format.hpp"
#include "dsl/parser.hpp"

namespace pipewright::cli::lsp {

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
