#include "stdlib/wb/sandbox/sandbox.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {
namespace {

const char* word_of(Scheme scheme) {
  switch (scheme) {
    case Scheme::fbs:
      return "fbs";
    case Scheme::dbs:
      return "dbs";
    case Scheme::dbw:
      return "dbw";
    case Scheme::pickup:
      return "pickup";
  }
  return "";
}

}  // namespace

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

void Sandbox::stop() { world_->server.reset(); }

std::string Sandbox::url() const { return fmt::format("http://127.0.0.1:{}", world_->port); }

Reply Sandbox::answer(const ServerRequest& request) { return world_->answer(request); }

std::string Sandbox::credential() const { return world_->credential; }

std::string Sandbox::issue(const TokenOptions& options) {
  const std::scoped_lock lock(world_->mutex);
  return world_->issue(options);
}

std::vector<std::int64_t> Sandbox::add_tasks(Scheme scheme, int count, const Json& fields) {
  const Json answer =
      operate("POST", fmt::format("/_sandbox/{}/orders", word_of(scheme)), {{"count", count}, {"fields", fields}});
  return answer["ids"].get<std::vector<std::int64_t>>();
}

std::string Sandbox::add_fbo_order(const Json& fields) {
  return operate("POST", "/_sandbox/fbo/orders", {{"fields", fields}})["srids"][0].get<std::string>();
}

void Sandbox::set_status(std::int64_t task, std::string_view supplier_status, std::string_view wb_status) {
  operate("POST", fmt::format("/_sandbox/orders/{}/status", task),
          {{"supplierStatus", supplier_status}, {"wbStatus", wb_status}});
}

void Sandbox::set_fbo_status(std::string_view srid, std::string_view change) {
  operate("POST", fmt::format("/_sandbox/fbo/{}/status", srid), {{"status", change}});
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

}  // namespace pipewright::wb::sandbox
