#include "engine/clamp.hpp"

#include <doctest/doctest.h>

namespace pipewright::engine {
namespace {

constexpr Instant noon{Duration(1'795'000'000'000)};

struct Nowhere : Connection {
  Nowhere() : Connection(Settings{"wb", "sim", {}, {}, {}, "UTC", ".", {}}) {}
};

struct NoCalls : Calls {
  [[nodiscard]] Instant now() const override { return noon; }
  [[nodiscard]] bool dry() const override { return false; }
  void log(LogLevel, std::string) override {}

 protected:
  void start(Request, std::function<void(CallResult)>) override {}
  void look_up(std::vector<std::string>, std::function<void(std::map<std::string, Seen>)>) override {}
  void look_up_open(std::string, std::size_t, std::function<void(std::vector<Seen>)>) override {}
};

Task<Page> echo(Connection&, Look look, Calls&) {
  Page page;
  page.cursor = look.cursor;
  co_return page;
}

}  // namespace

TEST_CASE("a moment of a cursor that lies after now counts as now, other fields stay") {
  const Clamped fine = clamped_cursor(R"({"last":1794999999999,"next":1999999999999})", {"last"}, noon);
  CHECK(fine.what.empty());
  CHECK(fine.cursor == R"({"last":1794999999999,"next":1999999999999})");
  const Clamped ahead =
      clamped_cursor(R"({"last":1795010800000,"next":1999999999999,"rest":"x"})", {"last", "wide"}, noon);
  CHECK(ahead.cursor == R"({"last":1795000000000,"next":1999999999999,"rest":"x"})");
  CHECK(ahead.what == utc_text(noon + std::chrono::hours(3)));
  CHECK(clamped_cursor("", {"last"}, noon).cursor.empty());
  CHECK(clamped_cursor("no JSON", {"last"}, noon).cursor == "no JSON");
  CHECK(clamped_cursor(R"({"last":1795000030000})", {"last"}, noon).what.empty());  // clocks that differ a little
}

TEST_CASE("a poll begins at a clamped cursor, and says so in its notice") {
  Nowhere connection;
  NoCalls calls;
  Look look;
  look.cursor = R"({"last":1795010800000})";
  Task<Page> polling = clamped(echo, {"last"})(connection, look, calls);
  polling.start();
  const Page page = polling.take();
  CHECK(page.cursor == R"({"last":1795000000000})");
  REQUIRE(page.notice);
  CHECK(page.notice->find("the clock was ahead") != std::string::npos);
}

}  // namespace pipewright::engine
