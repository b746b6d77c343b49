// How an event goes through its chain: grammar.md, 9 and 10.
#include <algorithm>
#include <set>

#include "evaluate.hpp"

namespace pipewright::soundness {
namespace {

using Verb = dsl::plan::Verb;
using Kind = dsl::Type::Kind;

// Money is rounded half up to kopecks when it is written, however deep it stands.
Value settled(const Value& value, const dsl::Type& type) {
  if (const auto* number = value.as<Number>()) return type.is(Kind::money) ? Value{rounded(*number, 2)} : value;
  if (const Values* list = value.list(); list != nullptr && type.element != nullptr) {
    Values made;
    for (const Value& each : *list) made.push_back(settled(each, *type.element));
    return list_of(std::move(made));
  }
  if (const Entries* entries = value.record();
      entries != nullptr && (type.record != nullptr || type.element != nullptr)) {
    Entries made;
    for (const auto& [name, each] : *entries) {
      const dsl::FieldType* field = type.record == nullptr ? nullptr : type.record->field(name);
      const dsl::Type none;
      made.emplace_back(name, settled(each, field != nullptr          ? field->type
                                            : type.element != nullptr ? *type.element
                                                                      : none));
    }
    return record_of(std::move(made));
  }
  return value;
}

enum class Course { through, skipped, parked };

class Walk {
 public:
  Walk(const Program& program, const Pipeline& pipeline, const Event& event, const World& world,
       const std::map<std::string, const dsl::RecordType*>& takes)
      : pipeline_(pipeline), event_(event), world_(world), takes_(takes) {
    sight_.program = &program;
    sight_.event = &event;
    sight_.names[pipeline.noun] = event.record;
    if (pipeline.has_before) sight_.names["before"] = event.before;
  }

  Answer go() {
    const Course course = chain(pipeline_.chain, "");
    using End = Answer::End;
    const bool dropped = course == Course::skipped || (course == Course::through && item_skipped_ && !item_passed_);
    answer_.end = written_ ? End::written : dropped && !unchanged_ ? End::skipped : End::unchanged;
    answer_.through = course == Course::through && answer_.end != End::skipped;
    if (course == Course::parked) {
      answer_.end = End::parked;
      answer_.reason = why_.reason;
      answer_.detail = why_.detail;
    }
    return std::move(answer_);
  }

 private:
  Course stop(const Stop& stop) {
    if (stop.reason == Reason::table_skips) return Course::skipped;
    if (why_.reason == Reason::none) why_ = stop;
    return Course::parked;
  }

  Course chain(const Chain& steps, const std::string& at) {
    const auto names = sight_.names;
    const std::size_t clients = clients_.size();
    Course course = Course::through;
    for (std::size_t i = 0; i < steps.size() && course == Course::through; ++i) {
      try {
        course = step(steps[i], at + std::to_string(i + 1));
      } catch (const Stop& stopped) {
        course = stop(stopped);
      }
    }
    if (!at.empty()) {
      sight_.names = names;
      clients_.resize(clients);
    }
    return course;
  }

  bool holds(const Node& condition) {
    const Value value = value_of(condition, sight_);
    if (value.as<bool>() == nullptr) throw Stop{Reason::unsound, "a condition is " + shown(value)};
    return *value.as<bool>();
  }

  Course step(const Step& step, const std::string& at) {
    switch (step.kind) {
      case Step::Kind::where:
        return holds(step.parts[0]) ? Course::through : Course::skipped;
      case Step::Kind::let:
        sight_.names[step.name] = value_of(step.parts[0], sight_);
        return Course::through;
      case Step::Kind::when:
        for (std::size_t i = 0; i < step.parts.size(); ++i) {
          if (holds(step.parts[i]))
            return chain(step.chains[i], at + (i == 0 ? ".then." : ".when" + std::to_string(i + 1) + "."));
        }
        return step.has_else ? chain(step.chains.back(), at + ".else.") : Course::through;
      case Step::Kind::each:
        return each(step, at);
      case Step::Kind::action:
        return action(step.action, at);
    }
    return Course::through;
  }

  Course each(const Step& step, const std::string& at) {
    const Value list = value_of(step.parts[0], sight_);
    if (list.list() == nullptr) {
      if (!step.parts[0].type.is(Kind::json)) throw Stop{Reason::unsound, "`each` of " + shown(list)};
      if (list.is_null()) return Course::through;
      throw Stop{Reason::no_json_list, shown(list)};
    }
    bool parked = false;
    for (std::size_t i = 0; i < list.list()->size(); ++i) {
      sight_.names[step.name] = (*list.list())[i];
      const Course course = chain(step.chains[0], at + "[" + std::to_string(i + 1) + "].");
      parked = parked || course == Course::parked;
      item_skipped_ = item_skipped_ || course == Course::skipped;
      item_passed_ = item_passed_ || course == Course::through;
    }
    sight_.names.erase(step.name);
    return parked ? Course::parked : Course::through;
  }

  // The field as the default mapping of the event's record gives it; null where it gives none.
  const Node* mapped(const Action& action, const std::string& name) const {
    const auto mapping = action.defaults.find(event_.declared);
    if (mapping == action.defaults.end()) return nullptr;
    for (const Field& each : mapping->second) {
      if (each.name == name) return &each.value;
    }
    return nullptr;
  }

