// Steps and actions.
#include <algorithm>

#include "generator.hpp"

namespace pipewright::soundness {

using Verb = dsl::plan::Verb;

Chain Generator::chain(int depth, std::size_t most) {
  const std::size_t known = bound_.size();
  const std::set<std::string> before = shown_;
  Chain made;
  for (std::size_t count = 1 + random_.below(most); count > 0; --count) made.push_back(step(depth));
  bound_.resize(known, Bound());
  shown_ = before;
  return made;
}

Step Generator::step(int depth) {
  Step made;
  switch (random_.below(depth > 0 ? 11 : 8)) {
    case 0:
      made.parts.push_back(random_.one_in(2) ? null_check(2) : condition(3));
      shown_by(made.parts[0], true, shown_);
      return made;
    case 1:
    case 2:
    case 3:
      return let();
    case 8:
    case 9:
      return when(depth);
    case 10:
      return each(depth);
    default:
      made.kind = Step::Kind::action;
      made.action = action();
      return made;
  }
}

Step Generator::let() {
  Step made;
  made.kind = Step::Kind::let;
  Node value;
  switch (random_.below(7)) {
    case 0:
      value = maybe(single_type(), 3);
      break;
    case 1:
      value = list(single_type(), 3);
      break;
    case 2:
      value = record(3);
      break;
    case 3: {
      const bool json = random_.one_in(4);
      auto found = path([&](const Type& type) { return json == type.is(Kind::json); }, random_.one_in(2));
      value = found ? std::move(*found) : text(2);
      break;
    }
    default:
      value = this->value(single_type(), 3);
  }
  made.name = fresh("v");
  const Type type = value.type;
  made.parts.push_back(std::move(value));
  bind(made.name, type);
  return made;
}

Step Generator::when(int depth) {
  Step made;
  made.kind = Step::Kind::when;
  const std::set<std::string> before = shown_;
  for (std::size_t count = 1 + random_.below(2); count > 0; --count) {
    Node test = condition(3);
    made.chains.push_back(when_shown(test, true, [&] { return chain(depth - 1, 2); }));
    shown_by(test, false, shown_);  // for the branches behind
    made.parts.push_back(std::move(test));
  }
  made.has_else = random_.one_in(2);
  if (made.has_else) made.chains.push_back(chain(depth - 1, 2));
  shown_ = before;
  return made;
}

Step Generator::each(int depth) {
  Step made;
  made.kind = Step::Kind::each;
  std::optional<Node> from;
  if (random_.one_in(6)) from = path([](const Type& type) { return type.is(Kind::json); }, random_.one_in(2));
  if (!from && random_.one_in(2)) from = path([](const Type& type) { return type.is(Kind::list); });
  if (!from) from = random_.one_in(4) ? list(record_type({{"a", simple(Kind::integer)}}), 1) : list(single_type(), 2);
  made.name = fresh("item");
  const std::size_t known = bound_.size();
  bind(made.name, from->type.is(Kind::json) ? simple(Kind::json) : *from->type.element);
  made.parts.push_back(std::move(*from));
  made.chains.push_back(chain(depth - 1, 2));
  bound_.resize(known, Bound());
  return made;
}

// ---- actions

Action Generator::action() {
  switch (random_.below(6)) {
    case 0:
    case 1:
      return log_line();
    case 2:
    case 3:
      return line_of_file();
    default:
      break;
  }
  std::vector<const dsl::ActionSpec*> writes;
  for (const auto& [name, spec] : catalog_.action_nodes) {
    if (spec.text == dsl::TextPart::none) writes.push_back(&spec);
  }
  return random_.one_in(5) ? request() : write(*random_.pick(writes));
}

Action Generator::log_line() {
  Action made;
  made.node = random_.one_in(2) ? "log.info" : "log.warn";
  made.connection = "log";
  made.means = Verb::send;
  made.text = random_.one_in(4) ? text_literal() : joined(3);
  return made;
}

Action Generator::line_of_file() {
  Action made;
  made.node = "file.append";
  made.connection = "file";
  made.means = Verb::append;
  made.text = literal(Kind::text, "out.ndjson");
  if (random_.one_in(8)) return made;
  made.has_fields = true;
  for (std::size_t count = 1 + random_.below(3); count > 0; --count) {
    const auto anything = [](const Type& type) { return !type.is(Kind::json); };
    std::optional<Node> found;
    if (random_.one_in(3)) found = path(anything, random_.one_in(2));
    if (!found) {
      const std::size_t which = random_.below(8);
      found = which == 0   ? record(3)
              : which == 1 ? list(single_type(), 3)
              : which == 2 ? maybe(single_type(), 3)
                           : value(single_type(), 4);
    }
    made.fields.push_back({"f" + std::to_string(count), std::move(*found)});
  }
  return made;
}

Action Generator::request() {
  Action made;
  made.node = "http.request";
  made.connection = "http";
  made.means = Verb::send;
  made.text = literal(Kind::text, "http://127.0.0.1:9/line");
  if (random_.one_in(2)) {
    made.text = make(Node::Kind::joined, simple(Kind::text), {}, {*made.text, value(single_type(), 2)});
  }
  made.has_fields = true;
  const dsl::ActionSpec& spec = *catalog_.action("http.request");
  made.fields = fields(*spec.takes, 2, {});
  bool body = false;  // there is one at most
  std::erase_if(made.fields, [&](const Field& field) {
    const auto& exclusive = spec.exclusive;
    return std::find(exclusive.begin(), exclusive.end(), field.name) != exclusive.end() && std::exchange(body, true);
  });
  made.delivery = random_.one_in(2) ? "at_most_once" : "at_least_once";
  bind_result(made, *catalog_.action("http.request"));
  return made;
}

// A value for a field that is written: what fits it, or nothing.
Node Generator::written(const dsl::FieldType& field) {
  if (field.values) return literal(Kind::text, random_.pick(field.values->words));
  if (!field.required && random_.one_in(6)) {
    const auto fits = [&](const Type& type) {
      return type.kind == field.type.kind && is_single(type) && !type.is(Kind::enumeration);
    };
    if (auto found = nullable_path(fits)) return *found;
  }
  return fitting(present(field.type), 2);
}

std::vector<Field> Generator::fields(const dsl::RecordType& takes, std::size_t most,
                                     const std::set<std::string>& without) {
  std::vector<Field> made;
  for (std::size_t count = random_.below(most + 1); count > 0; --count) {
    const dsl::FieldType& field = random_.pick(takes.fields);
    const auto known = [&](const Field& each) { return each.name == field.name; };
    if (without.contains(field.name) || std::any_of(made.begin(), made.end(), known)) continue;
    made.push_back({field.name, written(field)});
  }
  return made;
}

// Under the name behind `as`, or under the last word of the path where that is free. A second one without `as` makes
// the name ambiguous: it is not used any more.
void Generator::bind_result(Action& action, const dsl::ActionSpec& spec) {
  const Type type = action.otherwise == "null" ? nullable(spec.result) : spec.result;
  if (random_.one_in(2)) {
    action.as = fresh("r");
    return bind(action.as, type);
  }
  const std::string name = spec.name.substr(spec.name.rfind('.') + 1);
  const auto known = std::find_if(bound_.begin(), bound_.end(), [&](const Bound& each) { return each.name == name; });
  if (known == bound_.end()) {
    bind(name, type);
    bound_.back().given = true;
  } else if (known->given) {
    known->paths = std::make_shared<const std::vector<Path>>();
  }
}

// Whether the default mapping of every record of the stream gives the field, and never null.
bool Generator::gives(const Action& action, const std::string& field) const {
  if (action.only || current_->records.empty() || action.defaults.size() < current_->records.size()) return false;
  return std::all_of(action.defaults.begin(), action.defaults.end(), [&](const auto& mapping) {
    return std::any_of(mapping.second.begin(), mapping.second.end(),
                       [&](const Field& each) { return each.name == field && !each.value.type.nullable; });
  });
}

void Generator::keys(const dsl::ActionSpec& spec, Action& made, std::set<std::string>& used) {
  const bool creates = made.means == Verb::create || made.means == Verb::upsert || made.means == Verb::ensure;
  made.keys = spec.default_key;
  if (random_.one_in(2)) made.by = made.keys = {random_.pick(spec.keys)};
  for (const std::string& key : made.keys) {
    used.insert(key);
    if (gives(made, key) && random_.one_in(2)) continue;
    const dsl::FieldType& field = *spec.takes->field(key);
    std::optional<Node> found;
    if (!creates && is_single(field.type) && random_.one_in(3))
      found = nullable_path([&](const Type& type) { return type.kind == field.type.kind; });
    made.fields.push_back({key, found ? std::move(*found) : fitting(field.type, 2)});
  }
}

void Generator::required(const dsl::ActionSpec& spec, Action& made, std::set<std::string>& used) {
  for (const dsl::FieldType& field : spec.takes->fields) {
    if (field.required) made.required.push_back(field.name);
    if (!field.required || used.contains(field.name)) continue;
    std::optional<Node> found;
    if (field.name == "id" && random_.one_in(3))
      found = nullable_path([](const Type& type) { return type.is(Kind::id); });
    made.fields.push_back({field.name, found ? std::move(*found) : written(field)});
    used.insert(field.name);
  }
}

Action Generator::write(const dsl::ActionSpec& spec) {
  Action made;
  made.node = spec.name;
  made.connection = spec.name.substr(0, spec.name.find('.')) + (random_.one_in(4) ? "_second" : "");
  made.means = random_.pick(spec.verbs);
  if (made.means != spec.default_verb || random_.one_in(2)) made.verb = dsl::plan::verb_text(made.means);
  made.has_fields = true;
  made.only = random_.one_in(2);
  for (const auto& record : current_->records) {
    if (auto mapping = default_fields(catalog_, *record, current_->noun, spec.name))
      made.defaults[record->name] = *mapping;
  }
  const bool creates = made.means == Verb::create || made.means == Verb::upsert || made.means == Verb::ensure;
  std::set<std::string> used;
  if (creates || made.means == Verb::find || made.means == Verb::update) keys(spec, made, used);
  required(spec, made, used);
  if (made.means != Verb::find) {
    for (Field& each : fields(*spec.takes, 3, used)) {
      used.insert(each.name);
      made.fields.push_back(std::move(each));
    }
    if (made.means != Verb::set && random_.one_in(5)) {
      const dsl::FieldType& field = random_.pick(spec.takes->fields);
      if (used.insert(field.name).second)
        made.fields.push_back({field.name, make(Node::Kind::clear, simple(Kind::null))});
    }
    if (!made.defaults.empty() && random_.one_in(3)) {
      const Field& field = random_.pick(made.defaults.begin()->second);
      if (used.insert(field.name).second)
        made.fields.push_back({field.name, make(Node::Kind::from_mapping, simple(Kind::null))});
    }
  }
  if (creates && random_.one_in(4)) made.initially = fields(*spec.takes, 2, used);
  const bool may_find_nothing = made.means == Verb::find || made.means == Verb::update || made.means == Verb::set;
  static const std::vector<std::string> policies = {"skip", "fail", "null", "null", ""};
  if (may_find_nothing) made.otherwise = random_.pick(policies);
  bind_result(made, spec);
  return made;
}

}  // namespace pipewright::soundness
