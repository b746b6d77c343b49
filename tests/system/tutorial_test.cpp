// docs/tutorial.md and its Russian twin: every command is run, every screen of an editor (tests/lsp/screen.hpp) asked
// of the language server, every output compared. PIPEWRIGHT_ACCEPT=1 rewrites the outputs; read the diff.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/lsp/screen.hpp"

namespace fs = std::filesystem;

namespace {

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "tutorial.XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path, error);
  }
};

// Both streams, as a terminal would show them. Times and drawn ids differ from run to run: they stand as one moment.
std::string output_of(const std::string& command, const fs::path& folder) {
  const std::string whole = "cd " + folder.string() + " && env -u WB_TOKEN -u CRM_KEY NO_COLOR=1 PATH=\"" +
                            fs::path(PIPEWRIGHT_BINARY).parent_path().string() + ":$PATH\" sh -c '" + command +
                            "' 2>&1";
  FILE* pipe = popen(whole.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string out;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), got);
  pclose(pipe);
  return out;
}

std::string quoted(const std::string& command) {
  std::string made;
  for (const char c : command) made += c == '\'' ? "'\\''" : std::string(1, c);
  return made;
}

// Any moment is the same one, and as wide.
std::string steady(const std::string& line) {
  std::string made = line;
  for (std::size_t at = 0; at + 20 <= made.size(); ++at) {
    const std::string_view part = std::string_view(made).substr(at, 20);
    const bool time =
        part.substr(0, 2) == "20" && part[4] == '-' && part[7] == '-' && part[10] == 'T' && part[19] == 'Z';
    if (time) made.replace(at, 20, "2026-11-23T10:00:00Z");
  }
  return made;
}

/// The page with the outputs of today.
std::string played(const std::string& page) {
  const Folder folder;
  std::string made;
  const std::vector<std::string> lines = lines_of(page);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    made += lines[i] + "\n";
    if (lines[i].starts_with("```pipe ")) {
      std::ofstream out(folder.path / lines[i].substr(8), std::ios::binary);
      for (++i; i < lines.size() && lines[i] != "```"; ++i) {
        out << lines[i] << "\n";
        made += lines[i] + "\n";
      }
      made += "```\n";
    } else if (lines[i].starts_with("```editor ")) {
      const std::string name = lines[i].substr(10);
      std::vector<std::string> block;
      for (++i; i < lines.size() && lines[i] != "```"; ++i) block.push_back(lines[i]);
      std::ofstream(folder.path / name, std::ios::binary) << pipewright::test::typed(block);
      for (const std::string& line : pipewright::test::screen(name, block)) made += line + "\n";
      made += "```\n";
    } else if (lines[i] == "```console") {
      for (++i; i < lines.size() && lines[i] != "```"; ++i) {
        if (!lines[i].starts_with("$ ")) continue;
        made += lines[i] + "\n";
        for (const std::string& line : lines_of(output_of(quoted(lines[i].substr(2)), folder.path)))
          made += steady(line) + "\n";
      }
      made += "```\n";
    }
  }
  return made;
}

void compare(const fs::path& path) {
  const std::string page = content_of(path);
  REQUIRE(page.size() > 1000);
  const std::string today = played(page);
  const char* accept = std::getenv("PIPEWRIGHT_ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") {
    if (today != page) std::ofstream(path, std::ios::binary) << today;
    return;
  }
  const std::vector<std::string> expected = lines_of(page);
  const std::vector<std::string> got = lines_of(today);
  for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
    const std::string a = i < expected.size() ? expected[i] : "(the page ends)";
    const std::string b = i < got.size() ? got[i] : "(nothing)";
    INFO(path.filename().string() << ":" << i + 1);
    REQUIRE(b == a);
  }
}

}  // namespace

TEST_CASE("every command of the tutorial says what the tutorial shows") {
  compare(PIPEWRIGHT_SOURCE_DIR "/docs/tutorial.md");
}

TEST_CASE("every command of the Russian tutorial says what it shows") {
  compare(PIPEWRIGHT_SOURCE_DIR "/docs/ru/tutorial.md");
}

TEST_CASE("a screen that the editor would not show is noticed") {
  const std::string page =
      "```editor a.pipe\non wb.fbs.|\n--- offered\nwb.fbs.changed   order: wb.fbs.order\n"
      "wb.fbs.new       order: wb.fbs.order\n```\n"
      "```editor a.pipe\non wb.fbs.nwe|\n--- told\nline 1, error P0202: there is no source `wb.fbs.nwe`\n"
      "  help: did you mean `wb.fbs.new`?\n--- mends\nWrite wb.fbs.new\n--- after Write wb.fbs.new\non "
      "wb.fbs.new\n```\n";
  CHECK(played(page) == page);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = page;
    return other.replace(other.find(from), from.size(), to);
  };
  const std::pair<const char*, const char*> lies[] = {
      {"wb.fbs.changed ", "wb.fbs.moved   "},     {"order: wb.fbs.order\n", "order: wb.dbs.order\n"},
      {"line 1, error", "line 2, error"},         {"  help: did you mean `wb.fbs.new`?\n", ""},
      {"mends\nWrite wb.fbs.new", "mends\nnone"}, {"on wb.fbs.new\n```", "on wb.fbs.nwe\n```"}};
  for (const auto& [from, to] : lies) {
    INFO(from);
    CHECK(played(changed(from, to)) == page);
  }
}
