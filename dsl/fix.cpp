#include "dsl/fix.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

namespace pipewright::dsl {
namespace {

constexpr int most_rounds = 32;

bool same_file(const std::string& a, const std::string& b) {
  return std::filesystem::path(a).lexically_normal() == std::filesystem::path(b).lexically_normal();
}

/// A mend that did not help is not made again.
using Made = std::set<std::tuple<std::string, int, std::size_t, std::string, std::string>>;

class Round {
 public:
  Round(const Checked& checked, Fixed& result, Made& made) : checked_(checked), result_(result), made_(made) {}

  // Whether anything was mended in this file.
  bool mend(std::string& text, SourceId id) {
    std::vector<const Diagnostic*> edits;
    for (const Diagnostic& each : checked_.diagnostics) {
      if (each.edit && each.source == id) edits.push_back(&each);
    }
    // What does not parse hides names and fields: what is said of others is true once it does.
    const auto of_syntax = [](const Diagnostic* each) { return each->code->number < 200; };
    if (std::any_of(edits.begin(), edits.end(), of_syntax))
      std::erase_if(edits, [&](const Diagnostic* each) { return !of_syntax(each); });
    std::stable_sort(edits.begin(), edits.end(), [](const Diagnostic* a, const Diagnostic* b) {
      return a->edit->span.begin < b->edit->span.begin;
    });
    std::string out;
    std::size_t at = 0;
    bool any = false;
    for (const Diagnostic* each : edits) {
      const Span span = each->edit->span;
      const bool overlaps = any && span.begin < at;
      const bool same_place = any && span.begin == at && span.empty();
      if (overlaps || same_place || span.end > text.size() || !wanted(*each, text)) continue;
      out += text.substr(at, span.begin - at) + each->edit->text;
      at = span.end;
      any = true;
    }
    if (any) text = out + text.substr(at);
    return any;
  }

 private:
  bool wanted(const Diagnostic& each, const std::string& text) {
    const Source& source = *checked_.sources[each.source];
    const Edit& edit = *each.edit;
    const std::string before = text.substr(edit.span.begin, edit.span.end - edit.span.begin);
    if (before == edit.text) return false;
    const std::size_t line = source.position(edit.span.begin).line;
    if (!made_.emplace(source.name(), each.code->number, edit.span.begin, before, edit.text).second) return false;
    result_.fixes.push_back({source.name(), line, each.message, before, edit.text});
    return true;
  }

  const Checked& checked_;
  Fixed& result_;
  Made& made_;
};

}  // namespace

Fixed fix(ProgramInput input, const Catalog& catalog) {
  Fixed result;
  Made made;
  result.checked = check(input, catalog);
  for (int round = 0; round < most_rounds; ++round) {
    bool any = false;
    std::set<std::string> seen;
    for (auto& [path, text] : input.files) {
      if (!seen.insert(std::filesystem::path(path).lexically_normal().string()).second) continue;
      for (SourceId id = 0; id < result.checked.sources.size(); ++id) {
        if (!same_file(result.checked.sources[id]->name(), path)) continue;
        if (!Round(result.checked, result, made).mend(text, id)) continue;
        result.texts[path] = text;
        any = true;
      }
    }
    if (!any) break;
    result.checked = check(input, catalog);
  }
  return result;
}

}  // namespace pipewright::dsl
