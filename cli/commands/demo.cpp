// pipewright demo: the example pipelines between a local Wildberries and a local retailCRM, scenario by scenario.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/embedded.hpp"
#include "base/text.hpp"
#include "cli/report.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "engine/journal/sqlite.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::cli {
namespace {

namespace fs = std::filesystem;
using engine::EndingKind;
using Json = nlohmann::json;

/// Tells what came in and what was written.
class Teller : public engine::Observer {
 public:
  void ended(const engine::Ended& event) override {
    tally.add(event.kind);
    if (event.kind == EndingKind::skipped || event.kind == EndingKind::unchanged) return;
    const std::string what = event.reason.empty() ? summary_of(event) : event.reason;
    fmt::print("    {}  {}  {}  {}\n", padded(event.pipeline, 14), padded(fitted(event.key, 18), 18),
               padded(engine::ending_text(event.kind), 8), what);
    for (const std::string& warning : event.warnings) fmt::print("    {}  warning: {}\n", padded("", 14), warning);
  }
  void connection_down(const std::string& connection, const engine::Failure& failure) override {
    fmt::print("    {}: {}\n", connection, failure.reason);
  }
  void source_failing(const std::string& pipeline, const std::string&, const engine::Failure& failure) override {
    fmt::print("    {}: {}\n", pipeline, failure.reason);
  }
  Tally tally;
};

struct Folder {
  fs::path path;
  bool temporary = false;
  ~Folder() {
    std::error_code error;
    if (temporary) fs::remove_all(path, error);
  }
};

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
}

class Demo {
 public:
  explicit Demo(const Options& options) : options_(options) {}

  int show() {
    if (const auto stopped = prepare()) return *stopped;
    fmt::print("A local Wildberries and a local retailCRM, on this machine only, made afresh for this demo.\n");
    fmt::print("The pipelines are those of pipelines/: {} of them, one configuration, one state.\n",
               project_.checked.plan.pipelines.size());
    if (!settle()) return Status::wrong;
    const bool fine = fbo() && fbs() && cancellation() && statuses() && dbs() && again();
    if (!fine || stops_asked() > 0) return Status::wrong;
    return table();
  }

 private:
  std::optional<int> prepare() {
    watch_signals();
    std::error_code error;
    if (options_.directory.empty()) {
      std::string pattern = (fs::temp_directory_path() / "pipewright-demo-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr) {
        tell_error("no temporary folder can be made", "name one: pipewright demo --keep DIR");
        return Status::usage;
      }
      folder_.path = pattern;
      folder_.temporary = true;
    } else {
      folder_.path = options_.directory;
      if (fs::exists(folder_.path / "pipewright.toml", error)) {
        tell_error(fmt::format("{} holds a project already", options_.directory), "name a folder that is new or empty");
        return Status::usage;
      }
      fs::create_directories(folder_.path, error);
    }
    for (const embedded::File& file : embedded::examples()) {
      if (file.name.ends_with(".pipe")) write_file(folder_.path / file.name, file.content);
    }
    const std::string wb = wildberries_.url();
    std::string text = "[connections.wb]\ntype = \"wildberries\"\ntoken = \"env:PIPEWRIGHT_DEMO_WB\"\n";
    for (const char* host : {"marketplace", "statistics", "analytics", "content"})
      text += fmt::format("{}_url = \"{}\"\n", host, wb);
    text += "rate = \"off\"\n\n[connections.wb.shipping]\ntype = \"selfShipping\"\npoint = \"507\"\ndays_ahead = 1\n";
    text += fmt::format(
        "\n[connections.crm]\ntype = \"retailcrm\"\nurl = \"{}\"\nkey = \"env:PIPEWRIGHT_DEMO_CRM\"\nsite = "
        "\"wb\"\nrate = \"off\"\n",
        retailcrm_.url());
    write_file(folder_.path / "pipewright.toml", text);
    ::setenv("PIPEWRIGHT_DEMO_WB", wildberries_.credential().c_str(), 1);
    ::setenv("PIPEWRIGHT_DEMO_CRM", retailcrm_.credential().c_str(), 1);
    Options project_options = options_;
    project_options.paths = {folder_.path.string()};
    if (const auto stopped = load(project_options, project_)) return stopped;
    if (const auto stopped = ready(project_options, project_, true)) return stopped;
    auto journal =
        engine::SqliteJournal::open((folder_.path / "pipewright.db").string(), engine::SqliteJournal::Mode::write);
    auto session = Session::open(project_);
    if (!journal || !session) {
      tell_error(!journal ? journal.error().message : session.error().message);
      return Status::usage;
    }
    journal_ = std::move(*journal);
    session_ = std::move(*session);
    return std::nullopt;
  }

