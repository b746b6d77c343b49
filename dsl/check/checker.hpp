// The checker's state and its parts; private to dsl/check. Each .cpp of this folder implements one of the sections
// below.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dsl/check.hpp"
#include "dsl/check/facts.hpp"
#include "dsl/codes.hpp"
#include "dsl/index.hpp"

namespace pipewright::dsl {

/// An expression with its static type and its plan.
struct Typed {
  Type type;
  plan::Expr expr;
};

struct Binding {
  Type type;
  int slot = -1;
  SourceId source = 0;
  Span span;
  const ast::Expr* constant = nullptr;  ///< of a top-level `let`: the expression itself stands where the name is used
  std::string action;                   ///< of an action's result: the node
  bool named = false;                   ///< the name was given with `as`, or is the source's
  std::vector<Span> given;              ///< two and more: actions that gave it without `as`
};

struct Checker {
  Checker(const ProgramInput& program_input, const Catalog& declared) : input(program_input), catalog(declared) {}

  const ProgramInput& input;
  const Catalog& catalog;
  Checked out;

  // ---- where we are ----
  SourceId file = 0;        ///< of the text under the cursor
  bool in_catalog = false;  ///< the text is the standard library's
  std::vector<std::map<std::string, Binding>> frames;
  std::set<std::string> not_null;  ///< paths that a condition has shown to be there: `order.user`
  int slots = 0;
  std::size_t repeats = 1;  // of the step that is checked, by the lists of `each` around it that are written out
  const plan::Pipeline* pipeline = nullptr;

  // ---- what is written down for an editor (check/index.cpp): each of these does nothing without an index ----
  Index* index = nullptr;
  bool checks_lets = false;          ///< the values are read for themselves, not for who uses them
  std::optional<Type> probe_wanted;  ///< of the innermost expression that the probed place is in
  [[nodiscard]] bool probed(Span span) const {
    return index != nullptr && index->probe && !in_catalog && index->probe->first == file &&
           span.begin <= index->probe->second && index->probe->second <= span.end;
  }
  Here* here(Here::Kind kind, Span span);  ///< when the place is probed: what may stand there, to be filled in
  void mention(Mention mention);
  void mention_name(const ast::Name& name, const Binding& binding, bool declares);
  void mention_node(const ast::Path& path, Mention::Kind kind, const std::string& name, const std::string& doc);
  void mention_field(const ast::Name& name, const RecordType& record, const FieldType& field);
  void mention_pipeline(const ast::Name& name);
  void mention_action(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made, Span span);
  void want_operand(const ast::Expr& operand, const Type& other);  ///< what it is compared with says what is wanted
  [[nodiscard]] std::vector<Visible> visible_here() const;
  static std::vector<std::string> names_of(const std::vector<ast::RecordField>& fields);

  // ---- diagnostics (check/checker.cpp) ----
  Diagnostic& report(const Code& code, Span span, std::string message);
  void suggest(Diagnostic& diagnostic, Span span, const std::string& word, const std::vector<std::string>& candidates);
  [[nodiscard]] const Source& source() const;
  [[nodiscard]] plan::Place place(Span span) const;
  [[nodiscard]] bool is_lost(const std::string& name) const;  ///< a statement that did not parse would have given it

  // ---- names (check/checker.cpp) ----
  [[nodiscard]] Binding* find(const std::string& name);
  void bind(const ast::Name& name, Binding binding);
  [[nodiscard]] std::vector<std::string> visible_names() const;
  void suggest_import(Diagnostic& diagnostic,
                      SourceId where) const;  ///< the name is there, in a file that is not imported

