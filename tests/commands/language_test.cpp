// The commands that work on the text of a program, as they are called: fmt, explain, validate.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace fs = std::filesystem;

namespace {

struct Finished {
  int status;
  std::string out;
  std::string err;
};

/// A folder of its own, in which the program is called.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "pipewright-test-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] fs::path path(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
    return text.str();
  }
  /// `words` for the shell, `input` on standard input.
  [[nodiscard]] Finished run(const std::string& words, const std::string& input = "") const {
    const Outside outside;
    const auto file = [&](const char* name) { return (outside.path / name).string(); };
    std::ofstream(file("in"), std::ios::binary) << input;
    const int status = std::system(fmt::format("cd '{}' && NO_COLOR=1 '{}' {} < '{}' > '{}' 2> '{}'", path_.string(),
                                               PIPEWRIGHT_BINARY, words, file("in"), file("out"), file("err"))
                                       .c_str());
    const auto text = [&](const char* name) {
      std::ostringstream content;
      content << std::ifstream(file(name), std::ios::binary).rdbuf();
      return content.str();
    };
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text("out"), text("err")};
  }

 private:
  struct Outside {
    fs::path path;
    Outside() {
      std::string pattern = (fs::temp_directory_path() / "pipewright-test-XXXXXX").string();
      REQUIRE(::mkdtemp(pattern.data()) != nullptr);
      path = pattern;
    }
    ~Outside() {
      std::error_code error;
      fs::remove_all(path, error);
    }
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;
  };
  fs::path path_;
};

constexpr const char* odd = "\xEF\xBB\xBFon   wb.fbs.new\r\n\t-> crm.order{external_id:order.id}   # why\r\n\r\n";
constexpr const char* canonical = "on wb.fbs.new\n  -> crm.order { external_id: order.id }  # why\n";
constexpr const char* broken = "on wb.fbs.new\n  -> crm.order { external_id: }\n";

}  // namespace

TEST_CASE("fmt rewrites files in place, names them, keeps their mode, and a second time does nothing") {
  Folder folder;
  folder.write("a.pipe", odd);
  folder.write("b.pipe", canonical);
  fs::permissions(folder.path("a.pipe"), static_cast<fs::perms>(0640));
  struct stat before{};
  ::stat(folder.path("b.pipe").c_str(), &before);
  const Finished first = folder.run("fmt");
  CHECK(first.status == 0);
  CHECK(first.out == "a.pipe\n");
  CHECK(first.err == "");
  CHECK(folder.read("a.pipe") == canonical);
  struct stat after{};
  ::stat(folder.path("a.pipe").c_str(), &after);
  CHECK((after.st_mode & 07777) == 0640);
  ::stat(folder.path("b.pipe").c_str(), &after);
  CHECK(after.st_ino == before.st_ino);  // what is canonical is not touched
  const Finished second = folder.run("fmt a.pipe b.pipe");
  CHECK(second.status == 0);
  CHECK(second.out == "");
  CHECK(std::distance(fs::directory_iterator(folder.path("")), fs::directory_iterator()) == 2);
}

TEST_CASE("fmt follows a symbolic link to the file") {
  Folder folder;
  folder.write("real/a.pipe", odd);
  fs::create_symlink("real/a.pipe", folder.path("link.pipe"));
  CHECK(folder.run("fmt link.pipe").status == 0);
  CHECK(fs::is_symlink(folder.path("link.pipe")));
  CHECK(folder.read("real/a.pipe") == canonical);
}

TEST_CASE("fmt --check writes nothing and names each file that would change") {
  Folder folder;
  folder.write("a.pipe", odd);
  folder.write("b.pipe", canonical);
  folder.write("c.pipe", "let a=1\n");
  const Finished finished = folder.run("fmt --check .");
  CHECK(finished.status == 1);
  CHECK(finished.out == "a.pipe\nc.pipe\n");
  CHECK(folder.read("a.pipe") == odd);
  CHECK(folder.run("fmt --check b.pipe").status == 0);
}

TEST_CASE("fmt - formats standard input") {
  Folder folder;
  const Finished finished = folder.run("fmt -", odd);
  CHECK(finished.status == 0);
  CHECK(finished.out == canonical);
  CHECK(folder.run("fmt - --check", odd).status == 1);
  CHECK(folder.run("fmt - --check", canonical).status == 0);
  const Finished bad = folder.run("fmt -", broken);
  CHECK(bad.status == 1);
  CHECK(bad.out == "");
  CHECK(bad.err.find("<stdin>:2:") != std::string::npos);
}

