// The promises of the engine, by the real executable: what servers got is judged.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "tests/support/listener.hpp"
#include "tests/support/program.hpp"

using namespace pipewright;
using namespace std::chrono_literals;
using test::Finished;
using test::has;
using test::Json;
using test::lines;
using test::Listener;
using test::Shop;
using test::soon;
namespace wire = engine::http;

namespace {

std::string post(const Listener& to, const std::string& path, const std::string& delivery) {
  return "http.request \"" + to.url(path) + "\" { method: \"POST\", json: { n: line.n } } " + delivery;
}

std::set<std::string> bodies(Listener& listener, const std::string& path = "") {
  std::set<std::string> all;
  for (const auto& request : listener.came()) {
    if (path.empty() || request.path == path) all.insert(request.body);
  }
  return all;
}

std::size_t count(Listener& listener, const std::string& path) {
  std::size_t times = 0;
  for (const auto& request : listener.came()) times += request.path == path ? 1 : 0;
  return times;
}

wire::Reply slowly(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);
  return wire::Reply{200, {}, "{}"};
}

}  // namespace

TEST_CASE("promises: SIGTERM parks nothing that at_most_once had still to send, and everything goes once") {
  Listener listener([](const wire::ServerRequest&) { return slowly(20ms); });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> " + post(listener, "/in", "at_most_once") + " -> " +
                           post(listener, "/next", "at_most_once") + "\n");
  shop.write("in.ndjson", lines(1, 200));
  {
    const auto running = shop.start({"run"});
    REQUIRE(soon([&] { return listener.came().size() > 10; }));
    CHECK(running->stop().status == 0);
  }
  CHECK(listener.came().size() < 300);
  CHECK(shop.run({"run", "--once"}).status == 0);
  CHECK(count(listener, "/in") == 200);
  CHECK(count(listener, "/next") == 200);
  CHECK(bodies(listener, "/in").size() == 200);
}

TEST_CASE("promises: SIGTERM does not wait for a response that does not come (engine C)") {
  Listener listener([](const wire::ServerRequest&) { return slowly(12s); });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> " + post(listener, "/in", "at_least_once") + "\n");
  shop.write("in.ndjson", lines(1, 1));
  const auto running = shop.start({"run"});
  REQUIRE(soon([&] { return !listener.came().empty(); }));
  const auto from = std::chrono::steady_clock::now();
  CHECK(running->stop().status == 0);
  CHECK(std::chrono::steady_clock::now() - from < 10s);
}

TEST_CASE("promises: a retry with an edited program sends no message twice") {
  bool refuse = true;
  Listener listener([&](const wire::ServerRequest& request) {
    const int status = request.path == "/fail" && refuse ? 400 : 200;
    return wire::Reply{status, {}, "{}"};
  });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\"\n  -> " + post(listener, "/notify", "at_most_once") + "\n  -> " +
                           post(listener, "/fail", "at_most_once") + "\n");
  shop.write("in.ndjson", lines(1, 1));
  CHECK(shop.run({"run", "--once"}).status == 1);
  refuse = false;
  shop.write("a.pipe", "on file.lines \"in.ndjson\"\n  -> where int(line.n) >= 0\n  -> " +
                           post(listener, "/notify", "at_most_once") + "\n  -> " +
                           post(listener, "/fail", "at_most_once") + "\n");
  CHECK(shop.run({"events", "retry", "1"}).status == 0);
  CHECK(count(listener, "/notify") == 1);
  CHECK(count(listener, "/fail") == 2);
}

TEST_CASE("promises: a response in another encoding is done, kept, and done once after a kill") {
  bool away = true;
  Listener listener([&](const wire::ServerRequest& request) {
    if (request.path == "/next" && away) return wire::Reply{503, {}, ""};
    return wire::Reply{
        200, {{"Content-Type", "text/plain; charset=windows-1251"}}, "\xCE\xCA, \xEF\xF0\xE8\xED\xFF\xF2\xEE"};
  });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\"\n  -> " + post(listener, "/sms", "at_most_once") + "\n  -> " +
                           post(listener, "/next", "at_least_once") + "\n");
  shop.write("in.ndjson", lines(1, 1));
  {
    const auto running = shop.start({"run"});
    REQUIRE(soon([&] { return count(listener, "/next") > 0; }));
    running->signal(SIGKILL);
    running->wait();
  }
  away = false;
  CHECK(shop.run({"run", "--once"}).status == 0);
  CHECK(count(listener, "/sms") == 1);
}

TEST_CASE("promises: a host that is away, or refuses, stops no other; who waits is said, retried and skipped by hand") {
  Listener bad([](const wire::ServerRequest&) { return wire::Reply{503, {}, ""}; });
  Listener good([](const wire::ServerRequest&) { return wire::Reply{200, {}, "{}"}; });
  Shop shop;
  shop.write("a.pipe", "pipeline a on file.lines \"in.ndjson\" -> " + post(bad, "/a", "at_least_once") +
                           "\npipeline b on file.lines \"in.ndjson\" -> " + post(good, "/b", "at_least_once") + "\n");
  shop.write("in.ndjson", lines(1, 20));
  const auto running = shop.start({"run"});
  REQUIRE(soon([&] { return good.came().size() == 20; }));
  REQUIRE(soon([&] { return has(shop.run({"events"}).out, "waiting"); }));
  const Finished listed = shop.run({"events"});
  CHECK(has(listed.out, "connection `http`"));
  CHECK(has(listed.out, "503"));
  const std::string id = listed.out.substr(listed.out.find('\n') + 1,
                                           listed.out.find(' ', listed.out.find('\n')) - listed.out.find('\n') - 1);
  CHECK(has(shop.run({"events", "retry", id}).out, "queued for retry"));
  const Finished skipped = shop.run({"events", "skip", id, "--why", "told by phone"});
  CHECK(skipped.status == 0);
  REQUIRE(soon([&] { return has(shop.run({"events", "show", id}).out, "told by phone"); }));
  running->stop();
  // And while no `run` holds the database.
  const Finished alone = shop.run({"events", "skip", "--all"});
  CHECK(has(alone.out, "nothing is parked"));
}

