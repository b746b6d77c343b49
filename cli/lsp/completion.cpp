// What may stand where somebody types. The text is checked once more with a word of our own at that place, and with
// what is open there closed: the checker then says what it found the word standing for. Where the text still does not
// parse, the words before the place say which ones may follow.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/text.hpp"
#include "cli/lsp/describe.hpp"
#include "cli/lsp/requests.hpp"
#include "dsl/functions.hpp"
#include "dsl/tokens.hpp"

namespace pipewright::cli::lsp {
namespace {

using dsl::Here;
using dsl::Type;

constexpr std::string_view probe_word = "zz_here_zz";

enum ItemKind {
  method_item = 2,
  function_item = 3,
  field_item = 5,
  variable_item = 6,
  class_item = 7,
  module_item = 9,
  value_item = 12,
  keyword_item = 14,
  snippet_item = 15,
  file_item = 17,
  member_item = 20,
  constant_item = 21,
  struct_item = 22,
  event_item = 23,
};

struct Item {
  std::string label;
  ItemKind kind = keyword_item;
  std::string detail;
  std::string doc;
  std::string insert;   ///< empty: the label
  std::string snippet;  ///< with places to fill in, for clients that take them
  int rank = 5;         ///< what is likely comes first
};

bool word_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Completion {
 public:
  Completion(Context& context, const Asked& place, bool typed_space)
      : context_(context), place_(place), text_(place.text->text()), typed_space_(typed_space) {}

  Json items() {
    const dsl::Inside inside = dsl::inside_of(text_, place_.offset);
    if (inside == dsl::Inside::comment) return list();
    word_ = path_ = place_.offset;
    while (word_ > 0 && word_letter(text_[word_ - 1])) --word_;
    while (path_ > 0 && (word_letter(text_[path_ - 1]) || text_[path_ - 1] == '.')) --path_;
    if (inside == dsl::Inside::text && imported_file()) return list();
    const dsl::Closing closing = dsl::closing(text_, place_.offset);
    std::string probed = text_;
    probed.insert(closing.at, closing.signs);
    probed.insert(place_.offset, probe_word);
    analysis_ = context_.workspace.analysis_with(place_.path, {{place_.path, probed}}, place_.offset);
    if (!analysis_) return list();
    in_text_ = inside == dsl::Inside::text;
    if (in_text_) {
      word_ = place_.offset;
      while (word_ > 0 && text_[word_ - 1] != '"' && text_[word_ - 1] != '\n' && text_[word_ - 1] != '}') --word_;
    }
    place_items(analysis_->index.here);
    return list();
  }

 private:
  [[nodiscard]] const dsl::Catalog& catalog() const { return analysis_->project->catalog; }

  void add(Item item) {
    if (item.label.find(probe_word) == std::string::npos) items_.push_back(std::move(item));
  }

  void word(const std::string& label, const std::string& detail, int rank = 5, const std::string& snippet = {}) {
    add({.label = label, .kind = keyword_item, .detail = detail, .snippet = snippet, .rank = rank});
  }

  Json list() {
    Json result = Json::array();
    int order = 0;
    std::set<std::pair<std::string, int>> seen;
    for (const Item& item : items_) {
      if (!seen.emplace(item.label, item.kind).second) continue;
      const std::uint32_t begin = of_path_ ? path_ : word_;
      const bool snippet = context_.snippets && !item.snippet.empty();
      const std::string inserted = snippet ? item.snippet : item.insert.empty() ? item.label : item.insert;
      Json made = {{"label", item.label},
                   {"kind", item.kind},
                   {"sortText", fmt::format("{}{:04}", item.rank, order++)},
                   {"textEdit", {{"range", place_.text->range({begin, place_.offset})}, {"newText", inserted}}}};
      if (snippet) made["insertTextFormat"] = 2;
      if (!item.detail.empty()) made["detail"] = item.detail;
      if (!item.doc.empty()) made["documentation"] = {{"kind", "markdown"}, {"value", item.doc}};
      result.push_back(std::move(made));
    }
    return {{"isIncomplete", false}, {"items", std::move(result)}};
  }

  // ---- by what the checker found ----

  void place_items(const Here& here) {
    using Kind = Here::Kind;
    of_path_ = here.kind == Kind::source || here.kind == Kind::action || here.kind == Kind::given ||
               here.kind == Kind::expected;
    switch (here.kind) {
      case Kind::nothing:
        return by_words();
      case Kind::source:
        sources();
        return pipelines();
      case Kind::action:
        steps();
        return actions();
      case Kind::verb:
        verbs(here.node);
        if (!typed_space_) tail_words({});
        return;
      case Kind::key:
        return keys(here);
      case Kind::action_field:
        return action_fields(here);
      case Kind::option:
        if (const auto* source = catalog().source(here.node)) fields(source->options, here.given, true);
        return;
      case Kind::of_field:
        return fields_of(here, false);
      case Kind::field:
        return fields_of(here, true);
      case Kind::member:
        return members(here);
      case Kind::otherwise:
        word("skip", "the event is skipped when nothing is found", 0);
        word("fail", "the event is parked when nothing is found", 0);
        word("null", "the result is null when nothing is found", 0);
        return;
      case Kind::table_key:
        for (const auto& [table, type] : analysis_->index.lookups) {
          if (table == here.name) words_of(type);
        }
        return;
      case Kind::pipeline:
        return pipelines();
      case Kind::given:
        add({.label = here.name,
             .kind = variable_item,
             .detail = "an event of the tested pipeline",
             .snippet = here.name + " { $0 }",
             .rank = 0});
        word("now", "the clock of the test", 1, "now ${1:2026-11-23T12:00:00+03:00}");
        return actions();
      case Kind::expected:
        word("nothing", "no write was made", 1);
        word("nothing else", "every write is named by an `expect`", 1);
        word("skipped", "an event was stopped", 1, "skipped at \"$0\"");
        word("parked", "an event was parked", 1, "parked with \"$0\"");
        return actions();
      case Kind::operation:
        for (const char* operation : {"create", "update", "set", "append", "send", "none"})
          word(operation, "what was really made", 0);
        for (const char* times : {"once", "twice"}) word(times, "the exact count", 1);
        return;
      case Kind::text:
        if (here.wanted) words_of(*here.wanted);
        return;
      case Kind::value:
        if (last_row()) policies();
        return values(here);
    }
  }

  // `wb.fbs.new` as this configuration names it: once for each connection of its family.
  void node(const std::string& name, ItemKind kind, const std::string& detail, const std::string& doc) {
    const std::string family = name.substr(0, name.find('.'));
    std::set<std::string> connections = {family};
    const Project& project = *analysis_->project;
    for (const auto& [connection, settings] : project.config.connections) {
      const auto* type = project.registry->connection_type(settings.type);
      if (type != nullptr && type->default_name == family) connections.insert(connection);
    }
    for (const std::string& connection : connections)
      add({.label = connection + name.substr(family.size()), .kind = kind, .detail = detail, .doc = doc, .rank = 3});
  }

  void sources() {
    for (const auto& [name, source] : catalog().source_nodes)
      node(name, event_item, fmt::format("{}: {}", source.noun, type_text(source.record)), description(source));
  }

  void actions() {
    for (const auto& [name, action] : catalog().action_nodes) {
      std::vector<std::string> verbs;
      for (const auto verb : action.verbs) verbs.push_back(dsl::plan::verb_text(verb));
      node(name, method_item, join(verbs, ", "), description(action));
    }
  }

  void pipelines() {
    for (dsl::SourceId id = 0; id < analysis_->checked.files.size(); ++id) {
      for (const dsl::ast::Statement& statement : analysis_->checked.files[id].statements) {
        const auto* pipeline = std::get_if<dsl::ast::Pipeline>(&statement.node);
        if (pipeline == nullptr) continue;
        const std::string stem = std::filesystem::path(analysis_->paths[id]).stem().string();
        add({.label = pipeline->name ? pipeline->name->text : stem,
             .kind = function_item,
             .detail = "a pipeline",
             .doc = statement.doc,
             .rank = 2});
      }
    }
  }

  void steps() {
    word("where", "drop the record unless this is true", 4, "where $0");
    word("let", "name a value", 4, "let ${1:name} = $0");
    word("when", "a branch", 4, "when $1 {\n       -> $0\n     }");
    word("each", "run a chain for each element of a list", 4, "each ${1:item} in $2 {\n       -> $0\n     }");
  }

  void verbs(const std::string& name) {
    const dsl::ActionSpec* action = catalog().action(name);
    if (action == nullptr) return;
    for (const auto each : action->verbs) {
      const std::string verb = dsl::plan::verb_text(each);
      add({.label = verb,
           .kind = keyword_item,
           .detail = each == action->default_verb ? "the default" : "",
           .doc = verb_description(verb),
           .rank = each == action->default_verb ? 0 : 1});
    }
  }

  void keys(const Here& here) {
    const dsl::ActionSpec* action = catalog().action(here.node);
    if (action == nullptr) return;
    for (const std::string& key : action->keys) {
      if (std::find(here.given.begin(), here.given.end(), key) != here.given.end()) continue;
      const dsl::FieldType* field = action->takes ? action->takes->field(key) : nullptr;
      add({.label = key,
           .kind = field_item,
           .detail = field != nullptr ? type_text(field->type) : "a key",
           .doc = field != nullptr ? description(*field) : "",
           .rank = 0});
    }
  }

  void field(const dsl::FieldType& each, bool written, bool first, const std::string& more = {}) {
    const std::string detail = type_text(each.type) + (each.required ? ", required" : "");
    add({.label = each.name,
         .kind = field_item,
         .detail = detail,
         .doc = description(each) + more,
         .insert = written ? each.name + ": " : each.name,
         .rank = first ? 0 : 1});
  }

  void fields(const std::vector<dsl::FieldType>& all, const std::vector<std::string>& given, bool written) {
    for (const dsl::FieldType& each : all) {
      if (std::find(given.begin(), given.end(), each.name) == given.end()) field(each, written, each.required);
    }
  }

  void fields_of(const Here& here, bool written) {
    for (const Type& owner : here.owners) {
      const Type& record = owner.element ? *owner.element : owner;
      if (record.is(Type::Kind::record)) fields(record.record->fields, here.given, written);
    }
  }

  void action_fields(const Here& here) {
    const dsl::ActionSpec* action = catalog().action(here.node);
    if (action == nullptr || !action->takes) return;
    const dsl::ActionUse* use = nullptr;
    for (const dsl::ActionUse& each : analysis_->index.actions) {
      if (each.source == 0 && each.span.begin <= place_.offset && place_.offset <= each.span.end) use = &each;
    }
    for (const dsl::FieldType& each : action->takes->fields) {
      if (std::find(here.given.begin(), here.given.end(), each.name) != here.given.end()) continue;
      std::string more;
      if (use != nullptr) {
        for (const auto& standard : use->defaults) {
          if (standard.field == each.name) more = "\n\ndefault mapping: `" + standard.text + "`";
        }
      }
      // What the record is found by is written nearly always.
      const auto& keys = action->default_key;
      field(each, true, each.required || std::find(keys.begin(), keys.end(), each.name) != keys.end(), more);
    }
  }

  void members(const Here& here) {
    for (const Type& owner : here.owners) {
      if (owner.is(Type::Kind::record)) fields(owner.record->fields, {}, false);
    }
    // `wb.` of `wb.order_status[…]`.
    for (const dsl::Visible& each : here.names) {
      if (each.kind == dsl::Mention::Kind::table && each.name.starts_with(here.name))
        add({.label = each.name.substr(here.name.size()), .kind = struct_item, .detail = "a table", .rank = 0});
    }
  }

  void words_of(const Type& type) {
    const Type* at = &type;
    while (at->element) at = at->element.get();
    if (at->is(Type::Kind::boolean) && !in_text_) {
      for (const char* each : {"true", "false"}) add({.label = each, .kind = value_item, .rank = 0});
    }
    if (!at->is(Type::Kind::enumeration)) return;
    for (const std::string& each : at->enumeration->words) {
      add({.label = each,
           .kind = member_item,
           .detail = at->enumeration->name,
           .doc = description(*at->enumeration),
           .insert = in_text_ ? each : "\"" + each + "\"",
           .rank = 0});
    }
  }

  void values(const Here& here) {
    if (here.wanted) words_of(*here.wanted);
    if (typed_space_) return;
    const auto fits_here = [&](const Type& type) { return here.wanted && dsl::fits(type, *here.wanted, true); };
    for (const dsl::Visible& each : here.names) {
      if (each.kind == dsl::Mention::Kind::table) {
        add({.label = each.name, .kind = struct_item, .detail = "a table", .snippet = each.name + "[$0]", .rank = 3});
        continue;
      }
      const bool record = each.kind == dsl::Mention::Kind::record;
      add({.label = each.name,
           .kind = record ? constant_item : variable_item,
           .detail = each.type.is(Type::Kind::unknown) ? "a value" : type_text(each.type),
           .doc = each.from.empty() ? "" : "what `" + each.from + "` gave",
           .rank = fits_here(each.type) && !record ? 1 : 2});
    }
    for (const dsl::FunctionSpec& each : dsl::functions()) {
      const std::string name(each.name);
      add({.label = name,
           .kind = function_item,
           .detail = std::string(each.signature),
           .doc = std::string(each.doc),
           .snippet = each.most == 0 ? name + "()" : name + "($0)",
           .rank = 4});
    }
    word("if", "one of two values", 6, "if $1 then $2 else $0");
    word("not", "the opposite", 6);
    for (const char* each : {"true", "false", "null"}) add({.label = each, .kind = value_item, .rank = 6});
  }

  // ---- by the words before the place ----

  bool imported_file() {
    const std::size_t start = place_.offset == 0 ? 0 : text_.rfind('\n', place_.offset - 1) + 1;
    const std::string before = text_.substr(start, place_.offset - start);
    if (!before.starts_with("import")) return false;
    const std::size_t quote = before.find('"');
    if (quote == std::string::npos) return false;
    const std::filesystem::path folder = std::filesystem::path(place_.path).parent_path();
    for (const std::string& path : context_.workspace.files()) {
      if (path == place_.path) continue;
      add({.label = std::filesystem::path(path).lexically_relative(folder).string(), .kind = file_item});
    }
    word_ = static_cast<std::uint32_t>(start + quote + 1);
    return true;
  }

  void statements() {
    word("pipeline", "from sources through steps", 0, "pipeline ${1:name}\n  on ${2:wb.fbs.new}\n  -> $0");
    word("on", "a pipeline named after its file", 1, "on ${1:wb.fbs.new}\n  -> $0");
    word("table", "from literals to values", 1, "table ${1:name} {\n  \"$2\" -> $0\n  else skip\n}");
    word("let", "a value for the whole file", 1, "let ${1:name} = $0");
    word("import", "the names of another file", 1, "import \"$0\"");
    word("test", "what a pipeline has to do", 1, "test \"$1\" of ${2:pipeline} {\n  given $3\n  expect $0\n}");
  }

  void tail_words(const std::set<std::string>& there) {
    const std::pair<const char*, const char*> words[] = {
        {"by", "the fields that the record is found by"},
        {"only", "nothing from the default mapping"},
        {"initially", "only for a record that is created"},
        {"as", "the name of the result"},
        {"else", "when nothing is found: skip, fail or null"},
        {"at_most_once", "park when nobody knows whether a call happened"},
        {"at_least_once", "send again when nobody knows whether a call happened"}};
    for (const auto& [each, what] : words) {
      if (!there.contains(each)) word(each, what, 6);
    }
  }

  // Behind the `else` that begins a table's last row.
  [[nodiscard]] bool last_row() const {
    const dsl::Span statement = dsl::statement_around(text_, place_.offset);
    const std::string before = trimmed(text_.substr(statement.begin, word_ - statement.begin));
    if (!before.starts_with("table") || !before.ends_with("else")) return false;
    const std::size_t sign = before.find_last_not_of(" \t", before.size() - 5);
    return sign != std::string::npos && std::string_view("\n,{").find(before[sign]) != std::string_view::npos;
  }

  void policies() {
    for (const char* each : {"skip", "fail", "keep"}) word(each, "for every other key", 0);
  }

  void by_words() {
    if (in_text_ || typed_space_) return;
    const dsl::Span statement = dsl::statement_around(text_, place_.offset);
    const std::string before = text_.substr(statement.begin, word_ > statement.begin ? word_ - statement.begin : 0);
    const bool line_start = before.empty() || before.back() == '\n';
    const bool fresh_line = before.find_last_not_of(" \t") == std::string::npos ||
                            before[before.find_last_not_of(" \t")] == '\n' ||
                            before[before.find_last_not_of(" \t")] == '{';
    if (line_start) return statements();
    std::vector<std::string> words;
    int depth = 0;
    for (const dsl::Token& token : dsl::tokens(before)) {
      if (token.kind == dsl::Token::Kind::comment) continue;
      words.push_back(before.substr(token.span.begin, token.span.end - token.span.begin));
      if (words.back() == "{") ++depth;
      if (words.back() == "}") --depth;
    }
    if (words.empty()) return statements();
    if (words.front() == "test" && words.back() == "of") return pipelines();
    if (words.front() == "test" && fresh_line && depth > 0) {
      word("given", "an event, or what exists beforehand", 0, "given $0");
      word("expect", "what has to have been made", 0, "expect $0");
      return word("for each", "repeat for each case", 1, "for each ${1:case} in [$2] {\n    $0\n  }");
    }
    if (words.front() == "table") {
      if (fresh_line) word("else", "what holds for every other key", 0, "else $0");
      if (words.back() == "else") policies();
      return;
    }
    if (words.front() != "pipeline" && words.front() != "on") return;
    if (std::find(words.begin(), words.end(), "on") == words.end()) return word("on", "the sources", 0);
    if (words.back() == "as" || words.back() == "let" || words.back() == "pipeline" || words.back() == "each") return;
    if (fresh_line) word("->", "the next step", 0, "-> $0");
    const auto arrow = std::find(words.rbegin(), words.rend(), "->");
    if (arrow == words.rend()) {
      word("every", "how often it is looked at", 1, "every ${1:30s}");
      word("since", "how far back the first poll goes, or `now`", 1, "since ${1:7d}");
      return word("of", "these fields alone", 1, "of [$0]");
    }
    const std::set<std::string> step(arrow.base(), words.end());
    const std::string& first = arrow == words.rbegin() ? std::string() : *arrow.base();
    if (first != "where" && first != "let" && first != "when" && first != "each" && !first.empty())
      return tail_words(step);
    for (const char* each : {"and", "or", "in", "not in"}) word(each, "", 2);
    if (first == "each" && !step.contains("in")) word("in", "the list", 0);
    if (step.contains("if")) {
      word("then", "", 1);
      word("else", "", 1);
    }
  }

  Context& context_;
  const Asked& place_;
  const std::string& text_;
  bool typed_space_;
  std::shared_ptr<const Analysis> analysis_;
  std::uint32_t word_ = 0;  ///< where the word under the cursor begins
  std::uint32_t path_ = 0;  ///< where the path does
  bool of_path_ = false;
  bool in_text_ = false;
  std::vector<Item> items_;
};

}  // namespace

Answer completion(Context& context, const Json& params) {
  const auto place = asked(context, params);
  if (!place) return Json(nullptr);
  const Json trigger = params.value("context", Json::object()).value("triggerCharacter", Json(nullptr));
  return Completion(context, *place, trigger == " ").items();
}

}  // namespace pipewright::cli::lsp
