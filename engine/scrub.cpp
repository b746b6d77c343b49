#include "engine/scrub.hpp"

namespace pipewright::engine {

std::shared_ptr<const Scrubber> scrubber_of(const Config& config) {
  std::vector<Secret> secrets;
  for (const auto& [name, settings] : config.connections) {
    for (const auto& [key, secret] : settings.secrets) secrets.push_back(secret);
  }
  return std::make_shared<const Scrubber>(secrets);
}

void scrub(const Scrubber& scrubber, CallResult& result) {
  if (scrubber.empty()) return;
  if (!result) {
    result.error().message = scrubber.clean(std::move(result.error().message));
    return;
  }
  result->body = scrubber.clean(std::move(result->body));
  for (auto& [name, value] : result->headers) value = scrubber.clean(std::move(value));
}

void scrub_record(const Scrubber& scrubber, Request& request) {
  if (scrubber.empty()) return;
  request.url = scrubber.clean(std::move(request.url));
  request.body = scrubber.clean(std::move(request.body));
}

}  // namespace pipewright::engine
