// The real connectors over both sandboxes, in virtual time and without a socket: which call is answered when comes from
// a seed. For what needs the engine (batches side by side, back-off, limits) and no process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/core/core.hpp"
#include "engine/journal/memory.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::test {

class VirtualShop : public engine::Ports, public engine::Observer {
 public:
  struct Options {
    std::uint64_t seed = 1;
    wb::sandbox::Options wb;
    crm::sandbox::Options crm;
    std::map<std::string, std::string> crm_settings;  ///< beside `url` and `site`
    Duration least_delay{5};                          ///< of an answer
    Duration most_delay{200};
    bool limits = true;  ///< the connections' own; false: none
  };
  explicit VirtualShop(std::string program) : VirtualShop(std::move(program), Options{}) {}
  VirtualShop(std::string program, Options options);

  /// One process: `run --once` until it is drained or `most` has passed. The journal and both systems stay.
  void once(Duration most = std::chrono::hours(48));
  /// One process: `run` for so long.
  void live(Duration time);
  /// The same, and killed then: what is under way arrives, and nobody hears the answer.
  void live_and_be_killed(Duration time);
  /// Something happens in the world at that moment, whichever process runs then.
  void at(Instant when, std::function<void()> what) { happenings_.emplace(when, std::move(what)); }
  /// Another program, and the settings as they are now, for the next process.
  void program(std::string text) { text_ = std::move(text); }

  /// Instead of a sandbox, when it says something; called where the request arrives.
  std::function<std::optional<engine::CallResult>(const std::string& connection, const engine::Request&)> fate;

  std::vector<std::string>
      remarks;  ///< "crm down: answers …", "crm up", "p: source failing: …", "notice …", "begins …"
  std::vector<engine::Ended> ended_;         ///< of all processes
  std::vector<std::string> left;             ///< Core::undrained of the last `once`
  std::vector<std::string> notes;            ///< of nodes
  std::map<std::string, std::size_t> calls;  ///< by method and path without numbers
  [[nodiscard]] std::size_t remarks_with(const std::string& part) const;
  [[nodiscard]] std::size_t endings(engine::EndingKind kind) const;
  [[nodiscard]] std::size_t warnings_with(const std::string& part) const;

  Instant now{Duration(1'764'000'000'000)};
  wb::sandbox::Sandbox wb;
  crm::sandbox::Sandbox crm;
  engine::MemoryJournal journal;
  std::map<std::string, std::string> crm_settings;

  void send(engine::CallId id, const std::string& connection, const engine::Request& request) override;
  void commit(engine::CommitId id, engine::Transaction transaction) override;
  void query(engine::QueryId id, engine::Query query) override;
  double jitter() override;
  void log(engine::LogLevel, const std::string& text) override { notes.push_back(text); }

  void ended(const engine::Ended& event) override;
  [[nodiscard]] bool every_event() const override { return true; }
  void connection_down(const std::string& connection, const engine::Failure& failure) override;
  void connection_up(const std::string& connection) override;
  void source_failing(const std::string& pipeline, const std::string& source, const engine::Failure& failure) override;
  void notice(const std::string& pipeline, const std::string& source, const std::string& text) override;
  void begins(const std::string& pipeline, const std::string& source, std::size_t count, bool over) override;
  void warning(const std::string& text) override { remarks.push_back("warning: " + text); }

 private:
  struct Call {
    Instant at;
    engine::CallId id = 0;
    std::string connection;
    engine::Request request;
  };
  [[nodiscard]] std::shared_ptr<const engine::Runnable> runnable() const;
  void start(engine::Core& core);
  void drive(engine::Core& core, Instant until);
  engine::CallResult answer(const Call& call);

  Options options_;
  std::string text_;
  std::mt19937_64 random_;
  std::vector<Call> under_way_;
  std::multimap<Instant, std::function<void()>> happenings_;
  std::vector<std::pair<std::uint64_t, std::variant<engine::Transaction, engine::Query>>> journal_work_;
};

}  // namespace pipewright::test
