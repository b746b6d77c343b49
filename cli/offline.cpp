#include "cli/offline.hpp"

#include <fmt/format.h>

#include <map>

#include "cli/in_process.hpp"
#include "engine/run/loop.hpp"
#include "stdlib/crm/sandbox/sandbox.hpp"
#include "stdlib/wb/sandbox/sandbox.hpp"

namespace pipewright::cli {

using engine::CallResult;
using engine::Value;

struct Offline::State {
  std::shared_ptr<Instant> now;
  Instant begins;
  std::set<std::string> wildberries_accounts;
  std::unique_ptr<wb::sandbox::Sandbox> wildberries;
  std::map<std::string, std::unique_ptr<crm::sandbox::Sandbox>> retailcrm;
  std::set<std::string> not_asked;

  void add_orders() const;
};

void Offline::State::add_orders() const {
  using wb::sandbox::Scheme;
  const auto fbs = wildberries->add_tasks(Scheme::fbs, 3);
  wildberries->set_status(fbs.back(), "", "declined_by_client");
  wildberries->add_tasks(Scheme::dbs, 2);
  wildberries->add_tasks(Scheme::dbw, 1);
  wildberries->add_tasks(Scheme::pickup, 1);
  wildberries->add_fbo_order();
  wildberries->add_fbo_order();
}

Offline::Offline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Offline::~Offline() = default;

Result<std::unique_ptr<Offline>> Offline::open(engine::Config& config, Orders orders) {
  auto state = std::make_unique<State>();
  state->begins = orders == Orders::some ? parse_time("2026-11-23T12:00:00+03:00").value() : engine::Loop::now();
  state->now = std::make_shared<Instant>(state->begins);
  const auto clock = [now = state->now] { return std::chrono::system_clock::time_point(now->time_since_epoch()); };
  static const std::set<std::string> without_account = {"http", "file", "log", "time"};
  for (auto& [name, settings] : config.connections) {
    if (settings.type == "wildberries") {
      if (!state->wildberries) {
        wb::sandbox::Options options;
        options.listen = false;
        options.clock = clock;
        state->wildberries = std::make_unique<wb::sandbox::Sandbox>(options);
      }
      state->wildberries_accounts.insert(name);
      settings.secrets["token"] = Secret(state->wildberries->credential());
    } else if (settings.type == "retailcrm") {
      crm::sandbox::Options options;
      options.listen = false;
      options.clock = clock;
      options.time_zone = config.time_zone;
      options.refuse_unknown_custom_fields = false;
      if (const std::string site = settings.text("site"); !site.empty()) options.sites = {site};
      auto& made = state->retailcrm[name] = std::make_unique<crm::sandbox::Sandbox>(options);
      if (settings.text("url").empty()) settings.values["url"] = Value("https://example.retailcrm.ru");
      settings.secrets["key"] = Secret(made->credential());
    } else if (!without_account.contains(settings.type)) {
      return fail(fmt::format("connection `{}` of type {} has no stand-in", name, settings.type),
                  "leave --offline or --sandbox out, or take the connection out of pipewright.toml");
    }
  }
  if (orders == Orders::some && state->wildberries) state->add_orders();
  return std::unique_ptr<Offline>(new Offline(std::move(state)));
}

CallResult Offline::answer(const std::string& connection, const engine::Request& request, Instant now) {
  *state_->now = now;
  if (state_->wildberries_accounts.contains(connection))
    return call_result(state_->wildberries->answer(server_request(request)));
  if (const auto crm = state_->retailcrm.find(connection); crm != state_->retailcrm.end())
    return call_result(crm->second->answer(server_request(request)));
  state_->not_asked.insert(request.method + " " + request.url);
  engine::Answer nothing;
  nothing.status = 200;
  return nothing;
}

const std::set<std::string>& Offline::not_asked() const { return state_->not_asked; }
Instant Offline::begins() const { return state_->begins; }

}  // namespace pipewright::cli
