// The tree as it was written: every construct of a file with its span, and the comments.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/box.hpp"
#include "base/decimal.hpp"
#include "base/time.hpp"
#include "dsl/plan.hpp"
#include "dsl/source.hpp"

namespace pipewright::dsl::ast {

struct Name {
  std::string text;
  Span span;
};

/// `wb.fbs.new`
struct Path {
  std::vector<Name> parts;
  Span span;
  [[nodiscard]] std::string text() const;
};

struct Expr;

struct Bad {};  // something that did not parse and was reported
struct Null {};
struct Clear {};
struct Bool {
  bool value;
};
struct Number {
  Decimal value;
};
struct DurationLiteral {
  Duration value;
};
struct DateLiteral {
  Date value;
};
struct TimeLiteral {
  std::string text;
};  // read with the program's time zone, see check
struct TextLiteral {
  std::vector<std::variant<std::string, Box<Expr>>> parts;
};
struct Reference {
  Name name;
};
struct Member {
  Box<Expr> record;
  Name name;
};
struct Element {
  Box<Expr> list;
  Box<Expr> index;
};
struct Call {
  Name function;
  std::vector<Expr> arguments;
};
struct Unary {
  bool is_not;
  Box<Expr> operand;
};
struct Binary {
  plan::Operator op;
  Span op_span;
  Box<Expr> left;
  Box<Expr> right;
};
struct Conditional {
  Box<Expr> condition;
  Box<Expr> then;
  std::optional<Box<Expr>> otherwise;
};
struct ListLiteral {
  std::vector<Expr> elements;
};
struct Comprehension {
  Box<Expr> element;
  Name name;
  Box<Expr> list;
  std::optional<Box<Expr>> condition;
};
struct RecordField;
struct RecordLiteral {
  std::vector<RecordField> fields;
};

struct Expr {
  std::variant<Bad, Null, Clear, Bool, Number, DurationLiteral, DateLiteral, TimeLiteral, TextLiteral, Reference,
               Member, Element, Call, Unary, Binary, Conditional, ListLiteral, Comprehension, RecordLiteral>
      node;
  Span span;
};

struct RecordField {
  Name name;
  std::optional<Expr> value;  // missing: `first_name`, taken from the default mapping
  Span span;
};

// ---- statements
// -------------------------------------------------------------------------------------------------------------------

struct Import {
  std::string path;
  Span path_span;
};
struct Let {
  Name name;
  Expr value;
};

struct Otherwise {  // of a table
  enum class Kind { value, skip, fail, keep } kind;
  std::optional<Expr> value;
  Span span;
};
struct Table {
  struct Row {
    std::vector<Expr> keys;
    Expr value;
    Span span;
  };
  Path name;
  std::vector<Row> rows;
  std::optional<Otherwise> otherwise;
  bool broken = false;  // a row did not parse
};

struct Record {
  std::vector<RecordField> fields;
  Span span;
  bool broken = false;  // a field did not parse
};

struct SourceUse {
  Path path;
  std::optional<Expr> text;
  std::vector<Name> of;
  std::optional<Expr> every;
  std::optional<Expr> since;  // `now` is a duration of nothing
  std::optional<Record> options;
  Span span;
};

struct Step;
using Steps = std::vector<Step>;

struct Where {
  Expr condition;
};
struct When {
  struct Branch {
    Expr condition;
    Steps steps;
  };
  std::vector<Branch> branches;
  std::optional<Steps> otherwise;
};
struct Each {
  Name name;
  Expr list;
  Steps steps;
};
struct Action {
  Path path;
  std::optional<Name> verb;
  std::optional<Expr> text;
  std::vector<Name> keys;
  std::optional<Span> only;
  std::optional<Record> fields;
  std::optional<Record> initially;
  std::optional<Name> as;
  std::optional<Name> otherwise;  // skip, fail, null
  std::optional<Name> delivery;   // at_most_once, at_least_once
};
struct BadStep {};

struct Step {
  std::variant<Where, Let, When, Each, Action, BadStep> node;
  Span span;
};

struct Pipeline {
  std::optional<Name> name;
  std::vector<SourceUse> sources;
  Steps steps;
  Span head;  // `pipeline NAME`, or `on`
};

// ---- tests: parsed and kept; `pipewright test` executes them
// ------------------------------------------------------------------------

struct Fault {
  std::string kind;
  std::optional<Expr> argument;
  std::optional<Expr> times;
};  // loses, answers, refuses
struct Given {
  Path subject;
  std::optional<Record> record;
  std::optional<Expr> now;
  std::optional<Fault> fault;
  Span span;
};
struct Expect {
  std::string kind;  // write, nothing, nothing else, skipped, parked
  std::optional<Path> node;
  std::optional<Name> operation;
  std::optional<Expr> times;
  std::optional<Record> record;
  std::optional<Expr> text;
  Span span;
};
struct Test;
struct ForEach {
  Name name;
  Expr cases;
  std::vector<std::variant<Given, Expect>> items;
  Span span;
};
struct Test {
  std::string name;
  Span name_span;
  Name of;
  std::vector<std::variant<Given, Expect, ForEach>> items;
};

// ---- declarations of the standard library
// -------------------------------------------------------------------------------------------

struct TypeName {
  std::optional<Path> path;
  std::optional<Box<TypeName>> element;
  bool map = false;
  bool nullable = false;
  Span span;
};
struct DeclaredField {
  Name name;
  TypeName type;
  std::string from;            // the API's own word
  Span from_span;              // its text
  std::optional<Path> values;  // `of ENUMERATION`
  std::vector<Name> flags;     // in_kopecks, in_moscow, in_account_zone, derived, required, unfilled
  std::optional<Expr> example;
  std::string doc;
  Span span;
};
struct EnumDeclaration {
  Path name;
  std::vector<Name> words;
  bool open = false;
  std::string doc;
};
struct RecordDeclaration {
  Path name;
  std::vector<DeclaredField> fields;
  std::string doc;
};
struct Attribute {
  Span span;
  Name word;
  std::vector<Name> names;
  std::optional<Path> path;
  std::optional<Expr> value;
  std::vector<DeclaredField> fields;
};
struct SourceDeclaration {
  Path name;
  Name noun;
  TypeName record;
  std::vector<Attribute> attributes;
  std::string doc;
};
struct ActionDeclaration {
  Path name;
  Name noun;
  TypeName result;
  std::vector<Attribute> attributes;
  std::string doc;
};
struct MappingDeclaration {
  Path from;
  Path to;
  Record fields;
};

struct Statement {
  std::variant<Import, Let, Table, Pipeline, Test, EnumDeclaration, RecordDeclaration, SourceDeclaration,
               ActionDeclaration, MappingDeclaration>
      node;
  Span span;
  std::string doc;  // the comment lines above
};

struct File {
  std::vector<Statement> statements;
  std::vector<Span> comments;
};

}  // namespace pipewright::dsl::ast
