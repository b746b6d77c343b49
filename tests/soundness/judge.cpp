#include "judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dsl/codes.hpp"
#include "dsl/fix.hpp"
#include "dsl/format.hpp"
#include "dsl/parser.hpp"
#include "print.hpp"
#include "product.hpp"

namespace pipewright::soundness {

const std::vector<Allowed>& allowed() {
  static const std::vector<Allowed> all = {
      {Reason::division_by_zero, "6: `/` … by zero the event parks", {"divides by zero"}},
      {Reason::too_many_digits, "2: exact; 38 digits at most", {"needs more than", "too many digits"}},
      {Reason::out_of_range, "6: moments lie in the years 1 to 9999; what goes beyond parks", {"is out of range"}},
      {Reason::part_of_a_day, "6: date ± duration of whole days", {"which are no whole days"}},
      {Reason::broken_field, "14: a field that has not its type is broken: who uses it parks", {", not "}},
      {Reason::not_in_table,
       "11: a value that nobody knew when it was checked parks the event; `fail`",
       {"which is not in table"}},
      {Reason::no_conversion,
       "7: where a value does not convert the event parks",
       {", not ", "is absent", "prints the same for every time", "pattern has no", "no place for a digit"}},
      {Reason::no_json_list, "7: json that holds no list parks", {", not a list", "is no list", "is absent"}},
      {Reason::nothing_found, "10: without `else` the event parks", {"found"}},
      {Reason::refused, "10: what the target refuses parks", {"the world refuses it"}},
  };
  return all;
}

namespace {

std::string end_text(Answer::End end) { return engine::ending_text(static_cast<engine::EndingKind>(end)); }

std::string shown(const Done& done) {
  std::string made = done.connection + "/" + done.node + " " + dsl::plan::verb_text(done.verb);
  if (done.text) made += " \"" + *done.text + "\"";
  made += "\n      key     " + shown(record_of(done.key));
  made += "\n      written " + shown(record_of(done.written));
  if (!done.filling.empty()) made += "\n      filling " + shown(record_of(done.filling));
  if (done.node == "file.append" && !done.source_record.is_null())
    made += "\n      record  " + shown(done.source_record);
  return made;
}

std::string shown(const Answer& answer, const std::string& reason) {
  std::string made = end_text(answer.end) + (answer.through ? ", through" : "") + (reason.empty() ? "" : ": " + reason);
  for (const auto& [address, done] : answer.actions) made += "\n    " + address + " " + shown(done);
  return made + "\n";
}

bool same(const Done& a, const Done& b) {
  return a.connection == b.connection && a.node == b.node && a.verb == b.verb && a.text == b.text &&
         same(record_of(a.key), record_of(b.key)) && same(record_of(a.written), record_of(b.written)) &&
         same(record_of(a.filling), record_of(b.filling)) &&
         (a.node != "file.append" || same(a.source_record, b.source_record));  // no other writes the source's record
}

bool same_actions(const Answer& a, const Answer& b) {
  return std::equal(a.actions.begin(), a.actions.end(), b.actions.begin(), b.actions.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
}

bool is_allowed(const std::string& reason) {
  return std::any_of(allowed().begin(), allowed().end(), [&](const Allowed& each) {
    return std::any_of(each.words.begin(), each.words.end(),
                       [&](const std::string& words) { return reason.find(words) != std::string::npos; });
  });
}

// What differs between the two answers; empty: they agree.
std::string difference(const Answer& naive, const Ran& ran) {
  if (naive.reason == Reason::unsound) return "unsound: " + naive.detail;
  if (naive.end != ran.answer.end) return "end";
  if (naive.through != ran.answer.through) return "through";
  if (!same_actions(naive, ran.answer)) return "actions";
  if (naive.end != Answer::End::parked) return "";
  for (const Allowed& each : allowed()) {
    if (each.reason != naive.reason) continue;
    const auto stands = [&](const std::string& words) { return ran.reason.find(words) != std::string::npos; };
    return std::any_of(each.words.begin(), each.words.end(), stands) ? "" : "reason";
  }
  return "reason";
}

std::string formatted(const std::string& text) {
  const dsl::Source source("program.pipe", text);
  return dsl::format(dsl::parse(source, 0).file, source);
}

Files formatted(Files files) {
  for (auto& [path, text] : files) text = formatted(text);
  return files;
}

std::string shown(const Files& files) {
  std::string made;
  for (const auto& [path, text] : files) made += (files.size() > 1 ? "=== " + path + "\n" : "") + text;
  return made;
}

// One version of a program's text, checked.
struct Version {
  std::string name;
  Files files;
  Files before;  // where `--fix` made them
  dsl::Checked checked;
  engine::CompiledTables tables;
  engine::Reached reached;

  Version(std::string name_, Files files_, const Zone& zone, const dsl::Catalog& catalog)
      : name(std::move(name_)),
        files(std::move(files_)),
        checked(dsl::check(input_of(files, zone), catalog)),
        tables(checked.plan) {}
  Version(std::string name_, Files files_, dsl::Checked checked_)
      : name(std::move(name_)), files(std::move(files_)), checked(std::move(checked_)), tables(checked.plan) {}

  // A filter that is said to drop nothing, or a step that is said not to be reached, did otherwise.
  [[nodiscard]] std::optional<Fault> false_warning() const {
    constexpr std::size_t where = 6;  // letters before the condition
    for (const dsl::Diagnostic& each : checked.diagnostics) {
      const dsl::Source& source = *checked.sources[each.source];
      const auto at = source.position(each.span.begin);
      const bool idle = each.code == &dsl::codes::idle_filter;
      const bool nothing_passes = each.message == "nothing passes this filter";
      if (!idle && each.code != &dsl::codes::unreachable_step) continue;
      const std::size_t column = idle ? std::max(at.column, where) - where : at.column;
      const auto took = [&](int arm) { return reached.arms.contains({source.name(), at.line, column, arm}); };
      if (idle ? !took(0) : nothing_passes ? !took(1) : !took(0) && !took(1)) continue;
      return Fault{"a warning that is not true: " + each.message,
                   fmt::format("{}:{}: {}\n{}", at.line, at.column, each.message, shown(files))};
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Fault> errors() const {
    for (const dsl::Diagnostic& each : checked.diagnostics) {
      if (each.code->severity != dsl::Severity::error) continue;
      const auto at = checked.sources[each.source]->position(each.span.begin);
      return Fault{fmt::format("{}: {} {}", name, each.code->text(), each.message),
                   fmt::format("{}:{}:{}: {} {}\n{}", checked.sources[each.source]->name(), at.line, at.column,
                               each.code->text(), each.message, shown(files))};
    }
    return std::nullopt;
  }
};

class Judge {
 public:
  Judge(const Program& program, std::uint64_t seed, const dsl::Catalog& catalog, Tally& tally)
      : program_(program), random_(seed ^ 0x5EED), catalog_(catalog), tally_(tally) {
    static const std::vector<Zone> zones = {{"UTC", 0}, {"Etc/GMT-3", 10'800'000}, {"Etc/GMT+5", -18'000'000}};
    zone_ = random_.pick(zones);
    for (const auto& [name, spec] : catalog.action_nodes) {
      if (spec.takes) takes_[name] = spec.takes.get();
    }
  }

  // Types of changed expressions are not known here, so only the reasons are judged.
  std::optional<Fault> go_mutated() {
    std::vector<Version> versions;
    versions.emplace_back("mutated", texts_of(program_, 0), zone_, catalog_);
    if (versions[0].errors()) return std::nullopt;
    ++tally_.mutated;
    for (int i = 0; i < events_; ++i) {
      for (const Pipeline& pipeline : program_.pipelines) {
        const Given given = some_event(pipeline);
        const Ran ran = run(versions[0].checked.plan, versions[0].tables, pipeline.name, given, catalog_);
        if (ran.answer.end != Answer::End::parked) continue;
        if (is_allowed(ran.reason)) continue;
        return Fault{"mutated: a reason that `validate` could know",
                     fmt::format("{} parked: {}\n{}", pipeline.name, ran.reason, shown(versions[0].files))};
      }
    }
    return std::nullopt;
  }

  std::optional<Fault> go() {
    ++tally_.programs;
    const std::uint64_t layout = random_.next() | 1U;
    const Files files = texts_of(program_, layout);
    std::vector<Version> versions;
    versions.emplace_back("written", files, zone_, catalog_);
    if (auto fault = versions[0].errors()) return fault;
    const Files form = formatted(files);
    if (formatted(form) != form)
      return Fault{"fmt is not idempotent", shown(form) + "\n---\n" + shown(formatted(form))};
    versions.emplace_back("formatted", form, zone_, catalog_);
    const auto has_edit = [](const dsl::Diagnostic& each) { return each.edit.has_value(); };
    if (std::any_of(versions[0].checked.diagnostics.begin(), versions[0].checked.diagnostics.end(), has_edit))
      fixed(files, "fixed", versions);
    for (const Version& each : versions) {
      if (auto fault = each.errors()) return fault;
    }
    const Files slips = texts_of(program_, layout, Words::of_other_languages);
    if (slips != files) {
      fixed(slips, "slips fixed", versions);
      if (versions.back().name == "slips fixed" && versions.back().errors())
        versions.pop_back();  // what has no fix is reported
    }
    for (const Version& each : versions) {
      if (auto fault = each.errors()) return fault;
    }
    for (int i = 0; i < events_; ++i) {
      for (const Pipeline& pipeline : program_.pipelines) {
        if (pipeline.listens) continue;
        if (auto fault = event(pipeline, some_event(pipeline), versions)) return fault;
      }
    }
    return versions[0].false_warning();
  }

 private:
  // The files as `--fix` leaves them, where it changes them.
  void fixed(Files files, const std::string& name, std::vector<Version>& versions) {
    dsl::Fixed fixed = dsl::fix(input_of(files, zone_), catalog_);
    if (fixed.texts.empty()) return;
    ++tally_.fixed;
    Files before = files;
    for (auto& [path, text] : files) {
      if (const auto changed = fixed.texts.find(path); changed != fixed.texts.end()) text = changed->second;
    }
    versions.emplace_back(name, std::move(files), std::move(fixed.checked));
    versions.back().before = std::move(before);
  }

  Given some_event(const Pipeline& pipeline) {
    Given given;
    given.record = source_record(pipeline, random_);
    if (pipeline.has_before && !random_.one_in(3)) given.before = source_record(pipeline, random_);
    static const std::vector<std::int64_t> moments = {1795417200000, 1795417200250, 1709164800000};
    given.now = Instant(Duration(random_.pick(moments)));
    given.zone = zone_;
    given.seed = random_.next();
    return given;
  }

  [[nodiscard]] Event event_of(const Given& given) const {
    return {read(given.record),
            given.record["@record"].display(),
            read(given.before),
            {given.now.time_since_epoch().count()},
            zone_};
  }

  Answer expected(const Pipeline& pipeline, const Given& given, const Event& event) const {
    const World world = [&](const std::string& address, const std::string& node, dsl::plan::Verb verb) {
      const Outcome outcome = outcome_of(given.seed, address, *catalog_.action(node), verb);
      return Came{outcome.kind, read(outcome.record)};
    };
    return evaluate(program_, pipeline, event, world, takes_);
  }

  // Also through the pipelines that listen.
  std::optional<Fault> event(const Pipeline& pipeline, const Given& given, std::vector<Version>& versions) {
    ++tally_.events;
    const Event event = event_of(given);
    const Answer naive = expected(pipeline, given, event);
    ++tally_.ends[naive.end];
    ++tally_.reasons[naive.reason];
    tally_.actions += naive.actions.size();
    for (Version& version : versions) {
      const Ran ran = run(version.checked.plan, version.tables, pipeline.name, given, catalog_, &version.reached);
      const std::string differs = difference(naive, ran);
      if (differs.empty()) continue;
      return Fault{
          version.name + ": " + differs.substr(0, differs.find(':')),
          fmt::format("{} of {} ({})\n{}\nrecord {}\nbefore {}\nexpected {}\nbut      {}", differs, pipeline.name,
                      zone_.name, shown(version.before) + shown(version.files), soundness::shown(event.record),
                      soundness::shown(event.before), shown(naive, naive.detail), shown(ran.answer, ran.reason))};
    }
    if (!naive.through) return std::nullopt;
    for (const Pipeline& listener : program_.pipelines) {
      if (!listener.listens || listener.sources[0] != pipeline.name) continue;
      if (auto fault = this->event(listener, given, versions)) return fault;
    }
    return std::nullopt;
  }

  static constexpr int events_ = 3;  // of each pipeline

  const Program& program_;
  Random random_;
  const dsl::Catalog& catalog_;
  Tally& tally_;
  Zone zone_;
  std::map<std::string, const dsl::RecordType*> takes_;
};

}  // namespace

std::optional<Fault> judge_mutated(const Program& program, std::uint64_t seed, const dsl::Catalog& catalog,
                                   Tally& tally) {
  return Judge(program, seed, catalog, tally).go_mutated();
}

std::optional<Fault> judge(const Program& program, std::uint64_t seed, const dsl::Catalog& catalog, Tally& tally) {
  return Judge(program, seed, catalog, tally).go();
}

}  // namespace pipewright::soundness
