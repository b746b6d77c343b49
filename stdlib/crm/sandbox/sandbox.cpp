#include "stdlib/crm/sandbox/sandbox.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "stdlib/crm/sandbox/world.hpp"

namespace pipewright::crm::sandbox {

Sandbox::Sandbox(Options options) : world_(std::make_unique<World>(std::move(options))) {
  if (world_->options.listen)
    start();
  else
    world_->port = world_->options.port;
}

Sandbox::~Sandbox() { stop(); }

void Sandbox::start() {
  if (world_->server) return;
  const std::uint16_t port = world_->port != 0 ? world_->port : world_->options.port;
  auto server = engine::http::Server::start(
      [world = world_.get()](const ServerRequest& request) { return world->answer(request); }, {.port = port});
  if (!server) throw std::runtime_error(server.error().message);
  world_->port = server->port();
  world_->server = std::move(*server);
}

void Sandbox::stop() {
  world_->server.reset();
  std::vector<std::jthread> triggers;
  {
    const std::scoped_lock lock(world_->mutex);
    triggers.swap(world_->triggers);
  }
}

std::string Sandbox::url() const { return fmt::format("http://127.0.0.1:{}", world_->port); }

Reply Sandbox::answer(const ServerRequest& request) { return world_->answer(request); }

std::string Sandbox::credential() const { return world_->credential; }

std::string Sandbox::issue(const KeyOptions& options) {
  const std::scoped_lock lock(world_->mutex);
  return world_->issue(options);
}

void Sandbox::set_status(std::int64_t order, std::string_view status) {
  operate("POST", fmt::format("/_sandbox/orders/{}/status", order), {{"status", status}});
}

void Sandbox::edit_order(std::int64_t order, const Json& fields) {
  operate("POST", fmt::format("/_sandbox/orders/{}/edit", order), {{"fields", fields}});
}

void Sandbox::delete_order(std::int64_t order) { operate("DELETE", fmt::format("/_sandbox/orders/{}", order)); }

std::int64_t Sandbox::add_order(const Json& order, std::string_view site) {
  return operate("POST", "/_sandbox/orders", {{"fields", order}, {"site", site}})["id"].get<std::int64_t>();
}

std::int64_t Sandbox::add_customer(const Json& customer, std::string_view site) {
  return operate("POST", "/_sandbox/customers", {{"fields", customer}, {"site", site}})["id"].get<std::int64_t>();
}

std::int64_t Sandbox::add_offer(const Json& offer) {
  return operate("POST", "/_sandbox/offers", {{"fields", offer}})["id"].get<std::int64_t>();
}

void Sandbox::remove_offer(std::int64_t offer) { operate("DELETE", fmt::format("/_sandbox/offers/{}", offer)); }

void Sandbox::merge_customers(std::int64_t customer, std::int64_t into) {
  operate("POST", fmt::format("/_sandbox/customers/{}/merge", customer), {{"into", into}});
}

void Sandbox::add_fault(const Json& fault) { operate("POST", "/_sandbox/faults", fault); }

void Sandbox::clear_faults() { operate("DELETE", "/_sandbox/faults"); }

Json Sandbox::operate(std::string_view method, std::string_view path, const Json& body) {
  const std::scoped_lock lock(world_->mutex);
  const Reply reply = sandbox::operate(*world_, std::string(method), std::string(path), body);
  if (reply.status >= 400) throw std::runtime_error(reply.body);
  return reply.body.empty() ? Json() : Json::parse(reply.body);
}

Json Sandbox::state() const {
  const std::scoped_lock lock(world_->mutex);
  return state_of(*world_);
}

Json Sandbox::log() const {
  const std::scoped_lock lock(world_->mutex);
  return world_->log;
}

}  // namespace pipewright::crm::sandbox
