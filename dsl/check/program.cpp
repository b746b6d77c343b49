// The whole program: files and imports, names across them, credentials; and the entry points of check.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/digest.hpp"
#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "dsl/check/checker.hpp"
#include "dsl/parser.hpp"

namespace pipewright::dsl {

// ---- files ----

SourceId Checker::add_file(const std::string& path, std::string text, std::map<std::string, SourceId>& known) {
  const auto id = static_cast<SourceId>(out.sources.size());
  known[std::filesystem::path(path).lexically_normal().string()] = id;
  out.sources.push_back(std::make_shared<const Source>(path, std::move(text)));
  Parsed parsed = parse(*out.sources.back(), id);
  if (!parsed.diagnostics.empty()) broken.insert(id);
  for (Diagnostic& each : parsed.diagnostics) out.diagnostics.push_back(std::move(each));
  out.files.push_back(std::move(parsed.file));
  lost.push_back(std::move(parsed.lost_words));
  visible.push_back({id});
  return id;
}

void Checker::load() {
  std::map<std::string, SourceId> known;
  for (const auto& [path, text] : input.files) {
    if (!known.contains(std::filesystem::path(path).lexically_normal().string())) add_file(path, text, known);
  }
  std::vector<std::vector<SourceId>> imports;
  for (SourceId id = 0; id < out.sources.size(); ++id) {  // grows while it goes
    imports.resize(out.sources.size());
    const ast::File tree = out.files[id];
    for (const ast::Statement& statement : tree.statements) {
      const auto* import = std::get_if<ast::Import>(&statement.node);
      if (import == nullptr) continue;
      const std::string path = import_path(out.sources[id]->name(), import->path);
      auto found = known.find(path);
      if (found == known.end()) {
        const auto text = input.load ? input.load(path) : std::nullopt;
        if (!text) {
          file = id;
          report(codes::unknown_import, import->path_span, fmt::format("`{}` cannot be read", import->path)).help =
              fmt::format("it is looked for at {}", path);
          // What it would have given is not reported again.
          lost[id].insert("*");
          continue;
        }
        const SourceId added = add_file(path, *text, known);
        found = known.find(std::filesystem::path(path).lexically_normal().string());
        if (found == known.end()) found = known.emplace(path, added).first;
      }
      imports[id].push_back(found->second);
    }
  }
  imports.resize(out.sources.size());
  for (SourceId id = 0; id < out.sources.size(); ++id) {
    std::vector<SourceId> open = {id};
    while (!open.empty()) {
      const SourceId next = open.back();
      open.pop_back();
      for (const SourceId imported : imports[next]) {
        if (visible[id].insert(imported).second) open.push_back(imported);
      }
    }
  }
}

// ---- names across files ----

void Checker::duplicate(const std::string& what, const std::string& name, SourceId first, Span first_span, Span span) {
  Diagnostic& diagnostic = report(codes::duplicate_name, span, fmt::format("there are two {} named `{}`", what, name));
  const Position position = out.sources[first]->position(first_span.begin);
  diagnostic.labels.push_back({first, first_span, "first given here"});
  diagnostic.remarks.push_back(fmt::format("the first one is {}:{}", out.sources[first]->name(), position.line));
  diagnostic.help = "rename one of them";
  lost[file].insert(name);  // what asks for it here is not told that it is missing
}

void Checker::collect_let(const ast::Let& let) {
  if (const auto found = lets.find(let.name.text); found != lets.end())
    return duplicate("values", let.name.text, found->second.first, found->second.second.span, let.name.span);
  lets[let.name.text] = {file, {.source = file, .span = let.name.span, .constant = &let.value, .named = true}};
}

void Checker::collect_table(const ast::Table& table, const std::string& doc) {
  const std::string name = table.name.text();
  if (const auto found = tables.find(name); found != tables.end()) {
    found->second.used = true;  // which of the two is meant is not known
    return duplicate("tables", name, found->second.file, found->second.span, table.name.span);
  }
  if (standard_tables.contains(name) && table.name.parts.size() > 1) {
    Diagnostic& diagnostic =
        report(codes::duplicate_name, table.name.span, fmt::format("`{}` is a standard table", name));
    diagnostic.help = "name yours otherwise; of the standard tables only `crm_status` can be replaced";
    return;
  }
  mention({.kind = Mention::Kind::table,
           .span = table.name.span,
           .name = name,
           .doc = doc,
           .declared = Declared{false, file, table.name.span},
           .declares = true});
  tables[name] = {.name = name, .file = file, .tree = &table, .span = table.name.span};
  ++out.own_tables;
}

void Checker::second_unnamed(Span span, Span first) {
  // `crm.order upsert on external_id`
  const std::string_view text = source().text();
  const std::size_t line = span.begin == 0 ? 0 : text.rfind('\n', span.begin - 1) + 1;
  if (trimmed(text.substr(line, span.begin - line)).starts_with("->")) {
    const Span on{span.begin, span.begin + 2};
    Diagnostic& diagnostic = report(codes::foreign_word, on, "the keys of an action stand behind `by`, not `on`");
    diagnostic.help = "write `by`";
    diagnostic.edit = Edit{on, "by"};
    return;
  }
  Diagnostic& diagnostic = report(codes::second_unnamed, span, "a second pipeline without a name in this file");
  diagnostic.labels.push_back({file, first, "the first one is here"});
  diagnostic.help = "name it: `pipeline NAME` before `on`";
}

void Checker::collect_pipeline(const ast::Pipeline& tree, const std::string& doc, std::optional<Span>& unnamed) {
  const std::string stem = std::filesystem::path(source().name()).stem().string();
  const std::string name = tree.name ? tree.name->text : stem;
  const Span span = tree.name ? tree.name->span : tree.head;
  if (!tree.name) {
    if (unnamed) return second_unnamed(span, *unnamed);
    unnamed = span;
  }
  if (const auto found = pipelines.find(name); found != pipelines.end())
    return duplicate("pipelines", name, found->second.file, found->second.span, span);
  PipelineInfo info;
  info.name = name;
  info.file = file;
  info.tree = &tree;
  info.span = span;
  if (tree.name) {
    mention({.kind = Mention::Kind::pipeline,
             .span = span,
             .name = name,
             .doc = doc,
             .declared = Declared{false, file, span},
             .declares = true});
  }
  pipelines[name] = std::move(info);
  pipeline_order.push_back(name);
}

void Checker::collect() {
  for (const StandardTable& table : catalog.tables) {
    standard_tables[table.name] = {.name = table.name,
                                   .file = table.source,
                                   .standard = true,
                                   .tree = &table.table,
                                   .span = table.table.name.span};
  }
  for (file = 0; file < out.files.size(); ++file) {
    std::optional<Span> unnamed;
    for (const ast::Statement& statement : out.files[file].statements) {
      std::visit(overloaded{
                     [&](const ast::Let& let) { collect_let(let); },
                     [&](const ast::Table& table) { collect_table(table, statement.doc); },
                     [&](const ast::Pipeline& tree) { collect_pipeline(tree, statement.doc, unnamed); },
                     [&](const auto&) {},
                 },
                 statement.node);
    }
  }
  for (auto& [name, entry] : lets) {
    const auto table = tables.find(name);
    if (table == tables.end()) continue;
    table->second.used = true;
    file = entry.first;
    duplicate("things", name, table->second.file, table->second.span, entry.second.span);
  }
}

void Checker::check_lets() {
  checks_lets = true;
  for (SourceId id = 0; id < out.files.size(); ++id) {
    file = id;
    for (const ast::Statement& statement : out.files[id].statements) {
      const auto* let = std::get_if<ast::Let>(&statement.node);
      if (let == nullptr || lets[let->name.text].second.constant != &let->value) continue;
      frames.clear();
      frames.emplace_back();
      Binding typed = lets[let->name.text].second;
      typed.type = let_value(let->name.text, typed, let->name.span).type;
      mention_name(let->name, typed, true);
    }
  }
  checks_lets = false;
}

// ---- credentials ----

namespace {

enum class Looks { harmless, like_secret, like_reference };

// A JWT, a long run of mixed letters and digits, or what the configuration would resolve.
Looks looks_of(std::string_view text) {
  if (text.starts_with("env:") || text.starts_with("file:/")) return Looks::like_reference;
  if (text.starts_with("Bearer ")) text.remove_prefix(7);
  if (text.starts_with("eyJ") && text.size() > 20) return Looks::like_secret;
  if (text.size() < 28) return Looks::harmless;
  int digits = 0;
  int letters = 0;
  int turns = 0;
  bool last_digit = false;
  bool only_hex_and_dashes = true;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!digit && !letter && c != '_' && c != '-') return Looks::harmless;
    if ((digit || letter) && digits + letters > 0 && digit != last_digit) ++turns;
    last_digit = digit;
    digits += digit ? 1 : 0;
    letters += letter ? 1 : 0;
    if (letter && !((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) only_hex_and_dashes = false;
  }
  const bool uuid = text.size() == 36 && only_hex_and_dashes && std::count(text.begin(), text.end(), '-') == 4;
  return !uuid && digits >= 4 && letters >= 4 && turns >= 6 ? Looks::like_secret : Looks::harmless;
}

}  // namespace

// Every text of the tree, wherever it stands: a walk over the source's own text literals is enough.
void Checker::credentials(const ast::File& tree) {
  const std::string& text = source().text();
  const auto in_test = [&](std::uint32_t at) {
    return std::any_of(tree.statements.begin(), tree.statements.end(), [&](const ast::Statement& statement) {
      return std::holds_alternative<ast::Test>(statement.node) && at >= statement.span.begin && at < statement.span.end;
    });
  };
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (text[at] != '"') {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != '"' && text[end] != '\n' && text[end] != '{')
      end += text[end] == '\\' ? 2 : 1;
    end = std::min(end, text.size());
    const Span span{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(std::min(end + 1, text.size()))};
    const Looks looks = looks_of(std::string_view(text).substr(at + 1, end - at - 1));
    if (looks != Looks::harmless && !in_test(span.begin)) {
      report(
          codes::credential, span,
          looks == Looks::like_secret ? "this text looks like a credential" : "secrets are not named in a `.pipe` file")
          .help = "keep it in pipewright.toml, in the connection's section: `token = \"env:NAME\"`";
    }
    at = std::max(end, at + 1);
    if (at < text.size() && (text[at] == '"' || text[at] == '{')) ++at;
  }
}

