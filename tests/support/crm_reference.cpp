#include "tests/support/crm_reference.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <regex>
#include <sstream>

#include "base/text.hpp"
#include "engine/http/server.hpp"

namespace pipewright::tests {
namespace {

using Json = nlohmann::json;

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The text from `begin` (without it) up to `end`; empty when `begin` is not there.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t at = text.find(begin);
  if (at == std::string::npos) return {};
  const std::size_t from = at + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

std::string without(std::string text, const std::string& part) {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
  return text;
}

/// Remarks in round brackets, nested ones too, and the marks of emphasis.
std::string plain(const std::string& text) {
  std::string out;
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (depth == 0 && c != '`' && c != '*') out.push_back(c);
    if (c == ')' && depth > 0) --depth;
  }
  return out;
}

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (in_name(c))
      words.back().push_back(c);
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// Split at any of `signs` outside of brackets.
std::vector<std::string> pieces_of(const std::string& text, const std::string& signs) {
  std::vector<std::string> pieces(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth == 0 && signs.find(c) != std::string::npos)
      pieces.emplace_back();
    else
      pieces.back().push_back(c);
  }
  return pieces;
}

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream in(row.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) cells.push_back(cell);
  return cells;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> segments;
  std::istringstream in(path.starts_with('/') ? path.substr(1) : path);
  for (std::string segment; std::getline(in, segment, '/');) segments.push_back(segment);
  return segments;
}

std::string kind_of(const Json& value) {
  if (value.is_number()) return "number";
  return value.type_name();
}

/// The reference's words for types.
std::string kind_named(const std::string& word) {
  if (word == "int" || word == "double") return "number";
  if (word == "string" || word == "text" || word == "code" || word == "datetime" || word == "date") return "string";
  if (word == "bool") return "boolean";
  if (word == "map" || word == "object") return "object";
  return word == "array" ? word : std::string();
}

/// Empty lists and maps tell nothing: the API prints one for the other.
void learn_kinds(std::map<std::string, std::set<std::string>>& kinds, const std::string& path, const Json& value) {
  if (value.is_null() || (value.is_structured() && value.empty() && !path.ends_with("customFields"))) return;
  kinds[path].insert(kind_of(value));
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) learn_kinds(kinds, path + "." + name, inner);
  } else if (value.is_array()) {
    for (const Json& inner : value) learn_kinds(kinds, path + "[]", inner);
  }
}

/// A document's name in paths: `orders` are several of `order`.
std::string object_of(const std::string& parameter) {
  return parameter == "orders" || parameter == "customers" ? parameter.substr(0, parameter.size() - 1) : parameter;
}

bool is_document(const std::string& parameter) {
  return parameter == "order" || parameter == "orders" || parameter == "customer" || parameter == "customers";
}

/// `filter[externalIds][]` without its ends: `externalIds[]`.
std::string filter_name(const std::string& parameter) {
  const std::size_t close = parameter.find(']');
  return close == std::string::npos ? parameter : parameter.substr(7, close - 7) + parameter.substr(close + 1);
}

}  // namespace

std::optional<CrmReference> CrmReference::load(const std::filesystem::path& folder) {
  const std::string text = slurp(folder / "api.md");
  if (text.empty() || !std::filesystem::exists(folder / "examples" / "requests.json")) return std::nullopt;
  CrmReference reference;
  reference.read_calls(text);
  reference.read_filters(text);
  reference.read_objects(text);
  reference.read_examples(folder / "examples");
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("GET /api/v5/")) reference.read_request(line.substr(4, line.find(' ', 4) - 4));
  }
  return reference;
}

