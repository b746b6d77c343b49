// Runs the real executable in a folder of its own, against sandboxes in this process.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::test {

using Json = nlohmann::json;

struct Finished {
  int status = -1;  ///< the exit status; 128 + N when signal N ended it
  std::string out;
  std::string err;
  [[nodiscard]] std::string last_line() const;  ///< of standard output
};

/// A program under way.
class Running {
 public:
  Running(const std::vector<std::string>& words, const std::string& folder,
          const std::map<std::string, std::string>& environment);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  void signal(int number) const;
  Finished wait();  ///< until it ends
  /// Whether `text` stands on standard error within ten seconds.
  [[nodiscard]] bool says(const std::string& text) const;

 private:
  int pid_ = -1;
  std::string folder_;
  std::string out_;
  std::string err_;
};

/// A project in a temporary folder, with both sandboxes and a configuration that points to them.
/// Whether it becomes true within ten seconds.
bool soon(const std::function<bool()>& condition);

class Shop {
 public:
  struct Options {
    wb::sandbox::Options wb;
    crm::sandbox::Options crm;
    std::string extra_toml;  ///< behind the generated sections
    std::string wb_keys;     ///< further lines of [connections.wb]
    std::string crm_keys;    ///< further lines of [connections.crm]
    bool limits = false;     ///< false: rate = "off" on both
  };

  Shop() : Shop(Options{}) {}
  explicit Shop(Options options);
  ~Shop();

  void write(const std::string& name, const std::string& text) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return name.empty() ? folder_.string() : (folder_ / name).string();
  }

  Finished run(std::vector<std::string> words);
  std::unique_ptr<Running> start(std::vector<std::string> words);
  /// `run --once`, whose last line is read: {events, written, unchanged, skipped, parked}.
  std::map<std::string, int> once(const std::vector<std::string>& more = {});

  /// The CRM's orders by external id; the sandbox refuses two of one id, so doubles are looked for by number of orders.
  [[nodiscard]] std::map<std::string, std::vector<Json>> orders() const;
  [[nodiscard]] std::size_t order_count() const { return crm.state()["orders"].size(); }
  [[nodiscard]] std::size_t client_count() const { return crm.state()["customers"].size(); }
  [[nodiscard]] std::vector<Json> events(bool all = true);
  /// Requests of the CRM's log that are no reads.
  [[nodiscard]] std::size_t crm_writes() const;

  wb::sandbox::Sandbox wb;
  crm::sandbox::Sandbox crm;
  std::map<std::string, std::string> environment;

 private:
  std::filesystem::path folder_;
};

}  // namespace pipewright::test