TEST_CASE("a file that does not parse is told of and left alone, the others are formatted") {
  Folder folder;
  folder.write("a.pipe", broken);
  folder.write("b.pipe", odd);
  const Finished finished = folder.run("fmt");
  CHECK(finished.status == 1);
  CHECK(finished.out == "b.pipe\n");
  CHECK(finished.err.find("a.pipe:2:") != std::string::npos);
  CHECK(finished.err.find("a.pipe does not parse and is left as it is") != std::string::npos);
  CHECK(folder.read("a.pipe") == broken);
  CHECK(folder.read("b.pipe") == canonical);
}

TEST_CASE("fmt: what is no file ends with 2") {
  Folder folder;
  CHECK(folder.run("fmt").status == 2);
  CHECK(folder.run("fmt missing.pipe").status == 2);
  folder.write("a.pipe", canonical);
  CHECK(folder.run("fmt - a.pipe").status == 2);
  CHECK(folder.run("fmt --chekc").status == 2);
}

TEST_CASE("explain prints the page of a code, however it is written") {
  Folder folder;
  const std::string page = folder.run("explain P0203").out;
  CHECK(page.starts_with("# P0203: a record has no such field\n"));
  for (const char* code : {"p0203", "0203", "203", "'error[P0203]'", "P203"}) {
    const Finished finished = folder.run(fmt::format("explain {}", code));
    CHECK(finished.status == 0);
    CHECK(finished.out == page);
  }
}

TEST_CASE("explain of what is no code names one that is close, and ends with 2") {
  Folder folder;
  const Finished close = folder.run("explain P0230");
  CHECK(close.status == 2);
  CHECK(close.out == "");
  CHECK(close.err.find("did you mean `P0203`?") != std::string::npos);
  CHECK(folder.run("explain order").status == 2);
}

TEST_CASE("explain without a code lists all of them") {
  Folder folder;
  const Finished finished = folder.run("explain");
  CHECK(finished.status == 0);
  CHECK(finished.out.find("P0203  a record has no such field\n") != std::string::npos);
  CHECK(finished.out.find("P0413  a table that nobody uses (a warning)\n") != std::string::npos);
}

TEST_CASE("validate --fix mends the files that are named, says what, and reports what is left") {
  Folder folder;
  folder.write("a.pipe", "on wb.fbs.new\n  -> where order.price > 1 && true\n  -> log.info \"{order.nothing}\";\n");
  folder.write("b.pipe", canonical);
  const Finished finished = folder.run("validate --fix");
  CHECK(finished.status == 1);
  CHECK(
      finished.out.starts_with("fixed a.pipe:2: `&&` is written `and` here: `&&` → `and`\n"
                               "fixed a.pipe:3: `;` ends nothing here: removed `;`\n"
                               "error[P0203]: "));
  CHECK(folder.read("a.pipe") ==
        "on wb.fbs.new\n  -> where order.price > 1 and true\n  -> log.info \"{order.nothing}\"\n");
  CHECK(folder.read("b.pipe") == canonical);
  const Finished json = folder.run("validate --fix --format json");
  CHECK(json.out.starts_with("{\"diagnostics\":[{"));
}

TEST_CASE("validate --fix of what is fine touches nothing") {
  Folder folder;
  folder.write("a.pipe", odd);
  struct stat before{};
  ::stat(folder.path("a.pipe").c_str(), &before);
  const Finished finished = folder.run("validate --fix a.pipe");
  CHECK(finished.status == 0);
  CHECK(finished.out == "a.pipe: 1 pipeline, no problems\n");
  CHECK(folder.read("a.pipe") == odd);
  struct stat after{};
  ::stat(folder.path("a.pipe").c_str(), &after);
  CHECK(after.st_ino == before.st_ino);
}

TEST_CASE("validate --format sarif and github are for machines, with the status of validate") {
  Folder folder;
  folder.write("a.pipe", broken);
  const Finished sarif = folder.run("validate --format sarif");
  CHECK(sarif.status == 1);
  const auto log = nlohmann::json::parse(sarif.out);
  CHECK(log["version"] == "2.1.0");
  const auto& run = log["runs"][0];
  CHECK(run["columnKind"] == "utf16CodeUnits");
  const auto& result = run["results"][0];
  const auto& rule = run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()];
  CHECK(rule["id"] == result["ruleId"]);
  CHECK(rule["help"]["markdown"].get<std::string>().starts_with("# P0"));
  CHECK(result["locations"][0]["physicalLocation"]["region"]["startLine"] == 2);
  const Finished github = folder.run("validate --format github");
  CHECK(github.status == 1);
  CHECK(github.out.starts_with("::error file=a.pipe,line=2,"));
  folder.write("a.pipe", canonical);
  CHECK(folder.run("validate --format github").out == "");
  CHECK(nlohmann::json::parse(folder.run("validate --format sarif").out)["runs"][0]["results"].empty());
}