  // Everything that there is, once, as `run --once` does it.
  std::optional<Tally> once() {
    Teller teller;
    engine::Loop loop(*journal_, session_->hooks([](engine::LogLevel, const std::string&) {}));
    engine::Options options;
    options.once = true;
    options.give_up = std::chrono::seconds(20);
    engine::Core core(loop, teller, options);
    Result<void> going = loop.start(core, session_->runnable());
    if (going) going = drain(core, loop, [] { return stops_asked() > 0; });
    if (!going) {
      tell_error(going.error().message, going.error().help);
      return std::nullopt;
    }
    const auto left = core.undrained();
    for (const std::string& each : left) tell_error(each);
    if (!left.empty() || stops_asked() > 0) return std::nullopt;
    return teller.tally;
  }

  // The sentence of the file, from the word `on` to the end of its pipeline.
  void sentence(const std::string& pipeline) const {
    const dsl::plan::Pipeline* found = project_.checked.plan.pipeline(pipeline);
    if (found == nullptr) return;
    for (const auto& source : project_.checked.sources) {
      if (source->name() != found->place.file) continue;
      for (std::size_t line = found->place.line; line <= source->lines(); ++line) {
        const std::string text(source->line(line));
        if (line > found->place.line && trimmed(text).empty()) break;
        fmt::print("    │ {}\n", text);
      }
    }
  }

  void heading(int number, const char* title, std::initializer_list<const char*> pipelines) {
    fmt::print("\n{}. {}\n", number, title);
    for (const char* pipeline : pipelines) sentence(pipeline);
    fmt::print("\n");
    std::fflush(stdout);
  }

  bool settle() { return once().has_value(); }  // the sources of the CRM begin at their first look

  std::int64_t crm_order(const std::string& external_id) const {
    const Json state = retailcrm_.state();
    for (const Json& order : state["orders"]) {
      if (order.value("externalId", "") == external_id) return order["id"].get<std::int64_t>();
    }
    return 0;
  }

  bool fbo() {
    heading(1, "New FBO orders: one shared client, the order with its item", {"fbo_orders"});
    for (const double price : {1547.34, 2490.50, 990.0})
      fbo_.push_back(wildberries_.add_fbo_order({{"priceWithDisc", price}, {"feed", {{"sellerPrice", price}}}}));
    fmt::print("    came in: 3 FBO orders\n");
    return once().has_value();
  }

  bool fbs() {
    heading(2, "New FBS orders: the client by external id, the order with Wildberries' id", {"fbs_orders"});
    fbs_ = wildberries_.add_tasks(wb::sandbox::Scheme::fbs, 5);
    const auto dear = wildberries_.add_tasks(wb::sandbox::Scheme::fbs, 1, {{"price", 249050}});
    fbs_.insert(fbs_.end(), dear.begin(), dear.end());
    fmt::print("    came in: {} FBS orders\n", fbs_.size());
    return once().has_value();
  }

  bool cancellation() {
    heading(3, "The buyer cancels: the CRM order is cancelled", {"fbs_cancelled"});
    wildberries_.set_status(fbs_[0], "", "declined_by_client");
    fmt::print("    came in: order {} was declined by the client\n", fbs_[0]);
    return once().has_value();
  }

  bool statuses() {
    heading(4, "A manager moves orders in the CRM: Wildberries hears of it through the table", {"status_to_wb"});
    retailcrm_.set_status(crm_order(std::to_string(fbs_[1])), "assembling");
    retailcrm_.set_status(crm_order(std::to_string(fbs_[2])), "assembling");
    retailcrm_.set_status(crm_order(std::to_string(fbs_[3])), "no-product");
    fmt::print("    came in: two orders to «assembling», one to «no-product»\n");
    if (!once()) return false;
    retailcrm_.set_status(crm_order(std::to_string(fbs_[1])), "assembling-complete");
    fmt::print("    came in: one of them to «assembling-complete»: it is shipped, and it alone\n");
    return once().has_value();
  }

  bool dbs() {
    heading(5, "DBS: the order at once, the buyer when known, statuses both ways",
            {"dbs_orders", "dbs_buyers", "dbs_to_crm", "dbs_to_wb"});
    dbs_ = wildberries_.add_tasks(wb::sandbox::Scheme::dbs, 3);
    fmt::print("    came in: 3 DBS orders\n");
    if (!once()) return false;
    for (const std::int64_t id : dbs_) retailcrm_.set_status(crm_order(std::to_string(id)), "client-confirmed");
    fmt::print("    came in: a manager confirms all three\n");
    if (!once()) return false;
    fmt::print("    now Wildberries names the buyers\n");
    if (!once()) return false;
    retailcrm_.set_status(crm_order(std::to_string(dbs_[0])), "delivering");
    wildberries_.set_status(dbs_[1], "cancel", "canceled_by_client");
    fmt::print("    came in: one is on its way, one was cancelled at Wildberries\n");
    return once().has_value();
  }

  bool again() {
    fmt::print("\n6. Once more, with nothing new\n\n");
    const auto tally = once();
    if (!tally) return false;
    fmt::print("    written {}, unchanged {}, skipped {}, parked {}\n", tally->written, tally->unchanged,
               tally->skipped, tally->parked);
    return tally->written == 0 && tally->parked == 0;
  }

