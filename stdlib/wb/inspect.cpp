#include "stdlib/wb/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "dsl/codes.hpp"
#include "engine/inspect.hpp"

namespace pipewright::wb {
namespace {

namespace codes = dsl::codes;
using engine::Finding;
using engine::finding_at;
using engine::Inspection;
using engine::used_as;
using engine::Uses;

constexpr auto soon = std::chrono::days(14);
constexpr int ping_tries = 2;  // three in thirty seconds are all that a host takes (api.md 3)

const char* const make_token = "make a token in the seller's cabinet (Settings → API access)";

/// What a node takes of the token: one category of these is enough.
struct Need {
  std::vector<std::pair<int, const char*>> categories;
  std::vector<const char*> hosts;  ///< by category
};

Need need_of(const std::string& node) {
  if (node.starts_with("wb.fbo."))
    return {{{Token::analytics, "Analytics"}, {Token::statistics, "Statistics"}}, {"analytics", "statistics"}};
  return {{{Token::marketplace, "Marketplace"}}, {"marketplace"}};
}

std::string day_of(const Account& account, Instant instant) {
  const std::string& zone = account.settings().time_zone;
  return zoned_text(instant, zone.empty() ? "UTC" : zone, "%Y-%m-%d %H:%M");
}

// What the token says of its own end; true: there is no use in asking.
bool judge_age(const Account& account, const Uses& uses, Instant now, Inspection& into) {
  const auto& expires = account.token().expires;
  if (!expires || *expires >= now + soon) return false;
  const std::string help =
      fmt::format("{} and put it where `token` of [connections.{}] is read from", make_token, account.name());
  if (*expires <= now) {
    into.findings.push_back(
        finding_at(uses.nodes.front(), codes::credential_expired,
                   fmt::format("the token of `{}` expired on {}", account.name(), day_of(account, *expires)), help));
    return true;
  }
  const auto days = std::chrono::duration_cast<std::chrono::hours>(*expires - now).count() / 24;
  into.findings.push_back(finding_at(uses.nodes.front(), codes::credential_expiring,
                                     fmt::format("the token of `{}` expires in {} {}, on {}", account.name(), days,
                                                 days == 1 ? "day" : "days", day_of(account, *expires)),
                                     help));
  return false;
}

// Categories and writing, by the token's own word: each lack is reported at the first node that feels it.
void judge_rights(const Account& account, const Uses& uses, Inspection& into) {
  std::set<std::string> reported;
  for (const Uses::Node& node : uses.nodes) {
    const Need need = need_of(node.name);
    std::vector<std::string> names;
    bool allowed = false;
    for (const auto& [bit, name] : need.categories) {
      names.emplace_back(name);
      allowed = allowed || account.token().may(bit);
    }
    const std::string wanted = join(names, " or ");
    if (!allowed && reported.insert(wanted).second) {
      into.findings.push_back(
          finding_at(node, codes::right_missing,
                     fmt::format("the token of `{}` has not the category {}, which `{}` needs", account.name(), wanted,
                                 used_as(node)),
                     fmt::format("{} with {}: categories cannot be added to one that is there", make_token, wanted)));
    }
    const bool read_only = account.token().readable && account.token().may(Token::read_only);
    if (node.verb && read_only && reported.insert("write").second) {
      into.findings.push_back(
          finding_at(node, codes::right_missing,
                     fmt::format("the token of `{}` may only read, and `{}` writes", account.name(), used_as(node)),
                     fmt::format("{} that is not read-only", make_token)));
    }
  }
}

/// The hosts that the program calls with this token, each with the first node that does.
std::vector<std::pair<std::string, const Uses::Node*>> hosts_of(const Account& account, const Uses& uses) {
  std::vector<std::pair<std::string, const Uses::Node*>> hosts;
  const auto add = [&](const std::string& host, const Uses::Node& node) {
    if (std::none_of(hosts.begin(), hosts.end(), [&](const auto& each) { return each.first == host; }))
      hosts.emplace_back(host, &node);
  };
  for (const Uses::Node& node : uses.nodes) {
    const Need need = need_of(node.name);
    for (std::size_t i = 0; i < need.hosts.size(); ++i) {
      if (!account.token().may(need.categories[i].first)) continue;
      add(need.hosts[i], node);
      break;
    }
    if (node.name.starts_with("wb.fbo.") && account.token().may(Token::content)) add("content", node);
  }
  return hosts;
}

// Nothing: the host let the token in.
std::optional<Finding> judge_ping(const Account& account, const Uses& uses, const std::string& host,
                                  const Uses::Node& node, const CallResult& answer) {
  std::optional<Failure> failure = failure_of(answer);
  if (!failure) {
    const auto body = json_of(answer);
    const std::string* status = body ? (*body)["Status"].text() : nullptr;
    if (status != nullptr && *status == "OK") return std::nullopt;
    failure = Failure();
    failure->reason = body ? "Wildberries: the response to a ping has no `Status` that says OK" : body.error().reason;
    failure->help = fmt::format("is `{}_url` of [connections.{}] Wildberries' address?", host, account.name());
  }
  if (failure->kind == Failure::Kind::credentials)
    return finding_at(
        node, codes::credential_refused,
        fmt::format("the token of `{}` is not accepted by the host {}: {}", account.name(), host, failure->reason),
        failure->help);
  if (answer && answer->status == 403)
    return finding_at(
        node, codes::right_missing,
        fmt::format("the token of `{}` may not use the host {}: {}", account.name(), host, failure->reason),
        failure->help);
  Uses here = uses;
  here.nodes = {node};
  Finding finding = engine::silent(here, account.name(), *failure);
  finding.message = fmt::format("the host {} of `{}` cannot be asked: {}", host, account.name(), failure->reason);
  finding.note.clear();
  return finding;
}

}  // namespace

Task<Inspection> inspect(engine::Connection& connection, Uses uses, Calls& calls) {
  auto& account = static_cast<Account&>(connection);
  Inspection inspection;
  if (uses.nodes.empty()) co_return inspection;
  if (judge_age(account, uses, calls.now(), inspection)) {
    inspection.facts = {"not asked", account.summary()};
    co_return inspection;
  }
  judge_rights(account, uses, inspection);
  const auto hosts = hosts_of(account, uses);
  std::size_t accepted = 0;
  bool refused = false;
  for (const auto& [host, node] : hosts) {
    const engine::Judged judged = failure_of;
    auto asking = engine::ask(account.get(host + group::ping, "/ping"), judged, ping_tries, calls);
    const CallResult answer = co_await asking;
    std::optional<Finding> finding = judge_ping(account, uses, host, *node, answer);
    if (!finding) {
      ++accepted;
      continue;
    }
    refused = finding->code == &codes::credential_refused;
    inspection.findings.push_back(std::move(*finding));
    if (refused) break;  // the other hosts would say the same
  }
  const bool all = !hosts.empty() && accepted == hosts.size();
  inspection.facts.emplace_back(all            ? "accepted"
                                : refused      ? "not accepted"
                                : accepted > 0 ? fmt::format("accepted by {} of {} hosts", accepted, hosts.size())
                                               : std::string("not asked"));
  inspection.facts.push_back(account.summary());
  co_return inspection;
}

}  // namespace pipewright::wb
