#include "engine/config.hpp"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/text.hpp"
#include "engine/http/client.hpp"
#include "engine/json.hpp"
#include "engine/limits.hpp"

namespace pipewright::engine {
namespace {

using Kind = SettingKey::Kind;

// What is wrong with a secret as it was copied, in words that hold nothing of it; empty: nothing.
std::string fault_of_secret(const std::string& text) {
  const auto enclosed = [&](std::string_view open, std::string_view close) {
    return text.size() >= open.size() + close.size() && text.starts_with(open) && text.ends_with(close);
  };
  if (text.starts_with("\xEF\xBB\xBF")) return "begins with a byte order mark";
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return "is UTF-16";
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }))
    return text.find('\n') != std::string::npos ? "holds a line end" : "holds a control character";
  for (const auto& [open, close] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"\"", "\""}, {"'", "'"}, {"`", "`"}, {"«", "»"}, {"“", "”"}, {"„", "“"}}) {
    if (enclosed(open, close)) return "has quotes around it";
  }
  if (lowercase(text.substr(0, 7)) == "bearer ") return "begins with `Bearer`";
  return {};
}

// Bytes that are no UTF-8 stay as they are, to be judged.
std::string trimmed_ascii(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\v\f");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\v\f") - first + 1);
}

const std::vector<SettingKey>& common_keys() {
  static const std::vector<SettingKey> keys = {
      {.name = "type", .kind = Kind::text, .doc = "which connector"},
      {.name = "timeout", .kind = Kind::duration, .doc = "of one call"},
      {.name = "ca_file", .kind = Kind::text, .doc = "a certificate authority of one's own"},
      {.name = "insecure", .kind = Kind::boolean, .doc = "allow plain http:// to other machines"},
      {.name = "rate", .kind = Kind::rate, .doc = "calls a second"},
  };
  return keys;
}

