// The world, as a node sees it: requests, what a source or an account remembers, the log. The same node serves run,
// dry-run, backfill and test, which differ in what stands behind this.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/connector/call.hpp"
#include "engine/task.hpp"

namespace pipewright::engine {

/// One thing that a source has seen: kept per pipeline and source in the journal, stored in one transaction with the
/// page's events.
struct Seen {
  std::string key;
  std::string state;    ///< the source's own text (JSON); what is known of the thing
  bool open = false;    ///< still to be looked at (an order whose status may change)
  bool forget = false;  ///< remove the row
};

/// The same of a whole account: what any of its nodes has seen, whichever pipeline that node works for. `kind` keeps
/// one thing apart from another (`wb.dbs`).
struct SharedState {
  std::string kind;
  Seen seen;
};

/// What coroutines of one connection wait for that one of them brings about: an index that all need is read once.
class Signal {
 public:
  /// Everybody who waits goes on, before this returns.
  void fire() {
    for (const auto& each : std::exchange(waiting_, {})) each();
  }

 private:
  friend class Calls;
  std::vector<std::function<void()>> waiting_;
};

enum class LogLevel { info, warning };

class Calls {
 public:
  virtual ~Calls() = default;

  /// Waits until another coroutine fires it. That one has to live until then: it keeps the signal, others a weak_ptr.
  Awaited<bool> wait(std::shared_ptr<Signal> signal) {
    return Awaited<bool>([this, signal = std::move(signal)](std::function<void(bool)> done) {
      signal->waiting_.push_back([this, done = std::move(done)] {
        done(true);
        went_on();
      });
    });
  }

  /// Sends when the limiter of the connection's group lets it go. Not retried here: what was lost or refused for now is
  /// told.
  Awaited<CallResult> send(Request request) {
    auto shared = std::make_shared<Request>(std::move(request));
    return Awaited<CallResult>(
        [this, shared](std::function<void(CallResult)> done) { start(std::move(*shared), std::move(done)); });
  }
  /// What this pipeline's source knows of these keys (absent: nothing).
  Awaited<std::map<std::string, Seen>> recall(std::vector<std::string> keys) {
    auto shared = std::make_shared<std::vector<std::string>>(std::move(keys));
    return Awaited<std::map<std::string, Seen>>([this, shared](std::function<void(std::map<std::string, Seen>)> done) {
      look_up(std::move(*shared), std::move(done));
    });
  }
  /// The open ones with a key greater than `after`, in the order of their keys, `limit` at most.
  Awaited<std::vector<Seen>> recall_open(std::string after, std::size_t limit) {
    return Awaited<std::vector<Seen>>(
        [this, after = std::move(after), limit](std::function<void(std::vector<Seen>)> done) {
          look_up_open(after, limit, std::move(done));
        });
  }

  using States = std::map<std::string, Seen>;
  /// What the account knows of these keys, whichever of its nodes has stored it (absent: nothing).
  Awaited<States> load_shared(std::string kind, std::vector<std::string> keys) {
    return Awaited<States>(
        [=, this](std::function<void(States)> done) { look_up_shared(kind, keys, std::move(done)); });
  }
  /// The open ones of the account, as recall_open.
  Awaited<std::vector<Seen>> load_shared_open(std::string kind, std::string after, std::size_t limit) {
    return Awaited<std::vector<Seen>>([=, this](std::function<void(std::vector<Seen>)> done) {
      look_up_shared_open(kind, after, limit, std::move(done));
    });
  }
  /// For an action, which has no page: durable when it returns.
  Awaited<bool> store_shared(std::vector<SharedState> states) {
    return Awaited<bool>([=, this](std::function<void(bool)> done) { store(states, std::move(done)); });
  }

  [[nodiscard]] virtual Instant now() const = 0;  ///< the core's time, virtual in tests
  [[nodiscard]] virtual bool dry() const = 0;     ///< only for wording; never for a second code path
  /// A line for the log.
  virtual void log(LogLevel level, std::string text) = 0;
  void note(std::string text) { log(LogLevel::info, std::move(text)); }

 protected:
  virtual void start(Request request, std::function<void(CallResult)> done) = 0;
  /// After a wait: the coroutine went on by itself and may have come to its end.
  virtual void went_on() {}
  virtual void look_up(std::vector<std::string> keys, std::function<void(std::map<std::string, Seen>)> done) = 0;
  virtual void look_up_open(std::string after, std::size_t limit, std::function<void(std::vector<Seen>)> done) = 0;
  virtual void look_up_shared(std::string, std::vector<std::string>, std::function<void(States)> done) { done({}); }
  virtual void look_up_shared_open(std::string, std::string, std::size_t, std::function<void(std::vector<Seen>)> done) {
    done({});
  }
  virtual void store(std::vector<SharedState>, std::function<void(bool)> done) { done(true); }
};

}  // namespace pipewright::engine
