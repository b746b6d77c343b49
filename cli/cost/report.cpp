#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/cost/cost.hpp"
#include "cli/limits.hpp"
#include "cli/terminal.hpp"

namespace pipewright::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int drained = 10'000;

// 576000 as `576 000`.
std::string thousands(double number) {
  std::string digits = fmt::format("{:.0f}", std::floor(number));
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return digits;
}

std::string count_text(double count) { return count > 0 && count < 0.0005 ? "<0.001" : fmt::format("{:.3g}", count); }

std::string limit_text(const CostLimit& limit) { return limit.an_hour() ? rate_text(limit.rate) : "no limit is known"; }

// A connector with one bucket names it as it likes.
std::string bucket(const CostLimit& limit) {
  const bool one = limit.group.empty() || limit.group.find('.') == std::string::npos;
  return one ? limit.connection : limit.connection + " " + limit.group;
}

std::string time_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min", (whole + 59) / 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

// Broken between words where a screen has an end; 0: it has none.
std::string prose(const std::string& text, std::size_t width) {
  std::string out = " ";
  std::size_t taken = 1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (width > 0 && taken > 4 && taken + 1 + display_width(word) > width) {
      out += "\n   ";
      taken = 3;
    }
    out += " " + word;
    taken += 1 + display_width(word);
    at = end + 1;
  }
  return out + "\n";
}

std::string share_text(const CostLimit& limit) {
  const auto rate = limit.an_hour();
  if (!rate) return fmt::format("{} calls an hour", thousands(limit.looks));
  return fmt::format("{} of {} calls an hour ({:.1f} %){}", thousands(limit.looks), thousands(*rate),
                     limit.looks / *rate * 100, limit.looks > *rate ? ": looks come later than they should" : "");
}

class Page {
 public:
  Page(const PipelineCost& cost, bool color, std::size_t width) : cost_(cost), color_(color), width_(width) {
    for (const CostLine& each : cost.lines) call_ = std::max(call_, each.kind.call.size());
    for (const CostLook& look : cost.looks) {
      for (const auto& [kind, count] : look.calls) call_ = std::max(call_, kind.call.size());
    }
    for (const CostLimit& each : cost.limits) call_ = std::max(call_, bucket(each).size());
    constexpr std::size_t beside = 34;  // indentation, numbers and limit
    if (width > 0) call_ = std::min(call_, std::max(width, beside + 24) - beside);
  }

  std::string text() {
    out_ = bold(cost_.pipeline) + fmt::format("  {}:{}\n", cost_.place.file, cost_.place.line);
    measured();
    for (const CostLook& look : cost_.looks) looks(look);
    events();
    once();
    verdict();
    return out_;
  }

 private:
  std::string bold(const std::string& text) const { return color_ ? "\x1b[1m" + text + "\x1b[0m" : text; }
  void say(const std::string& text) { out_ += prose(text, width_); }

  void measured() {
    if (!cost_.remark.empty()) return say(fmt::format("steps not measured: {}", cost_.remark));
    if (!cost_.test.empty())
      return say(fmt::format("with the event of the test \"{}\" ({}:{})", cost_.test, cost_.test_place.file,
                             cost_.test_place.line));
    if (std::any_of(cost_.lines.begin(), cost_.lines.end(), [](const CostLine& each) { return !each.look; }))
      say("with the declared example of its source: no test in these files sends an event that gets as far as a call");
  }

  void row(const std::string& call, const std::string& alone, const std::string& together = {},
           const std::string& limit = {}) {
    std::string line = "    " + padded(fitted(call, call_), call_) + padded_left(alone, 8) + padded_left(together, 10) +
                       (limit.empty() ? "" : "  " + limit);
    while (line.ends_with(' ')) line.pop_back();
    out_ += line + "\n";
  }