class Reader {
 public:
  Reader(const std::string& path, const std::string& text, const Registry& registry, const Surroundings& surroundings)
      : path_(path), text_(text), registry_(registry), surroundings_(surroundings) {
    std::size_t start = 0;
    while (start <= text.size()) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      lines_.push_back(text.substr(start, end - start));
      start = end + 1;
    }
  }

  ConfigRead read() {
    out_.config.path = path_;
    const auto parent = std::filesystem::path(path_).parent_path();
    out_.config.directory = parent.empty() ? "." : parent.string();
    try {
      const toml::table root = toml::parse(text_, path_);
      sections(root);
    } catch (const toml::parse_error& error) {
      // The library's words may quote the line: only its first sentence, and never the line itself.
      std::string what(error.description());
      what = what.substr(0, what.find(';'));
      const auto quote = what.find_first_of("'\"");
      if (quote != std::string::npos) what = trimmed(what.substr(0, quote));
      problem(error.source(), fmt::format("pipewright.toml does not parse: {}", lowercase_first(what)), false).help =
          "a value is a text in double quotes, a number, true or false; a section stands in [brackets]";
    }
    for (const ConnectionType& type : registry_.connection_types()) {
      const bool named = std::any_of(out_.config.connections.begin(), out_.config.connections.end(),
                                     [&](const auto& entry) { return entry.first == type.default_name; });
      if (!named) out_.config.connections[type.default_name] = defaults(type);
    }
    for (auto& [name, settings] : out_.config.connections) settings.time_zone = out_.config.time_zone;
    return std::move(out_);
  }

 private:
  static std::string lowercase_first(std::string text) {
    if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
  }

  Settings defaults(const ConnectionType& type) const {
    Settings settings;
    settings.name = type.default_name;
    settings.type = type.type;
    settings.directory = out_.config.directory;
    return settings;
  }

  ConfigProblem& problem(const toml::source_region& region, std::string message, bool show) {
    ConfigProblem result;
    result.message = std::move(message);
    result.file = path_;
    result.line = region.begin.line;
    result.column = region.begin.column;
    const bool one_line = region.end.line == region.begin.line && region.end.column > region.begin.column;
    result.width = one_line ? region.end.column - region.begin.column : 1;
    if (show && result.line >= 1 && result.line <= lines_.size()) result.shown = lines_[result.line - 1];
    out_.problems.push_back(std::move(result));
    return out_.problems.back();
  }

  // The text of a key that is no secret may be shown; of one that nobody knows it may be anything.
  void unknown(const toml::key& key, const std::string& where, const std::vector<std::string>& known) {
    ConfigProblem& result =
        problem(key.source(), fmt::format("{} has no key `{}`", where, std::string(key.str())), false);
    if (const auto near = closest(std::string(key.str()), known))
      result.help = fmt::format("did you mean `{}`?", *near);
    else
      result.help = fmt::format("it has: {}", join(known, ", "));
  }

  void sections(const toml::table& root) {
    static const std::vector<std::string> known = {"connections", "state", "run"};
    for (const auto& [key, node] : root) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        unknown(key, "pipewright.toml", known);
      } else if (!node.is_table()) {
        problem(node.source(), fmt::format("`{}` is a section: write [{}]", name, name), false);
      } else if (name == "run") {
        run(*node.as_table());
      } else if (name == "state") {
        state(*node.as_table());
      }
    }
    if (const auto* connections = root["connections"].as_table()) {
      for (const auto& [key, node] : *connections) connection(key, node);
    }
  }

  void state(const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (key.str() != "url") {
        unknown(key, "[state]", {"url"});
        continue;
      }
      const auto url = node.value_exact<std::string>();
      if (!url || !url->starts_with("sqlite:")) {
        problem(node.source(), "`url` of [state] is a text such as \"sqlite:pipewright.db\"", false);
        continue;
      }
      out_.config.state = *url;
    }
  }

  void run(const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const auto text = node.value_exact<std::string>();
      if (name == "time_zone") {
        if (text && zone_exists(*text))
          out_.config.time_zone = *text;
        else
          problem(node.source(), "`time_zone` is no time zone", true).help = "write a name such as \"Europe/Moscow\"";
      } else if (name == "retry_for" || name == "keep") {
        const auto duration = text ? parse_duration(*text) : std::nullopt;
        if (!duration)
          problem(node.source(), fmt::format("`{}` is a duration", name), true).help =
              "write a text such as \"24h\" or \"90d\"";
        else
          (name == "keep" ? out_.config.keep : out_.config.retry_for) = *duration;
      } else {
        unknown(key, "[run]", {"time_zone", "retry_for", "keep"});
      }
    }
  }

  static bool is_name(std::string_view name) {
    if (name.empty() || (std::isalpha(static_cast<unsigned char>(name[0])) == 0 && name[0] != '_')) return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
  }

  void connection(const toml::key& key, const toml::node& node) {
    const std::string name(key.str());
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      problem(node.source(), fmt::format("connection `{}` is a section: write [connections.{}]", name, name), false);
      return;
    }
    if (!is_name(name)) {
      problem(key.source(), fmt::format("`{}` is no name for a connection", name), false).help =
          "letters, digits and `_`: it is the first word of a node's path";
      return;
    }
    std::vector<std::string> types;
    for (const ConnectionType& each : registry_.connection_types()) types.push_back(each.type);
    const ConnectionType* type = nullptr;
    if (const auto written = (*table)["type"].value_exact<std::string>()) {
      type = registry_.connection_type(*written);
      if (type == nullptr) {
        ConfigProblem& result =
            problem((*table)["type"].node()->source(), fmt::format("there is no connection type `{}`", *written), true);
        const auto near = closest(*written, types);
        result.help =
            near ? fmt::format("did you mean \"{}\"?", *near) : fmt::format("there are: {}", join(types, ", "));
        return;
      }
    } else {
      for (const ConnectionType& each : registry_.connection_types()) {
        if (each.default_name == name) type = &each;
      }
      if (type == nullptr) {
        problem(key.source(), fmt::format("connection `{}` has no type", name), false).help =
            fmt::format("write type = \"…\", one of: {}", join(types, ", "));
        return;
      }
    }
    Settings settings = defaults(*type);
    settings.name = name;
    std::vector<SettingKey> keys = type->keys;
    for (const SettingKey& common : common_keys()) {
      if (std::none_of(keys.begin(), keys.end(), [&](const SettingKey& each) { return each.name == common.name; }))
        keys.push_back(common);
    }
    insecure_ = (*table)["insecure"].value_or(false);
    values(*table, "", keys, settings);
    for (const SettingKey& each : keys) {
      const bool there = settings.values.contains(each.name) || settings.secrets.contains(each.name) ||
                         reported_.contains(name + "." + each.name);
      if (each.required && !there) {
        ConfigProblem& result = problem(key.source(), fmt::format("connection `{}` has no {}", name, each.name), false);
        result.secret_missing = true;
        result.help = each.kind == Kind::secret ? fmt::format("write {} = \"env:{}_{}\" in [connections.{}]", each.name,
                                                              uppercase(name), uppercase(each.name), name)
                                                : fmt::format("write {} = \"…\" in [connections.{}]", each.name, name);
      }
    }
    out_.config.connections[name] = std::move(settings);
  }

  void values(const toml::table& table, const std::string& prefix, const std::vector<SettingKey>& keys,
              Settings& settings) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (const toml::table* inner = node.as_table(); inner != nullptr && name == "rate") {
        rates(*inner, keys, settings);
        continue;
      }
      const bool section = std::any_of(keys.begin(), keys.end(),
                                       [&](const SettingKey& each) { return each.name.starts_with(name + "."); });
      if (node.is_table() && section) {
        values(*node.as_table(), name + ".", keys, settings);
        continue;
      }
      const auto found =
          std::find_if(keys.begin(), keys.end(), [&](const SettingKey& each) { return each.name == name; });
      if (found == keys.end()) {
        std::vector<std::string> known;
        for (const SettingKey& each : keys) {
          if (each.name.starts_with(prefix)) known.push_back(each.name.substr(prefix.size()));
        }
        unknown(key, fmt::format("connection `{}`", settings.name), known);
        continue;
      }
      value(*found, node, settings);
    }
  }

  void rates(const toml::table& table, const std::vector<SettingKey>& keys, Settings& settings) {
    std::vector<std::string> groups;
    for (const SettingKey& each : keys) {
      if (each.name.ends_with("_url")) groups.push_back(each.name.substr(0, each.name.size() - 4));
    }
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const auto text = node.value_exact<std::string>();
      const auto rate = text ? parse_rate(*text) : std::nullopt;
      if (std::find(groups.begin(), groups.end(), name) == groups.end())
        unknown(key, fmt::format("the rate of connection `{}`", settings.name), groups);
      else if (!rate)
        problem(node.source(), fmt::format("`{}` is no rate", name), true).help =
            "write a text such as \"300/min burst 20\", or \"off\"";
      else
        settings.rates[name] = *rate;
    }
  }

  void wrong(const SettingKey& key, const toml::node& node, const Settings& settings, const std::string& needed,
             const std::string& help) {
    reported_.insert(settings.name + "." + key.name);
    problem(node.source(), fmt::format("`{}` of connection `{}` {}", key.name, settings.name, needed),
            key.kind != Kind::secret && key.kind != Kind::url)
        .help = help;
  }

  void value(const SettingKey& key, const toml::node& node, Settings& settings) {
    const auto text = node.value_exact<std::string>();
    switch (key.kind) {
      case Kind::secret:
        if (!text)
          wrong(key, node, settings, "must be a text", fmt::format("write {} = \"env:NAME\"", key.name));
        else
          secret(key, node, *text, settings);
        return;
      case Kind::boolean:
        if (const auto flag = node.value_exact<bool>())
          settings.values[key.name] = Value(*flag);
        else
          wrong(key, node, settings, "must be true or false", "write it without quotes");
        return;
      case Kind::integer:
        if (const auto number = node.value_exact<std::int64_t>())
          settings.values[key.name] = Value(*number);
        else
          wrong(key, node, settings, "must be a whole number", "write it without quotes");
        return;
      case Kind::duration:
        if (const auto duration = text ? parse_duration(*text) : std::nullopt; !duration)
          wrong(key, node, settings, "must be a duration", "write a text such as \"60s\"");
        else if (*duration <= Duration(0))
          wrong(key, node, settings, "must be longer than zero", "write a text such as \"60s\"");
        else
          settings.values[key.name] = Value(*duration);
        return;
      case Kind::rate:
        if (const auto rate = text ? parse_rate(*text) : std::nullopt)
          settings.rates[""] = *rate;
        else
          wrong(key, node, settings, "must be a rate", "write a text such as \"8/s burst 8\", or \"off\"");
        return;
      case Kind::url:
        url(key, node, text, settings);
        return;
      case Kind::text:
      case Kind::table:
        break;
    }
    // Numbers that people write without quotes (a shipping point's id) are texts all the same.
    std::string plain;
    if (text)
      plain = *text;
    else if (const auto number = node.value_exact<std::int64_t>())
      plain = fmt::format("{}", *number);
    else
      return wrong(key, node, settings, "must be a text", "write it in double quotes");
    if (!key.values.empty() && std::find(key.values.begin(), key.values.end(), plain) == key.values.end()) {
      return wrong(key, node, settings, fmt::format("must be one of: {}", join(key.values, ", ")), "write one of them");
    }
    settings.values[key.name] = Value(plain);
  }

  void url(const SettingKey& key, const toml::node& node, const std::optional<std::string>& text, Settings& settings) {
    std::string clean = trimmed(text.value_or(""));
    const auto origin = http::origin_of(clean);
    if (!origin || origin->user) {
      return wrong(key, node, settings, "must be an http or https address",
                   "write a text such as \"https://shop.retailcrm.ru\", without a user and password");
    }
    if (origin->scheme == "http" && !origin->loopback && !insecure_) {
      return wrong(key, node, settings, "must be https: plain http to another machine is not encrypted",
                   "write https://, or insecure = true if you must");
    }
    while (clean.ends_with('/')) clean.pop_back();
    const std::size_t host = clean.find("://") + 3;
    const std::size_t path = std::min(clean.find_first_of("/?#", host), clean.size());
    if (!key.values.empty() && path < clean.size() &&
        std::find(key.values.begin(), key.values.end(), clean.substr(path)) == key.values.end()) {
      return wrong(key, node, settings, "has a page of the site behind the address",
                   fmt::format("write {} = \"{}\"", key.name, clean.substr(0, path)));
    }
    settings.values[key.name] = Value(clean);
  }

  void secret(const SettingKey& key, const toml::node& node, const std::string& text, Settings& settings) {
    const auto missing = [&](const std::string& note, const std::string& help) {
      ConfigProblem& result =
          problem(node.source(), fmt::format("connection `{}` has no {}", settings.name, key.name), true);
      // From the quote on, so that the mark stands below the reference.
      result.column += 1;
      result.width = text.size();
      result.note = note;
      result.help = help;
      result.secret_missing = true;
      reported_.insert(settings.name + "." + key.name);
    };
    // From the quote on, so that the mark stands below the reference; the value is never shown.
    const auto take = [&](const std::string& raw, const std::string& from, const std::string& help) {
      const std::string value = trimmed_ascii(raw);
      if (const std::string fault = fault_of_secret(value); !fault.empty()) {
        const bool reference = !from.empty();
        ConfigProblem& result = problem(
            node.source(), fmt::format("the {} of connection `{}` {}", key.name, settings.name, fault), reference);
        result.column += 1;
        result.width = reference ? text.size() : 1;
        result.note = from;
        result.help = help;
        reported_.insert(settings.name + "." + key.name);
        return;
      }
      settings.secrets[key.name] = Secret(value);
    };
    const std::string alone = "the secret alone belongs there, on one line, without quotes and without `Bearer`";
    if (text.starts_with("env:")) {
      const std::string variable = text.substr(4);
      const auto found = surroundings_.variable ? surroundings_.variable(variable) : std::nullopt;
      if (!found || trimmed_ascii(*found).empty()) {
        return missing(fmt::format("the environment has no {}", variable),
                       fmt::format("export {}=…, or keep it in a file: {} = \"file:/run/secrets/{}\"", variable,
                                   key.name, settings.name));
      }
      take(*found, fmt::format("the value of {}", variable), alone);
    } else if (text.starts_with("file:")) {
      const std::filesystem::path file(text.substr(5));
      const std::string path =
          file.is_absolute() ? file.string() : (std::filesystem::path(out_.config.directory) / file).string();
      const auto found = surroundings_.file ? surroundings_.file(path) : std::nullopt;
      if (!found || trimmed_ascii(*found).empty())
        return missing("this file cannot be read, or is empty", "put the secret there, readable by this user");
      take(*found, "the content of this file", alone);
    } else {
      take(text, "", alone);
      ConfigProblem& result = problem(
          node.source(),
          fmt::format("the {} of connection `{}` stands in pipewright.toml itself", key.name, settings.name), false);
      result.warning = true;
      result.help = fmt::format("keep it outside of git: {} = \"env:NAME\" or \"file:/path\"", key.name);
    }
  }

  const std::string& path_;
  const std::string& text_;
  const Registry& registry_;
  const Surroundings& surroundings_;
  std::vector<std::string> lines_;
  std::set<std::string> reported_;
  bool insecure_ = false;
  ConfigRead out_;
};

}  // namespace

