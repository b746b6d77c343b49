#include "engine/interpret.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "engine/json.hpp"
#include "engine/settle.hpp"

namespace pipewright::engine {
namespace {

namespace plan = dsl::plan;
using plan::Expr;
using plan::Operator;

// A normalised record without what stands beside its fields; what was not normalised, such as a line of a file, as it
// is.
Value as_declared(const Value& record) {
  if (record.record() == nullptr || find_field(*record.record(), "@record") == nullptr) return record;
  Record fields;
  for (const auto& [name, value] : *record.record()) {
    if (name != "@record" && name != "raw") fields.emplace_back(name, value);
  }
  return Value(std::move(fields));
}

std::string brief(const Value& value) {
  if (value.is_null()) return "null";
  if (value.text() != nullptr) return shortened(*value.text(), 60);
  return value.list() != nullptr || value.record() != nullptr ? json_start(value, 60) : shortened(value.display(), 60);
}

std::string name_of(const Expr& expr) {
  if (const auto* member = std::get_if<plan::Member>(&expr.node)) return member->name;
  return expr.place.text.empty() ? "the value" : expr.place.text;
}

std::string_view word_for_not(Operator op) {
  switch (op) {
    case Operator::less:
      return "not less than";
    case Operator::less_or_equal:
      return "more than";
    case Operator::greater:
      return "not more than";
    case Operator::greater_or_equal:
      return "less than";
    default:
      return "not";
  }
}

// Why a condition does not hold, in words that show the values where that is simple.
std::string why_not(const Expr& condition, Scope& scope) {
  if (const auto* node = std::get_if<plan::Binary>(&condition.node)) {
    if (node->op == Operator::and_) {
      const Evaluated left = evaluate(*node->left, scope);
      const bool holds = left && left->boolean() != nullptr && *left->boolean();
      return why_not(holds ? *node->right : *node->left, scope);
    }
    const bool simple = node->op >= Operator::equal && node->op <= Operator::not_in;
    if (simple) {
      const Evaluated left = evaluate(*node->left, scope);
      const Evaluated right = evaluate(*node->right, scope);
      if (left && right) {
        const std::string name = name_of(*node->left);
        if (node->op == Operator::unequal) return fmt::format("{} is {}", name, brief(*right));
        if (node->op == Operator::in) return fmt::format("{} is {}, not one of {}", name, brief(*left), brief(*right));
        if (node->op == Operator::not_in) return fmt::format("{} is {}", name, brief(*left));
        return fmt::format("{} is {}, {} {}", name, brief(*left), word_for_not(node->op), brief(*right));
      }
    }
  }
  if (const auto* negated = std::get_if<plan::Not>(&condition.node))
    return fmt::format("{} is true", name_of(*negated->operand));
  return fmt::format("{} is not true",
                     condition.place.text.empty() ? "the condition" : "`" + condition.place.text + "`");
}

// What came of a chain: it ended early (why, where), it waits, or it ran through.
struct Course {
  enum class State { through, waits, skipped, parked };
  State state = State::through;
  std::string reason;
  const plan::Place* place = nullptr;
};

class Walk {
 public:
  Walk(const plan::Pipeline& pipeline, const plan::Plan& plan, const CompiledTables& tables, const EventData& event,
       const std::map<Address, Recorded>& recorded, Reasons reasons)
      : event_(event), recorded_(recorded), reasons_(reasons) {
    scope_.plan = &plan;
    scope_.tables = &tables;
    scope_.slots.resize(static_cast<std::size_t>(std::max(pipeline.slots, 2)));
    scope_.slots[0] = event.record;
    scope_.slots[1] = event.before;
    scope_.now = event.received_at;
    scope_.time_zone = event.time_zone;
    scope_.reached = event.reached;
    scope_.budget = Budget(event.limits);
  }

