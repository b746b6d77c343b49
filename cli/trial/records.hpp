// Partial records of a test made whole, and as the sandboxes take them.
#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "dsl/catalog.hpp"
#include "engine/value.hpp"

namespace pipewright::cli {

/// The declared examples of the standard library, as values.
class Examples {
 public:
  explicit Examples(const dsl::Catalog& catalog);

  /// What is left out is null, or the declared example where null is not allowed. Fields that say one thing in two ways
  /// follow each other: `srid` and `id`, `price` and `price_with_disc`, the numeric statuses and the words.
  [[nodiscard]] engine::Value whole(const engine::Value& given, const dsl::Type& type) const;

 private:
  void agree(engine::Record& given) const;
  [[nodiscard]] engine::Value missing(const dsl::FieldType& field) const;
  std::map<std::string, engine::Value> by_text_;  ///< source text → value
};

/// What the system would have sent for this record (`raw`): the declaration backwards, with the API's own names,
/// kopecks and wall clocks of `zone` where it has them. Fields that the connector derives are not in it, nor is what is
/// null.
engine::Value as_sent(const engine::Value& record, const dsl::Type& type, const std::string& zone);

/// A record of ours in retailCRM's own words: camelCase, `{id}` and `[{number}]` where the API has them, times by the
/// wall clock of `zone`.
nlohmann::json as_retailcrm(const engine::Record& record, const std::string& zone);

}  // namespace pipewright::cli
