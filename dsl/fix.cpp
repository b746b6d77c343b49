#include "dsl/fix.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

namespace pipewright::dsl {
namespace {

constexpr int most_rounds = 32;
constexpr int most_again = 8;  // the same message at the text of the same fix: several braces may be missing

bool same_file(const std::string& a, const std::string& b) {
  return std::filesystem::path(a).lexically_normal() == std::filesystem::path(b).lexically_normal();
}

/// The identity of a fix: file, code, message and the text that it writes.
using Name = std::tuple<std::string, int, std::string, std::string>;

/// A fix that was applied, and its place in the new text.
struct AppliedFix {
  Name name;
  Span at;
  int again = 0;  ///< how many rounds in a row it was made at what it had written itself
  int since = 0;  ///< the round in which that began
};

/// A program before a round.
struct Snapshot {
  ProgramInput input;
  std::map<std::string, std::string> texts;
  std::size_t fixes = 0;
};

class Fixer {
 public:
  Fixer(ProgramInput input, const Catalog& catalog) : input_(std::move(input)), catalog_(catalog) {}

  Fixed fix() {
    result_.checked = check(input_, catalog_);
    for (round_ = 0; round_ < most_rounds; ++round_) {
      snapshots_.push_back({input_, result_.texts, result_.fixes.size()});
      made_.clear();
      if (!apply_all()) break;
      last_ = std::move(made_);
      if (hopeless_since_) undo(*std::exchange(hopeless_since_, std::nullopt));
      result_.checked = check(input_, catalog_);
    }
    return std::move(result_);
  }

 private:
  bool apply_all() {
    bool any = false;
    std::set<std::string> seen;
    for (auto& [path, text] : input_.files) {
      if (!seen.insert(std::filesystem::path(path).lexically_normal().string()).second) continue;
      for (SourceId id = 0; id < result_.checked.sources.size(); ++id) {
        if (!same_file(result_.checked.sources[id]->name(), path) || !apply(text, id)) continue;
        result_.texts[path] = text;
        any = true;
      }
    }
    return any;
  }

  // Whether anything was fixed in this file. Of edits that overlap the first one counts.
  bool apply(std::string& text, SourceId id) {
    std::vector<const Diagnostic*> edits;
    for (const Diagnostic& each : result_.checked.diagnostics) {
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
      out += text.substr(at, span.begin - at);
      const auto begin = static_cast<std::uint32_t>(out.size());
      out += each->edit->text;
      made_.back().at = {begin, static_cast<std::uint32_t>(out.size())};
      at = span.end;
      any = true;
    }
    if (any) text = out + text.substr(at);
    return any;
  }

  bool wanted(const Diagnostic& each, const std::string& text) {
    const Source& source = *result_.checked.sources[each.source];
    const Edit& edit = *each.edit;
    const std::string before = text.substr(edit.span.begin, edit.span.end - edit.span.begin);
    if (before == edit.text) return false;
    AppliedFix fix{{source.name(), each.code->number, each.message, edit.text}, {}, 0, round_};
    if (hopeless_.contains(fix.name)) return false;
    // One that did not help is not made again at the same place.
    if (!ever_.emplace(fix.name, edit.span.begin, before).second) return false;
    for (const AppliedFix& earlier : last_) {
      if (earlier.name != fix.name || edit.span.begin < earlier.at.begin || edit.span.begin > earlier.at.end) continue;
      fix.again = earlier.again + 1;
      fix.since = earlier.since;
    }
    if (fix.again > most_again) {
      hopeless_.insert(fix.name);
      hopeless_since_ = fix.since;
    }
    made_.push_back(std::move(fix));
    result_.fixes.push_back({source.name(), source.position(edit.span.begin).line, each.message, before, edit.text});
    return true;
  }

  // A fix that brings its own error back is not one.
  void undo(int since) {
    const Snapshot& before = snapshots_[static_cast<std::size_t>(since)];
    input_ = before.input;
    result_.texts = before.texts;
    result_.fixes.resize(before.fixes);
    last_.clear();
  }

  ProgramInput input_;
  const Catalog& catalog_;
  Fixed result_;
  int round_ = 0;
  std::vector<Snapshot> snapshots_;      ///< by round
  std::vector<AppliedFix> made_, last_;  ///< of this round, of the one before
  std::set<std::tuple<Name, std::size_t, std::string>> ever_;
  std::set<Name> hopeless_;
  std::optional<int> hopeless_since_;  ///< the round that is gone back to
};

}  // namespace

Fixed fix(ProgramInput input, const Catalog& catalog) { return Fixer(std::move(input), catalog).fix(); }

}  // namespace pipewright::dsl
