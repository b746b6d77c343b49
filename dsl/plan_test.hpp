// A checked test: what is given, what is expected, with the plan of every expression in it. `pipewright test` executes
// it; it is no part of the plan that runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsl/plan.hpp"

namespace pipewright::dsl::plan {

/// `loses its answer`, `answers 503 twice`, `refuses "…"`.
struct TestFault {
  enum class Kind { loses, answers, refuses };
  Kind kind = Kind::loses;
  std::optional<Expr> argument;  ///< the status, or the words of the refusal
  std::optional<Expr> times;     ///< of `answers`; without it: once
};

struct Given {
  enum class Kind { now, event, existing, fault };
  Kind kind = Kind::event;
  std::string connection;  ///< of `existing` and `fault`, of an event where the test names its source
  std::string node;        ///< by type: `crm.client`, `wb.dbs.new`
  std::vector<Field> fields;
  std::optional<Expr> now;
  std::optional<TestFault> fault;
  Place place;
};

struct Expectation {
  enum class Kind { write, nothing, nothing_else, skipped, parked };
  Kind kind = Kind::write;
  std::string connection;
  std::string node;
  std::string operation;      ///< `create`, `update`, `set`, `append`, `send`, `none`; empty: any write
  std::optional<Expr> times;  ///< the exact count
  std::vector<Field> fields;
  std::optional<Expr> text;  ///< of `skipped at`, `parked with`
  Place place;
};

struct TestItems {
  std::vector<Given> givens;
  std::vector<Expectation> expectations;
};

/// `for each NAME in LIST { … }`: each element is a test of its own.
struct TestCases {
  std::string name;
  int slot = -1;
  Expr list;
  TestItems items;
};

struct Test {
  std::string name;
  std::string pipeline;
  TestItems items;  ///< of every case
  std::vector<TestCases> cases;
  int slots = 0;
  Place place;
};

}  // namespace pipewright::dsl::plan