// ---- all together ----

namespace {

void add_part(std::string& all, std::string_view part) { all += fmt::format("{}:{}", part.size(), part); }

// Files by their names below the folder that holds them all: the same program has the same hash wherever it is checked
// from, and in whatever order its files are named.
std::string files_text(const std::vector<std::pair<std::string, std::string>>& files) {
  std::map<std::string, const std::string*> named;
  for (const auto& [name, text] : files) named[std::filesystem::path(name).lexically_normal().string()] = &text;
  std::size_t shared = named.empty() ? 0 : named.begin()->first.rfind('/') + 1;  // npos + 1 is 0
  for (const auto& [name, text] : named) {
    while (shared > 0 && name.compare(0, shared, named.begin()->first, 0, shared) != 0)
      shared = shared < 2 ? 0 : named.begin()->first.rfind('/', shared - 2) + 1;
  }
  std::string all;
  for (const auto& [name, text] : named) {
    add_part(all, std::string_view(name).substr(shared));
    add_part(all, *text);
  }
  return all;
}

std::string hash_of(const plan::Plan& plan, const ProgramInput& input, const Catalog& catalog) {
  std::string all;
  for (const std::string& part :
       {files_text(plan.files), catalog.digest, input.version, input.time_zone, input.meaning})
    add_part(all, part);
  for (const auto& [name, family] : input.connections) {
    add_part(all, name);
    add_part(all, family);
  }
  return digest(all);
}

}  // namespace