ConfigRead read_config(const std::string& path, const std::string& text, const Registry& registry,
                       const Surroundings& surroundings) {
  return Reader(path, text, registry, surroundings).read();
}

std::string meaning_of(const Config& config, const Registry& registry) {
  std::string text;
  for (const auto& [name, settings] : config.connections) {
    const ConnectionType* type = registry.connection_type(settings.type);
    if (type == nullptr) continue;
    text += fmt::format("[{}] {}\n", name, settings.type);
    for (const SettingKey& key : type->keys) {
      const auto value = settings.values.find(key.name);
      if (value != settings.values.end() && key.has_meaning())
        text += fmt::format("{} = {}\n", key.name, write_json(value->second));
    }
  }
  return text;
}

Config default_config(const Registry& registry, const std::string& directory) {
  const Surroundings nothing;
  Config config = read_config("", "", registry, nothing).config;
  config.directory = directory;
  for (auto& [name, settings] : config.connections) settings.directory = directory;
  return config;
}

std::string render(const ConfigProblem& problem) {
  const std::string number = fmt::format("{}", problem.line);
  const std::string indent(number.size(), ' ');
  std::string out = fmt::format("{}: {}\n", problem.warning ? "warning" : "error", problem.message);
  out += fmt::format("{} --> {}:{}:{}\n", indent, problem.file, problem.line, problem.column);
  if (!problem.shown.empty()) {
    out += fmt::format("{}  |\n{} | {}\n{}  | {}{}{}{}\n", indent, number, problem.shown, indent,
                       std::string(problem.column - 1, ' '), std::string(std::max<std::size_t>(1, problem.width), '^'),
                       problem.note.empty() ? "" : " ", problem.note);
  }
  if (!problem.help.empty()) out += fmt::format("{}  |\nhelp: {}\n", indent, problem.help);
  return out;
}

}  // namespace pipewright::engine