/// Rows of the tables of calls: `| POST /orders/{key}/edit | by, site, order | … |`.
void CrmReference::read_calls(const std::string& text) {
  for (const std::string& line : lines_of(text)) {
    if (!line.starts_with("| GET /") && !line.starts_with("| POST /")) continue;
    const std::vector<std::string> cells = cells_of(line);
    const bool catalogue = cells[0].find(" /store/") != std::string::npos;  // their column is one of filters
    std::istringstream head(plain(cells[0]));
    std::string method;
    std::string path;
    head >> method >> path;
    if (path.ends_with(',')) path.pop_back();
    Call& call = calls_[method + " " + path];
    call.segments = segments_of(path);
    for (const std::string& piece : pieces_of(plain(cells[1]), ",")) {
      const std::vector<std::string> words = words_of(piece);
      if (words.empty()) continue;
      std::set<std::string>& names = catalogue && method == "GET" ? call.filters : call.parameters;
      const bool several = piece.find(words.front() + "[]") != std::string::npos;
      names.insert(words.front() + (several ? "[]" : ""));
    }
    if (catalogue && method == "GET") call.parameters.insert({"filter", "limit", "page"});
  }
  for (const std::string& line : lines_of(between(text, "## 4. Account probes", "## 5."))) {
    const std::string path = between(line, "`GET /api/v5/", "`");
    if (!path.empty()) calls_["GET /" + path].segments = segments_of(path);
    if (line.starts_with("`GET /api/credentials`")) calls_["GET /api/credentials"].segments = {"api", "credentials"};
  }
  read_dictionaries(text);
}

/// Section 8, `| order-types, order-methods | … |`, and the custom fields of section 10.
void CrmReference::read_dictionaries(const std::string& text) {
  for (const std::string& line : lines_of(between(text, "## 8. References", "`/reference/sites` is"))) {
    if (!line.starts_with("| ") || line.starts_with("| Path")) continue;
    for (const std::string& piece : pieces_of(plain(cells_of(line)[0]), ",")) {
      const std::string name = trimmed(piece);
      calls_["GET /reference/" + name].segments = {"reference", name};
    }
  }
  Call& fields = calls_["GET /custom-fields"];
  fields.segments = {"custom-fields"};
  fields.parameters = {"filter", "limit", "page"};
  for (const std::string& piece : pieces_of(between(text, "`GET /custom-fields` (filter: ", ";"), ",")) {
    const std::vector<std::string> words = words_of(piece);
    if (!words.empty()) fields.filters.insert(words.front());
  }
}

void CrmReference::read_filters(const std::string& text) {
  const auto add = [this](const std::string& call, const std::string& told) {
    for (const std::string& span : lines_of(told)) {
      for (std::size_t at = span.find('`'); at != std::string::npos;) {
        const std::size_t end = span.find('`', at + 1);
        for (const std::string& piece : pieces_of(span.substr(at + 1, end - at - 1), ", ")) {
          const std::vector<std::string> words = words_of(piece);
          if (!words.empty()) calls_.at(call).filters.insert(words.front() + (piece.ends_with("[]") ? "[]" : ""));
        }
        at = end == std::string::npos ? end : span.find('`', end + 1);
      }
    }
  };
  add("GET /orders", between(text, "### 5.2 ", "**Not existing:**"));
  add("GET /customers", between(between(text, "## 7. Customers", "\n##"), "\nFilters: ", "There is no"));
  for (const char* call : {"GET /orders/history", "GET /customers/history"}) {
    add(call, between(between(text, "## 6. History", "\n##"), "\nFilters: ", "; `limit`"));
    calls_.at(call).parameters = {"filter", "limit"};
  }
}

/// Fields of `object` as the reference lists them: `id, phones [{number}], summ R`; R: only in answers.
void CrmReference::add_fields(const std::string& object, std::string text) {
  text = plain(text);
  for (const std::string& piece : pieces_of(text, ",/|;.")) {
    const std::size_t open = piece.find('{');
    const std::vector<std::string> words = words_of(piece.substr(0, open));
    if (words.empty() || std::find(words.begin(), words.end(), "R") != words.end()) continue;
    fields_[object].insert(words.front());
    if (open == std::string::npos) continue;
    add_fields(object + "." + words.front(), piece.substr(open + 1, piece.rfind('}') - open - 1));
    const std::vector<std::string> after = words_of(piece.substr(piece.rfind('}') + 1));
    if (!after.empty() && after.front() == "R") fields_[object].erase(words.front());
  }
}

void CrmReference::read_objects(const std::string& text) {
  for (const std::string& line : lines_of(between(text, "### 5.3 Order object", "### 5.4"))) {
    if (line.starts_with("| ") && !line.starts_with("| Field")) read_order_row(cells_of(line));
  }
  fields_["order.customer"] = {"id", "type"};
  const std::string resolving = between(text, "### 5.4 ", "### 5.5");
  const std::regex customer("customer\\.(\\w+)");
  for (std::sregex_iterator each(resolving.begin(), resolving.end(), customer), end; each != end; ++each)
    fields_["order.customer"].insert((*each)[1]);
  const std::string items = between(text, "### 5.5 Items\nRequest: ", "\n");
  add_fields("order.items", std::regex_replace(items, std::regex("\\*\\*or\\*\\* deprecated"), ","));
  const std::string object = between(between(text, "## 7. Customers", "\n##"), "\nObject: type \"customer\",", "\n");
  fields_["customer"] = {"type"};
  add_fields("customer", without(object, ".\n"));
}

