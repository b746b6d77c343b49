#include "tests/lsp/client.hpp"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

extern char** environ;

namespace pipewright::test {
namespace {

constexpr int patience = 20'000;  // milliseconds, for a machine that builds meanwhile

// The byte at a place that is counted in UTF-16 units.
std::size_t byte_at(const std::string& text, const Json& position) {
  std::size_t at = 0;
  for (auto line = position["line"].get<std::size_t>(); line > 0 && at < text.size(); --line) {
    const std::size_t end = text.find('\n', at);
    at = end == std::string::npos ? text.size() : end + 1;
  }
  for (auto units = position["character"].get<std::size_t>(); units > 0 && at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    units -= std::min<std::size_t>(units, byte >= 0xF0 ? 2 : 1);
    for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;) ++at;
  }
  return at;
}

}  // namespace

std::string applied(const std::string& text, const Json& edits) {
  struct Change {
    std::size_t begin;
    std::size_t end;
    std::string text;
  };
  std::vector<Change> changes;
  for (const Json& edit : edits)
    changes.push_back({byte_at(text, edit["range"]["start"]), byte_at(text, edit["range"]["end"]), edit["newText"]});
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.begin > b.begin; });
  std::string made = text;
  for (const Change& each : changes) made.replace(each.begin, each.end - each.begin, each.text);
  return made;
}

Client::Client(const std::vector<std::string>& options) {
  std::string pattern = (std::filesystem::temp_directory_path() / "pipewright-lsp-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  int in[2];
  int out[2];
  if (::pipe(in) != 0 || ::pipe(out) != 0) throw std::runtime_error("no pipe");
  to_ = in[1];
  from_ = out[0];
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    if (!std::string(*each).starts_with("XDG_CACHE_HOME=")) variables.emplace_back(*each);
  }
  variables.push_back("XDG_CACHE_HOME=" + path(".cache"));
  std::vector<char*> envp;
  for (std::string& each : variables) envp.push_back(each.data());
  envp.push_back(nullptr);
  std::string program = PIPEWRIGHT_BINARY;
  std::vector<std::string> words = {program, "lsp"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& each : words) argv.push_back(each.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_addclose(&actions, to_);
  posix_spawn_file_actions_addclose(&actions, from_);
  const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (failed != 0) throw std::runtime_error("cannot start " + program);
}

Client::~Client() {
  close_input();
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
  ::close(from_);
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

void Client::close_input() {
  if (to_ >= 0) ::close(to_);
  to_ = -1;
}

int Client::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Client::write(const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::write(to_, bytes.data() + at, bytes.size() - at);
    if (count <= 0) throw std::runtime_error("the server does not read");
    at += static_cast<std::size_t>(count);
  }
}

void Client::send(const Json& message) {
  const std::string content = message.dump();
  write("Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content);
}

Json Client::receive() {
  while (true) {
    const std::size_t head = pending_.find("\r\n\r\n");
    if (head != std::string::npos) {
      const std::size_t length = std::stoul(pending_.substr(16, head - 16));
      if (pending_.size() >= head + 4 + length) {
        Json message = Json::parse(pending_.substr(head + 4, length));
        pending_.erase(0, head + 4 + length);
        return message;
      }
    }
    pollfd input{from_, POLLIN, 0};
    if (::poll(&input, 1, patience) <= 0) throw std::runtime_error("the server says nothing");
    char bytes[1 << 16];
    const ssize_t count = ::read(from_, bytes, sizeof bytes);
    if (count <= 0) throw std::runtime_error("the server has ended");
    pending_.append(bytes, static_cast<std::size_t>(count));
  }
}

Json Client::answer(const std::string& method, const Json& params) {
  const int id = ++next_id_;
  send({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}});
  while (true) {
    Json message = receive();
    if (message.value("id", Json()) == id && !message.contains("method")) return message;
    if (message.value("method", "") == "textDocument/publishDiagnostics")
      diagnostics_[message["params"]["uri"]].push_back(message["params"]);
  }
}

Json Client::request(const std::string& method, const Json& params) {
  Json message = answer(method, params);
  if (!message.contains("result")) throw std::runtime_error(method + ": " + message.dump());
  return message["result"];
}

void Client::notify(const std::string& method, const Json& params) {
  send({{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
}

Json Client::begin(const Json& workspace_capabilities) {
  Json result =
      request("initialize", {{"processId", nullptr},
                             {"workspaceFolders", {{{"uri", "file://" + folder_.string()}, {"name", "shop"}}}},
                             {"capabilities",
                              {{"textDocument", {{"completion", {{"completionItem", {{"snippetSupport", true}}}}}}},
                               {"workspace", workspace_capabilities}}}});
  notify("initialized");
  return result;
}

std::string Client::without_mark(const std::string& name, const std::string& text) {
  const std::size_t at = text.find('|');
  if (at == std::string::npos) return texts_[name] = text;
  const std::string before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  std::size_t units = 0;
  for (const char c : before.substr(start)) {
    const auto byte = static_cast<unsigned char>(c);
    units += byte >= 0xF0 ? 2 : byte >= 0xC0 || byte < 0x80 ? 1 : 0;
  }
  marks_[name] = {{"line", line}, {"character", units}};
  return texts_[name] = before + text.substr(at + 1);
}

void Client::open(const std::string& name, const std::string& text) {
  notify("textDocument/didOpen",
         {{"textDocument",
           {{"uri", uri(name)}, {"languageId", "pipe"}, {"version", ++version_}, {"text", without_mark(name, text)}}}});
}

void Client::change(const std::string& name, const std::string& text) {
  notify("textDocument/didChange", {{"textDocument", {{"uri", uri(name)}, {"version", ++version_}}},
                                    {"contentChanges", {{{"text", without_mark(name, text)}}}}});
}

Json Client::published(const std::string& name) {
  std::vector<Json>& kept = diagnostics_[uri(name)];
  while (kept.empty()) {
    Json message = receive();
    if (message.value("method", "") == "textDocument/publishDiagnostics")
      diagnostics_[message["params"]["uri"]].push_back(message["params"]);
  }
  Json first = kept.front();
  kept.erase(kept.begin());
  return first;
}

Json Client::here(const std::string& name) const {
  return {{"textDocument", {{"uri", uri(name)}}}, {"position", marks_.at(name)}};
}

void Client::save(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
  std::ofstream(path(name), std::ios::binary) << text;
}

Json Client::validated(const std::string& name) const {
  const std::string command =
      "cd '" + folder_.string() + "' && '" + PIPEWRIGHT_BINARY + "' validate --format json '" + name + "'";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string out;
  char bytes[4096];
  while (const std::size_t count = std::fread(bytes, 1, sizeof bytes, pipe)) out.append(bytes, count);
  ::pclose(pipe);
  return Json::parse(out);
}

}  // namespace pipewright::test
