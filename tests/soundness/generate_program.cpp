// Tables, values, pipelines.
#include <algorithm>

#include "generator.hpp"
#include "number.hpp"

namespace pipewright::soundness {

namespace {

// A table has each key once: by its value, however it is written.
bool add_key(std::vector<Node>& keys, std::set<std::string>& known, Node key) {
  std::string same = key.word;
  if (key.kind == Node::Kind::number) same = text_of(shortest(number_of(key.word).value()));
  if (!known.insert(same).second) return false;
  keys.push_back(std::move(key));
  return true;
}

}  // namespace

Table Generator::table() {
  Table made;
  made.name = fresh("t");
  static const std::vector<Kind> key_kinds = {Kind::text,        Kind::text,    Kind::integer, Kind::decimal,
                                              Kind::enumeration, Kind::boolean, Kind::date,    Kind::duration};
  made.key = simple(random_.pick(key_kinds));
  if (made.key.is(Kind::enumeration)) {
    std::vector<std::shared_ptr<const dsl::EnumType>> all;
    for (const auto& [name, each] : catalog_.enums) all.push_back(each);
    made.key.enumeration = random_.pick(all);
  }
  const bool records = random_.one_in(5);
  made.gives = records ? record_type({}) : single_type();
  if (made.gives.is(Kind::money)) made.gives = simple(Kind::decimal);
  const auto value = [&] {
    Node node = records ? record(0) : this->value(made.gives, random_.one_in(4) ? 1 : 0);
    return node;
  };
  std::set<std::string> known;
  std::optional<Type> gives;
  const auto take = [&](Node node) -> std::optional<Node> {
    const auto both = gives ? together(*gives, node.type) : std::optional(node.type);
    if (!both) return std::nullopt;
    gives = both;
    return node;
  };
  const bool covers = made.key.is(Kind::enumeration) && random_.one_in(2);
  const std::size_t rows = covers ? made.key.enumeration->words.size() : 1 + random_.below(4);
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<Node> keys;
    for (std::size_t count = 1 + random_.below(2); count > 0; --count) {
      if (made.key.is(Kind::enumeration))
        add_key(
            keys, known,
            literal(Kind::text, covers ? made.key.enumeration->words[row] : random_.pick(made.key.enumeration->words)));
      else
        add_key(keys, known, leaf(made.key.kind));
    }
    if (keys.empty()) continue;
    if (auto node = take(value())) made.rows.emplace_back(std::move(keys), std::move(*node));
  }
  const bool keeps = !records && made.gives.kind == made.key.kind;
  using Otherwise = Table::Otherwise;
  static const std::vector<Otherwise> policies = {Otherwise::value, Otherwise::value, Otherwise::skip, Otherwise::fail,
                                                  Otherwise::none};
  made.otherwise = keeps && random_.one_in(2) ? Otherwise::keep : random_.pick(policies);
  const bool complete = covers && made.rows.size() == rows;
  const bool open = made.key.is(Kind::enumeration) && made.key.enumeration->open;
  if (made.otherwise == Otherwise::none && made.key.is(Kind::enumeration) && !complete && !open)
    made.otherwise = Otherwise::value;
  if (made.rows.empty()) made.otherwise = Otherwise::value;
  if (made.otherwise == Otherwise::value) {
    made.value = take(value());
    if (!made.value) made.otherwise = Otherwise::skip;
  }
  made.gives = *gives;
  return made;
}

void Generator::sources(Pipeline& made) {
  std::vector<const dsl::SourceSpec*> all;
  for (const auto& [name, spec] : catalog_.source_nodes) all.push_back(&spec);
  const dsl::SourceSpec* first = random_.pick(all);
  if (random_.one_in(2)) first = catalog_.source(random_.one_in(2) ? "wb.fbs.new" : "wb.dbs.changed");
  std::vector<const dsl::SourceSpec*> chosen = {first};
  if (random_.one_in(4)) {
    std::vector<const dsl::SourceSpec*> others;
    for (const dsl::SourceSpec* each : all) {
      if (each != first && each->noun == first->noun && each->record.is(Kind::record)) others.push_back(each);
    }
    if (!others.empty()) chosen.push_back(random_.pick(others));
  }
  std::vector<Type> records;
  made.noun = first->noun;
  for (const dsl::SourceSpec* each : chosen) {
    const bool second = each->record.is(Kind::record) && random_.one_in(5);
    const std::size_t dot = each->name.find('.');
    made.sources.push_back(each->name.substr(0, dot) + (second ? "_second" : "") + each->name.substr(dot));
    made.options.push_back(each->text == dsl::TextPart::required ? "\"in.ndjson\""
                           : each->every && random_.one_in(3)    ? "every 45s"
                                                                 : "");
    made.has_before = made.has_before || each->before;
    if (!each->record.is(Kind::record)) continue;
    records.push_back(source_type(*each->record.record));
    const bool known = std::any_of(made.records.begin(), made.records.end(),
                                   [&](const auto& other) { return other->name == each->record.record->name; });
    if (!known) made.records.push_back(each->record.record);
  }
  made.record = records.empty() ? simple(Kind::json) : stream_type(records);
}

Pipeline Generator::pipeline(std::size_t number) {
  Pipeline made;
  made.name = "p" + std::to_string(number);
  made.listens = number > 1 && random_.one_in(3);
  if (made.listens) {
    const Pipeline& upstream = program_.pipelines[random_.below(program_.pipelines.size())];
    made.sources = {upstream.name};
    made.noun = upstream.noun;
    made.has_before = upstream.has_before;
    made.records = upstream.records;
    made.record = upstream.record;
  } else {
    sources(made);
  }
  const std::size_t known = bound_.size();
  bind(made.noun, made.record);
  if (made.has_before) bind("before", nullable(made.record));
  current_ = &made;
  made.chain = chain(2, 5);
  bound_.resize(known, Bound());
  shown_.clear();
  return made;
}

Program Generator::program() {
  for (std::size_t count = random_.below(3); count > 0; --count) program_.tables.push_back(table());
  for (std::size_t count = random_.below(3); count > 0; --count) {
    Node made = random_.one_in(3) ? list(single_type(), 2) : value(single_type(), 2);
    const std::string name = fresh("c");
    const Type type = made.type;
    program_.lets.emplace_back(name, std::move(made));
    bind(name, type);
  }
  const std::size_t pipelines = 1 + random_.below(3);
  for (std::size_t number = 1; number <= pipelines; ++number) program_.pipelines.push_back(pipeline(number));
  return std::move(program_);
}

Program generate(std::uint64_t seed, const dsl::Catalog& catalog) { return Generator(seed, catalog).program(); }

}  // namespace pipewright::soundness
