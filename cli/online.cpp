#include "cli/online.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "engine/inspect.hpp"
#include "engine/journal/memory.hpp"
#include "engine/uses.hpp"

namespace pipewright::cli {
namespace {

using engine::Finding;
using engine::Inspection;
using Inspections = std::map<std::string, Inspection>;

// ---- places

std::uint32_t offset_of(const dsl::Source& source, const dsl::plan::Place& place) {
  const std::string_view line = source.line(place.line);
  std::size_t at = 0;
  for (std::size_t column = 1; column < place.column && at < line.size(); ++column) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U) ++at;  // the same letter
  }
  return static_cast<std::uint32_t>(line.data() - source.text().data() + static_cast<std::ptrdiff_t>(at));
}

// Where the finding's word stands: a text at the place, or behind it as a key of a table's row; a field's name before
// its value.
std::size_t word_at(const std::string& text, const std::string& word, std::size_t begin) {
  if (!word.starts_with('"')) return begin < word.size() ? std::string::npos : text.rfind(word, begin - word.size());
  const std::size_t found = text.find(word, begin);
  return found < text.find("->", begin) ? found : std::string::npos;
}

// Without a word, the node's path.
dsl::Span span_of(const dsl::Source& source, const Finding& finding) {
  const std::string& text = source.text();
  const std::uint32_t begin = offset_of(source, finding.place);
  const auto span = [](std::size_t from, std::size_t length) {
    return dsl::Span{static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(from + length)};
  };
  if (!finding.word.empty()) {
    const std::size_t found = word_at(text, finding.word, begin);
    if (found != std::string::npos) return span(found, finding.word.size());
  }
  const auto in_path = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; };
  std::size_t end = begin;
  while (end < text.size() && in_path(text[end])) ++end;
  return span(begin, std::max<std::size_t>(end - begin, 1));
}

// ---- findings

dsl::Diagnostic diagnostic_of(const Finding& finding, const dsl::Source& source, dsl::SourceId id) {
  dsl::Diagnostic diagnostic;
  diagnostic.code = finding.code;
  diagnostic.source = id;
  diagnostic.span = span_of(source, finding);
  diagnostic.message = finding.message;
  diagnostic.note = finding.note;
  if (!finding.help.empty()) diagnostic.help = finding.help;
  if (finding.instead && source.text(diagnostic.span) == finding.word)
    diagnostic.edit = dsl::Edit{diagnostic.span, *finding.instead};
  return diagnostic;
}

void add_findings(const Inspections& inspections, dsl::Checked& checked) {
  for (const auto& [name, inspection] : inspections) {
    for (const Finding& finding : inspection.findings) {
      const auto source = std::find_if(checked.sources.begin(), checked.sources.end(),
                                       [&](const auto& each) { return each->name() == finding.place.file; });
      if (source == checked.sources.end()) continue;
      const auto id = static_cast<dsl::SourceId>(source - checked.sources.begin());
      dsl::Diagnostic diagnostic = diagnostic_of(finding, **source, id);
      if (!checked.allowed(*finding.code, id, diagnostic.span)) checked.diagnostics.push_back(std::move(diagnostic));
    }
  }
  std::stable_sort(checked.diagnostics.begin(), checked.diagnostics.end(),
                   [](const dsl::Diagnostic& a, const dsl::Diagnostic& b) {
                     return std::pair(a.source, a.span.begin) < std::pair(b.source, b.span.begin);
                   });
}

void add_facts(const Inspections& inspections, std::vector<std::string>& facts) {
  if (inspections.empty()) facts.emplace_back("the program names no account that could be asked");
  std::size_t width = 0;
  for (const auto& [name, inspection] : inspections) width = std::max(width, display_width(name));
  for (const auto& [name, inspection] : inspections)
    facts.push_back(fmt::format("{}  {}", padded(name, width), join(inspection.facts, ", ")));
}

Result<void> ask(const Project& project, const std::map<std::string, engine::Uses>& uses, Inspections& inspections) {
  const auto session = Session::open(project);
  if (!session) return fail(session.error());
  const auto questions = engine::inspecting(uses, *project.registry, (*session)->connections(), inspections);
  engine::MemoryJournal journal;
  engine::Observer nobody;
  engine::Loop loop(journal, (*session)->hooks(print_log));
  engine::Options options;
  options.once = true;
  options.give_up = engine::patience;
  engine::Core core(loop, nobody, options);
  if (Result<void> started = loop.start(core, questions); !started) return started;
  return drain(core, loop, [] { return stops_asked() > 0; });
}

}  // namespace

std::optional<int> ask_accounts(const Options& options, Project& project, std::vector<std::string>& facts) {
  if (const auto stopped = ready(options, project, true)) return stopped;
  const auto uses = engine::uses_of(project.checked.plan, project.catalog);
  watch_signals();
  Inspections inspections;
  const bool patient = is_terminal(2);  // an account may take its time
  if (patient) fmt::print(stderr, "asking the accounts …");
  const Result<void> asked = ask(project, uses, inspections);
  if (patient) fmt::print(stderr, "\r\033[K");
  if (!asked) {
    tell_error(asked.error().message, asked.error().help);
    return Status::usage;
  }
  if (stops_asked() > 0) {
    tell_error("stopped before the accounts had answered");
    return Status::wrong;
  }
  add_findings(inspections, project.checked);
  add_facts(inspections, facts);
  return std::nullopt;
}

}  // namespace pipewright::cli
