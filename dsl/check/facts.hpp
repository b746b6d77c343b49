// What is known of paths behind the conditions above: which filters say nothing new, and which nothing can pass.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "dsl/plan.hpp"

namespace pipewright::dsl {

enum class Truth { always, never, depends };

/// Whether the path leads through a field that is always null.
bool unfilled(const plan::Expr& path);

class Facts {
 public:
  /// Whether the condition holds for every record that comes here, or for none.
  [[nodiscard]] Truth judge(const plan::Expr& condition) const;
  /// From here on the condition holds, or does not.
  void assume(const plan::Expr& condition, bool holds);

 private:
  struct Bound {
    Decimal at;
    bool open = false;  ///< the bound itself is out
  };
  struct Known {
    std::optional<std::set<std::string>> only;  ///< it is one of these, and not null
    std::set<std::string> never;
    std::optional<Bound> least, most;
  };
  [[nodiscard]] static Known declared(const plan::Expr& path);  ///< by its type alone
  [[nodiscard]] Truth compare(const plan::Binary& node) const;
  [[nodiscard]] static Truth among(const Known& known, const std::set<std::string>& values);
  [[nodiscard]] static Truth ordered(const Known& known, plan::Operator op, const Decimal& with);
  static void narrow(Known& known, plan::Operator op, const Decimal& with);

  std::map<std::string, Known> known_;  ///< by path
};

}  // namespace pipewright::dsl
