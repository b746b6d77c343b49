// The shells' completion scripts, from a description of the command line.
#pragma once

#include <string>
#include <vector>

namespace pipewright::cli {

struct Described {
  struct Option {
    std::string name;  ///< `--format`
    std::string help;
    bool takes_value = false;
    bool takes_file = false;
    std::vector<std::string> values;  ///< what it may be; empty: anything
  };
  std::string name;  ///< `events show`; empty: the program itself
  std::string help;
  std::vector<Option> options;
  std::vector<std::string> values;  ///< of what stands without an option
  bool takes_files = false;         ///< `.pipe` files and folders
};

/// `shell` is bash, zsh or fish. The first of `commands` is the program itself.
std::string completion_script(const std::string& shell, const std::vector<Described>& commands);

}  // namespace pipewright::cli