  Progress run(const plan::Steps& steps) {
    Course course = chain(steps);
    Progress progress;
    // Nothing is under way yet when nothing is recorded: an event that costs too much then ends without an effect.
    if (scope_.budget.exceeded() && recorded_.empty()) {
      wants_.clear();
      course = parked_ ? *parked_ : course;
    }
    progress.wants = std::move(wants_);
    if (!progress.wants.empty() || course.state == Course::State::waits) return progress;
    Ending ending;
    ending.warnings = std::move(warnings_);
    ending.reached_end = course.state == Course::State::through;
    ending.kind = written_ ? EndingKind::written : EndingKind::unchanged;
    if (course.state == Course::State::skipped) {
      if (!written_ && !unchanged_) ending.kind = EndingKind::skipped;
      ending.reason = std::move(course.reason);
      ending.place = course.place;
    } else if (first_skip_ && !written_ && !unchanged_ && !passed_) {  // every item of `each` was skipped
      ending.kind = EndingKind::skipped;
      ending.reason = std::move(first_skip_->reason);
      ending.place = first_skip_->place;
    }
    if (ending.kind == EndingKind::skipped) ending.reached_end = false;
    if (course.state == Course::State::parked || parked_) {
      const Course& worst = parked_ ? *parked_ : course;
      ending.kind = EndingKind::parked;
      ending.reason = worst.reason;
      ending.place = worst.place;
      ending.reached_end = false;
    }
    progress.ending = std::move(ending);
    return progress;
  }

 private:
  static Course stop(const Halt& halt, const plan::Place& step) {
    return {halt.kind == Halt::Kind::skip ? Course::State::skipped : Course::State::parked, halt.reason,
            halt.place != nullptr && halt.place->line != 0 ? halt.place : &step};
  }

  Course chain(const plan::Steps& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::size_t depth = path_.size();
      path_ += fmt::format_int(i + 1).c_str();
      Course course = step(steps[i]);
      path_.resize(depth);
      if (course.state != Course::State::through) return course;
    }
    return {};
  }

  Course step(const plan::Step& step) {
    take(step.place, Reached::step);
    return std::visit(overloaded{
                          [&](const plan::Where& node) { return where(node, step.place); },
                          [&](const plan::Let& node) { return let(node, step.place); },
                          [&](const plan::When& node) { return when(node, step.place); },
                          [&](const plan::Each& node) { return each(node, step.place); },
                          [&](const plan::Action& node) { return action(node, step.place); },
                      },
                      step.node);
  }

  Course where(const plan::Where& node, const plan::Place& place) {
    const Evaluated holds = evaluate(node.condition, scope_);
    if (!holds) return stop(holds.error(), place);
    const bool passed = holds->boolean() != nullptr && *holds->boolean();
    take(place, passed ? 1 : 0);
    if (passed) return {};
    return {Course::State::skipped, reasons_ == Reasons::full ? why_not(node.condition, scope_) : std::string(),
            &place};
  }

  void take(const plan::Place& place, int arm) {
    if (scope_.reached != nullptr) scope_.reached->take(place, arm);
  }

  void bind(int slot, Value value) {
    if (slot < 0) return;
    const auto at = static_cast<std::size_t>(slot);
    if (at >= scope_.slots.size()) scope_.slots.resize(at + 1);
    if (in_each_) covered_.emplace_back(at, std::move(scope_.slots[at]));
    scope_.slots[at] = std::move(value);
  }

  // What an item of `each` binds is its own: the values that stood there come back.
  void uncover(std::size_t from) {
    for (; covered_.size() > from; covered_.pop_back())
      scope_.slots[covered_.back().first] = std::move(covered_.back().second);
  }

  Course exceeded(const plan::Place& place, std::string_view what) {
    return {Course::State::parked, fmt::format("{} {}", what, scope_.budget.reason()), &place};
  }

  Course let(const plan::Let& node, const plan::Place& place) {
    Evaluated value = evaluate(node.value, scope_);
    if (!value) return stop(value.error(), place);
    if (value->text() != nullptr && !scope_.budget.make(value->text()->size()))
      return exceeded(place, "`let`");  // lists and records are shared, a text is copied
    bind(node.slot, std::move(*value));
    return {};
  }