  void compute(const Action& action, const std::string& name, const Node& written, Done& done, Entries& into) {
    const Node* node = written.kind == Node::Kind::from_mapping ? mapped(action, name) : &written;
    const Value value = node == nullptr ? Value() : value_of(*node, sight_);
    refuse_broken(value);
    const bool key = std::find(action.keys.begin(), action.keys.end(), name) != action.keys.end();
    if (key) done.key.emplace_back(name, value);
    if (value.is_null()) {
      null_id_ = null_id_ || name == "id";
      return;
    }
    const auto takes = takes_.find(action.node);
    const dsl::FieldType* declared = takes == takes_.end() ? nullptr : takes->second->field(name);
    into.emplace_back(name, settled(settled(value, node->type), declared != nullptr ? declared->type : dsl::Type()));
  }

  // What is written in the braces or `initially` goes before the default mapping.
  void fill_from_mapping(const Action& action, Done& done) {
    const auto mapping = action.defaults.find(event_.declared);
    if (action.only || mapping == action.defaults.end()) return;
    const bool creates = action.means == Verb::create || action.means == Verb::upsert || action.means == Verb::ensure;
    const auto among = [](const std::vector<std::string>& names, const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const Field& each : mapping->second) {
      const auto given = [&](const Field& field) { return field.name == each.name; };
      if (std::any_of(action.fields.begin(), action.fields.end(), given) ||
          std::any_of(action.initially.begin(), action.initially.end(), given))
        continue;
      const bool wanted =
          creates || among(action.keys, each.name) || (action.means == Verb::set && among(action.required, each.name));
      if (wanted) compute(action, each.name, each.value, done, done.filling);
    }
  }

  // An order without a client goes to the chain's last one.
  void fill_client(const Action& action, Done& done) {
    const bool creates = action.means == Verb::create || action.means == Verb::upsert || action.means == Verb::ensure;
    const auto given = [](const Field& field) { return field.name == "client"; };
    if (action.only || !creates || action.node != "crm.order" ||
        std::any_of(action.fields.begin(), action.fields.end(), given) ||
        std::any_of(action.initially.begin(), action.initially.end(), given))
      return;
    for (auto client = clients_.rbegin(); client != clients_.rend(); ++client) {
      if (client->first != action.connection) continue;
      const Value id = field_of(client->second, "id");
      refuse_broken(id);
      if (!id.is_null()) done.filling.emplace_back("client", id);
      return;
    }
  }

  Course action(const Action& action, const std::string& at) {
    Done done{.connection = action.connection, .node = action.node, .verb = action.means};
    null_id_ = false;
    if (!action.has_fields && action.initially.empty()) done.source_record = declared(event_.record);
    if (action.text) {
      const Value text = value_of(*action.text, sight_);
      if (text.as<std::string>() == nullptr) throw Stop{Reason::unsound, "a text is " + shown(text)};
      done.text = *text.as<std::string>();
    }
    for (const Field& each : action.fields) compute(action, each.name, each.value, done, done.written);
    for (const Field& each : action.initially) compute(action, each.name, each.value, done, done.filling);
    fill_from_mapping(action, done);
    fill_client(action, done);
    if (action.means == Verb::set && null_id_) return Course::skipped;
    for (const auto& [name, value] : done.key) {
      if (!value.is_null()) continue;
      if (action.means == Verb::find || action.means == Verb::update) return nothing(action);
      throw Stop{Reason::unsound, "the key " + name + " is null"};
    }
    answer_.actions[at] = done;
    return came_of(action, world_(at, action.node, action.means));
  }

  // The record as it is declared: without what came with it.
  Value declared(const Value& record) const {
    if (pipeline_.records.empty() || record.record() == nullptr) return record;
    Entries made;
    for (const auto& [name, value] : *record.record()) {
      if (name != "raw") made.emplace_back(name, value);
    }
    return record_of(std::move(made));
  }

  Course nothing(const Action& action) {
    if (action.otherwise == "skip") return Course::skipped;
    if (action.otherwise != "null") throw Stop{Reason::nothing_found, action.node};
    bind(action, {});
    return Course::through;
  }

  Course came_of(const Action& action, const Came& came) {
    switch (came.kind) {
      case Came::Kind::nothing:
        return nothing(action);
      case Came::Kind::skipped:
        return Course::skipped;
      case Came::Kind::failed:
        throw Stop{Reason::refused, action.node};
      case Came::Kind::written:
        written_ = true;
        break;
      case Came::Kind::unchanged:
        unchanged_ = true;
        break;
      case Came::Kind::found:
        break;
    }
    bind(action, came.record);
    return Course::through;
  }

  void bind(const Action& action, const Value& record) {
    const std::string last = action.node.substr(action.node.rfind('.') + 1);
    if (!action.as.empty()) {
      sight_.names[action.as] = record;
    } else if (!sight_.names.contains(last) || given_.contains(last)) {  // a name that is taken keeps its meaning
      sight_.names[last] = record;
      given_.insert(last);
    }
    if (action.node == "crm.client") clients_.emplace_back(action.connection, record);
  }

  const Pipeline& pipeline_;
  const Event& event_;
  const World& world_;
  const std::map<std::string, const dsl::RecordType*>& takes_;
  Sight sight_;
  Answer answer_;
  Stop why_{Reason::none, ""};
  std::vector<std::pair<std::string, Value>> clients_;  // results of `crm.client`, by connection
  std::set<std::string> given_;                         // names of results without `as`
  bool null_id_ = false;                                // of the action that is computed
  bool written_ = false;
  bool unchanged_ = false;
  bool item_skipped_ = false;
  bool item_passed_ = false;
};

}  // namespace

Answer evaluate(const Program& program, const Pipeline& pipeline, const Event& event, const World& world,
                const std::map<std::string, const dsl::RecordType*>& takes) {
  return Walk(program, pipeline, event, world, takes).go();
}

}  // namespace pipewright::soundness
