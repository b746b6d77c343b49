// Tables: keys, values, completeness and lookups.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/check/checker.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;

Checker::TableInfo* Checker::table_named(const std::string& name) {
  const auto own = tables.find(name);
  if (own != tables.end() && !in_catalog && visible[file].contains(own->second.file)) return &own->second;
  const auto standard = standard_tables.find(name);
  return standard == standard_tables.end() ? nullptr : &standard->second;
}

std::vector<std::string> Checker::table_names() const {
  std::vector<std::string> names;
  for (const auto* all : {&tables, &standard_tables}) {
    for (const auto& [name, table] : *all) names.push_back(name);
  }
  return names;
}

bool Checker::name_is_value(const std::string& name) { return find(name) != nullptr || is_lost(name); }

void Checker::unquoted_key(const std::string& word, Span span, const ast::Table::Row& row) {
  static const std::set<std::string> others = {"default", "otherwise", "other", "others", "_", "any"};
  if (others.contains(word)) {
    Diagnostic& diagnostic = report(codes::foreign_word, span, "every other key is written `else`");
    diagnostic.help = "write `else VALUE`";
    if (row.keys.size() == 1) diagnostic.edit = Edit{{span.begin, row.value.span.begin}, "else "};
    return;
  }
  Diagnostic& diagnostic = report(codes::unknown_name, span, fmt::format("nothing is named `{}`", word));
  diagnostic.help = fmt::format("a text stands in quotes: \"{}\"", word);
  diagnostic.edit = Edit{span, "\"" + word + "\""};
}

void Checker::check_table(TableInfo& table) {
  if (table.checked) return;
  table.checked = true;
  const SourceId file_before = file;
  const bool catalog_before = in_catalog;
  file = table.file;
  in_catalog = table.standard;
  const auto frames_before = std::move(frames);  // a table sees no record
  frames.clear();
  frames.emplace_back();

  plan::Table made;
  made.name = table.name;
  made.place = place(table.span);
  std::map<std::string, Span> seen;
  std::optional<Type> key_type;
  std::optional<Type> value_type;
  const auto take_value = [&](const ast::Expr& expr) {
    Typed value = expression(expr);
    const auto both = value_type ? common(*value_type, value.type) : std::optional(value.type);
    if (!both) {
      report(codes::mixed_row, expr.span,
             fmt::format("the values of `{}` are {}, this is {}", table.name, type_text(*value_type),
                         type_text(value.type)));
    } else {
      value_type = both;
    }
    return std::move(value.expr);
  };
  for (const ast::Table::Row& row : table.tree->rows) {
    plan::Table::Row made_row{{}, {}, place(row.span)};
    for (const ast::Expr& key : row.keys) {
      if (const auto* name = std::get_if<ast::Reference>(&key.node);
          name != nullptr && !name_is_value(name->name.text)) {
        unquoted_key(name->name.text, key.span, row);
        table.broken = true;
        continue;
      }
      Typed typed = expression(key);
      if (probed(key.span)) {
        index->here.kind = Here::Kind::table_key;
        index->here.name = table.name;
      }
      const auto* constant = std::get_if<plan::Literal>(&typed.expr.node);
      if (constant == nullptr || typed.type.is(Kind::null)) {
        if (!typed.type.is(Kind::unknown))
          report(codes::wrong_type, key.span, "a key of a table is a literal").help = "write a text or a number";
        continue;
      }
      const auto both = key_type ? common(*key_type, typed.type) : std::optional(typed.type);
      if (!both) {
        report(codes::mixed_row, key.span,
               fmt::format("the keys of `{}` are {}, this is {}", table.name, type_text(*key_type),
                           type_text(typed.type)));
        continue;
      }
      key_type = both;
      const std::string text(source().text(key.span));
      const auto* number = std::get_if<Decimal>(&constant->value);
      const auto* word = std::get_if<std::string>(&constant->value);
      const std::string same = number != nullptr ? number->normalized().text() : word != nullptr ? "\"" + *word : text;
      if (const auto [earlier, fresh] = seen.emplace(same, key.span); !fresh) {
        Diagnostic& diagnostic = report(codes::duplicate_key, key.span, fmt::format("the key {} is given twice", text));
        diagnostic.labels.push_back({file, earlier->second, "first given here"});
        continue;
      }
      made_row.keys.push_back(constant->value);
    }
    made_row.value = take_value(row.value);
    made.rows.push_back(std::move(made_row));
  }
  if (table.tree->rows.empty() && !table.tree->otherwise && !table.tree->broken) {
    report(codes::incomplete_table, table.span, fmt::format("`{}` has no rows", table.name)).help =
        "write rows, `\"KEY\" -> VALUE`, or `else VALUE`";
  }
  if (const auto& otherwise = table.tree->otherwise) {
    using Otherwise = ast::Otherwise::Kind;
    switch (otherwise->kind) {
      case Otherwise::value:
        made.otherwise = plan::Table::Otherwise::value;
        made.otherwise_value = take_value(*otherwise->value);
        break;
      case Otherwise::skip:
        made.otherwise = plan::Table::Otherwise::skip;
        break;
      case Otherwise::fail:
        made.otherwise = plan::Table::Otherwise::fail;
        break;
      case Otherwise::keep:
        made.otherwise = plan::Table::Otherwise::keep;
        break;
    }
  }
  table.key = key_type.value_or(Type{});
  table.value = value_type.value_or(Type{});
  frames = frames_before;
  file = file_before;
  in_catalog = catalog_before;
  table.index = out.plan.tables.size();
  out.plan.tables.push_back(std::move(made));
}