  Course when(const plan::When& node, const plan::Place& place) {
    const std::size_t depth = path_.size();
    for (std::size_t i = 0; i < node.branches.size(); ++i) {
      const Evaluated holds = evaluate(node.branches[i].condition, scope_);
      if (!holds) return stop(holds.error(), place);
      if (holds->boolean() == nullptr || !*holds->boolean()) continue;
      take(place, static_cast<int>(i));
      path_ += i == 0 ? std::string(".then.") : fmt::format(".when{}.", i + 1);
      Course course = chain(node.branches[i].steps);
      path_.resize(depth);
      return course;
    }
    take(place, static_cast<int>(node.branches.size()));
    path_ += ".else.";
    Course course = chain(node.otherwise);
    path_.resize(depth);
    return course;
  }

  // The first item that parks gives the reason, in whatever loop it stands; an exceeded budget goes before it.
  void note_parked(const Course& course) {
    const bool exceeded = scope_.budget.exceeded();
    if (parked_ && (!exceeded || parked_by_budget_)) return;
    parked_ = course;
    parked_by_budget_ = exceeded;
  }

  Course each(const plan::Each& node, const plan::Place& place) {
    Evaluated items = evaluate(node.list, scope_);
    if (!items) return stop(items.error(), place);
    const bool empty = items->is_null() || (items->list() != nullptr && items->list()->empty());
    take(place, empty ? Reached::none : Reached::some);
    if (items->is_null()) return {};
    if (items->list() == nullptr)
      return {Course::State::parked, fmt::format("`{}` is no list", node.list.place.text), &place};
    const std::size_t depth = path_.size();
    const std::size_t covered = covered_.size();
    const bool inner = std::exchange(in_each_, true);
    bool waits = false;
    std::optional<Course> parked;  // the first item of this loop
    for (std::size_t i = 0; i < items->list()->size() && !scope_.budget.exceeded(); ++i) {
      Course course;
      if (scope_.budget.walk(1)) {
        bind(node.slot, (*items->list())[i]);
        path_ += fmt::format("[{}].", i + 1);
        course = chain(*node.steps);
        path_.resize(depth);
        uncover(covered);
      } else {
        course = exceeded(place, "`each`");
      }
      if (course.state == Course::State::waits) waits = true;
      if (course.state == Course::State::through) passed_ = true;
      if (course.state == Course::State::skipped && !first_skip_) first_skip_ = std::move(course);
      if (course.state == Course::State::parked) note_parked(course);
      if (course.state == Course::State::parked && !parked) parked = std::move(course);
    }
    in_each_ = inner;
    if (waits && !(scope_.budget.exceeded() && recorded_.empty())) return {Course::State::waits, {}, nullptr};
    if (parked) return *parked;
    return {};
  }

  bool count(const Value& value) { return scope_.budget.make(weight_of(value, scope_.budget.room())); }

  Halt exceeded_halt(const Expr& at) {
    return {Halt::Kind::fail, fmt::format("{} {}", name_of(at), scope_.budget.reason()), &at.place};
  }