  // ---- expressions (check/expressions.cpp, check/operators.cpp, check/functions.cpp) ----
  Typed expression(const ast::Expr& expr, const Type* wanted = nullptr);
  Typed bad(Span span);
  Typed literal(Type::Kind kind, plan::Constant value, Span span);
  Typed text_literal(const ast::TextLiteral& text, Span span);
  Typed reference(const ast::Reference& reference, Span span);
  Typed let_value(const std::string& name, const Binding& binding, Span span);
  Typed member(const ast::Member& member, Span span);
  Typed element(const ast::Element& element, Span span);
  Typed lookup(const std::string& table, const ast::Expr& key, Span span, Span table_span);
  Typed unary(const ast::Unary& unary, Span span);
  Typed binary(const ast::Binary& binary, Span span);
  Typed arithmetic(const ast::Binary& binary, Typed left, Typed right, Span span);
  Typed comparison(const ast::Binary& binary, Typed left, Typed right, Span span);
  Typed membership(const ast::Binary& binary, Typed left, Typed right, Span span);
  Typed logic(const ast::Binary& binary, Span span);
  Typed fallback(const ast::Binary& binary, Span span);
  Typed conditional(const ast::Conditional& conditional, Span span, const Type* wanted);
  Typed list(const ast::ListLiteral& list, Span span, const Type* wanted);
  Typed comprehension(const ast::Comprehension& comprehension, Span span, const Type* wanted);
  Typed record(const ast::RecordLiteral& record, Span span, const Type* wanted);
  void unknown_function(const ast::Call& node, Span span);
  Typed call(const ast::Call& call, Span span);
  [[nodiscard]] Type call_type(const std::string& name, std::vector<Typed>& arguments, const std::vector<Span>& spans);
  void words_fit(const Type& enumeration, const ast::Expr& expr);  ///< literals stand for words of the enumeration
  /// Reports a null, json or a wrong type where `type` is needed; false when it reported.
  bool require(const Typed& value, const Type& type, Span span, const std::string& what);
  bool condition(const ast::Expr& expr, plan::Expr& into);
  [[nodiscard]] static std::optional<std::string> path_of(const ast::Expr& expr);
  /// The paths that are not null when `expr` is true (or, `when_true` false, when it is not).
  static void narrowings(const ast::Expr& expr, bool when_true, std::set<std::string>& into);

  // ---- tables (check/tables.cpp) ----
  struct TableInfo {
    std::string name;
    SourceId file = 0;
    bool standard = false;
    const ast::Table* tree = nullptr;
    Span span;
    Type value;
    Type key;               ///< the common type of the keys
    std::size_t index = 0;  ///< in the plan
    bool used = false;
    bool checked = false;
    bool broken = false;               ///< a key of it was no literal: what is missing is not known
    std::set<std::string> complained;  ///< enumerations whose missing words were told
  };
  std::map<std::string, TableInfo> tables;           ///< the program's own
  std::map<std::string, TableInfo> standard_tables;  ///< one of the program's own hides them where it is visible
  [[nodiscard]] std::vector<std::string> table_names() const;
  TableInfo* table_named(const std::string& name);
  void check_table(TableInfo& table);
  // ---- values that are known before running (check/values.cpp) ----
  void values_fit(const FieldType& field, const ast::Expr& expr);  ///< what the field takes
  void null_keys(const ast::Action& tree, const plan::Action& made);
  void exclusive_fields(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made);

  /// `new -> 1`, `default -> 1`
  void unquoted_key(const std::string& word, Span span, const ast::Table::Row& row);
  [[nodiscard]] bool name_is_value(const std::string& name);
  void keys_cover(TableInfo& table, const Type& key, Span use);

