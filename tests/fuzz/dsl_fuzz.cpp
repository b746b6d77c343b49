// Any bytes are a program: reading, checking and mending it ends, quickly, with diagnostics and edits whose places lie
// in the text. What parses is formatted to what parses to the same tree, with the same comments, and is canonical.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dsl/check.hpp"
#include "dsl/fix.hpp"
#include "dsl/format.hpp"
#include "dsl/parser.hpp"
#include "dsl/render.hpp"
#include "stdlib/stdlib.hpp"
#include "tests/golden/tree_shape.hpp"

namespace {

void format(const std::string& text) {
  using namespace pipewright;
  const dsl::Source source("fuzz.pipe", text);
  const dsl::Parsed parsed = dsl::parse(source);
  if (!parsed.diagnostics.empty()) return;
  const std::string once = dsl::format(parsed.file, source);
  const dsl::Source again("fuzz.pipe", once);
  const dsl::Parsed after = dsl::parse(again);
  if (!after.diagnostics.empty()) std::abort();
  if (tests::TreeShape::of(after.file) != tests::TreeShape::of(parsed.file)) std::abort();
  if (after.file.comments.size() != parsed.file.comments.size()) std::abort();
  if (dsl::format(after.file, again) != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pipewright;
  static const dsl::Catalog catalog = stdlib::catalog();
  dsl::ProgramInput input;
  input.files = {{"fuzz.pipe", std::string(data, data + size)}};
  const dsl::Checked checked = dsl::check(input, catalog);
  for (const dsl::Diagnostic& each : checked.diagnostics) {
    const std::size_t length = checked.sources.at(each.source)->text().size();
    if (each.code == nullptr || each.span.begin > each.span.end || each.span.end > length) std::abort();
    if (each.edit && (each.edit->span.begin > each.edit->span.end || each.edit->span.end > length)) std::abort();
  }
  dsl::fix(input, catalog);
  dsl::render_text(checked.diagnostics, checked.sources, true);
  dsl::render_json(checked.diagnostics, checked.sources, 1, checked.plan.pipelines.size());
  dsl::render_sarif(checked.diagnostics, checked.sources, "0", [](const dsl::Code&) { return std::string(); });
  dsl::render_github(checked.diagnostics, checked.sources);
  format(checked.sources.at(0)->text());
  return 0;
}
