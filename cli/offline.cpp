#include "cli/offline.hpp"

#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::cli {

using engine::Value;

struct Offline::State {
  std::unique_ptr<wb::sandbox::Sandbox> wildberries;
  std::vector<std::unique_ptr<crm::sandbox::Sandbox>> retailcrm;
};

Offline::Offline(engine::Config& config, Orders orders) : state_(std::make_unique<State>()) {
  for (auto& [name, settings] : config.connections) {
    if (settings.type == "wildberries") {
      if (!state_->wildberries) state_->wildberries = std::make_unique<wb::sandbox::Sandbox>();
      for (const char* host : {"marketplace", "statistics", "analytics", "content", "prices", "common"}) {
        settings.values[std::string(host) + "_url"] = Value(state_->wildberries->url());
      }
      settings.secrets["token"] = Secret(state_->wildberries->credential());
    } else if (settings.type == "retailcrm") {
      crm::sandbox::Options options;
      const std::string site = settings.text("site");
      if (!site.empty()) options.sites = {site};
      options.time_zone = config.time_zone;
      options.refuse_unknown_custom_fields = false;
      state_->retailcrm.push_back(std::make_unique<crm::sandbox::Sandbox>(options));
      settings.values["url"] = Value(state_->retailcrm.back()->url());
      settings.secrets["key"] = Secret(state_->retailcrm.back()->credential());
    }
  }
  if (orders == Orders::none || !state_->wildberries) return;
  using wb::sandbox::Scheme;
  wb::sandbox::Sandbox& wildberries = *state_->wildberries;
  const auto fbs = wildberries.add_tasks(Scheme::fbs, 3);
  wildberries.set_status(fbs.back(), "", "declined_by_client");
  wildberries.add_tasks(Scheme::dbs, 2);
  wildberries.add_tasks(Scheme::dbw, 1);
  wildberries.add_tasks(Scheme::pickup, 1);
  wildberries.add_fbo_order();
  wildberries.add_fbo_order();
}

Offline::~Offline() = default;

}  // namespace pipewright::cli
