#include "dsl/check/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"

namespace pipewright::dsl {

Diagnostic& Checker::report(const Code& code, Span span, std::string message) {
  out.diagnostics.push_back({.code = &code, .source = file, .span = span, .message = std::move(message)});
  return out.diagnostics.back();
}

void Checker::suggest(Diagnostic& diagnostic, Span span, const std::string& word,
                      const std::vector<std::string>& candidates) {
  if (const auto near = closest(word, candidates)) {
    diagnostic.help = fmt::format("did you mean `{}`?", *near);
    diagnostic.edit = Edit{span, *near};
  }
}

const Source& Checker::source() const { return in_catalog ? *catalog.sources[file] : *out.sources[file]; }

plan::Place Checker::place(Span span) const {
  const Source& text = source();
  const Position position = text.position(span.begin);
  std::string one_line;
  constexpr std::size_t longest = 1000;  // each construct keeps its text: what is nested would keep it again and again
  for (const char c : text.text({span.begin, std::min<std::uint32_t>(span.end, span.begin + longest)})) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank) {
      one_line.push_back(c);
    } else if (!one_line.empty() && one_line.back() != ' ') {
      one_line.push_back(' ');
    }
  }
  while (!valid_utf8(one_line)) one_line.pop_back();  // cut inside a letter
  return {text.name(), position.line, position.column, std::move(one_line)};
}

bool Checker::is_lost(const std::string& name) const {
  if (in_catalog) return false;
  for (const SourceId id : visible[file]) {
    if (lost[id].contains(name) || lost[id].contains("*")) return true;
  }
  return false;
}

Binding* Checker::find(const std::string& name) {
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    if (const auto found = frame->find(name); found != frame->end()) return &found->second;
  }
  const auto found = lets.find(name);
  if (found == lets.end() || in_catalog || !visible[file].contains(found->second.first)) return nullptr;
  return &found->second.second;
}

void Checker::bind(const ast::Name& name, Binding binding) {
  if (const Binding* earlier = find(name.text); earlier != nullptr && earlier->given.size() < 2) {
    Diagnostic& diagnostic = report(codes::duplicate_name, name.span, fmt::format("`{}` is bound already", name.text));
    if (earlier->span.end > earlier->span.begin)
      diagnostic.labels.push_back({earlier->source, earlier->span, "first given here"});
    diagnostic.help = "take another name: nothing shadows here";
    return;
  }
  if (table_named(name.text) != nullptr && !table_named(name.text)->standard) {
    report(codes::duplicate_name, name.span, fmt::format("`{}` is a table already", name.text)).help =
        "take another name: nothing shadows here";
    return;
  }
  binding.source = file;
  binding.span = name.span;
  mention_name(name, binding, true);
  frames.back()[name.text] = std::move(binding);
}

void Checker::suggest_import(Diagnostic& diagnostic, SourceId where) const {
  const std::filesystem::path folder = std::filesystem::path(source().name()).parent_path();
  const std::string written =
      std::filesystem::path(out.sources[where]->name()).lexically_relative(folder.empty() ? "." : folder).string();
  diagnostic.help = fmt::format("it is in another file: write `import \"{}\"`",
                                written.empty() ? out.sources[where]->name() : written);
  diagnostic.edit = std::nullopt;
}

std::vector<std::string> Checker::visible_names() const {
  std::vector<std::string> names;
  for (const auto& frame : frames) {
    for (const auto& [name, binding] : frame) names.push_back(name);
  }
  for (const auto& [name, entry] : lets) {
    if (!in_catalog && visible[file].contains(entry.first)) names.push_back(name);
  }
  return names;
}

}  // namespace pipewright::dsl