void Checker::finish() {
  for (const auto& [name, table] : tables) {
    TableInfo& mine = tables[name];
    check_table(mine);
    if (table.used) continue;
    const SourceId home = table.file;
    // A file that only holds tables is there to be imported.
    const bool library = std::none_of(pipelines.begin(), pipelines.end(),
                                      [&](const auto& entry) { return visible[entry.second.file].contains(home); });
    // What did not parse may have used it.
    const bool perhaps =
        std::any_of(broken.begin(), broken.end(), [&](SourceId id) { return visible[id].contains(home); });
    if (library || perhaps) continue;
    file = home;
    report(codes::unused_table, table.span, fmt::format("nobody uses the table `{}`", name)).help =
        "take it out, or look a key up in it";
  }
  std::erase_if(out.diagnostics,
                [this](const Diagnostic& each) { return allowed(*each.code, each.source, each.span); });
  // A condition that did not parse and speaks of a value may have shown that it is there.
  std::erase_if(out.diagnostics, [&](const Diagnostic& each) {
    if (each.code != &codes::maybe_null || each.source >= out.files.size()) return false;
    const auto& statements = out.files[each.source].statements;
    return std::any_of(statements.begin(), statements.end(), [&](const ast::Statement& statement) {
      const auto* tree = std::get_if<ast::Pipeline>(&statement.node);
      return tree != nullptr && statement.span.begin <= each.span.begin && each.span.begin < statement.span.end &&
             std::any_of(
                 tree->steps.begin(), tree->steps.end(),
                 [&](const ast::Step& step) {
                   return std::holds_alternative<ast::BadStep>(step.node) && step.span.begin < each.span.begin &&
                          out.sources[each.source]->text(step.span).find(out.sources[each.source]->text(each.span)) !=
                              std::string_view::npos;
                 });
    });
  });
  std::stable_sort(out.diagnostics.begin(), out.diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.source, a.span.begin) < std::pair(b.source, b.span.begin);
  });
  const auto same = [](const Diagnostic& a, const Diagnostic& b) {
    return a.source == b.source && a.span.begin == b.span.begin && a.code == b.code && a.message == b.message;
  };
  out.diagnostics.erase(std::unique(out.diagnostics.begin(), out.diagnostics.end(), same), out.diagnostics.end());
  for (const auto& text : out.sources) out.plan.files.emplace_back(text->name(), text->text());
  out.plan.hash = hash_of(out.plan, input, catalog);
}

