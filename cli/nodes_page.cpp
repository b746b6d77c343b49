#include "cli/nodes_page.hpp"

#include <fmt/format.h>

#include <set>

#include "base/text.hpp"
#include "cli/terminal.hpp"

namespace pipewright::cli {
namespace {

using dsl::ActionSpec;
using dsl::Catalog;
using dsl::FieldType;
using dsl::SourceSpec;
using dsl::Type;

// A cell of a table ends at `|`.
std::string cell(const std::string& text) {
  std::string made;
  for (const char c : text) {
    if (c == '|') made.push_back('\\');
    made.push_back(c == '\n' ? ' ' : c);
  }
  return made;
}

const Type& innermost(const Type& type) {
  const Type* inner = &type;
  while (inner->element) inner = inner->element.get();
  return *inner;
}

class Page {
 public:
  explicit Page(const Catalog& catalog) : catalog_(catalog) {}

  std::string whole() {
    out_ =
        "# Nodes\n\n"
        "What the standard library declares. Made by `pipewright nodes --format md` out of `stdlib/**/*.pipe`; a test "
        "keeps it "
        "fresh.\n\n"
        "A type with `?` may be null. `[x]` is a list, `id` takes integers and text alike, `money` is in roubles.\n";
    out_ += "\n| sources | |\n|---|---|\n";
    for (const auto& [name, spec] : catalog_.source_nodes) out_ += row(name, spec.doc);
    out_ += "\n| actions | |\n|---|---|\n";
    for (const auto& [name, spec] : catalog_.action_nodes) out_ += row(name, spec.doc);
    out_ += "\n# Sources\n";
    for (const auto& [name, spec] : catalog_.source_nodes) source(spec, false);
    out_ += "\n# Actions\n";
    for (const auto& [name, spec] : catalog_.action_nodes) action(spec, false);
    out_ += "\n# Records\n";
    std::set<std::string> shown;  // what an action takes stands beside the action
    for (const auto& [name, spec] : catalog_.action_nodes) {
      if (spec.takes) shown.insert(spec.takes->name);
    }
    for (const auto& [name, record] : catalog_.records) {
      if (shown.contains(name)) continue;
      out_ += fmt::format("\n## {}\n\n{}", name, record->doc.empty() ? "" : record->doc + "\n\n");
      fields(record->fields);
    }
    out_ += "\n# Enumerations\n";
    for (const auto& [name, words] : catalog_.enums) {
      out_ += fmt::format("\n## {}\n\n{}`{}`{}\n", name, words->doc.empty() ? "" : words->doc + "\n\n",
                          join(words->words, "` `"), words->open ? " and the account's own" : "");
    }
    out_ += "\n# Default mappings\n";
    for (const dsl::Mapping& mapping : catalog_.mappings) {
      out_ += fmt::format("\n## {} -> {}\n\n```text\n{}\n```\n", mapping.from, mapping.to,
                          catalog_.sources[mapping.source]->text(mapping.fields.span));
    }
    out_ += "\n# Tables\n";
    for (const dsl::StandardTable& table : catalog_.tables) {
      out_ += fmt::format("\n## {}\n\n```text\n", table.name);
      for (const auto& each : table.table.rows)
        out_ += fmt::format("{}\n", catalog_.sources[table.source]->text(each.span));
      out_ += "```\n";
    }
    return std::move(out_);
  }

  std::string of(const std::string& name) {
    if (const SourceSpec* spec = catalog_.source(name)) source(*spec, true);
    if (const ActionSpec* spec = catalog_.action(name)) action(*spec, true);
    return out_.empty() ? out_ : out_.substr(1);
  }

 private:
  static std::string row(const std::string& name, const std::string& doc) {
    std::string anchor;
    for (const char c : name) {
      if (c != '.') anchor.push_back(c);
    }
    return fmt::format("| [`{}`](#{}) | {} |\n", name, anchor, cell(doc));
  }

  void facts(const std::vector<std::pair<std::string, std::string>>& all) {
    for (const auto& [name, text] : all) {
      if (!text.empty()) out_ += fmt::format("- {}: {}\n", name, text);
    }
  }

  void fields(const std::vector<FieldType>& all) {
    out_ += "| field | type | meaning |\n|---|---|---|\n";
    for (const FieldType& field : all) {
      std::string meaning = field.required ? "(required) " : "";
      meaning += field.doc;
      const Type& inner = innermost(field.type);
      const auto& words = field.values ? field.values : inner.enumeration;
      if (words) {
        if (!meaning.empty()) meaning += "; ";
        meaning += fmt::format("one of {}", words->name);
      }
      out_ += fmt::format("| `{}` | {} | {} |\n", field.name, cell(dsl::type_text(field.type)), cell(meaning));
    }
  }

  void source(const SourceSpec& spec, bool alone) {
    out_ += fmt::format("\n## {}\n\n{}\n\n", spec.name, spec.doc);
    std::vector<std::string> options;
    for (const FieldType& option : spec.options)
      options.push_back(fmt::format("`{}` ({}, {})", option.name, dsl::type_text(option.type), option.doc));
    facts({{"binds", fmt::format("`{}`{}", spec.noun, spec.before ? " and `before`, the record as last known" : "")},
           {"record", spec.record.is(Type::Kind::record) ? spec.record.record->name : dsl::type_text(spec.record)},
           {"looks", spec.every ? "every " + duration_text(*spec.every) + " without `every`" : ""},
           {"text", text_of(spec.text)},
           {"takes", spec.of ? "`of [fields]`" : ""},
           {"options", join(options, ", ")},
           {"limits", spec.limits},
           {"API", spec.api}});
    if (!alone || !spec.record.is(Type::Kind::record)) return;
    out_ += "\n";
    fields(spec.record.record->fields);
  }

  void action(const ActionSpec& spec, bool alone) {
    out_ += fmt::format("\n## {}\n\n{}\n\n", spec.name, spec.doc);
    std::vector<std::string> verbs;
    for (const auto verb : spec.verbs) verbs.push_back("`" + dsl::plan::verb_text(verb) + "`");
    std::string otherwise = dsl::plan::verb_text(spec.default_verb);
    if (!spec.default_key.empty()) otherwise += " by " + join(spec.default_key, ", ");
    facts({{"verbs", join(verbs, " ")},
           {"without a verb", "`" + otherwise + "`"},
           {"keys", join(spec.keys, ", ")},
           {"text", text_of(spec.text)},
           {"ends with", spec.unasked ? "`at_most_once` or `at_least_once`" : ""},
           {"takes", spec.takes_anything ? "any record" : ""},
           {"gives", dsl::type_text(spec.result)},
           {"limits", spec.limits},
           {"API", spec.api}});
    if (spec.takes) {
      out_ += "\n";
      fields(spec.takes->fields);
    }
    if (!alone) return;
    for (const dsl::Mapping& mapping : catalog_.mappings) {
      if (mapping.to == spec.name)
        out_ += fmt::format("\nFrom {}:\n\n```text\n{}\n```\n", mapping.from,
                            catalog_.sources[mapping.source]->text(mapping.fields.span));
    }
  }

  static std::string text_of(dsl::TextPart part) {
    if (part == dsl::TextPart::none) return {};
    return part == dsl::TextPart::required ? "required after the path" : "may follow the path";
  }

  const Catalog& catalog_;
  std::string out_;
};

}  // namespace

std::string nodes_page(const Catalog& catalog, const std::string& only) {
  Page page(catalog);
  return only.empty() ? page.whole() : page.of(only);
}

}  // namespace pipewright::cli
