// Tasks that leave their list before they end: DBS, DBW and pickup show what is new and what has ended (api.md 8). What
// any source or action of the account has seen new is kept for all of them.
#include <fmt/format.h>

#include "stdlib/wb/schemes.hpp"

namespace pipewright::wb {

std::string shared_kind(const Scheme& scheme) { return fmt::format("wb.{}", scheme.name); }

SharedState shared_state(const Scheme& scheme, const Value& task) {
  Known known;
  known.raw = task;
  return {shared_kind(scheme), {id_of(task), text_of(known), true, false}};
}

Task<tl::expected<std::vector<Value>, Failure>> read_new(Account& account, const Scheme& scheme, Calls& calls) {
  Request request = account.get(scheme.group, scheme.orders + std::string("/new"));
  const CallResult answer = co_await calls.send(std::move(request));
  const auto json = json_of(answer);
  if (!json) co_return tl::unexpected<Failure>(json.error());
  co_return orders_of(*json);
}

Task<std::vector<SharedState>> unknown_to_account(const Scheme& scheme, std::vector<Value> tasks, Calls& calls) {
  std::vector<std::string> ids;
  for (const Value& task : tasks) ids.push_back(id_of(task));
  const std::map<std::string, Seen> known = co_await calls.load_shared(shared_kind(scheme), ids);
  std::vector<SharedState> unknown;
  for (const Value& task : tasks) {
    const std::string id = id_of(task);
    if (!id.empty() && !known.contains(id)) unknown.push_back(shared_state(scheme, task));
  }
  co_return unknown;
}

}  // namespace pipewright::wb