namespace {

Checked checked(const ProgramInput& input, const Catalog& catalog, Index* index) {
  Checker checker(input, catalog);
  checker.index = index;
  checker.load();
  checker.collect_allows();
  checker.collect();
  checker.check_lets();
  for (const std::string& name : checker.pipeline_order) {
    std::vector<std::string> path;
    checker.stream_of(checker.pipelines[name], path);
  }
  for (const std::string& name : checker.pipeline_order) checker.check_pipeline(checker.pipelines[name]);
  std::map<std::string, std::pair<SourceId, Span>> tests;
  for (SourceId id = 0; id < checker.out.files.size(); ++id) {
    checker.file = id;
    for (const ast::Statement& statement : checker.out.files[id].statements) {
      if (const auto* test = std::get_if<ast::Test>(&statement.node)) checker.check_test(*test, tests);
    }
    checker.credentials(checker.out.files[id]);
  }
  checker.loops();
  checker.finish();
  return std::move(checker.out);
}

}  // namespace

Checked check(const ProgramInput& input, const Catalog& catalog) { return checked(input, catalog, nullptr); }

Checked check(const ProgramInput& input, const Catalog& catalog, Index& index) {
  Checked result = checked(input, catalog, &index);
  // A table's words are met again by each enumeration that looks them up: each is kept once.
  const auto place = [](const Mention& each) { return std::pair(each.source, each.span.begin); };
  std::stable_sort(index.mentions.begin(), index.mentions.end(),
                   [&](const Mention& a, const Mention& b) { return place(a) < place(b); });
  index.mentions.erase(std::unique(index.mentions.begin(), index.mentions.end(),
                                   [&](const Mention& a, const Mention& b) { return place(a) == place(b); }),
                       index.mentions.end());
  return result;
}

Diagnostics check_catalog(const Catalog& catalog) {
  ProgramInput input;
  Checker checker(input, catalog);
  checker.collect();
  for (const auto& [name, source] : catalog.source_nodes) {
    plan::Pipeline pipeline;
    pipeline.noun = source.noun;
    pipeline.record = source.record;
    checker.pipeline = &pipeline;
    for (const auto& [action_name, action] : catalog.action_nodes) checker.mapped(source.record, action);
  }
  checker.pipeline = nullptr;
  checker.in_catalog = true;
  for (auto& [name, table] : checker.standard_tables) {
    checker.file = table.file;
    checker.check_table(table);
  }
  return std::move(checker.out.diagnostics);
}

std::string default_mapping_text(const Catalog& catalog, const std::string& source, const std::string& action) {
  const SourceSpec* spec = catalog.source(source);
  if (spec == nullptr || !spec->record.is(Type::Kind::record)) return {};
  const Mapping* mapping = catalog.mapping(spec->record.record->name, action);
  if (mapping == nullptr) return {};
  return std::string(catalog.sources[mapping->source]->text(mapping->fields.span));
}

}  // namespace pipewright::dsl
