// The server: messages in, messages out, nothing about pipes or time. Requests are answered by the functions of
// requests.hpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "cli/lsp/protocol.hpp"
#include "cli/lsp/requests.hpp"

namespace pipewright::cli::lsp {

class Server {
 public:
  using Send = std::function<void(const Json& message)>;
  /// `config`: the configuration of every program; empty: each is looked for.
  Server(Send send, const std::string& config) : send_(std::move(send)) {
    if (!config.empty()) context_.workspace.use_config(config);
  }

  /// `cancelled`: the client has taken the request back meanwhile.
  void receive(const Json& message, bool cancelled = false);
  /// Of what cannot be read at all.
  void refuse(Code code, const std::string& message);

  /// Set when the client said `exit`: the process ends with it.
  [[nodiscard]] std::optional<int> ended() const { return ended_; }

  enum class Due { nothing, soon, now };
  /// Whether there are diagnostics to publish: at once after a document was opened or saved, after a pause else.
  [[nodiscard]] Due due() const { return due_; }
  /// Publishes what has changed.
  void publish();

 private:
  Answer request(const std::string& method, const Json& params);
  void notified(const std::string& method, const Json& params);
  Json initialize(const Json& params);
  void want(Due due) { due_ = std::max(due_, due); }

  Send send_;
  Context context_;
  enum class State { fresh, ready, shut_down } state_ = State::fresh;
  std::optional<int> ended_;
  Due due_ = Due::nothing;
  std::map<std::string, Json> published_;  ///< by URI: what was published last
  std::map<std::string, std::shared_ptr<const Analysis>> analysed_;
};

}  // namespace pipewright::cli::lsp
