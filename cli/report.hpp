// What `run` says while it runs: a line an event, connections down and up; text on a terminal, JSON lines elsewhere.
#pragma once

#include <map>
#include <string>

#include "cli/options.hpp"
#include "engine/core/ports.hpp"

namespace pipewright::cli {

/// Events of this process, by their ending.
struct Tally {
  std::size_t events = 0, written = 0, unchanged = 0, skipped = 0, parked = 0;
  void add(engine::EndingKind kind);
};

class Report : public engine::Observer {
 public:
  Report(const Options& options, std::string time_zone);

  void ended(const engine::Ended& event) override;
  [[nodiscard]] bool every_event() const override { return false; }
  void connection_down(const std::string& connection, const engine::Failure& failure) override;
  void connection_up(const std::string& connection) override;
  void begins(const std::string& pipeline, const std::string& source, std::size_t count, bool over) override;
  void source_failing(const std::string& pipeline, const std::string& source, const engine::Failure& failure) override;
  void notice(const std::string& pipeline, const std::string& source, const std::string& text) override;
  void warning(const std::string& text) override { remark("warning", text); }

  /// A remark that is no event: on standard error.
  void remark(const std::string& level, const std::string& text, const std::string& help = {});
  /// On a terminal: one line that moves, below the others; empty removes it.
  void progress(const std::string& text);
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void say(const std::string& text);
  [[nodiscard]] std::string clock() const;
  const Options& options_;
  std::string time_zone_;
  bool text_;
  std::string progress_;
  Tally tally_;
};

/// "client 42 found, order 1187 created"
std::string summary_of(const engine::Ended& event);
/// `fbs.pipe:12`
std::string place_text(const dsl::plan::Place* place);
/// Phones, e-mails and names masked, for --mask.
std::string masked(const std::string& text, bool mask);

}  // namespace pipewright::cli
