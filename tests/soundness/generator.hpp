// What the generator is made of; private to generate*.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "generate.hpp"
#include "random.hpp"
#include "types.hpp"

namespace pipewright::soundness {

/// A path that a name begins, with what on the way may be null.
struct Path {
  Node node;
  Type type;                                      ///< as if everything on the way were there
  std::vector<std::pair<std::string, bool>> way;  ///< each part's text, and whether it may be null by itself
};

struct Bound {
  std::string name;
  Type type;
  std::shared_ptr<const std::vector<Path>> paths;
  bool given = false;  ///< by an action without `as`
};

// ---- literals and operators (generate_parts.cpp)

Node make(Node::Kind kind, Type type, std::string word = {}, std::vector<Node> parts = {});
Node call(const std::string& function, Type type, std::vector<Node> arguments);
Node binary(const std::string& op, Type type, Node left, Node right);
Node literal(Kind kind, std::string word);
/// The default mapping from a record to an action, as the catalog declares it; nothing where there is none.
std::optional<std::vector<Field>> default_fields(const dsl::Catalog& catalog, const dsl::RecordType& record,
                                                 const std::string& noun, const std::string& action);
std::vector<Path> paths_of(const std::string& name, const Type& type);

class Generator {
 public:
  Generator(std::uint64_t seed, const dsl::Catalog& catalog) : random_(seed), catalog_(catalog) {}
  Program program();

 private:
  using Wanted = std::function<bool(const Type&)>;

  // ---- values that are there, of exactly this type (generate_values.cpp)
  Node value(const Type& type, int depth);
  Node text(int depth);
  Node joined(int depth);
  Node integer(int depth);
  Node decimal(int depth);
  Node money(int depth);
  Node time(int depth);
  Node date(int depth);
  Node duration(int depth);
  Node id(int depth);
  Node leaf(Kind kind);
  Node text_literal();
  Node convertible(const std::vector<std::string>& words);
  Node divisor();
  Node digits();
  Node any_number(int depth);

  // ---- conditions (generate_conditions.cpp)
  Node condition(int depth);
  Node null_check(int depth);
  Node boolean(int depth);
  Node comparison(int depth);
  Node membership(int depth);
  Node of_texts(int depth);

  // ---- lists, records, and what may be null (generate_structures.cpp)
  Node list(const Type& element, int depth);
  Node list_of_some(const Type& element, int depth);
  Node comprehension(const Type& element, int depth);
  Node record(int depth);
  Node maybe(const Type& type, int depth);
  Node conditional(const Type& type, int depth);
  Node fallback(const Type& type, int depth);
  std::optional<Node> common(const Type& type, int depth);
  std::optional<Node> extreme(const Type& type, int depth);
  std::optional<Node> lookup(Kind kind, int depth);
  std::optional<Node> path(const Wanted& wanted, bool may_be_null = false);
  std::optional<Node> nullable_path(const Wanted& wanted);
  Type single_type();
  Type type_of(const Path& path) const;
  Node fitting(const Type& type, int depth);
  Node argument(int depth);
  bool has_money();
  template <class Make>
  auto when_shown(const Node& condition, bool holds, Make make) {
    const std::set<std::string> before = shown_;
    shown_by(condition, holds, shown_);
    auto made = make();
    shown_ = before;
    return made;
  }

  // ---- steps and programs (generate_steps.cpp, generate_program.cpp)
  Chain chain(int depth, std::size_t most);
  Step step(int depth);
  Step when(int depth);
  Step each(int depth);
  Step let();
  Action action();
  Action log_line();
  Action line_of_file();
  Action request();
  Action write(const dsl::ActionSpec& spec);
  std::vector<Field> fields(const dsl::RecordType& takes, std::size_t most, const std::set<std::string>& without);
  Node written(const dsl::FieldType& field);
  void bind_result(Action& action, const dsl::ActionSpec& spec);
  void keys(const dsl::ActionSpec& spec, Action& made, std::set<std::string>& used);
  void required(const dsl::ActionSpec& spec, Action& made, std::set<std::string>& used);
  bool gives(const Action& action, const std::string& field) const;
  Table table();
  Pipeline pipeline(std::size_t number);
  void sources(Pipeline& pipeline);
  std::string fresh(const std::string& begin) { return begin + std::to_string(++names_); }
  void bind(const std::string& name, const Type& type);

  Random random_;
  const dsl::Catalog& catalog_;
  Program program_;
  std::vector<Bound> bound_;
  std::set<std::string> shown_;
  std::size_t names_ = 0;
  const Pipeline* current_ = nullptr;  ///< whose chain is made
};

}  // namespace pipewright::soundness
