// Where something is declared, and where it is used.
#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/lsp/requests.hpp"
#include "cli/lsp/standard.hpp"

namespace pipewright::cli::lsp {
namespace {

using dsl::Mention;
using Kind = Mention::Kind;

Json location(const std::string& uri, const Text& text, dsl::Span span) {
  return {{"uri", uri}, {"range", text.range(span)}};
}

// As dsl::catalog_places names them.
std::vector<std::string> standard_keys(const Mention& mention) {
  switch (mention.kind) {
    case Kind::source:
      return {"source " + mention.name};
    case Kind::action:
      return {"action " + mention.name};
    case Kind::verb:
      return {"action " + mention.owner};
    case Kind::field:
    case Kind::key:
      return {"field " + mention.owner + "." + mention.name, "record " + mention.owner};
    case Kind::option:
      return {"option " + mention.owner + "." + mention.name, "source " + mention.owner};
    case Kind::word:
      return {"word " + mention.owner + "." + mention.name, "enum " + mention.owner};
    case Kind::table:
      return {"table " + mention.name};
    default:
      return {};
  }
}

Json standard_location(Context& context, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const dsl::Declared* place = context.workspace.standard_place(key);
    if (place == nullptr) continue;
    const dsl::Source& source = *context.workspace.catalog().sources[place->source];
    const auto path = standard_file(source.name(), source.text());
    if (!path) return nullptr;
    return location(uri_of_path(*path), Text(source.text()), place->span);
  }
  return nullptr;
}

// `import "other.pipe"`: the file.
Json imported(const Context& context, const Analysis& analysis, std::uint32_t offset) {
  for (const dsl::ast::Statement& statement : analysis.checked.files.front().statements) {
    const auto* import = std::get_if<dsl::ast::Import>(&statement.node);
    if (import == nullptr || offset < import->path_span.begin || offset > import->path_span.end) continue;
    const std::string name = dsl::import_path(analysis.checked.sources.front()->name(), import->path);
    const std::string path = (std::filesystem::path(analysis.folder) / name).lexically_normal().string();
    if (std::find(analysis.paths.begin(), analysis.paths.end(), path) == analysis.paths.end()) return nullptr;
    return location(context.workspace.uri_of(path), Text(""), {});
  }
  return nullptr;
}

bool same_standard(const Mention& a, const Mention& b) {
  const auto family = [](Kind kind) { return kind == Kind::key ? Kind::field : kind; };
  return family(a.kind) == family(b.kind) && a.name == b.name && a.owner == b.owner;
}

// What only its own file can name.
bool is_local(const Analysis& analysis, const Mention& mention) {
  if (mention.kind != Kind::value) return mention.kind == Kind::record || mention.kind == Kind::result;
  const auto& statements = analysis.checked.files[mention.declared->source].statements;
  return std::none_of(statements.begin(), statements.end(), [&](const dsl::ast::Statement& statement) {
    const auto* let = std::get_if<dsl::ast::Let>(&statement.node);
    return let != nullptr && let->name.span.begin == mention.declared->span.begin;
  });
}

}  // namespace

std::shared_ptr<const Analysis> analysis_of(Context& context, const Json& params) {
  const auto place = asked(context, params);
  return place ? context.workspace.analysis(place->path) : nullptr;
}

Answer definition(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  if (!analysis) return Json(nullptr);
  const Mention* mention = analysis->index.at(0, place->offset);
  if (mention == nullptr) return imported(context, *analysis, place->offset);
  if (!mention->declared) return standard_location(context, standard_keys(*mention));
  const auto& at = *mention->declared;
  return location(context.workspace.uri_of(analysis->paths[at.source]), *analysis->texts[at.source], at.span);
}

Answer type_definition(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  const Mention* mention = analysis ? analysis->index.at(0, place->offset) : nullptr;
  if (mention == nullptr) return Json(nullptr);
  const dsl::Type* type = &mention->type;
  while (type->element) type = type->element.get();
  if (type->record) return standard_location(context, {"record " + type->record->name});
  if (type->enumeration) return standard_location(context, {"enum " + type->enumeration->name});
  return Json(nullptr);
}

std::vector<Use> uses_of(Context& context, const Analysis& analysis, const Mention& mention) {
  std::vector<Use> uses;
  std::set<std::pair<std::string, std::uint32_t>> seen;
  const auto add = [&](const Analysis& in, dsl::SourceId source, dsl::Span span) {
    if (seen.emplace(in.paths[source], span.begin).second) uses.push_back({in.paths[source], span, in.texts[source]});
  };
  const std::string declared_in = mention.declared ? analysis.paths[mention.declared->source] : std::string();
  if (mention.declared) add(analysis, mention.declared->source, mention.declared->span);
  const auto collect = [&](const Analysis& in) {
    for (const Mention& each : in.index.mentions) {
      const bool same = !mention.declared ? !each.declared && same_standard(each, mention)
                                          : each.declared && in.paths[each.declared->source] == declared_in &&
                                                each.declared->span.begin == mention.declared->span.begin &&
                                                each.kind == mention.kind;
      if (same) add(in, each.source, each.span);
    }
  };
  collect(analysis);
  if (mention.declared && is_local(analysis, mention)) return uses;
  for (const std::string& path : context.workspace.files()) {
    if (is_standard(path)) continue;
    const auto other = context.workspace.analysis(path);
    if (!other || other.get() == &analysis) continue;
    if (!declared_in.empty() && std::find(other->paths.begin(), other->paths.end(), declared_in) == other->paths.end())
      continue;
    collect(*other);
  }
  return uses;
}

Answer references(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  const Mention* mention = analysis ? analysis->index.at(0, place->offset) : nullptr;
  if (mention == nullptr) return Json(nullptr);
  const bool with_declaration = params.at("context").at("includeDeclaration").get<bool>();
  Json result = Json::array();
  for (const Use& use : uses_of(context, *analysis, *mention)) {
    const bool declaration = mention->declared && use.path == analysis->paths[mention->declared->source] &&
                             use.span.begin == mention->declared->span.begin;
    if (declaration && !with_declaration) continue;
    result.push_back(location(context.workspace.uri_of(use.path), *use.text, use.span));
  }
  return result;
}

Answer highlights(Context& context, const Json& params) {
  const auto place = asked(context, params);
  const auto analysis = analysis_of(context, params);
  const Mention* mention = analysis ? analysis->index.at(0, place->offset) : nullptr;
  if (mention == nullptr) return Json(nullptr);
  Json result = Json::array();
  for (const Mention& each : analysis->index.mentions) {
    if (each.source != 0) continue;
    const bool same = mention->declared
                          ? each.declared && *each.declared == *mention->declared && each.kind == mention->kind
                          : !each.declared && same_standard(each, *mention);
    if (same) result.push_back({{"range", place->text->range(each.span)}, {"kind", each.declares ? 3 : 2}});
  }
  return result;
}

}  // namespace pipewright::cli::lsp
