// Files that are compiled into the program: the standard library's declarations, the example pipelines, the
// explanations.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace pipewright::embedded {

struct File {
  std::string name;  ///< relative to the folder it was taken from
  std::string content;
};

std::span<const File> declarations();
std::span<const File> examples();
std::span<const File> explanations();

}  // namespace pipewright::embedded
