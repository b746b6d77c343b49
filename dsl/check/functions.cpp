// Calls: how many arguments, of which types, and what comes out. What they compute is engine/functions.
#include <fmt/format.h>

#include <algorithm>

#include "base/phone.hpp"
#include "base/text.hpp"
#include "dsl/check/checker.hpp"
#include "dsl/functions.hpp"
#include "dsl/patterns.hpp"

namespace pipewright::dsl {

using Kind = Type::Kind;

std::span<const FunctionSpec> functions() {
  static const FunctionSpec list[] = {
      {"text", "text(value)", 1, 1,
       "any single value as text; json that is absent or no text or number parks the event"},
      {"int", "int(value)", 1, 1,
       "a whole number out of text, json or a decimal without fraction; what does not convert parks the event"},
      {"decimal", "decimal(value)", 1, 1, "a decimal number out of text or json; money and kopecks lose their unit"},
      {"bool", "bool(value)", 1, 1, "true or false out of json or the texts \"true\" and \"false\""},
      {"date", "date(value)", 1, 1, "a date out of text, json or a time (in [run] time_zone)"},
      {"time", "time(value)", 1, 1, "a time out of text or json; without an offset it is in [run] time_zone"},
      {"uppercase", "uppercase(text)", 1, 1, "in capital letters"},
      {"lowercase", "lowercase(text)", 1, 1, "in small letters"},
      {"trim", "trim(text)", 1, 1, "without white space at both ends"},
      {"replace", "replace(text, what, with)", 3, 3, "every `what` replaced"},
      {"split", "split(text, separator)", 2, 2, "the list of the parts"},
      {"join", "join(list, separator)", 2, 2, "the texts of a list in one"},
      {"contains", "contains(text, part)", 2, 2, "whether the part stands in the text"},
      {"starts_with", "starts_with(text, part)", 2, 2, "whether the text begins with it"},
      {"ends_with", "ends_with(text, part)", 2, 2, "whether the text ends with it"},
      {"slice", "slice(text, from, to)", 2, 3,
       "the letters of a text (the elements of a list) from place `from` (0 is the first) to before place `to`, or to "
       "the end; a negative place counts from the end"},
      {"length", "length(text)", 1, 1, "how many letters"},
      {"round", "round(number, digits)", 1, 2, "rounded half up, to a whole number or so many digits"},
      {"floor", "floor(number)", 1, 1, "the whole number below"},
      {"ceil", "ceil(number)", 1, 1, "the whole number above"},
      {"abs", "abs(number)", 1, 1, "without its sign"},
      {"min", "min(a, b)", 1, 9, "the smallest of the values, or of a list"},
      {"max", "max(a, b)", 1, 9, "the greatest of the values, or of a list"},
      {"format", "format(value, pattern)", 2, 2,
       "a time or date by a pattern (%Y year, %m month, %d day, %H hour, %M minute, %S second, in [run] time_zone), a "
       "number by one such as `0.00` or `# ##0,00`"},
      {"now", "now()", 0, 0, "when the event was received"},
      {"phone", "phone(text)", 1, 2,
       "a phone number as +79871234567, null when it is none; the second argument is the country, RU without it"},
      {"first", "first(list)", 1, 1, "the first of a list, null of an empty one"},
      {"last", "last(list)", 1, 1, "the last of a list, null of an empty one"},
      {"size", "size(list)", 1, 1, "how many a list holds; json that holds no list parks the event"},
      {"sum", "sum(list)", 1, 1, "the numbers of a list together"},
      {"sort", "sort(list)", 1, 1, "in ascending order, nulls left out"},
      {"unique", "unique(list)", 1, 1, "without what stands there already"},
  };
  return list;
}

const FunctionSpec* function_named(std::string_view name) {
  for (const FunctionSpec& each : functions()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

void Checker::unknown_function(const ast::Call& node, Span span) {
  const std::string& name = node.function.text;
  if (TableInfo* table = table_named(name); table != nullptr && node.arguments.size() == 1) {
    table->used = true;
    const std::string mended = fmt::format("{}[{}]", name, source().text(node.arguments[0].span));
    Diagnostic& diagnostic =
        report(codes::unknown_function, node.function.span, fmt::format("`{}` is a table, no function", name));
    diagnostic.help = fmt::format("look a key up in brackets: `{}`", mended);
    diagnostic.edit = Edit{span, mended};
    return;
  }
  Diagnostic& diagnostic =
      report(codes::unknown_function, node.function.span, fmt::format("there is no function `{}`", name));
  if (name == "env" || name == "getenv") {
    diagnostic.help = "secrets live in pipewright.toml, in the connection's section: `token = \"env:NAME\"`";
    return;
  }
  if ((name == "exists" || name == "isnull" || name == "is_null" || name == "isNull") && node.arguments.size() == 1) {
    const std::string mended =
        fmt::format("{} {} null", source().text(node.arguments[0].span), name == "exists" ? "!=" : "==");
    diagnostic.help = fmt::format("write `{}`", mended);
    diagnostic.edit = Edit{span, mended};
    return;
  }
  if (name == "concat") {
    diagnostic.help = "write one text with holes: \"WB-{order.id}\"";
    return;
  }
  std::vector<std::string> names;
  for (const FunctionSpec& each : functions()) names.emplace_back(each.name);
  suggest(diagnostic, node.function.span, name, names);
  static const std::map<std::string, const char*> elsewhere = {{"len", "length"},
                                                               {"count", "size"},
                                                               {"upper", "uppercase"},
                                                               {"lower", "lowercase"},
                                                               {"toUpperCase", "uppercase"},
                                                               {"toLowerCase", "lowercase"},
                                                               {"str", "text"},
                                                               {"string", "text"},
                                                               {"toString", "text"},
                                                               {"to_string", "text"},
                                                               {"float", "decimal"},
                                                               {"number", "decimal"},
                                                               {"integer", "int"},
                                                               {"parseInt", "int"},
                                                               {"strip", "trim"},
                                                               {"substring", "slice"},
                                                               {"substr", "slice"},
                                                               {"startsWith", "starts_with"},
                                                               {"endsWith", "ends_with"},
                                                               {"includes", "contains"},
                                                               {"ceiling", "ceil"},
                                                               {"today", "now"},
                                                               {"sorted", "sort"},
                                                               {"distinct", "unique"}};
  const auto known = elsewhere.find(name);
  if (known == elsewhere.end()) return;
  const bool list = name == "len" && node.arguments.size() == 1 && expression(node.arguments[0]).type.is(Kind::list);
  const std::string mended = list ? "size" : known->second;
  Diagnostic& last = out.diagnostics.back();
  last.help = fmt::format("did you mean `{}`?", mended);
  last.edit = Edit{node.function.span, mended};
}

Typed Checker::call(const ast::Call& node, Span span) {
  const FunctionSpec* spec = function_named(node.function.text);
  std::vector<Typed> arguments;
  std::vector<Span> spans;
  bool unknown = false;
  for (const ast::Expr& argument : node.arguments) {
    arguments.push_back(expression(argument));
    spans.push_back(argument.span);
    unknown = unknown || arguments.back().type.is(Kind::unknown);
  }
  if (spec == nullptr) {
    unknown_function(node, span);
    return bad(span);
  }
  mention({.kind = Mention::Kind::function,
           .span = node.function.span,
           .name = node.function.text,
           .doc = std::string(spec->doc)});
  if (arguments.size() < spec->least || arguments.size() > spec->most) {
    report(codes::wrong_arguments, span,
           fmt::format("`{}` takes {}{}, here are {}", spec->name, spec->least,
                       spec->most > spec->least ? fmt::format(" to {}", spec->most) : "", arguments.size()))
        .help = fmt::format("write `{}`", spec->signature);
    return bad(span);
  }
  if (unknown) return bad(span);
  const Type type = call_type(node.function.text, arguments, spans);
  if (type.is(Kind::unknown)) return bad(span);
  plan::Call made{node.function.text, {}};
  for (Typed& each : arguments) made.arguments.push_back(std::move(each.expr));
  return {type, {std::move(made), type, place(span)}};
}

namespace {

// Of an argument that is a text without holes.
const std::string* text_of_literal(const Typed& argument) {
  const auto* literal = std::get_if<plan::Literal>(&argument.expr.node);
  return literal == nullptr ? nullptr : std::get_if<std::string>(&literal->value);
}

// What a conversion makes, and what it makes it of (grammar.md, 7).
struct Conversion {
  Kind makes;
  const char* name;        // of what it makes
  const char* of;          // for people
  std::vector<Kind> from;  // beside json, texts and its own kind
};

const Conversion* conversion_named(const std::string& name) {
  static const std::map<std::string, Conversion> all = {
      {"text", {Kind::text, "text", "a single value", {}}},
      {"int", {Kind::integer, "whole number", "a number, a text or json", {Kind::decimal, Kind::money, Kind::kopecks}}},
      {"decimal", {Kind::decimal, "number", "a number, a text or json", {Kind::integer, Kind::money, Kind::kopecks}}},
      {"bool", {Kind::boolean, "true or false", "json or a text", {}}},
      {"date", {Kind::date, "date", "a time, a text or json", {Kind::time}}},
      {"time", {Kind::time, "time", "a date, a text or json", {Kind::date}}}};
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

bool converts(const Conversion& conversion, const Type& type) {
  if (type.is(Kind::json) || conversion.makes == Kind::text || type.is(conversion.makes)) return true;
  if (type.is(Kind::text) || type.is(Kind::id) || type.is(Kind::enumeration)) return true;
  return std::find(conversion.from.begin(), conversion.from.end(), type.kind) != conversion.from.end();
}

// Of a literal it is known before any event comes.
bool converts(Kind to, const plan::Constant& literal, const std::string& zone) {
  if (const auto* number = std::get_if<Decimal>(&literal)) return to != Kind::integer || number->is_integer();
  const auto* text = std::get_if<std::string>(&literal);
  if (text == nullptr || to == Kind::text) return true;
  const auto number = Decimal::parse(trimmed(*text));
  if (to == Kind::integer) return number && number->is_integer();
  if (to == Kind::decimal) return number.has_value();
  if (to == Kind::boolean) return *text == "true" || *text == "false";
  return parse_date(*text) || parse_time(*text, zone);
}

bool single(const Type& type) { return !type.is(Kind::list) && !type.is(Kind::record) && !type.is(Kind::map); }

}  // namespace

Type Checker::call_type(const std::string& name, std::vector<Typed>& arguments, const std::vector<Span>& spans) {
  const auto wants = [&](std::size_t index, Kind kind, const char* what) {
    return require(arguments[index], type_of(kind), spans[index], fmt::format("{} of `{}`", what, name));
  };
  const auto not_null_here = [&](std::size_t index) {
    if (!arguments[index].type.nullable && !arguments[index].type.is(Kind::null)) return true;
    return require(arguments[index],
                   arguments[index].type.is(Kind::null) ? type_of(Kind::text) : arguments[index].type.plain(),
                   spans[index], fmt::format("what `{}` takes", name));
  };
  const auto wrong = [&](std::size_t index, const char* needed) {
    report(codes::wrong_arguments, spans[index],
           fmt::format("`{}` takes {}, this is {}", name, needed, type_text(arguments[index].type)));
    return Type{};
  };
  const Type unknown;

  if (name == "now") return type_of(Kind::time);
  // Conversions out of json take its null too: that is what parks.
  if (const Conversion* conversion = conversion_named(name)) {
    if (!single(arguments[0].type)) return wrong(0, "a single value");
    if (!arguments[0].type.is(Kind::json) && !not_null_here(0)) return unknown;
    if (!converts(*conversion, arguments[0].type)) return wrong(0, conversion->of);
    const auto* literal = std::get_if<plan::Literal>(&arguments[0].expr.node);
    if (literal == nullptr || converts(conversion->makes, literal->value, input.time_zone))
      return type_of(conversion->makes);
    report(codes::wrong_arguments, spans[0],
           fmt::format("{} is no {}: `{}` parks every event", source().text(spans[0]), conversion->name, name))
        .help = "correct the value";
    return unknown;
  }
  if (name == "uppercase" || name == "lowercase" || name == "trim")
    return wants(0, Kind::text, "the text") ? type_of(Kind::text) : unknown;
  if (name == "phone") {
    if (!wants(0, Kind::text, "the number") || (arguments.size() > 1 && !wants(1, Kind::text, "the country")))
      return unknown;
    if (const std::string* country = arguments.size() > 1 ? text_of_literal(arguments[1]) : nullptr;
        country != nullptr && !is_phone_region(*country)) {
      report(codes::wrong_arguments, spans[1], fmt::format("there is no country \"{}\"", *country)).help =
          "write its two letters, such as \"RU\", \"BY\", \"KZ\"";
      return unknown;
    }
    return type_of(Kind::text, true);
  }
  if (name == "length") return wants(0, Kind::text, "the text") ? type_of(Kind::integer) : unknown;
  if (name == "replace")
    return wants(0, Kind::text, "the text") && wants(1, Kind::text, "what is replaced") &&
                   wants(2, Kind::text, "what replaces it")
               ? type_of(Kind::text)
               : unknown;
  if (name == "split")
    return wants(0, Kind::text, "the text") && wants(1, Kind::text, "the separator") ? list_of(type_of(Kind::text))
                                                                                     : unknown;
  if (name == "contains" || name == "starts_with" || name == "ends_with") {
    return wants(0, Kind::text, "the text") && wants(1, Kind::text, "the part") ? type_of(Kind::boolean) : unknown;
  }
  if (name == "slice") {
    const bool list = arguments[0].type.is(Kind::list) && !arguments[0].type.nullable;
    const bool good = (list || wants(0, Kind::text, "the text")) && wants(1, Kind::integer, "the place") &&
                      (arguments.size() < 3 || wants(2, Kind::integer, "the end"));
    if (good && list) return arguments[0].type;
    return good ? type_of(Kind::text) : unknown;
  }
  if (name == "format") {
    if (!not_null_here(0) || !wants(1, Kind::text, "the pattern")) return unknown;
    const bool formats =
        arguments[0].type.is(Kind::time) || arguments[0].type.is(Kind::date) || numeric(arguments[0].type);
    if (!formats) return wrong(0, "a time, a date or a number");
    if (const std::string* pattern = text_of_literal(arguments[1])) {
      if (const auto fault =
              numeric(arguments[0].type) ? fault_of_number_pattern(*pattern) : fault_of_time_pattern(*pattern)) {
        report(codes::wrong_arguments, spans[1], fault->what).help = fault->help;
        return unknown;
      }
    }
    return type_of(Kind::text);
  }
  if (name == "round" || name == "floor" || name == "ceil" || name == "abs") {
    if (!not_null_here(0)) return unknown;
    if (!numeric(arguments[0].type)) return wrong(0, "a number");
    if (arguments.size() > 1 && !wants(1, Kind::integer, "the digits")) return unknown;
    const auto* literal = arguments.size() > 1 ? std::get_if<plan::Literal>(&arguments[1].expr.node) : nullptr;
    const auto* digits = literal == nullptr ? nullptr : std::get_if<Decimal>(&literal->value);
    if (digits != nullptr && (digits->is_negative() || *digits > Decimal(Decimal::division_scale))) {
      report(codes::wrong_arguments, spans[1], fmt::format("`{}` rounds to 0 to 18 digits", name)).help =
          "write a number from 0 to 18";
      return unknown;
    }
    const bool whole = name != "abs" && arguments.size() == 1 && arguments[0].type.is(Kind::decimal);
    return whole ? type_of(Kind::integer) : arguments[0].type;
  }
  if ((name == "min" || name == "max") && (arguments.size() > 1 || !arguments[0].type.is(Kind::list))) {
    Type type = arguments[0].type;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (!not_null_here(i)) return unknown;
      const auto both = common(type, arguments[i].type);
      if (!both || !has_order(*both)) return wrong(i, "values that can be compared");
      type = *both;
    }
    return type;
  }
  // What is left takes a list.
  if (name == "join")
    return not_null_here(0) && (arguments[0].type.is(Kind::list) || !wrong(0, "a list of texts").is(Kind::unknown)) &&
                   wants(1, Kind::text, "the separator")
               ? type_of(Kind::text)
               : unknown;
  // Like conversions: json that holds no list, or nothing, parks.
  if (arguments[0].type.is(Kind::json) && (name == "first" || name == "last")) return type_of(Kind::json, true);
  if (arguments[0].type.is(Kind::json) && name == "size") return type_of(Kind::integer);
  if (!not_null_here(0)) return unknown;
  if (!arguments[0].type.is(Kind::list)) return wrong(0, "a list");
  const Type element = *arguments[0].type.element;
  const bool unordered = !element.is(Kind::unknown) && !element.is(Kind::null) && !has_order(element);
  if ((name == "min" || name == "max" || name == "sort") && unordered)
    return wrong(0, "a list of values that can be compared");
  if (name == "first" || name == "last" || name == "min" || name == "max")
    return element.is(Kind::unknown) ? type_of(Kind::null) : element.or_null();
  if (name == "size") return type_of(Kind::integer);
  if (name == "sum") {
    if (!numeric(element) && !element.is(Kind::unknown)) return wrong(0, "a list of numbers");
    return element.is(Kind::unknown) ? type_of(Kind::integer) : element.plain();
  }
  if (name == "sort" && !element.is(Kind::unknown) && !element.is(Kind::null)) return list_of(element.plain());
  return arguments[0].type;
}

}  // namespace pipewright::dsl
