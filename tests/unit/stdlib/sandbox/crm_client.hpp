// A retailCRM integration in tests: forms in, JSON out.
#pragma once

#include "stdlib/crm/sandbox/sandbox.hpp"
#include "tests/support/loopback.hpp"

namespace pipewright::tests {

struct Integration {
  crm::sandbox::Sandbox& sandbox;
  std::string key = sandbox.credential();

  Answer read(const std::string& target) const { return request("GET", sandbox.url() + target, {{"X-API-KEY", key}}); }

  /// Objects and arrays become JSON text, as the API wants them.
  Answer write(const std::string& target, const nlohmann::json& form) const {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& [name, value] : form.items())
      fields.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    return request("POST", sandbox.url() + target,
                   {{"X-API-KEY", key}, {"Content-Type", "application/x-www-form-urlencoded"}}, form_of(fields));
  }
};

}  // namespace pipewright::tests
