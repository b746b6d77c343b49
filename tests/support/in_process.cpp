#include "tests/support/in_process.hpp"

#include <algorithm>
#include <cctype>

namespace pipewright::tests {

engine::http::ServerRequest server_request(const engine::Request& request) {
  engine::http::ServerRequest made;
  made.method = request.method;
  std::string rest = request.url.substr(request.url.find('/', request.url.find("://") + 3));
  if (const std::size_t query = rest.find('?'); query != std::string::npos) {
    made.query = rest.substr(query + 1);
    rest.resize(query);
  }
  made.raw_path = rest;
  made.path = engine::http::url_decoded(rest, false);
  made.parameters = engine::http::form_pairs(made.query);
  const auto header = [&](std::string name, const std::string& value) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    made.headers[name] = value;
  };
  for (const auto& [name, value] : request.headers) header(name, value);
  for (const auto& [name, value] : request.secret_headers) header(name, value.reveal());
  made.body = request.body;
  return made;
}

engine::CallResult result_of(engine::http::Reply reply) {
  if (reply.drop)
    return tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::unknown, "the connection was closed"});
  engine::Answer answer;
  answer.status = reply.status;
  for (auto& [name, value] : reply.headers) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    answer.headers.emplace_back(name, value);
  }
  answer.body = std::move(reply.body);
  return answer;
}

}  // namespace pipewright::tests
