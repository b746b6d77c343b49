// Renaming: what the program itself names. The renamed program is checked before the editor hears of it: it has to mean
// the same.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/lsp/requests.hpp"
#include "dsl/parser.hpp"

namespace pipewright::cli::lsp {
namespace {

using dsl::Mention;
using Kind = Mention::Kind;

Answer refused(std::string why) { return Refusal{Code::request_failed, std::move(why)}; }

// Why this cannot have another name; nothing when it can.
std::optional<std::string> fixed(const Analysis& analysis, const Mention& mention) {
  switch (mention.kind) {
    case Kind::value:
    case Kind::table:
    case Kind::pipeline:
      break;
    case Kind::result:
      return fmt::format("`{}` is named after its node: write `as NAME` behind the action", mention.name);
    case Kind::record:
      return fmt::format("`{}` is the name that the source gives", mention.name);
    case Kind::function:
      return fmt::format("`{}` is a function of the language", mention.name);
    default:
      return fmt::format("`{}` is declared by the standard library", mention.name);
  }
  if (!mention.declared) return fmt::format("`{}` is declared by the standard library", mention.name);
  const auto& source = *analysis.checked.sources[mention.declared->source];
  if (source.text(mention.declared->span) != mention.name)
    return fmt::format("`{}` is named after its file: write `pipeline {}` above its `on`", mention.name, mention.name);
  return std::nullopt;
}

// Words that begin or divide statements and steps. The grammar lets some of them be names; nobody would like to read
// it.
bool is_word(const std::string& name) {
  static const std::set<std::string> words = {
      "import", "let",     "table", "pipeline",  "on",   "test", "enum", "open",  "record", "source",
      "action", "mapping", "when",  "each",      "by",   "only", "as",   "given", "once",   "expect",
      "every",  "since",   "of",    "initially", "skip", "fail", "keep", "twice", "times"};
  return words.contains(name);
}

// Where a place is after the edits: every use of a file becomes `grown` bytes longer.
std::uint32_t moved(const std::vector<Use>& uses, const std::string& path, std::uint32_t at, std::int64_t grown,
                    bool end) {
  const auto before = [&](const Use& use) {
    return use.path == path && (end ? use.span.end <= at : use.span.begin < at);
  };
  return static_cast<std::uint32_t>(at + grown * std::count_if(uses.begin(), uses.end(), before));
}

// The first diagnostic of the renamed program alone: an error before a warning that may only follow from it.
const dsl::Diagnostic* fresh_diagnostic(const std::vector<dsl::Diagnostic>& before,
                                        const std::vector<dsl::Diagnostic>& after) {
  std::map<const dsl::Code*, std::ptrdiff_t> counts;
  for (const dsl::Diagnostic& each : before) ++counts[each.code];
  const dsl::Diagnostic* first = nullptr;
  for (const dsl::Diagnostic& each : after) {
    if (--counts[each.code] >= 0) continue;
    if (each.code->severity == dsl::Severity::error) return &each;
    if (first == nullptr) first = &each;
  }
  return first;
}

// The first difference in meaning between a program and its renamed self.
std::optional<std::string> difference(const Analysis& before, const Analysis& after, const std::vector<Use>& uses,
                                      std::int64_t grown, const std::string& name) {
  const auto& old_told = before.checked.diagnostics;
  const auto& new_told = after.checked.diagnostics;
  if (const auto* fresh = fresh_diagnostic(old_told, new_told)) return fresh->message;
  const std::string silent = fmt::format("`{}` would mean something else somewhere", name);
  const auto& old_list = before.index.mentions;
  const auto& new_list = after.index.mentions;
  if (old_told.size() != new_told.size() || old_list.size() != new_list.size()) return silent;
  const auto same_place = [&](dsl::SourceId source, dsl::Span old_span, dsl::Span new_span) {
    const std::string& path = before.paths[source];
    return moved(uses, path, old_span.begin, grown, false) == new_span.begin &&
           moved(uses, path, old_span.end, grown, true) == new_span.end;
  };
  for (std::size_t i = 0; i < old_list.size(); ++i) {
    const Mention& was = old_list[i];
    const Mention& is = new_list[i];
    const bool same = was.kind == is.kind && was.source == is.source && same_place(was.source, was.span, is.span) &&
                      was.declared.has_value() == is.declared.has_value() &&
                      (!was.declared || (was.declared->source == is.declared->source &&
                                         same_place(was.declared->source, was.declared->span, is.declared->span)));
    if (!same) return silent;
  }
  return std::nullopt;
}

// A pipeline is known by its name: under another one it begins anew, which somebody should say yes to.
Json confirmed(Context& context, const std::map<std::string, Json>& edits, const std::string& from,
               const std::string& to) {
  Json changes = Json::array();
  for (const auto& [uri, all] : edits) {
    Json annotated = Json::array();
    for (Json edit : all) {
      edit["annotationId"] = "new_pipeline";
      annotated.push_back(std::move(edit));
    }
    const Document* document = context.workspace.document(uri);
    const Json version = document == nullptr ? Json(nullptr) : Json(document->version);
    changes.push_back({{"textDocument", {{"uri", uri}, {"version", version}}}, {"edits", std::move(annotated)}});
  }
  const Json annotation{
      {"label", fmt::format("`{}` will be a new pipeline for `run`", to)},
      {"needsConfirmation", true},
      {"description", fmt::format("it takes what exists again, and the cursors of `{}` stay behind", from)}};
  return {{"documentChanges", changes}, {"changeAnnotations", {{"new_pipeline", annotation}}}};
}

}  // namespace

Answer prepare_rename(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  const Mention* mention = analysis ? analysis->index.at(0, place->offset) : nullptr;
  if (mention == nullptr) return refused("here stands no name");
  if (const auto why = fixed(*analysis, *mention)) return refused(*why);
  return Json{{"range", place->text->range(mention->span)}, {"placeholder", mention->name}};
}

Answer rename(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  const Mention* mention = analysis ? analysis->index.at(0, place->offset) : nullptr;
  if (mention == nullptr) return refused("here stands no name");
  if (const auto why = fixed(*analysis, *mention)) return refused(*why);
  const auto name = params.at("newName").get<std::string>();
  // A table's name may be a path.
  bool good = true;
  for (std::size_t at = 0; good && at <= name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size());
    good = dsl::is_name(name.substr(at, end - at));
    at = mention->kind == Kind::table || end == name.size() ? end + 1 : name.size() + 1;
    good = good && (at <= name.size() + 1) && (mention->kind == Kind::table || end == name.size());
  }
  if (!good) return refused(fmt::format("`{}` is no name: letters, digits and `_`, and no reserved word", name));
  if (is_word(name)) return refused(fmt::format("`{}` is a word of the language", name));
  Workspace& workspace = context.workspace;
  const std::vector<Use> uses = uses_of(context, *analysis, *mention);
  std::map<std::string, std::string> texts;
  std::map<std::string, Json> edits;
  std::vector<Use> backwards = uses;
  std::sort(backwards.begin(), backwards.end(), [](const Use& a, const Use& b) { return a.span.begin > b.span.begin; });
  for (const Use& use : backwards) {
    const auto text = texts.try_emplace(use.path, use.text->text()).first;
    text->second.replace(use.span.begin, use.span.end - use.span.begin, name);
    edits[workspace.uri_of(use.path)].push_back({{"range", use.text->range(use.span)}, {"newText", name}});
  }
  if (name == mention->name) return Json{{"changes", Json::object()}};
  const std::int64_t grown = static_cast<std::int64_t>(name.size()) - static_cast<std::int64_t>(mention->name.size());
  std::vector<std::string> files = workspace.files();
  if (std::find(files.begin(), files.end(), place->path) == files.end()) files.push_back(place->path);
  for (const std::string& path : files) {
    const auto before = workspace.analysis(path);
    const auto touched = [&](const std::string& each) { return texts.contains(each); };
    if (!before || std::none_of(before->paths.begin(), before->paths.end(), touched)) continue;
    const auto after = workspace.analysis_with(path, texts);
    if (const auto why = difference(*before, *after, uses, grown, name)) return refused(*why);
  }
  if (mention->kind != Kind::pipeline || !context.annotates_changes) return Json{{"changes", edits}};
  return confirmed(context, edits, mention->name, name);
}

}  // namespace pipewright::cli::lsp
