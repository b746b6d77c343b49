#include "stdlib/stdlib.hpp"

#include "base/embedded.hpp"
#include "stdlib/crm/nodes.hpp"
#include "stdlib/file/nodes.hpp"
#include "stdlib/http/nodes.hpp"
#include "stdlib/log/nodes.hpp"
#include "stdlib/time/nodes.hpp"
#include "stdlib/wb/account.hpp"

namespace pipewright::stdlib {

engine::Registry registry() {
  return engine::Registry({wb::nodes(), crm::nodes(), http::nodes(), file::nodes(), log::nodes(), time::nodes()});
}

dsl::Catalog catalog() {
  std::vector<std::pair<std::string, std::string>> files;
  for (const embedded::File& file : embedded::declarations()) files.emplace_back("stdlib/" + file.name, file.content);
  return dsl::read_catalog(files).catalog;
}

}  // namespace pipewright::stdlib
