// pipewright lsp: a language server on standard input and output.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <set>

#include "cli/lsp/server.hpp"
#include "cli/options.hpp"

namespace pipewright::cli {
namespace {

using lsp::Json;
using std::chrono::steady_clock;

// While somebody types there is no use in saying what is wrong with half a word.
constexpr std::chrono::milliseconds pause{40};

void send(const Json& message) {
  const std::string bytes = lsp::framed(message);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data() + at, bytes.size() - at);
    if (written < 0 && errno != EINTR) return;  // nobody listens any more: standard input ends too
    if (written > 0) at += static_cast<std::size_t>(written);
  }
}

class Conversation {
 public:
  explicit Conversation(const Options& options) : server_(send, options.config) {}

  int run() {
    steady_clock::time_point last_change;
    while (true) {
      if (!waiting_.empty()) {
        const Json message = std::move(waiting_.front());
        waiting_.pop_front();
        const auto id = message.is_object() ? message.find("id") : message.end();
        const bool cancelled = id != message.end() && cancelled_.erase(id->dump()) > 0;
        server_.receive(message, cancelled);
        if (server_.ended()) return *server_.ended();
        last_change = steady_clock::now();
        if (!read(std::chrono::milliseconds(0))) return Status::wrong;
        continue;
      }
      const auto due = server_.due();
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(last_change + pause - steady_clock::now());
      if (due == lsp::Server::Due::now || (due == lsp::Server::Due::soon && rest.count() <= 0)) {
        server_.publish();
        continue;
      }
      if (!read(due == lsp::Server::Due::soon ? rest : std::chrono::milliseconds(-1))) return Status::wrong;
    }
  }

 private:
  // Takes in what is there, waiting for it if need be (-1: as long as it takes). False when the input has ended.
  bool read(std::chrono::milliseconds wait) {
    while (true) {
      pollfd input{STDIN_FILENO, POLLIN, 0};
      const int ready = ::poll(&input, 1, static_cast<int>(wait.count()));
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return true;
      char bytes[1 << 16];
      const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      unframer_.feed({bytes, static_cast<std::size_t>(count)});
      while (auto frame = unframer_.next()) take(*frame);
      wait = std::chrono::milliseconds(0);
    }
  }

  void take(const lsp::Unframer::Frame& frame) {
    if (frame.broken) return server_.refuse(lsp::Code::parse_error, frame.content);
    Json message = Json::parse(frame.content, nullptr, false);
    if (message.is_discarded()) return server_.refuse(lsp::Code::parse_error, "this is no JSON");
    if (message.is_object() && message.value("method", Json()) == "$/cancelRequest") {
      const Json params = message.value("params", Json::object());
      if (params.is_object() && params.contains("id")) cancel(params["id"].dump());
      return;
    }
    waiting_.push_back(std::move(message));
  }

  // One that was answered already, or never asked, is no news.
  void cancel(const std::string& id) {
    for (const Json& each : waiting_) {
      if (each.is_object() && each.contains("id") && each["id"].dump() == id) cancelled_.insert(id);
    }
  }

  lsp::Unframer unframer_;
  std::deque<Json> waiting_;
  std::set<std::string> cancelled_;
  lsp::Server server_;
};

}  // namespace

int lsp_server(const Options& options) { return Conversation(options).run(); }

}  // namespace pipewright::cli
