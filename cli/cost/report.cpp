#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/cost/cost.hpp"
#include "cli/inbox.hpp"
#include "cli/terminal.hpp"

namespace pipewright::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double hour = 3'600'000;  // milliseconds
constexpr int drained = 10'000;

// 576000 as `576 000`.
std::string thousands(double number) {
  std::string digits = fmt::format("{:.0f}", std::floor(number));
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return digits;
}

std::string count_text(double count) { return count > 0 && count < 0.0005 ? "<0.001" : fmt::format("{:.3g}", count); }

std::string limit_text(const engine::Rate& rate) {
  return rate.interval > Duration(0) ? rate_text(rate) : "no limit is known";
}

std::string bucket(const std::string& connection, const std::string& group) {
  // A connector with one bucket names it as it likes.
  return group.empty() || group.find('.') == std::string::npos ? connection : connection + " " + group;
}

std::string time_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min", (whole + 59) / 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string shown_node(const CallKind& kind) {
  const std::size_t dot = kind.node.find('.');
  return dot == std::string::npos ? kind.connection : kind.connection + kind.node.substr(dot);
}

class Page {
 public:
  Page(const PipelineCost& cost, bool color) : cost_(cost), color_(color) {}

  std::string text() {
    out_ = bold(cost_.pipeline) + fmt::format("  {}:{}\n", cost_.place.file, cost_.place.line);
    if (!cost_.test.empty())
      out_ += fmt::format("  with the event of the test \"{}\" ({}:{})\n", cost_.test, cost_.test_place.file,
                          cost_.test_place.line);
    else if (std::any_of(cost_.lines.begin(), cost_.lines.end(), [](const CostLine& each) { return !each.look; }))
      out_ +=
          "  with the declared example of its source: no test in these files sends an event that gets as far as a "
          "call\n";
    for (const CostLook& look : cost_.looks) looks(look);
    table();
    once();
    if (!cost_.remark.empty()) out_ += fmt::format("  steps not measured: {}\n", cost_.remark);
    verdict();
    return out_;
  }

 private:
  std::string bold(const std::string& text) const { return color_ ? "\x1b[1m" + text + "\x1b[0m" : text; }

  void looks(const CostLook& look) {
    out_ += fmt::format("  {} looks every {}", look.source, duration_text(look.every));
    if (look.watched > 0) out_ += fmt::format(", with {} open tasks", look.watched);
    std::vector<std::string> calls;
    for (const auto& [kind, count] : look.calls) calls.push_back(fmt::format("{} {}", count_text(count), kind.call));
    out_ += calls.empty() ? "\n" : fmt::format(": {}\n", join(calls, ", "));
  }

  void row(const std::string& who, const std::string& call, const std::string& alone, const std::string& together,
           const std::string& limit = {}) {
    std::string line = "  " + padded(who, who_) + "  " + padded(call, call_) + "  " + padded_left(alone, 7) + "  " +
                       padded_left(together, 13);
    if (!limit.empty()) line += "  " + limit;
    while (line.ends_with(' ')) line.pop_back();
    out_ += line + "\n";
  }

  void table() {
    std::vector<const CostLine*> rows;
    for (const CostLine& each : cost_.lines) {
      if (each.alone > 0 || each.together > 0) rows.push_back(&each);
    }
    if (rows.empty()) return;
    // What a node asks stands together.
    std::vector<std::string> order;
    for (const CostLine* each : rows) {
      if (std::find(order.begin(), order.end(), who(*each)) == order.end()) order.push_back(who(*each));
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const CostLine* a, const CostLine* b) {
      return std::find(order.begin(), order.end(), who(*a)) < std::find(order.begin(), order.end(), who(*b));
    });
    for (const CostLine* each : rows) {
      who_ = std::max(who_, who(*each).size());
      call_ = std::max(call_, each->kind.call.size());
    }
    for (const CostLimit& each : cost_.limits) call_ = std::max(call_, bucket(each.connection, each.group).size());
    row("calls for", cost_.noun, "alone", fmt::format("1 of {}", cost_batch));
    std::string before;
    for (const CostLine* each : rows) {
      const std::string name = who(*each);
      row(name == before ? "" : name, each->kind.call, count_text(each->alone), count_text(each->together));
      before = name;
    }
    for (const CostLimit& each : cost_.limits) {
      if (each.alone > 0 || each.together > 0)
        row("in all", bucket(each.connection, each.group), count_text(each.alone), count_text(each.together),
            limit_text(each.rate));
    }
  }

  static std::string who(const CostLine& line) { return shown_node(line.kind) + (line.look ? " (look)" : ""); }

  void once() {
    std::vector<std::string> calls;
    for (const CostLine& each : cost_.lines) {
      if (each.once > 0) calls.push_back(fmt::format("{} {}", count_text(each.once), each.kind.call));
    }
    if (!calls.empty()) out_ += fmt::format("  once after a start: {}\n", join(calls, ", "));
  }

  void verdict() {
    for (const CostLimit& each : cost_.limits) {
      if (each.looks <= 0 || each.rate.interval <= Duration(0)) continue;
      const double rate = hour / static_cast<double>(each.rate.interval.count());
      out_ += fmt::format("  looks take {} of the {} calls an hour of {} ({:.1f} %)\n", thousands(each.looks),
                          thousands(rate), bucket(each.connection, each.group), each.looks / rate * 100);
    }
    if (!cost_.binding) {
      if (cost_.remark.empty())
        out_ += cost_.limits.empty() ? "  asks no account\n" : "  no known limit holds it back\n";
      return;
    }
    const CostLimit& binds = cost_.limits[*cost_.binding];
    out_ += fmt::format("  at most {} an hour{}: {} ({}) is used up first; 10 000 drain in {}\n",
                        thousands(*binds.throughput), cost_.remark.empty() ? "" : " by the looks alone",
                        bucket(binds.connection, binds.group), limit_text(binds.rate),
                        time_text(drained / *binds.throughput * 3600));
  }

  const PipelineCost& cost_;
  bool color_;
  std::string out_;
  std::size_t who_ = 9;
  std::size_t call_ = 5;
};

