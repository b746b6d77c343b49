// Runs the real executable in a folder of its own, against sandboxes in this process.
#pragma once

#include <chrono>
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
  Finished stop();  ///< SIGTERM, then until it ends
  /// Whether `text` stands on standard error within ten seconds.
  [[nodiscard]] bool says(const std::string& text) const;

 private:
  int pid_ = -1;
  std::string folder_;
  std::string out_;
  std::string err_;
};

/// Whether it becomes true within ten seconds.
bool soon(const std::function<bool()>& condition);

bool has(const std::string& text, const std::string& part);
/// The whole file; empty when there is none.
std::string read_file(const std::string& path);

/// The shortest program that does something sensible.
inline constexpr const char* one_line = "on wb.fbs.new -> crm.client upsert by external_id -> crm.order\n";

/// A project in a temporary folder, with both sandboxes and a configuration that points to them.
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
  /// `program` is written to shop.pipe.
  explicit Shop(const char* program) : Shop(Options{}, program) {}
  explicit Shop(Options options, const std::string& program = "");
  ~Shop();

  void write(const std::string& name, const std::string& text) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  void write_example(const std::string& name) const;  ///< one of pipelines/
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return name.empty() ? folder_.string() : (folder_ / name).string();
  }

  Finished run(std::vector<std::string> words);
  std::unique_ptr<Running> start(std::vector<std::string> words);
  /// `run --once`, whose last line is read: {events, written, unchanged, skipped, parked}.
  std::map<std::string, int> once(const std::vector<std::string>& more = {});
  /// `run --once`, killed after a while.
  void killed_after(std::chrono::milliseconds time);

  /// The CRM's orders by external id; the sandbox refuses two of one id, so doubles are looked for by number of orders.
  [[nodiscard]] std::map<std::string, std::vector<Json>> orders() const;
  /// The CRM's id of the order with this external id, which has to be there.
  [[nodiscard]] std::int64_t order_id(std::int64_t task) const;
  /// What the seller has done with a task, by Wildberries' word; empty: there is no such task.
  [[nodiscard]] std::string supplier_status(std::int64_t task) const;
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
