// What the editor has open, laid over what is on disk, and the checked program of each file: the same that `validate`
// checks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/lsp/text.hpp"
#include "cli/project.hpp"
#include "dsl/index.hpp"

namespace pipewright::cli::lsp {

/// An open document. What is no file (`untitled:…`) has its URI for a path.
struct Document {
  std::string uri;  ///< as the editor writes it
  std::string path;
  std::int64_t version = 0;
  std::uint64_t revision = 0;  ///< no two texts of this process have the same
  std::shared_ptr<const Text> text;
};

/// A file with what it imports, checked.
struct Analysis {
  dsl::Checked checked;
  dsl::Index index;
  std::vector<std::string> paths;                  ///< by SourceId, absolute; the file itself is the first
  std::vector<std::shared_ptr<const Text>> texts;  ///< by SourceId
  std::shared_ptr<const Project> project;          ///< its configuration and what is declared
  std::string folder;                              ///< the names of the sources are relative to it
  bool config_broken = false;                      ///< `validate` says that alone
};

std::string path_of_uri(const std::string& uri);
std::string uri_of_path(const std::string& path);

class Workspace {
 public:
  Workspace();

  /// One configuration for every program; without it each is looked for as the commands do.
  void use_config(const std::string& path);
  void add_folder(const std::string& uri);
  void remove_folder(const std::string& uri);
  [[nodiscard]] const std::vector<std::string>& folders() const { return folders_; }

  void open(const std::string& uri, std::int64_t version, std::string text);
  void change(Document& document, std::int64_t version, std::string text);
  void close(const std::string& uri);
  [[nodiscard]] Document* document(const std::string& uri);
  [[nodiscard]] const std::map<std::string, Document>& documents() const { return documents_; }  ///< by path

  /// The text of a file as the editor sees it: the open one, else what is on disk.
  [[nodiscard]] std::optional<std::string> text_of(const std::string& path) const;
  [[nodiscard]] std::string uri_of(const std::string& path) const;

  /// Never a stale one: whatever it was made from is looked at first. Nothing for a file that is not there.
  std::shared_ptr<const Analysis> analysis(const std::string& path);
  /// The program of a file when these texts (by path) stand for theirs, checked anew; `probe` is a place in the file
  /// whose `here` is wanted. Nothing for a file that is not there.
  std::shared_ptr<const Analysis> analysis_with(const std::string& path, std::map<std::string, std::string> texts,
                                                std::optional<std::uint32_t> probe = std::nullopt);
  /// Where the standard library declares something; see dsl::catalog_places.
  [[nodiscard]] const dsl::Declared* standard_place(const std::string& key) const;
  /// All `.pipe` files of the workspace's folders, and those that are open.
  [[nodiscard]] std::vector<std::string> files() const;
  [[nodiscard]] const dsl::Catalog& catalog() const { return bare_->catalog; }

 private:
  struct Kept {
    std::shared_ptr<const Analysis> analysis;
    std::vector<std::pair<std::string, std::string>> stamps;  ///< what it was made from, and how that looked
  };

  [[nodiscard]] std::string stamp(const std::string& path) const;
  [[nodiscard]] std::string place_of(const std::string& path) const;  ///< where what is no file would be
  [[nodiscard]] std::string folder_of(const std::string& path) const;
  std::shared_ptr<const Project> project_of(const std::string& path, std::vector<std::string>& read);
  std::shared_ptr<const Analysis> made(const std::string& path, const std::string& text, std::vector<std::string>& read,
                                       std::optional<std::uint32_t> probe);

  std::string config_;
  std::vector<std::string> folders_;
  std::map<std::string, Document> documents_;
  std::map<std::string, std::string> trial_;  ///< texts that stand for others for a moment
  std::uint64_t revisions_ = 0;
  std::shared_ptr<const Project> bare_;  ///< what is declared, without a configuration
  std::map<std::string, dsl::Declared> places_;
  std::map<std::string, std::pair<std::string, std::shared_ptr<const Project>>> projects_;  ///< by configuration
  std::map<std::string, Kept> analyses_;
};

}  // namespace pipewright::cli::lsp
