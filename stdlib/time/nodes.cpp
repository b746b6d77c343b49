#include "stdlib/time/nodes.hpp"

#include <fmt/format.h>

#include "engine/json.hpp"

namespace pipewright::time {
namespace {

using engine::Calls;
using engine::Connection;
using engine::Look;
using engine::NewEvent;
using engine::Page;
using engine::Task;
using engine::Value;

// Whole multiples of the period since 1970 in UTC. Ticks that passed while nobody polled are one tick: the last one.
Task<Page> look_every(Connection&, Look look, Calls& calls) {
  Page page;
  page.total = 0;  // a tick is nothing that exists already
  const Duration period = look.source != nullptr && look.source->every ? *look.source->every : std::chrono::hours(1);
  const std::int64_t number = calls.now().time_since_epoch() / period;
  std::int64_t last = number - 1;
  std::int64_t count = 0;
  if (!look.cursor.empty()) {
    if (const Result<Value> cursor = engine::parse_json(look.cursor)) {
      if (const Decimal* held = (*cursor)["tick"].number()) last = held->integer().value_or(last);
      if (const Decimal* held = (*cursor)["count"].number()) count = held->integer().value_or(0);
    }
  }
  if (last > number) {  // the clock was ahead when it ticked last
    page.notice = fmt::format("the clock was ahead: the last tick was at {}; it ticks again from now on",
                              utc_text(Instant(period * last)));
    last = number;
  }
  if (number > last) {
    ++count;
    NewEvent event;
    const Instant due(period * number);
    event.identity = fmt::format("tick {}", utc_text(due));
    event.key.clear();  // a tick is no entity: nothing waits for it
    event.raw = Value(engine::Record{});
    event.derived.emplace_back("time", Value(due));
    event.derived.emplace_back("count", Value(count));
    page.events.push_back(std::move(event));
  }
  page.cursor = fmt::format("{{\"tick\":{},\"count\":{}}}", number, count);
  co_return page;
}

}  // namespace

engine::Nodes nodes() {
  engine::ConnectionType type;
  type.type = "time";
  type.default_name = "time";
  type.make = [](engine::Settings settings) -> Result<std::unique_ptr<Connection>> {
    return std::make_unique<Connection>(std::move(settings));
  };
  engine::SourceNode every;
  every.name = "time.every";
  every.every = std::chrono::hours(1);
  every.look = look_every;
  return {{std::move(type)}, {std::move(every)}, {}};
}

}  // namespace pipewright::time
