#include "cli/completions.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace pipewright::cli {
namespace {

std::string quoted(const std::string& text) {
  std::string made = "'";
  for (const char c : text) made += c == '\'' ? "'\\''" : std::string(1, c);
  return made + "'";
}

std::vector<std::string> names_of(const std::vector<Described>& commands) {
  std::vector<std::string> names;
  for (const Described& each : commands) {
    if (!each.name.empty() && each.name.find(' ') == std::string::npos) names.push_back(each.name);
  }
  return names;
}

// Subcommands of `events`: `show`, `retry`.
std::vector<const Described*> below(const std::vector<Described>& commands, const std::string& name) {
  std::vector<const Described*> found;
  for (const Described& each : commands) {
    if (each.name.starts_with(name + " ")) found.push_back(&each);
  }
  return found;
}

std::string bash(const std::vector<Described>& commands) {
  std::string out =
      "# bash completion of pipewright: source <(pipewright completions bash)\n"
      "_pipewright() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      -*) ;;\n";
  out += fmt::format("      {}) [ -z \"$command\" ] && command=${{COMP_WORDS[i]}} ;;\n", join(names_of(commands), "|"));
  for (const Described& each : commands) {
    const std::size_t space = each.name.find(' ');
    if (space == std::string::npos) continue;
    out += fmt::format("      {0}) [ \"$command\" = {1} ] && command={2} ;;\n", each.name.substr(space + 1),
                       each.name.substr(0, space), quoted(each.name));
  }
  out += "    esac\n  done\n  case $command:$before in\n";
  for (const Described& each : commands) {
    for (const Described::Option& option : each.options) {
      if (!option.takes_value) continue;
      const std::string at = each.name.empty() ? ":" + option.name : quoted(each.name) + ":" + option.name;
      if (!option.values.empty())
        out += fmt::format("    {}) COMPREPLY=($(compgen -W {} -- \"$word\")); return ;;\n", at,
                           quoted(join(option.values, " ")));
      else if (option.takes_file)
        out += fmt::format("    {}) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n", at);
      else
        out += fmt::format("    {}) return ;;\n", at);
    }
  }
  out += "  esac\n  case $command in\n";
  for (const Described& each : commands) {
    std::vector<std::string> words;
    for (const Described::Option& option : each.options) words.push_back(option.name);
    if (each.name.empty()) {
      for (const std::string& name : names_of(commands)) words.push_back(name);
    }
    for (const Described* inner : below(commands, each.name)) {
      if (!each.name.empty()) words.push_back(inner->name.substr(each.name.size() + 1));
    }
    words.insert(words.end(), each.values.begin(), each.values.end());
    out += fmt::format("    {}) COMPREPLY=($(compgen -W {} -- \"$word\"))",
                       each.name.empty() ? "''" : quoted(each.name), quoted(join(words, " ")));
    if (each.takes_files) {
      out +=
          "\n      [[ $word == -* ]] || COMPREPLY+=($(compgen -f -X '!*.pipe' -- \"$word\") $(compgen -d -- "
          "\"$word\"))";
    }
    out += " ;;\n";
  }
  out += "  esac\n}\ncomplete -o filenames -F _pipewright pipewright\n";
  return out;
}

// `name[help]:value:(a b)` of _arguments; what would end a part is escaped.
std::string zsh_text(const std::string& text) {
  std::string made;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') made.push_back('\\');
    made += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return made;
}

std::string zsh_arguments(const Described& command, const std::string& indent) {
  std::string out = indent + "_arguments";
  for (const Described::Option& option : command.options) {
    out += fmt::format(" \\\n{}  '{}[{}]", indent, option.name, zsh_text(option.help));
    if (option.takes_value) {
      out += ":value:";
      if (!option.values.empty())
        out += "(" + join(option.values, " ") + ")";
      else if (option.takes_file)
        out += "_files";
    }
    out += "'";
  }
  if (!command.values.empty()) out += fmt::format(" \\\n{}  '*:value:({})'", indent, join(command.values, " "));
  if (command.takes_files) out += fmt::format(" \\\n{}  '*:file:_files -g \"*.pipe(-.)\"'", indent);
  return out + "\n";
}

std::string zsh(const std::vector<Described>& commands) {
  std::string out =
      "#compdef pipewright\n"
      "# zsh completion of pipewright: pipewright completions zsh > \"${fpath[1]}/_pipewright\"\n"
      "_pipewright() {\n"
      "  local state line\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const Described& each : commands) {
    if (!each.name.empty() && each.name.find(' ') == std::string::npos)
      out += fmt::format("    '{}:{}'\n", each.name, zsh_text(each.help));
  }
  out +=
      "  )\n  _arguments -C '1: :->command' '*::argument:->arguments'\n  case $state in\n"
      "    command) _describe command commands ;;\n    arguments)\n      case $words[1] in\n";
  for (const Described& each : commands) {
    if (each.name.empty() || each.name.find(' ') != std::string::npos) continue;
    out += fmt::format("        {})\n", each.name);
    const auto inner = below(commands, each.name);
    if (!inner.empty()) {
      out += "          case $words[2] in\n";
      std::vector<std::string> words;
      for (const Described* one : inner) {
        const std::string name = one->name.substr(each.name.size() + 1);
        words.push_back(name);
        out += fmt::format("            {}) shift words; (( CURRENT-- ))\n", name) +
               zsh_arguments(*one, "              ") + "              return ;;\n";
      }
      out += "          esac\n";
      Described with = each;
      with.values = words;
      out += zsh_arguments(with, "          ");
    } else {
      out += zsh_arguments(each, "          ");
    }
    out += "          ;;\n";
  }
  out += "      esac ;;\n  esac\n}\n_pipewright \"$@\"\n";
  return out;
}

std::string fish(const std::vector<Described>& commands) {
  std::string out =
      "# fish completion of pipewright: pipewright completions fish > ~/.config/fish/completions/pipewright.fish\n"
      "complete -c pipewright -f\n";
  for (const Described& each : commands) {
    const std::size_t space = each.name.find(' ');
    const bool inner = space != std::string::npos;
    std::string when = "__fish_use_subcommand";
    if (inner)
      when = fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}",
                         each.name.substr(0, space), each.name.substr(space + 1));
    else if (!each.name.empty())
      when = "__fish_seen_subcommand_from " + each.name;
    if (!each.name.empty()) {
      const std::string from =
          inner ? "__fish_seen_subcommand_from " + each.name.substr(0, space) : "__fish_use_subcommand";
      out += fmt::format("complete -c pipewright -n {} -a {} -d {}\n", quoted(from),
                         quoted(inner ? each.name.substr(space + 1) : each.name), quoted(each.help));
    }
    for (const Described::Option& option : each.options) {
      out += fmt::format("complete -c pipewright -n {} -l {} -d {}", quoted(when), option.name.substr(2),
                         quoted(option.help));
      if (option.takes_value) out += option.takes_file ? " -r -F" : " -x";
      if (!option.values.empty()) out += " -a " + quoted(join(option.values, " "));
      out += "\n";
    }
    if (!each.values.empty())
      out += fmt::format("complete -c pipewright -n {} -a {}\n", quoted(when), quoted(join(each.values, " ")));
    if (each.takes_files)
      out += fmt::format("complete -c pipewright -n {} -a '(__fish_complete_suffix .pipe)'\n", quoted(when));
  }
  return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const std::vector<Described>& commands) {
  if (shell == "bash") return bash(commands);
  return shell == "zsh" ? zsh(commands) : fish(commands);
}

}  // namespace pipewright::cli
