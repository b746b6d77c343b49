#include "tests/support/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace pipewright::test {
namespace {

std::filesystem::path temporary_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "pipewright-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return pattern;
}

}  // namespace

std::string Finished::last_line() const {
  std::string text = out;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t start = text.rfind('\n');
  return start == std::string::npos ? text : text.substr(start + 1);
}

Running::Running(const std::vector<std::string>& words, const std::string& folder,
                 const std::map<std::string, std::string>& environment)
    : folder_(folder) {
  static int number = 0;
  ++number;
  out_ = folder + "/.out" + std::to_string(number);
  err_ = folder + "/.err" + std::to_string(number);
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string text = *each;
    if (!environment.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> argv;
  std::string program = PIPEWRIGHT_BINARY;
  argv.push_back(program.data());
  std::vector<std::string> copies = words;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, 2, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + program);
}

Running::~Running() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
}

void Running::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 200; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool Running::says(const std::string& text) const {
  return soon([&] { return has(read_file(err_), text); });
}

Finished Running::wait() {
  Finished finished;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  finished.out = read_file(out_);
  finished.err = read_file(err_);
  return finished;
}

Finished Running::stop() {
  signal(SIGTERM);
  return wait();
}

Shop::Shop(Options options, const std::string& program)
    : wb(options.wb), crm(options.crm), folder_(temporary_folder()) {
  std::string text = "[connections.wb]\ntype = \"wildberries\"\ntoken = \"env:WB_TOKEN\"\n";
  for (const char* host : {"marketplace", "statistics", "analytics", "content"})
    text += std::string(host) + "_url = \"" + wb.url() + "\"\n";
  if (!options.limits) text += "rate = \"off\"\n";
  text += options.wb_keys;
  text += "\n[connections.crm]\ntype = \"retailcrm\"\nurl = \"" + crm.url() + "\"\nkey = \"env:CRM_KEY\"\nsite = \"" +
          options.crm.sites.front() + "\"\n";
  if (!options.limits) text += "rate = \"off\"\n";
  text += options.crm_keys + "\n" + options.extra_toml;
  write("pipewright.toml", text);
  if (!program.empty()) write("shop.pipe", program);
  environment = {
      {"WB_TOKEN", wb.credential()}, {"CRM_KEY", crm.credential()}, {"TZ", "America/New_York"}, {"NO_COLOR", "1"}};
}

Shop::~Shop() {
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

void Shop::write(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories((folder_ / name).parent_path());
  std::ofstream out(folder_ / name, std::ios::binary);
  out << text;
}

std::string Shop::read(const std::string& name) const { return read_file((folder_ / name).string()); }

void Shop::write_example(const std::string& name) const {
  write(name, read_file(std::string(PIPEWRIGHT_SOURCE_DIR) + "/pipelines/" + name));
}

Finished Shop::run(std::vector<std::string> words) { return start(std::move(words))->wait(); }

std::unique_ptr<Running> Shop::start(std::vector<std::string> words) {
  return std::make_unique<Running>(words, folder_.string(), environment);
}

std::map<std::string, int> Shop::once(const std::vector<std::string>& more) {
  std::vector<std::string> words = {"run", "--once"};
  words.insert(words.end(), more.begin(), more.end());
  const Finished finished = run(words);
  std::map<std::string, int> counts;
  int events = -1, written = -1, unchanged = -1, skipped = -1, parked = -1;
  if (std::sscanf(finished.last_line().c_str(), "done: %d events, %d written, %d unchanged, %d skipped, %d parked",
                  &events, &written, &unchanged, &skipped, &parked) != 5) {
    throw std::runtime_error("no closing line; status " + std::to_string(finished.status) + "\n" + finished.out +
                             finished.err);
  }
  return {{"status", finished.status}, {"events", events},   {"written", written},
          {"unchanged", unchanged},    {"skipped", skipped}, {"parked", parked}};
}

void Shop::killed_after(std::chrono::milliseconds time) {
  const auto running = start({"run", "--once"});
  std::this_thread::sleep_for(time);
  running->signal(SIGKILL);
  running->wait();
}

std::int64_t Shop::order_id(std::int64_t task) const {
  return orders().at(std::to_string(task)).front()["id"].get<std::int64_t>();
}

std::string Shop::supplier_status(std::int64_t task) const {
  const Json state = wb.state();
  for (const Json& each : state["orders"]) {
    if (each["id"] == task) return each["supplierStatus"];
  }
  return {};
}

std::map<std::string, std::vector<Json>> Shop::orders() const {
  std::map<std::string, std::vector<Json>> result;
  const Json state = crm.state();
  for (const Json& order : state["orders"]) result[order.value("externalId", "")].push_back(order);
  return result;
}

std::vector<Json> Shop::events(bool all) {
  std::vector<std::string> words = {"events", "--format", "json"};
  if (all) words.emplace_back("--all");
  std::istringstream lines(run(words).out);
  std::vector<Json> result;
  for (std::string line; std::getline(lines, line);) result.push_back(Json::parse(line));
  return result;
}

std::size_t Shop::crm_writes() const {
  std::size_t count = 0;
  const Json requests = crm.log();
  for (const Json& request : requests) count += request["method"] == "POST" ? 1 : 0;
  return count;
}

}  // namespace pipewright::test