  // The operation, or why there is none.
  tl::expected<Operation, Halt> operation(const plan::Action& node) {
    Operation made;
    made.verb = node.verb;
    made.pipeline = event_.pipeline;
    made.event_key = event_.key;
    if (node.bare && node.written.empty() && node.filling.empty()) {
      // A line of a file is a text, of which each operation gets a copy.
      if (event_.record.text() != nullptr && !count(event_.record))
        return tl::unexpected<Halt>(Halt{Halt::Kind::fail, "the record " + scope_.budget.reason(), nullptr});
      made.source_record = as_declared(event_.record);
    }
    if (node.text) {
      if (auto halted = fill_text(*node.text, made)) return tl::unexpected<Halt>(std::move(*halted));
    }
    const auto fill = [&](const std::vector<plan::Field>& fields, Record& into) -> std::optional<Halt> {
      into.reserve(fields.size());
      for (const plan::Field& field : fields) {
        Evaluated value = evaluate(field.value, scope_);
        if (!value) return value.error();
        if (const Broken* broken = broken_in(*value))
          return Halt{Halt::Kind::fail, broken->reason(), &field.value.place};
        const bool is_key = std::find(node.keys.begin(), node.keys.end(), field.name) != node.keys.end();
        if (is_key && find_field(made.key, field.name) == nullptr) made.key.emplace_back(field.name, *value);
        if (value->is_null()) {
          if (node.verb == Verb::set && field.name == "id") null_id_ = true;
          continue;
        }
        if (!count(*value)) return exceeded_halt(field.value);
        into.emplace_back(field.name, settled(std::move(*value), field.value.type, &field.value));
      }
      return std::nullopt;
    };
    null_id_ = false;
    if (auto halted = fill(node.written, made.written)) return tl::unexpected<Halt>(std::move(*halted));
    if (auto halted = fill(node.filling, made.filling)) return tl::unexpected<Halt>(std::move(*halted));
    Record ordered;  // in the order of `by`
    for (const std::string& key : node.keys) {
      const Value* value = find_field(made.key, key);
      ordered.emplace_back(key, value == nullptr ? Value() : *value);
    }
    made.key = std::move(ordered);
    return made;
  }

  // In pieces where data takes part in it.
  std::optional<Halt> fill_text(const plan::Expr& expr, Operation& made) {
    const auto piece = [&](const plan::Expr& from) -> std::optional<Halt> {
      const Evaluated value = evaluate(from, scope_);
      if (!value) return value.error();
      if (value->is_null()) return Halt{Halt::Kind::fail, fmt::format("{} is null", name_of(from)), &from.place};
      std::string text;
      if (!append_printed(text, *value, from.type, scope_.budget)) return exceeded_halt(from);
      made.text_parts.push_back({std::move(text), !std::holds_alternative<plan::Literal>(from.node)});
      return std::nullopt;
    };
    const auto* pieces = std::get_if<plan::TextOf>(&expr.node);
    if (pieces == nullptr) {
      if (auto halted = piece(expr)) return halted;
    } else {
      for (const plan::Expr& each : pieces->parts) {
        if (auto halted = piece(each)) return halted;
      }
    }
    made.text = std::string();
    for (const TextPart& part : made.text_parts) *made.text += part.text;
    if (std::none_of(made.text_parts.begin(), made.text_parts.end(), [](const TextPart& part) { return part.hole; }))
      made.text_parts.clear();
    return std::nullopt;
  }

  // What is recorded of this step: at its address, or, when another plan made it, by what it did. Each recorded outcome
  // answers one step.
  const Recorded* recorded_at(const plan::Action& node, std::optional<Operation>& made) {
    if (recorded_.empty()) return nullptr;
    const auto found = recorded_.find(path_);
    if (found != recorded_.end() && found->second.readable) return &found->second;
    if (!is_moved(recorded_.rbegin()->first)) return nullptr;  // `~` sorts behind every address of this plan
    auto now = operation(node);
    if (!now) return nullptr;
    const std::string input = fingerprint(node, *now);
    made = std::move(*now);
    for (auto at = recorded_.lower_bound("~"); at != recorded_.end(); ++at) {
      if (!at->second.readable || at->second.input != input || !claimed_.insert(at->first).second) continue;
      return &at->second;
    }
    return nullptr;
  }

  static bool is_moved(const Address& address) { return address.starts_with('~'); }

