// A small client: starts the real server on pipes and speaks the protocol with it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pipewright::test {

using Json = nlohmann::json;

class Client {
 public:
  /// A server in a new folder, without any message yet.
  Client() : Client(std::vector<std::string>{}) {}
  explicit Client(const std::vector<std::string>& options);  ///< behind `pipewright lsp`
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// `initialize` and `initialized`, with the folder as the workspace; the server's answer.
  Json begin(const Json& workspace_capabilities = Json::object());
  /// Waits for the answer; the result, which has to be there.
  Json request(const std::string& method, const Json& params = Json::object());
  /// The whole answer, `result` or `error`.
  Json answer(const std::string& method, const Json& params = Json::object());
  void notify(const std::string& method, const Json& params = Json::object());
  void send(const Json& message);
  void write(const std::string& bytes);  ///< as they are
  Json receive();                        ///< the next message, whatever it is

  /// `|` in the text is taken out: it is where `here()` points.
  void open(const std::string& name, const std::string& text);
  void change(const std::string& name, const std::string& text);
  /// The next diagnostics of this file.
  Json published(const std::string& name);
  [[nodiscard]] Json here(const std::string& name) const;  ///< `textDocument` and `position`
  [[nodiscard]] std::string text(const std::string& name) const { return texts_.at(name); }

  void save(const std::string& name, const std::string& text) const;  ///< to the disk
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string uri(const std::string& name) const { return "file://" + path(name); }
  /// What `validate --format json` says of a file on the disk.
  [[nodiscard]] Json validated(const std::string& name) const;

  void close_input();
  int wait();  ///< until it ends: its exit status

 private:
  std::string without_mark(const std::string& name, const std::string& text);

  std::filesystem::path folder_;
  int pid_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string pending_;
  int next_id_ = 0;
  int version_ = 0;
  std::map<std::string, std::string> texts_;
  std::map<std::string, Json> marks_;
  std::map<std::string, std::vector<Json>> diagnostics_;
};

/// The text with the edits of an answer.
std::string applied(const std::string& text, const Json& edits);

}  // namespace pipewright::test
