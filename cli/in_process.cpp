#include "cli/in_process.hpp"

#include "base/text.hpp"

namespace pipewright::cli {

engine::http::ServerRequest server_request(const engine::Request& request) {
  engine::http::ServerRequest made;
  made.method = request.method;
  const std::size_t host = request.url.find("://");
  const std::size_t path = request.url.find('/', host == std::string::npos ? 0 : host + 3);
  std::string rest = path == std::string::npos ? "/" : request.url.substr(path);
  const std::size_t question = rest.find('?');
  if (question != std::string::npos) {
    made.query = rest.substr(question + 1);
    made.parameters = engine::http::form_pairs(made.query);
    rest.resize(question);
  }
  made.raw_path = rest;
  made.path = engine::http::url_decoded(rest, false);
  for (const auto& [name, value] : request.headers) made.headers[lowercase(name)] = value;
  for (const auto& [name, secret] : request.secret_headers) made.headers[lowercase(name)] = secret.reveal();
  made.body = request.body;
  made.peer = "127.0.0.1";
  return made;
}

engine::CallResult call_result(const engine::http::Reply& reply) {
  if (reply.drop || reply.truncate)
    return tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::unknown, "the connection was closed"});
  engine::Answer answer;
  answer.status = reply.status;
  for (const auto& [name, value] : reply.headers) answer.headers.emplace_back(lowercase(name), value);
  answer.body = reply.body;
  return answer;
}

}  // namespace pipewright::cli
