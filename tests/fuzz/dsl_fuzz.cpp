// Any bytes are a program: reading, checking and mending it ends, quickly, with diagnostics and edits whose places lie
// in the text. What parses is formatted to what parses to the same tree, with the same comments, and is canonical.
// An editor that asks what may stand somewhere in it changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dsl/check.hpp"
#include "dsl/fix.hpp"
#include "dsl/format.hpp"
#include "dsl/index.hpp"
#include "dsl/parser.hpp"
#include "dsl/render.hpp"
#include "dsl/tokens.hpp"
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

void ask(const pipewright::dsl::ProgramInput& input, const pipewright::dsl::Catalog& catalog,
         const pipewright::dsl::Checked& checked) {
  using namespace pipewright;
  const std::string& text = input.files.front().second;
  for (const dsl::Token& token : dsl::tokens(text)) {
    if (token.span.begin >= token.span.end || token.span.end > text.size()) std::abort();
  }
  const std::size_t at =
      text.empty() ? 0 : (text.size() * 31 + static_cast<unsigned char>(text[text.size() / 2])) % (text.size() + 1);
  dsl::inside_of(text, at);
  const dsl::Closing closing = dsl::closing(text, at);
  if (closing.at < at || closing.at > text.size()) std::abort();
  dsl::Index plain;
  if (dsl::check(input, catalog, plain).diagnostics.size() != checked.diagnostics.size()) std::abort();
  for (const dsl::Mention& each : plain.mentions) {
    if (each.span.begin >= each.span.end || each.span.end > text.size()) std::abort();
  }
  std::string typed = text;
  typed.insert(closing.at, closing.signs);
  typed.insert(at, "here");
  dsl::ProgramInput editing;
  editing.files = {{"fuzz.pipe", typed}};
  dsl::Index probed;
  probed.probe = {0, static_cast<std::uint32_t>(at)};
  (void)dsl::check(editing, catalog, probed);
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

  ask(input, catalog, checked);
  return 0;
}
