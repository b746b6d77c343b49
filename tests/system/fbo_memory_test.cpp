// FBO with a large backlog: how much memory the program takes. Alone in its file: the largest child process is
// measured.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::Json;
using test::Shop;

namespace {

constexpr const char* program =
    "on wb.fbo.new since 7d -> file.append \"orders.ndjson\" { id: order.srid, price: order.price }\n";

// The highest that the program's memory has been; it has to be running.
long peak_megabytes() {
  std::string children;
  std::getline(std::ifstream("/proc/self/task/" + std::to_string(::getpid()) + "/children"), children);
  std::ifstream status("/proc/" + std::to_string(std::atol(children.c_str())) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6) / 1024;
  }
  return -1;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

struct Came {
  std::size_t lines = 0;
  long megabytes = 0;
};

Came read(bool by_feed, std::size_t rows, const Json& fields = Json::object()) {
  Shop::Options options;
  if (!by_feed) options.wb.token.categories = {1, 4, 5};
  Shop shop(options, program);
  shop.wb.operate("POST", "/_sandbox/fbo/orders", {{"count", rows}, {"fields", fields}});
  auto running = shop.start({"run"});
  Came came;
  for (int i = 0; i < 30 && came.lines < rows; ++i) {
    test::soon([&] { return (came.lines = lines_of(shop.read("orders.ndjson"))) >= rows; });
    came.megabytes = peak_megabytes();
  }
  running->stop();
  return came;
}

}  // namespace

TEST_CASE("C4: thirty thousand FBO rows are read within 100 MB") {
  for (const bool by_feed : {true, false}) {
    CAPTURE(by_feed);
    const Came came = read(by_feed, 30000);
    CHECK(came.lines == 30000);
    CHECK(came.megabytes > 0);
#ifndef __SANITIZE_ADDRESS__
    CHECK(came.megabytes < 100);
#endif
    MESSAGE(std::string(by_feed ? "feed: " : "statistics: ") << came.megabytes << " MB");
  }
}

TEST_CASE("C4: the documented page of 80 000 rows is read") {
  // Rows of about 900 bytes, as they come: more than any other response may have.
  const Came came = read(false, 80000, {{"regionName", std::string(400, 'x')}});
  CHECK(came.lines == 80000);
  MESSAGE(came.megabytes << " MB");
}