  // ---- pipelines (check/pipelines.cpp, check/actions.cpp) ----
  struct PipelineInfo {
    std::string name;
    SourceId file = 0;
    const ast::Pipeline* tree = nullptr;
    Span span;
    enum class State { fresh, under_way, done } state = State::fresh;
    Type record;  ///< what it gives, once known
    std::string noun;
    bool has_before = false;
    std::vector<Type> record_types;
  };
  std::map<std::string, PipelineInfo> pipelines;
  std::vector<std::string> pipeline_order;
  void check_pipeline(PipelineInfo& info);
  bool stream_of(PipelineInfo& info,
                 std::vector<std::string>& path);  ///< fills `gives`; false on a cycle that was told
  void check_since(const ast::SourceUse& use, const SourceSpec& spec);
  std::optional<plan::Source> source_use(const ast::SourceUse& use, const SourceSpec& spec,
                                         const std::string& connection);
  [[nodiscard]] const SourceSpec* source_spec(const ast::Path& path, std::string* connection);
  [[nodiscard]] std::optional<std::string> node_name(const ast::Path& path, std::string& connection);
  void unknown_node(const ast::Path& path, bool wanted_source);
  void unknown_word(const ast::Path& path, bool wanted_source);
  void misspelt_node(const ast::Path& path, const std::string& name, const std::string& connection, bool wanted_source);
  Type merged(const std::vector<Type>& records);
  plan::Steps steps(const ast::Steps& tree);
  std::optional<plan::Step> step(const ast::Step& tree, bool& reachable);
  plan::Where where(const ast::Where& node, bool& reachable);
  plan::When when(const ast::When& node);
  plan::Steps scoped(const ast::Steps& tree, const std::set<std::string>& narrowed);
  std::optional<plan::Action> action(const ast::Action& tree, Span span);
  std::optional<plan::Field> written_field(const ast::RecordField& field, const ActionSpec& spec,
                                           const std::vector<std::pair<std::string, Typed>>& defaults);
  std::vector<std::pair<std::string, Typed>> default_fields(const ActionSpec& spec);
  std::vector<std::pair<std::string, Typed>> mapped(const Type& record, const ActionSpec& spec);
  void parts_fit(const ast::Action& tree, const ActionSpec& spec, plan::Action& into);
  void action_keys(const ast::Action& tree, const ActionSpec& spec, plan::Action& into);
  void fill(const ast::Action& tree, const ActionSpec& spec, plan::Action& into,
            const std::vector<std::pair<std::string, Typed>>& defaults);
  void completeness(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made);
  void key_without_value(const ast::Action& tree, const ActionSpec& spec, const plan::Action& made,
                         const std::string& key);
  void bind_result(const ast::Action& tree, const ActionSpec& spec, plan::Action& action);
  Facts facts;                     ///< what the conditions above leave
  std::vector<Type> record_types;  ///< of the pipeline's sources, each once
  struct Result {
    std::string connection;
    std::string node;
    int slot;
    Type type;
  };
  std::vector<Result> results;  ///< of the actions that have run when the current step does

  // ---- the program (check/program.cpp, check/loops.cpp) ----
  std::vector<std::set<SourceId>> visible;  ///< by file: itself and what it imports
  std::vector<std::set<std::string>> lost;  ///< by file
  std::set<SourceId> broken;                ///< files that did not parse as a whole
  std::map<std::string, std::pair<SourceId, Binding>> lets;
  std::vector<std::string> lets_under_way;  ///< that are being read, the innermost last
  std::set<std::string> lets_in_circle;     ///< were told
  std::set<std::string> wrong_lets;         ///< whose own value has a mistake
  std::size_t let_parts = 0;                ///< what others have added to the value under way
  std::size_t all_let_parts = 0;            ///< all of them together
  bool lets_too_large = false;              ///< was told
  void load();
  SourceId add_file(const std::string& path, std::string text, std::map<std::string, SourceId>& known);
  void collect();
  void collect_let(const ast::Let& let);
  void collect_table(const ast::Table& table, const std::string& doc);
  void collect_pipeline(const ast::Pipeline& tree, const std::string& doc, std::optional<Span>& unnamed);
  void second_unnamed(Span span, Span first);
  void duplicate(const std::string& what, const std::string& name, SourceId first, Span first_span, Span span);
  void check_lets();
  bool free_of(const std::string& name,
               const ast::SourceUse& giver);  ///< no let or table has the name that a source gives
  void credentials(const ast::File& tree);
  class Loops;
  void loops();  ///< P0412
  void finish();

  // ---- `# allow P0412: why` (check/allow.cpp) ----
  void collect_allows();
  [[nodiscard]] bool allowed(const Code& code, SourceId where, Span span) const {
    return out.allowed(code, where, span);
  }

  // ---- tests (check/tests.cpp) ----
  void check_test(const ast::Test& test, std::map<std::string, std::pair<SourceId, Span>>& names);
  std::optional<plan::Given> check_given(const ast::Given& given, const PipelineInfo& tested);
  void operation_fits(const ast::Name& operation, const ActionSpec& spec);
  std::optional<plan::Expectation> check_expect(const ast::Expect& expect);
  std::optional<plan::Given> check_given_event(const ast::Given& given, const PipelineInfo& tested,
                                               const SourceSpec& source, plan::Given made);
  std::vector<plan::Field> partial_fields(const ast::Record& record, const std::string& owner,
                                          const std::vector<const RecordType*>& types);
  plan::Expr partial_value(const ast::Expr& value, const std::string& owner, const FieldType* known);
};

std::string hash_of(const std::vector<std::pair<std::string, std::string>>& files);

}  // namespace pipewright::dsl
