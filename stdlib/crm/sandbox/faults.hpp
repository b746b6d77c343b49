// What goes wrong on request: the operator lists faults, the server asks which of them strikes now.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/http/server.hpp"

namespace pipewright::crm::sandbox {

/// {match: part of the path, method?, times?, every?: the N-th, skip?, after_commit?, kind, status?, body?,
/// location?, ms?}
/// kind: status, drop, reset_before, truncate, delay, html, body. `times` is 1 unless `every` is given; 0 means for
/// ever.
struct Fault {
  enum class Kind { status, drop, reset_before, truncate, delay, html, body };
  std::string match;
  std::string method;  ///< "": any
  int times = 1;       ///< strikes left; 0 when `forever`
  bool forever = false;
  int every = 1;
  int skip = 0;
  bool after_commit = false;
  Kind kind = Kind::status;
  int status = 500;
  std::string body;
  std::string content_type = "application/json";
  std::string location;  ///< of a redirect; "": none
  std::chrono::milliseconds wait{0};
  int seen = 0;

  /// The request is worked on, although the answer is spoiled.
  [[nodiscard]] bool commits() const;
  /// The spoiled answer; `honest` is what would have been said.
  [[nodiscard]] engine::http::Reply spoil(engine::http::Reply honest) const;
};

/// The error is a sentence about the field that cannot be read.
tl::expected<Fault, std::string> fault_from(const nlohmann::json& json);

class Faults {
 public:
  void add(Fault fault) { faults_.push_back(std::move(fault)); }
  void clear() { faults_.clear(); }
  /// Counts the request against every fault that matches; the first one due strikes.
  std::optional<Fault> strike(const std::string& method, const std::string& path);

 private:
  std::vector<Fault> faults_;
};

std::string name_of(Fault::Kind kind);

}  // namespace pipewright::crm::sandbox
