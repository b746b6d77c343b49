// Any bytes are a program: reading and checking it ends, quickly, with diagnostics whose places lie in the text.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dsl/check.hpp"
#include "dsl/render.hpp"
#include "stdlib/stdlib.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pipewright;
  static const dsl::Catalog catalog = stdlib::catalog();
  dsl::ProgramInput input;
  input.files = {{"fuzz.pipe", std::string(data, data + size)}};
  const dsl::Checked checked = dsl::check(input, catalog);
  for (const dsl::Diagnostic& each : checked.diagnostics) {
    const std::size_t length = checked.sources.at(each.source)->text().size();
    if (each.code == nullptr || each.span.begin > each.span.end || each.span.end > length) std::abort();
  }
  dsl::render_text(checked.diagnostics, checked.sources, true);
  dsl::render_json(checked.diagnostics, checked.sources, 1, checked.plan.pipelines.size());
  return 0;
}
