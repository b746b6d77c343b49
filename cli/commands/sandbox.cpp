// pipewright sandbox: a local Wildberries and a local retailCRM, until Ctrl-C.
#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>
#include <thread>

#include "cli/options.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::cli {

int sandbox(const Options& options) {
  watch_signals();
  try {
    wb::sandbox::Options wb_options;
    wb_options.port = options.wb_port;
    wb_options.seed = options.seed;
    wb_options.limits = options.limits ? wb::sandbox::Limits::on : wb::sandbox::Limits::off;
    crm::sandbox::Options crm_options;
    crm_options.port = options.crm_port;
    crm_options.seed = options.seed;
    crm_options.time_zone = options.zone;
    crm_options.limits = options.limits;
    wb::sandbox::Sandbox wildberries(wb_options);
    crm::sandbox::Sandbox retailcrm(crm_options);
    if (!options.empty) {
      wildberries.add_tasks(wb::sandbox::Scheme::fbs, 3);
      wildberries.add_tasks(wb::sandbox::Scheme::dbs, 2);
      wildberries.add_fbo_order();
    }
    const std::string site = crm_options.sites.front();
    if (options.format == Format::json) {
      fmt::print(
          "{{\"wildberries\":{{\"url\":\"{}\",\"token\":\"{}\"}},\"retailcrm\":{{\"url\":\"{}\",\"key\":\"{}\","
          "\"site\":\"{}\"}}}}\n",
          wildberries.url(), wildberries.credential(), retailcrm.url(), retailcrm.credential(), site);
    } else {
      fmt::print("wildberries {} token={}\nretailcrm {} key={} site={}\n", wildberries.url(), wildberries.credential(),
                 retailcrm.url(), retailcrm.credential(), site);
      fmt::print(stderr,
                 "until Ctrl-C; the operator's surface is under /_sandbox/ (GET /_sandbox/state, POST "
                 "/_sandbox/fbs/orders {{\"count\":1}})\n");
    }
    std::fflush(stdout);
    while (stops_asked() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  } catch (const std::runtime_error& error) {
    tell_error(error.what(), "take another port, or none: a free one is found");
    return Status::usage;
  }
  return Status::fine;
}

}  // namespace pipewright::cli