/// `| shipmentDate, shipped | date, bool W | |`
void CrmReference::read_order_row(const std::vector<std::string>& cells) {
  const std::string named = plain(cells[0]);
  const std::vector<std::string> types = words_of(plain(cells[1]));
  const auto has = [](const std::vector<std::string>& words, const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (!has(types, "W")) return;
  std::vector<std::string> kinds;
  for (const std::string& word : types) {
    if (const std::string kind = kind_named(word); !kind.empty()) kinds.push_back(kind);
  }
  std::vector<std::string> names;
  for (const std::string& piece : pieces_of(named, ",/")) {
    std::istringstream first(piece);
    if (std::string name; first >> name) names.push_back(name);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t dot = names[i].rfind('.');
    const std::string object = dot == std::string::npos ? "order" : "order." + names[i].substr(0, dot);
    fields_[object].insert(names[i].substr(dot + 1));
    if (kinds.empty()) continue;
    told_kinds_["order." + names[i]].insert(kinds.size() == names.size() ? kinds[i] : kinds.front());
  }
  const std::string whole = "order." + names.front();
  if (names.front() == "payments" || names.front() == "source" || names.front() == "delivery") {
    add_fields(whole, names.front() == "payments" ? between(cells[2], "{", "}") : cells[2]);
  } else if (names.front() == "delivery.address") {
    add_fields(whole, between(cells[2], "either ", " or "));
    add_fields(whole, between(cells[2], "parts: ", ". "));
  }
}

/// A request line of the reference tells how its parameters are written: `filter[sites][]`.
void CrmReference::read_request(const std::string& path) {
  const std::size_t mark = path.find('?');
  const std::string call = call_of("GET", path.substr(0, mark));
  if (call.empty() || mark == std::string::npos) return;
  for (const auto& [name, value] : engine::http::form_pairs(path.substr(mark + 1))) {
    if (name.starts_with("filter[")) calls_[call].filters.insert(filter_name(name));
  }
}

void CrmReference::read_examples(const std::filesystem::path& folder) {
  for (const Json& request : Json::parse(slurp(folder / "requests.json"))["requests"]) {
    const std::string path = request["path"];
    if (request["method"] == "GET") read_request(path);
    for (const auto& [parameter, value] : request.value("form", Json::object()).items()) {
      for (const Json& each : value.is_array() ? value : Json::array({value}))
        learn_kinds(request_kinds_, object_of(parameter), each);
    }
  }
  const auto learn = [&](const char* file, const char* member, const char* object) {
    Json answer = Json::parse(slurp(folder / file))[member];
    for (const Json& each : answer.is_array() ? answer : Json::array({answer}))
      learn_kinds(answer_kinds_, object, each);
  };
  learn("orders_create_response.json", "order", "order");
  learn("orders_upload_response.json", "orders", "order");
  learn("customers_get.json", "customer", "customer");
  learn("customers_list.json", "customers", "customer");
}

/// Fewer variables win: `/orders/history` before `/orders/{key}`.
std::string CrmReference::known(const std::string& method, const std::vector<std::string>& segments) const {
  std::string best;
  std::ptrdiff_t fewest = 0;
  const auto is_variable = [](const std::string& segment) { return segment.starts_with('{'); };
  for (const auto& [name, call] : calls_) {
    if (!name.starts_with(method + " ")) continue;
    const bool fits = std::ranges::equal(
        call.segments, segments, [&](const std::string& a, const std::string& b) { return is_variable(a) || a == b; });
    const std::ptrdiff_t variables = std::ranges::count_if(call.segments, is_variable);
    if (!fits || (!best.empty() && variables >= fewest)) continue;
    best = name;
    fewest = variables;
  }
  return best;
}

std::string CrmReference::call_of(const std::string& method, const std::string& path) const {
  return known(method, segments_of(path.starts_with("/api/v5/") ? path.substr(7) : path));
}

const std::set<std::string>& CrmReference::writable(const std::string& object) const { return fields_.at(object); }

const std::set<std::string>* CrmReference::kinds_of(const std::string& path) const {
  for (const auto* kinds : {&request_kinds_, &told_kinds_, &answer_kinds_}) {
    if (const auto found = kinds->find(path); found != kinds->end()) return &found->second;
  }
  return nullptr;
}

std::string CrmReference::query_problem(const Call& call, const std::string& name) const {
  if (!name.starts_with("filter[")) return call.parameters.contains(name) ? "" : "is no parameter of this call";
  if (!call.parameters.contains("filter")) return "is used on a call without filters";
  return call.filters.contains(filter_name(name)) ? "" : "is no filter of this call";
}

/// Paths of kinds name lists (`order.items[].offer`), objects of fields do not (`order.items.offer`).
void CrmReference::check_document(const std::string& object, const Json& value, bool may_clear,
                                  const std::string& where, std::vector<std::string>& problems) const {
  const auto say = [&](const std::string& what) { problems.push_back(where + ": " + what); };
  if (value.is_null()) {
    if (!may_clear) say("null clears a field, and here nothing is to be cleared");
    return;
  }
  if (const auto* kinds = kinds_of(where); kinds != nullptr && !kinds->contains(kind_of(value)))
    say("a " + kind_of(value) + ", which the reference has as " + *kinds->begin());
  if (value.is_array()) {
    for (const Json& each : value) check_document(object, each, may_clear, where + "[]", problems);
    return;
  }
  const auto fields = fields_.find(object);
  if (!value.is_object() || object.ends_with(".customFields")) return;
  if (fields == fields_.end()) return say("the reference names no fields of it");
  for (const auto& [name, inner] : value.items()) {
    if (!fields->second.contains(name)) say("`" + name + "` is no field that may be written");
    check_document(object + "." + name, inner, may_clear, where + "." + name, problems);
  }
}

std::vector<std::string> CrmReference::problems(const std::string& method, const std::string& path, const Pairs& query,
                                                const Json& form) const {
  const std::string name = call_of(method, path);
  if (name.empty()) return {"the reference has no such call"};
  const Call& call = calls_.at(name);
  std::vector<std::string> problems;
  std::set<std::string> asked;
  std::size_t length = path.size();
  for (const auto& [parameter, value] : query) {
    asked.insert(parameter);
    length += parameter.size() + value.size() + 2;
    if (const std::string problem = query_problem(call, parameter); !problem.empty())
      problems.push_back("`" + parameter + "` " + problem);
    if (parameter == "limit" && value != "20" && value != "50" && value != "100")
      problems.push_back("limit " + value + " is none of 20, 50 and 100");
  }
  if (asked.contains("page") && asked.contains("filter[sinceId]")) problems.push_back("page together with sinceId");
  if (length > 8192) problems.push_back("the URL is longer than 8 KB");
  if (method == "GET") {
    if (!form.is_string() || !form.get_ref<const std::string&>().empty()) problems.push_back("a GET with a body");
    if (call.parameters.contains("by") && !asked.contains("by")) problems.push_back("`by` is not said");
    return problems;
  }
  if (!form.is_object()) return {"the body is no form"};
  if (call.parameters.contains("by") && !form.contains("by")) problems.push_back("`by` is not said");
  for (const auto& [parameter, value] : form.items()) {
    if (!call.parameters.contains(parameter)) problems.push_back("`" + parameter + "` is no parameter of this call");
    if (parameter == "payment" && value.is_object()) {  // as in an order, and beside it the order that it is of
      Json payment = value;
      payment.erase("order");
      check_document("order.payments", Json::array({payment}), true, "order.payments", problems);
      continue;
    }
    if (!is_document(parameter)) {
      if (!value.is_string()) problems.push_back("`" + parameter + "` is a JSON document");
      continue;
    }
    const bool several = parameter.ends_with('s');
    if (several ? !value.is_array() : !value.is_object()) {
      problems.push_back("`" + parameter + "` is a " + kind_of(value));
      continue;
    }
    if (several && value.size() > 50) problems.push_back("more than 50 in an upload");
    for (const Json& each : several ? value : Json::array({value}))
      check_document(object_of(parameter), each, path.ends_with("/edit"), object_of(parameter), problems);
  }
  return problems;
}

}  // namespace pipewright::tests
