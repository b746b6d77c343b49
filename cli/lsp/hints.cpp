// Inlay hints: the fields that an action takes from the default mapping, which no word of the program names.
#include <algorithm>

#include "base/text.hpp"
#include "cli/lsp/describe.hpp"
#include "cli/lsp/requests.hpp"

namespace pipewright::cli::lsp {

Answer inlay_hints(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  if (!analysis) return Json(nullptr);
  const dsl::Span range = place->text->span(params.at("range"));
  const std::string& text = place->text->text();
  Json result = Json::array();
  for (const dsl::ActionUse& use : analysis->index.actions) {
    if (use.source != 0 || use.span.end < range.begin || use.span.begin > range.end) continue;
    std::vector<std::string> taken;
    for (const auto& each : use.defaults) {
      if (each.taken) taken.push_back(each.field);
    }
    if (taken.empty()) continue;
    // Before the brace that closes the fields, else behind the action.
    std::uint32_t at = use.braces ? use.braces->end - 1 : use.span.end;
    while (at > use.span.begin && std::string_view(" \t\r\n").find(text[at - 1]) != std::string_view::npos) --at;
    constexpr std::size_t most = 4;
    std::string shown =
        join({taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(std::min(most, taken.size()))}, ", ");
    if (taken.size() > most) shown += ", … " + std::to_string(taken.size() - most) + " more";
    result.push_back({{"position", json_of(place->text->position(at))},
                      {"label", "+ " + shown},
                      {"paddingLeft", true},
                      {"tooltip", {{"kind", "markdown"}, {"value", description(use)}}}});
  }
  return result;
}

}  // namespace pipewright::cli::lsp
