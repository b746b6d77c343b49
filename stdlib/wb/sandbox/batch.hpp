// What DBS, DBW and click-collect have in common: 200 with a result per task (reference, sections 5 and 8 to 10).
#pragma once

#include "stdlib/wb/sandbox/world.hpp"

namespace pipewright::wb::sandbox {

/// One legal move of the seller. `marks`: the required marking is checked. `coded`: the buyer's code is asked.
struct Move {
  std::vector<std::string> from;
  std::string to;
  std::string wb_status;  ///< "": stays
  bool marks = false;
  bool coded = false;
};

/// `{"ordersIds":[...]}` or, with codes, `{"orders":[{"orderId":1,"code":"..."}]}`.
Reply moved(Call& call, Scheme scheme, const Move& move);

/// `{"orders":[{orderId,supplierStatus,wbStatus}|{orderId,errors}]}`.
Reply status_info(Call& call, Scheme scheme);

Reply final_prices(Call& call, Scheme scheme);

/// A PATCH of one task: 204, 404 or 409.
Reply moved_alone(Call& call, Scheme scheme, const Move& move);

Json item_error(std::int64_t id, int code, std::string_view detail);
Reply results_reply(Call& call, Json results);

/// Name and proxy numbers; present after confirm and until the end.
bool has_contacts(const Task& task);
Json contacts_of(const World& world, const Task& task, const char* id_key);

}  // namespace pipewright::wb::sandbox
