#include "tests/support/virtual_shop.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "cli/in_process.hpp"
#include "dsl/check.hpp"
#include "engine/bind.hpp"
#include "stdlib/stdlib.hpp"

namespace pipewright::test {
namespace {

template <typename Sandbox>
Sandbox without_socket(Sandbox options, const Instant& now, std::uint64_t seed, std::uint16_t port) {
  options.listen = false;
  options.port = port;
  options.seed = seed;
  options.clock = [&now] { return std::chrono::system_clock::time_point(now.time_since_epoch()); };
  return options;
}

std::string path_of(const std::string& url) {
  const std::size_t from = url.find('/', url.find("://") + 3);
  std::string path = url.substr(from, url.find('?') - from);
  for (std::size_t at = path.find_first_of("0123456789", 8); at != std::string::npos;
       at = path.find_first_of("0123456789", at + 1)) {
    if (path[at - 1] == '/' || path[at - 1] == 'N') path.replace(at, path.find('/', at) - at, "N");
  }
  return path;
}

}  // namespace

VirtualShop::VirtualShop(std::string program, Options options)
    : wb(without_socket(options.wb, now, options.seed, 8101)),
      crm(without_socket(options.crm, now, options.seed, 8102)),
      crm_settings(options.crm_settings),
      options_(std::move(options)),
      text_(std::move(program)),
      random_(options_.seed) {}

std::shared_ptr<const engine::Runnable> VirtualShop::runnable() const {
  const auto registry = std::make_shared<const engine::Registry>(stdlib::registry());
  static const dsl::Catalog catalog = stdlib::catalog();
  engine::Config config = engine::default_config(*registry, ".");
  auto& wildberries = config.connections["wb"];
  for (const char* host : {"marketplace", "statistics", "analytics", "content"})
    wildberries.values[std::string(host) + "_url"] = engine::Value(wb.url());
  wildberries.secrets["token"] = Secret(wb.credential());
  auto& retailcrm = config.connections["crm"];
  retailcrm.values["url"] = engine::Value(crm.url());
  retailcrm.values["site"] = engine::Value("wb");
  for (const auto& [name, value] : crm_settings) retailcrm.values[name] = engine::Value(value);
  retailcrm.secrets["key"] = Secret(crm.credential());
  if (!options_.limits) wildberries.rates[""] = retailcrm.rates[""] = engine::Rate{};
  dsl::ProgramInput input;
  input.files.emplace_back("shop.pipe", text_);
  const dsl::Checked checked = dsl::check(input, catalog);
  for (const auto& each : checked.diagnostics) INFO(each.message);
  REQUIRE_FALSE(dsl::has_errors(checked.diagnostics));
  const auto connections = engine::open_connections(*registry, config, now);
  REQUIRE(connections);
  const auto bound =
      engine::bind(std::make_shared<const dsl::plan::Plan>(checked.plan), registry, config, *connections, "");
  REQUIRE(bound);
  return *bound;
}

void VirtualShop::once(Duration most) {
  engine::Options options;
  options.once = true;
  engine::Core core(*this, *this, options);
  start(core);
  drive(core, now + most);
  REQUIRE(core.drained());
  left = core.undrained();
}

// As a new process: what the one before had under way is gone.
void VirtualShop::start(engine::Core& core) {
  under_way_.clear();
  journal_work_.clear();
  REQUIRE(core.start(runnable(), *journal.open(), now));
}

void VirtualShop::live(Duration time) {
  engine::Core core(*this, *this, engine::Options{});
  start(core);
  const Instant until = now + time;
  drive(core, until);
  core.stop(now);
  while (!core.stopped()) drive(core, now + std::chrono::seconds(1));
  now = std::max(now, until);
}

void VirtualShop::live_and_be_killed(Duration time) {
  engine::Core core(*this, *this, engine::Options{});
  start(core);
  const Instant until = now + time;
  drive(core, until);
  now = std::max(now, until);
  for (const Call& call : under_way_) answer(call);
}

void VirtualShop::drive(engine::Core& core, Instant until) {
  for (int rounds = 0; !core.drained() && !core.stopped(); ++rounds) {
    REQUIRE(rounds < 5'000'000);
    REQUIRE(core.broken() == nullptr);
    if (!journal_work_.empty()) {
      auto [id, work] = std::move(journal_work_.front());
      journal_work_.erase(journal_work_.begin());
      if (const auto* query = std::get_if<engine::Query>(&work)) {
        core.replied(now, id, journal.query(*query));
        continue;
      }
      const auto& transaction = std::get<engine::Transaction>(work);
      const auto committed = journal.commit({&transaction, 1});
      REQUIRE(committed);
      core.committed(now, id, committed->front());
      continue;
    }
    const auto next = std::min_element(under_way_.begin(), under_way_.end(),
                                       [](const Call& a, const Call& b) { return a.at < b.at; });
    const auto wakes = core.wakes_at();
    const bool call_first = next != under_way_.end() && (!wakes || next->at <= *wakes);
    if (const auto first = happenings_.begin();
        first != happenings_.end() && first->first <= until &&
        ((!call_first && !wakes) || first->first <= (call_first ? next->at : *wakes))) {
      now = std::max(now, first->first);
      const std::function<void()> happens = std::move(first->second);
      happenings_.erase(first);
      happens();
      continue;
    }
    if (!call_first && !wakes) return;
    if ((call_first ? next->at : *wakes) > until) {
      now = std::max(now, until);
      return;
    }
    if (!call_first) {
      now = std::max(now + Duration(1), *wakes);
      core.tick(now);
      continue;
    }
    const Call call = std::move(*next);
    under_way_.erase(next);
    now = std::max(now, call.at);
    core.answered(now, call.id, answer(call));
  }
}

engine::CallResult VirtualShop::answer(const Call& call) {
  ++calls[call.request.method + " " + path_of(call.request.url)];
  if (fate) {
    if (auto instead = fate(call.connection, call.request)) return std::move(*instead);
  }
  const auto request = cli::server_request(call.request);
  return cli::call_result(call.connection == "crm" ? crm.answer(request) : wb.answer(request));
}

void VirtualShop::send(engine::CallId id, const std::string& connection, const engine::Request& request) {
  const auto delay =
      std::uniform_int_distribution<std::int64_t>(options_.least_delay.count(), options_.most_delay.count())(random_);
  under_way_.push_back({now + Duration(delay), id, connection, request});
}

void VirtualShop::commit(engine::CommitId id, engine::Transaction transaction) {
  journal_work_.emplace_back(id, std::move(transaction));
}

void VirtualShop::query(engine::QueryId id, engine::Query query) { journal_work_.emplace_back(id, std::move(query)); }

double VirtualShop::jitter() { return std::uniform_real_distribution<double>(0, 1)(random_); }

// ---- what is reported

void VirtualShop::ended(const engine::Ended& event) { ended_.push_back(event); }

void VirtualShop::connection_down(const std::string& connection, const engine::Failure& failure) {
  remarks.push_back(fmt::format("{} down: {}", connection, failure.reason));
}

void VirtualShop::connection_up(const std::string& connection) { remarks.push_back(connection + " up"); }

void VirtualShop::source_failing(const std::string& pipeline, const std::string& source,
                                 const engine::Failure& failure) {
  remarks.push_back(fmt::format("{}: {} failing: {}", pipeline, source, failure.reason));
}

void VirtualShop::notice(const std::string& pipeline, const std::string& source, const std::string& text) {
  if (!text.empty()) remarks.push_back(fmt::format("notice {}: {}: {}", pipeline, source, text));
}

void VirtualShop::begins(const std::string& pipeline, const std::string& source, std::size_t count, bool over) {
  remarks.push_back(fmt::format("begins {}: {}: {}{}", pipeline, source, over ? "over " : "", count));
}

std::size_t VirtualShop::remarks_with(const std::string& part) const {
  return static_cast<std::size_t>(std::count_if(
      remarks.begin(), remarks.end(), [&](const std::string& each) { return each.find(part) != std::string::npos; }));
}

std::size_t VirtualShop::endings(engine::EndingKind kind) const {
  return static_cast<std::size_t>(
      std::count_if(ended_.begin(), ended_.end(), [&](const engine::Ended& each) { return each.kind == kind; }));
}

std::size_t VirtualShop::warnings_with(const std::string& part) const {
  std::size_t count = 0;
  for (const engine::Ended& event : ended_) {
    for (const std::string& each : event.warnings) count += each.find(part) != std::string::npos ? 1 : 0;
  }
  return count;
}

}  // namespace pipewright::test