  Course action(const plan::Action& node, const plan::Place& place) {
    if (!scope_.budget.effect()) return exceeded(place, "this action");
    std::optional<Operation> made;
    if (const Recorded* known = recorded_at(node, made)) return came_of(node, place, known->outcome, nullptr);
    if (!made) {
      auto wanted = operation(node);
      if (!wanted) return stop(wanted.error(), place);
      made = std::move(*wanted);
    }
    if (node.verb == Verb::set && null_id_) return {Course::State::skipped, "`id` is null", &place};
    for (const auto& [name, value] : made->key) {
      if (!value.is_null()) continue;
      if (node.verb == Verb::find || node.verb == Verb::update) return came_of(node, place, Outcome::nothing(), &name);
      if (node.verb == Verb::set) return {Course::State::skipped, fmt::format("`{}` is null", name), &place};
      return {Course::State::parked, fmt::format("`{}` is null, and {} needs it", name, plan::verb_text(node.verb)),
              &place};
    }
    wants_.push_back({path_, &node, &place, std::move(*made)});
    return {Course::State::waits, {}, nullptr};
  }

  static std::string nothing_found(const plan::Action& node, const std::string* null_key) {
    if (null_key != nullptr) return fmt::format("no {} found: `{}` is null", node.node, *null_key);
    return fmt::format("no {} found{}", node.node, node.keys.empty() ? "" : " by " + join(node.keys, ", "));
  }

  Course came_of(const plan::Action& node, const plan::Place& place, const Outcome& outcome,
                 const std::string* null_key) {
    warnings_.insert(warnings_.end(), outcome.warnings.begin(), outcome.warnings.end());
    if (outcome.kind != Outcome::Kind::nothing) take(place, 1);
    switch (outcome.kind) {
      case Outcome::Kind::done:
        if (outcome.operation != "none")
          written_ = true;
        else
          unchanged_ = true;
        bind(node.result, outcome.result);
        return {};
      case Outcome::Kind::unchanged:
        unchanged_ = true;
        bind(node.result, outcome.result);
        return {};
      case Outcome::Kind::found:
        bind(node.result, outcome.result);
        return {};
      case Outcome::Kind::nothing:
        break;
      case Outcome::Kind::skipped:
        return {Course::State::skipped, outcome.reason, &place};
      case Outcome::Kind::failed: {
        if (!outcome.failure) return {Course::State::parked, "failed", &place};
        std::string reason = outcome.failure->reason;
        if (!outcome.failure->help.empty()) reason += " (" + outcome.failure->help + ")";
        return {Course::State::parked, std::move(reason), &place};
      }
    }
    take(place, 0);
    const std::string reason = outcome.reason.empty() ? nothing_found(node, null_key) : outcome.reason;
    switch (node.otherwise) {
      case plan::Action::Otherwise::skip:
        return {Course::State::skipped, reason, &place};
      case plan::Action::Otherwise::null:
        bind(node.result, Value());
        return {};
      case plan::Action::Otherwise::fail:
      case plan::Action::Otherwise::park:
        break;
    }
    return {Course::State::parked, reason, &place};
  }

  const EventData& event_;
  const std::map<Address, Recorded>& recorded_;
  const Reasons reasons_;
  Scope scope_;
  bool in_each_ = false;
  std::vector<std::pair<std::size_t, Value>> covered_;  // what items of `each` have bound over
  Address path_;
  std::vector<Want> wants_;
  std::set<Address> claimed_;  // outcomes of another plan that a step of this walk has taken
  std::vector<std::string> warnings_;
  bool written_ = false;
  bool unchanged_ = false;
  bool passed_ = false;   // an item of `each` came to its end
  bool null_id_ = false;  // of the operation made last
  std::optional<Course> parked_;
  bool parked_by_budget_ = false;
  std::optional<Course> first_skip_;
};

}  // namespace

Progress advance(const plan::Pipeline& pipeline, const plan::Plan& plan, const CompiledTables& tables,
                 const EventData& event, const std::map<Address, Recorded>& recorded, Reasons reasons) {
  return Walk(pipeline, plan, tables, event, recorded, reasons).run(pipeline.steps);
}

}  // namespace pipewright::engine
