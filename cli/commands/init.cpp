// pipewright init: a project that validates, tests and dry-runs at once. Overwrites nothing.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/embedded.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"

namespace pipewright::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* gitignore = R"(# The state of the engine: events, cursors, what was seen.
*.db
*.db-wal
*.db-shm

# Secrets, where they are kept in files.
.env
secrets/
)";

constexpr const char* workflow =
    R"(# Checks the pipelines on every push and annotates pull requests. Set the repository variable PIPEWRIGHT_REPOSITORY to
# where pipewright is cloned from. No secret is needed: nothing here speaks to an account.
name: pipelines
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    container: debian:12
    steps:
      - name: install git
        run: apt-get update -qq && apt-get install -y -qq --no-install-recommends git ca-certificates
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with:
          path: /opt/pipewright
          key: pipewright-${{ vars.PIPEWRIGHT_REPOSITORY }}
      - name: build pipewright
        run: |
          [ -x /opt/pipewright/dev ] || git clone --depth 1 "${{ vars.PIPEWRIGHT_REPOSITORY }}" /opt/pipewright
          cd /opt/pipewright && ./dev build
          echo /opt/pipewright/build/release >> "$GITHUB_PATH"
      - name: validate
        run: pipewright validate --deny-warnings --format github
      - name: format
        run: pipewright fmt --check
      - name: test
        run: pipewright test --format junit > tests.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: tests
          path: tests.xml
)";

/// Writes files that are not there yet.
class Writer {
 public:
  explicit Writer(fs::path folder) : folder_(std::move(folder)) {}

  bool write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) {
      ++kept_;
      fmt::print("kept     {}\n", path.lexically_normal().string());
      return true;
    }
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.flush();
    if (!out) {
      tell_error(fmt::format("{} cannot be written: {}", path.lexically_normal().string(), std::strerror(errno)),
                 "may this user write there?");
      return false;
    }
    ++made_;
    fmt::print("created  {}\n", path.lexically_normal().string());
    return true;
  }
  [[nodiscard]] int made() const { return made_; }
  [[nodiscard]] int kept() const { return kept_; }

 private:
  fs::path folder_;
  int made_ = 0;
  int kept_ = 0;
};

}  // namespace

int init(const Options& options) {
  const fs::path folder = options.directory.empty() ? fs::path(".") : fs::path(options.directory);
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    tell_error(fmt::format("{} is no folder", folder.string()), "name a folder that is there, or a new one");
    return Status::usage;
  }
  Writer writer(folder);
  bool fine = true;
  for (const embedded::File& file : embedded::examples()) fine = fine && writer.write(file.name, file.content);
  fine = fine && writer.write(".gitignore", gitignore) && writer.write(".github/workflows/pipewright.yml", workflow);
  if (!fine) return Status::usage;
  fmt::print("{} created, {} kept\n", writer.made(), writer.kept());
  const std::string where = folder == "." ? "" : fmt::format("  cd {}\n", folder.string());
  fmt::print(
      "next:\n{}  pipewright test                   the tests of the examples\n"
      "  pipewright dry-run --sandbox      what they would do, against a local Wildberries and retailCRM\n"
      "  edit pipewright.toml (address, store), export WB_TOKEN=… CRM_KEY=…, then: pipewright dry-run\n",
      where);
  return Status::fine;
}

}  // namespace pipewright::cli