  void looks(const CostLook& look) {
    std::string head = fmt::format("{} looks every {}", look.source, duration_text(look.every));
    if (look.watched > 0) head += fmt::format(", here with {} open tasks", look.watched);
    say(head + (look.calls.empty() ? "" : ":"));
    for (const auto& [kind, count] : look.calls) row(kind.call, count_text(count));
  }

  void events() {
    std::vector<std::string> askers;  // what one asks stands together
    for (const CostLine& each : cost_.lines) {
      if ((each.alone > 0 || each.together > 0) && std::find(askers.begin(), askers.end(), asker(each)) == askers.end())
        askers.push_back(asker(each));
    }
    if (askers.empty()) return;
    out_ += "  " + padded(fmt::format("each {} asks", cost_.noun), call_ + 2) + padded_left("alone", 8) +
            padded_left(fmt::format("1 of {}", cost_batch), 10) + "\n";
    for (const std::string& name : askers) {
      out_ += "   " + name + "\n";
      for (const CostLine& each : cost_.lines) {
        if (asker(each) == name && (each.alone > 0 || each.together > 0))
          row(each.kind.call, count_text(each.alone), count_text(each.together));
      }
    }
    out_ += "   in all\n";
    for (const CostLimit& each : cost_.limits) {
      if (each.alone > 0 || each.together > 0)
        row(bucket(each), count_text(each.alone), count_text(each.together), limit_text(each));
    }
  }

  static std::string asker(const CostLine& line) {
    const std::size_t dot = line.kind.node.find('.');
    const std::string node = dot == std::string::npos ? "" : line.kind.node.substr(dot);
    return line.kind.connection + node + (line.look ? ", to read it" : "");
  }

  void once() {
    bool begun = false;
    for (const CostLine& each : cost_.lines) {
      if (each.once <= 0) continue;
      if (!begun) out_ += "  once after a start:\n";
      begun = true;
      row(each.kind.call, count_text(each.once));
    }
  }

  void verdict() {
    for (const CostLimit& each : cost_.limits) {
      if (each.looks > 0) say(fmt::format("looks ask {}: {}", bucket(each), share_text(each)));
    }
    if (!cost_.binding) {
      if (cost_.remark.empty()) say(cost_.limits.empty() ? "asks no account" : "no known limit holds it back");
      return;
    }
    const CostLimit& binds = cost_.limits[*cost_.binding];
    say(fmt::format("at most {} an hour{}: {} ({}) is used up first", thousands(*binds.throughput),
                    cost_.remark.empty() ? "" : " by the looks alone", bucket(binds), limit_text(binds)));
    say(fmt::format("10 000 drain in {}", time_text(drained / *binds.throughput * 3600)));
  }

  const PipelineCost& cost_;
  bool color_;
  std::size_t width_;
  std::string out_;
  std::size_t call_ = 20;
};

// Over all pipelines: what the accounts are asked while nothing happens.
std::string idle_text(const std::vector<PipelineCost>& all, std::size_t width) {
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
  for (const CostLimit& each : sums) out += prose(fmt::format("{}: {}", bucket(each), share_text(each)), width);
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
    const auto interval = limit.rate.interval.count();  // microseconds
    one["interval_ms"] = !limit.an_hour()       ? Json(nullptr)
                         : interval % 1000 == 0 ? Json(interval / 1000)
                                                : Json(static_cast<double>(interval) / 1000);
    one["burst"] = limit.an_hour() ? Json(limit.rate.burst) : Json(nullptr);
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

std::string cost_text(const std::vector<PipelineCost>& all, bool color, std::size_t width) {
  std::string out;
  for (const PipelineCost& cost : all) out += "\n" + Page(cost, color, width).text();
  return out + idle_text(all, width);
}

std::string cost_json(const std::vector<PipelineCost>& all, const std::string& validated) {
  Json made = Json::parse(validated);
  made["costs"] = Json::array();
  for (const PipelineCost& cost : all) made["costs"].push_back(json_of(cost));
  return made.dump();
}

}  // namespace pipewright::cli