TEST_CASE("promises: a deleted pipeline's events end, an edited one helps what waits") {
  Listener listener(
      [](const wire::ServerRequest& request) { return wire::Reply{request.path == "/good" ? 200 : 503, {}, "{}"}; });
  Shop shop;
  const auto program = [&](const char* path) {
    return "pipeline a on file.lines \"in.ndjson\" -> " + post(listener, path, "at_least_once") + "\n";
  };
  shop.write("a.pipe", program("/bad"));
  shop.write("in.ndjson", lines(1, 3));
  {
    const auto running = shop.start({"run"});
    REQUIRE(soon([&] { return listener.came().size() >= 2; }));
    running->stop();
  }
  shop.write("a.pipe", program("/good"));
  const auto running = shop.start({"run"});
  CHECK(soon([&] { return shop.events().size() >= 3; }));
  // What was sent to the old address without an answer finishes there; what was not takes the new one.
  CHECK(soon([&] { return count(listener, "/good") > 0 || count(listener, "/bad") > 3; }));
  shop.write("a.pipe", "pipeline other on file.lines \"in.ndjson\" -> log.info \"{text(line.n)}\"\n");
  CHECK(soon([&] {
    const auto all = shop.events();
    return std::all_of(all.begin(), all.end(), [](const Json& event) {
      return event["outcome"] != "in flight" && event["outcome"] != "waiting";
    });
  }));
  running->stop();
}

TEST_CASE("promises: runs in a row never ask for more than the limit") {
  Shop::Options options;
  options.wb_keys = "rate.marketplace = \"60/min burst 4\"\n";
  options.limits = true;
  Shop shop(options, "pipeline a on wb.fbs.new -> log.info \"{order.id}\"\n");
  const auto from = std::chrono::steady_clock::now();
  for (int i = 0; i < 6; ++i) shop.once();
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - from).count();
  std::size_t calls = 0;
  for (const auto& each : shop.wb.log()) {
    CHECK(each["status"] != 429);
    calls += each["path"].get<std::string>().find("/api/v3/orders") == 0 ? 1 : 0;
  }
  CHECK(calls >= 12);
  CHECK(static_cast<long>(calls) <= 4 + seconds + 1);
}

TEST_CASE("promises: a hundred pipelines on one source make its calls once") {
  Shop shop;
  std::string program;
  for (int i = 0; i < 100; ++i)
    program += "pipeline p" + std::to_string(i) + " on wb.fbs.new -> log.info \"{order.id}\"\n";
  shop.write("shop.pipe", program);
  shop.wb.add_tasks(wb::sandbox::Scheme::fbs, 5);
  CHECK(shop.once().at("events") == 500);
  std::size_t fresh = 0;
  for (const auto& each : shop.wb.log()) fresh += each["path"] == "/api/v3/orders/new" ? 1 : 0;
  CHECK(fresh == 1);
  // The scan's bounds are in seconds: who begins in the next one asks for another list. Unshared it would be 200.
  CHECK(shop.wb.log().size() <= 6);
}

TEST_CASE("promises: what a server answers does not write on the terminal (engine C)") {
  Listener listener([](const wire::ServerRequest&) { return wire::Reply{400, {}, "\x1b[2J\x1b]0;gone\x07 no"}; });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> " + post(listener, "/in", "at_most_once") + "\n");
  shop.write("in.ndjson", lines(1, 1));
  std::string printed = shop.run({"run", "--once"}).err;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"events"}, {"events", "show", "1"}, {"status"}}) {
    const Finished finished = shop.run(words);
    printed += finished.out + finished.err;
  }
  CHECK(has(printed, "gone"));
  CHECK(printed.find('\x1b') == std::string::npos);
  CHECK(printed.find('\x07') == std::string::npos);
}

TEST_CASE("promises: a database that is taken away ends the process, and says so") {
  Shop shop;
  shop.write("a.pipe", "on time.every 1s -> log.info \"{tick.count}\"\n");
  const auto running = shop.start({"run"});
  REQUIRE(soon([&] { return std::filesystem::exists(shop.path("pipewright.db")); }));
  REQUIRE(soon([&] { return !shop.events().empty(); }));
  std::filesystem::remove(shop.path("pipewright.db"));
  const Finished finished = running->wait();
  CHECK(finished.status == 1);
  CHECK(has(finished.err, "removed or replaced"));
}

TEST_CASE("promises: every command says that a database is damaged, or of another program (engine C)") {
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> log.info \"{text(line.n)}\"\n");
  shop.write("pipewright.db", std::string(8192, 'x'));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", "--once"}, {"status"}, {"events"}, {"events", "retry", "1"}}) {
    const Finished finished = shop.run(words);
    CHECK(finished.status == 2);
    CHECK(has(finished.err, "damaged"));
    CHECK(has(finished.err, "help:"));
  }
}