  // ---- both sides agree
  // ---------------------------------------------------------------------------------------------------------------

  struct Line {
    std::string key;
    std::string status;
    std::string supplier;
    std::string wb;
    Decimal sum;
  };

  std::vector<Line> wildberries_lines() const {
    std::vector<Line> lines;
    const Json state = wildberries_.state();
    for (const char* scheme : {"fbs", "dbs"}) {
      const auto& ids = std::string(scheme) == "fbs" ? fbs_ : dbs_;
      for (const Json& task : state["orders"]) {
        const std::int64_t id = task["id"].get<std::int64_t>();
        if (std::find(ids.begin(), ids.end(), id) == ids.end()) continue;
        const std::string supplier = task.value("supplierStatus", "");
        const std::string wb = task.value("wbStatus", "");
        lines.push_back({std::to_string(id), supplier + " · " + wb, supplier, wb,
                         Decimal(task["fields"]["price"].get<std::int64_t>(), 2)});
      }
    }
    for (const Json& unit : state["fbo"]) {
      const Json& row = unit["order"];
      const std::string srid = row.value("srid", "");
      if (std::find(fbo_.begin(), fbo_.end(), srid) == fbo_.end()) continue;
      const auto price = Decimal::parse(row["priceWithDisc"].dump());
      lines.push_back({srid, row.value("isCancel", false) ? "cancelled" : "ordered (FBO)", "", "",
                       price->rounded(2).value_or(*price)});
    }
    return lines;
  }

  int table() {
    std::map<std::string, std::vector<Json>> orders;
    const Json crm = retailcrm_.state();
    for (const Json& order : crm["orders"]) orders[order.value("externalId", "")].push_back(order);
    std::map<std::int64_t, std::string> clients;
    for (const Json& client : crm["customers"]) {
      clients[client["id"].get<std::int64_t>()] =
          trimmed(client.value("lastName", "") + " " + client.value("firstName", ""));
    }
    fmt::print("\n{}  {}  {}  {}  {}  {}\n", padded("ORDER", 20), padded("WILDBERRIES", 28), padded("CRM ORDER", 9),
               padded("STATUS", 18), padded("CLIENT", 26), padded_left("SUM", 10));
    std::size_t lost = 0;
    std::size_t doubled = 0;
    Decimal here(0);
    Decimal there(0);
    const std::vector<Line> lines = wildberries_lines();
    for (const Line& line : lines) {
      const auto& found = orders[line.key];
      lost += found.empty() ? 1 : 0;
      doubled += found.size() > 1 ? found.size() - 1 : 0;
      here = add(here, line.sum).value_or(here);
      if (found.empty()) continue;
      const Json& order = found.front();
      const auto sum = Decimal::parse(order["summ"].dump()).value_or(Decimal(0)).rounded(2).value_or(Decimal(0));
      there = add(there, sum).value_or(there);
      const std::string client =
          order.contains("customer") ? clients[order["customer"].value("id", std::int64_t{0})] : "";
      fmt::print("{}  {}  {}  {}  {}  {}\n", padded(fitted(line.key, 20), 20), padded(fitted(line.status, 28), 28),
                 padded(std::to_string(order["id"].get<std::int64_t>()), 9), padded(order.value("status", ""), 18),
                 padded(fitted(client, 26), 26), padded_left(sum.text(), 10));
    }
    const bool agree = lost == 0 && doubled == 0 && here == there;
    fmt::print("\n{} orders in, {} in the CRM, {} doubled, {} lost · sum {} {}\n", lines.size(), lines.size() - lost,
               doubled, lost, there.text(),
               here == there ? "on both sides" : fmt::format("in the CRM, {} at Wildberries", here.text()));
    if (!folder_.temporary)
      fmt::print("the pipelines, the configuration and the state are in {}: pipewright events --all --config {}\n",
                 folder_.path.string(), (folder_.path / "pipewright.toml").string());
    fmt::print(
        "next: read pipelines/, then pipewright validate and pipewright dry-run with accounts of your own; another "
        "demo starts afresh\n");
    return agree ? Status::fine : Status::wrong;
  }

  const Options& options_;
  wb::sandbox::Sandbox wildberries_;
  crm::sandbox::Sandbox retailcrm_;
  Folder folder_;
  Project project_;
  std::unique_ptr<engine::SqliteJournal> journal_;
  std::unique_ptr<Session> session_;
  std::vector<std::string> fbo_;
  std::vector<std::int64_t> fbs_;
  std::vector<std::int64_t> dbs_;
};

}  // namespace

int demo(const Options& options) {
  try {
    return Demo(options).show();
  } catch (const std::runtime_error& error) {
    tell_error(error.what(), "the demo needs two free ports on 127.0.0.1");
    return Status::usage;
  }
}

}  // namespace pipewright::cli