Typed Checker::lookup(const std::string& name, const ast::Expr& key, Span span, Span table_span) {
  TableInfo& table = *table_named(name);
  table.used = true;
  check_table(table);
  Typed value = expression(key);
  if (index != nullptr) {
    mention({.kind = Mention::Kind::table,
             .span = table_span,
             .name = name,
             .type = table.value,
             .declared = table.standard ? std::nullopt : std::optional(Declared{false, table.file, table.span})});
    want_operand(key, table.key);
    if (!in_catalog) index->lookups.emplace_back(name, value.type);
  }
  if (value.type.is(Kind::unknown)) return bad(span);
  if (value.type.is(Kind::json)) {
    require(value, table.key.is(Kind::unknown) ? type_of(Kind::text) : table.key, key.span,
            fmt::format("the key of `{}`", name));
    return bad(span);
  }
  if (value.type.nullable || value.type.is(Kind::null)) {
    report(codes::maybe_null, key.span,
           fmt::format("`{}` may be null, and `{}` has no row for that", source().text(key.span), name))
        .help = fmt::format("write `{}[{} ?? …]`, or ask for `!= null` first", name, source().text(key.span));
    return bad(span);
  }
  const auto both = common(table.key, value.type);
  if (!both) {
    report(codes::wrong_type, key.span,
           fmt::format("the keys of `{}` are {}, this is {}", name, type_text(table.key), type_text(value.type)));
    return bad(span);
  }
  keys_cover(table, value.type, table_span);
  Type type = table.value;
  if (table.tree->otherwise && table.tree->otherwise->kind == ast::Otherwise::Kind::keep) {
    const auto kept = common(table.value, value.type);
    if (!kept) {
      report(codes::wrong_type, key.span,
             fmt::format("`else keep` of `{}` would give {} beside {}", name, type_text(value.type),
                         type_text(table.value)));
      return bad(span);
    }
    type = *kept;
  }
  return {type, {plan::Lookup{table.index, std::move(value.expr)}, type, place(span)}};
}

// Without `else` every word of an enumerated key must have a row; a row for a word that the key never has is a mistake.
void Checker::keys_cover(TableInfo& table, const Type& key, Span) {
  if (!key.is(Kind::enumeration) || table.complained.contains(key.enumeration->name)) return;
  const bool open = key.enumeration->open;
  table.complained.insert(key.enumeration->name);
  std::set<std::string> rows;
  const SourceId before = file;
  const bool catalog_before = in_catalog;
  file = table.file;
  in_catalog = table.standard;
  const auto& words = key.enumeration->words;
  const auto is_word = [&](const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  for (const ast::Table::Row& row : table.tree->rows) {
    for (const ast::Expr& each : row.keys) {
      const std::string quoted(source().text(each.span));
      const std::string word = quoted.size() >= 2 ? quoted.substr(1, quoted.size() - 2) : quoted;
      rows.insert(word);
      // One table may serve two enumerations: only what is nearly a word of this one is a slip.
      if (!open && !table.standard && !is_word(word) && closest(word, words)) words_fit(key, each);
    }
  }
  if (!table.tree->otherwise && !table.tree->broken && !table.broken) {
    std::vector<std::string> missing;
    for (const std::string& word : key.enumeration->words) {
      if (!rows.contains(word)) missing.push_back(word);
    }
    if (!missing.empty()) {
      report(open ? codes::open_table : codes::incomplete_table, table.span,
             fmt::format("`{}` has no row for {} of {}", table.name, join(missing, ", "), key.enumeration->name))
          .help =
          open ? "give them rows, or say what holds for every other one: `else VALUE`, `else skip` or `else fail`"
               : "give them rows, or say `else VALUE`, `else skip` or `else fail`";
    }
  }
  file = before;
  in_catalog = catalog_before;
}

}  // namespace pipewright::dsl