// Over all pipelines: what the accounts are asked while nothing happens.
std::string idle_text(const std::vector<PipelineCost>& all) {
  std::vector<CostLimit> sums;
  for (const PipelineCost& cost : all) {
    for (const CostLimit& each : cost.limits) {
      if (each.looks <= 0) continue;
      const auto known = std::find_if(sums.begin(), sums.end(), [&](const CostLimit& sum) {
        return sum.connection == each.connection && sum.group == each.group;
      });
      if (known != sums.end())
        known->looks += each.looks;
      else
        sums.push_back(each);
    }
  }
  if (all.size() < 2 || sums.empty()) return {};
  std::string out = "\nall pipelines, while nothing happens\n";
  for (const CostLimit& each : sums) {
    out += fmt::format("  {}: {} calls an hour", bucket(each.connection, each.group), thousands(each.looks));
    if (each.rate.interval > Duration(0)) {
      const double rate = hour / static_cast<double>(each.rate.interval.count());
      out += fmt::format(" of {} ({:.1f} %)", thousands(rate), each.looks / rate * 100);
      if (each.looks > rate) out += ": looks come later than they are asked for";
    }
    out += "\n";
  }
  return out;
}

Json json_of(const CallKind& kind) {
  return {{"connection", kind.connection}, {"node", kind.node}, {"group", kind.group}, {"call", kind.call}};
}

Json json_of(const PipelineCost& cost) {
  Json made{{"pipeline", cost.pipeline}, {"file", cost.place.file}, {"line", cost.place.line}};
  if (cost.test.empty())
    made["measured_with"] = {{"example", true}};
  else
    made["measured_with"] = {{"test", cost.test}, {"file", cost.test_place.file}, {"line", cost.test_place.line}};
  made["looks"] = Json::array();
  for (const CostLook& look : cost.looks) {
    Json calls = Json::array();
    for (const auto& [kind, count] : look.calls) {
      calls.push_back(json_of(kind));
      calls.back()["a_look"] = count;
    }
    made["looks"].push_back(
        {{"source", look.source}, {"every_ms", look.every.count()}, {"watched", look.watched}, {"calls", calls}});
  }
  made["calls"] = Json::array();
  for (const CostLine& line : cost.lines) {
    Json one = json_of(line.kind);
    one["look"] = line.look;
    one["once"] = line.once;
    one["alone"] = line.alone;
    one["together"] = line.together;
    made["calls"].push_back(std::move(one));
  }
  made["limits"] = Json::array();
  for (const CostLimit& limit : cost.limits) {
    Json one{{"connection", limit.connection}, {"group", limit.group}};
    one["interval_ms"] = limit.rate.interval > Duration(0) ? Json(limit.rate.interval.count()) : Json(nullptr);
    one["burst"] = limit.rate.interval > Duration(0) ? Json(limit.rate.burst) : Json(nullptr);
    one["alone"] = limit.alone;
    one["together"] = limit.together;
    one["looks_an_hour"] = limit.looks;
    one["events_an_hour"] = limit.throughput ? Json(std::floor(*limit.throughput)) : Json(nullptr);
    made["limits"].push_back(std::move(one));
  }
  made["binding"] = nullptr;
  if (cost.binding) {
    const CostLimit& binds = cost.limits[*cost.binding];
    made["binding"] = {{"connection", binds.connection},
                       {"group", binds.group},
                       {"events_an_hour", std::floor(*binds.throughput)},
                       {"drain_10000_s", std::ceil(drained / *binds.throughput * 3600)}};
  }
  if (!cost.remark.empty()) made["remark"] = cost.remark;
  return made;
}

}  // namespace

std::string cost_text(const std::vector<PipelineCost>& all, bool color) {
  std::string out;
  for (const PipelineCost& cost : all) out += "\n" + Page(cost, color).text();
  return out + idle_text(all);
}

std::string cost_json(const std::vector<PipelineCost>& all, const std::string& validated) {
  Json made = Json::parse(validated);
  made["costs"] = Json::array();
  for (const PipelineCost& cost : all) made["costs"].push_back(json_of(cost));
  return made.dump();
}

}  // namespace pipewright::cli
