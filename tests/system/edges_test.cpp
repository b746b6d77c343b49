// Where the program meets files, servers and secrets: the executable against hostile edges.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/listener.hpp"
#include "tests/support/program.hpp"

using namespace pipewright;
using test::Finished;
using test::has;
using test::Json;
using test::Shop;
namespace wire = engine::http;
using World = test::Listener;
using test::lines;

namespace {

std::string base64(const std::string& bytes) {
  static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8U) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet[(buffer >> static_cast<unsigned>(bits - 6)) & 63U];
  }
  return out;
}

}  // namespace

TEST_CASE("edges: a redirect delivers nothing and parks with its location (engine B5)") {
  World world(
      [](const wire::ServerRequest&) { return wire::Reply{308, {{"Location", "https://new.example/in"}}, ""}; });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> http.request \"" + world.url("/in") +
                           "\" { method: \"POST\", json: { n: line.n } } at_most_once\n");
  shop.write("in.ndjson", lines(1, 2));
  const Finished finished = shop.run({"run", "--once"});
  CHECK(finished.last_line() == "done: 2 events, 0 written, 0 unchanged, 0 skipped, 2 parked");
  CHECK(has(finished.err, "https://new.example/in"));
  CHECK(world.came().size() == 2);
}

TEST_CASE("edges: data cannot add headers, requests or parameters (engine B7)") {
  World world([](const wire::ServerRequest&) { return wire::Reply{200, {}, "ok"}; });
  Shop shop;
  shop.write("a.pipe",
             "on file.lines \"in.ndjson\" -> http.request \"" + world.url("/in?name={text(line.name)}") +
                 "\" { method: \"POST\", headers: { \"X-Name\": text(line.header) }, text: \"x\" } at_most_once\n");
  shop.write("in.ndjson", R"({"name":"a b&admin=1\r\nX: 1","header":"plain"}
{"name":"b","header":"v\r\nX-Injected: 1\r\n\r\nGET /second HTTP/1.1"}
)");
  const Finished finished = shop.run({"run", "--once"});
  INFO(finished.err);
  CHECK(finished.last_line() == "done: 2 events, 1 written, 0 unchanged, 0 skipped, 1 parked");
  const auto came = world.came();
  REQUIRE(came.size() == 1);
  REQUIRE(came[0].parameters.size() == 1);
  CHECK(came[0].parameters[0].second == "a b&admin=1\r\nX: 1");
  CHECK_FALSE(came[0].headers.contains("x-injected"));
}

TEST_CASE("edges: at_most_once sends a GET once when its response is lost, and a dry run sends none (engine B11)") {
  World world([](const wire::ServerRequest&) {
    wire::Reply reply;
    reply.drop = true;
    return reply;
  });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> http.request \"" + world.url("/hook?n={int(line.n)}") +
                           "\" at_most_once\n");
  shop.write("in.ndjson", lines(1, 1));
  shop.run({"dry-run"});
  shop.run({"dry-run", "--offline", "--input", "in.ndjson"});
  CHECK(world.came().empty());
  const Finished finished = shop.run({"run", "--once"});
  CHECK(finished.last_line() == "done: 1 events, 0 written, 0 unchanged, 0 skipped, 1 parked");
  CHECK(world.came().size() == 1);
}

TEST_CASE("edges: a dead host and one that wants credentials do not stop another one") {
  World refuses([](const wire::ServerRequest&) { return wire::Reply{401, {}, ""}; });
  World works([](const wire::ServerRequest&) { return wire::Reply{200, {}, "ok"}; });
  Shop shop;
  shop.write("a.pipe",
             "pipeline a on file.lines \"a.ndjson\" -> http.request \"" + refuses.url() +
                 "\" { json: { n: line.n } } at_most_once\npipeline b on file.lines \"b.ndjson\" -> http.request \"" +
                 works.url() + "\" { json: { n: line.n } } at_most_once\n");
  shop.write("a.ndjson", lines(1, 20));
  shop.write("b.ndjson", lines(1, 20));
  const Finished finished = shop.run({"run", "--once"});
  CHECK(finished.last_line() == "done: 40 events, 20 written, 0 unchanged, 0 skipped, 20 parked");
  CHECK(works.came().size() == 20);
  CHECK(refuses.came().size() == 20);
}

TEST_CASE("edges: two files in one pipeline bring every line of both") {
  World world([](const wire::ServerRequest&) { return wire::Reply{200, {}, "ok"}; });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"a.ndjson\", file.lines \"b.ndjson\" -> http.request \"" + world.url() +
                           "\" { json: { n: line.n } } at_most_once\n");
  shop.write("a.ndjson", lines(1, 5));
  shop.write("b.ndjson", lines(1, 5));
  CHECK(shop.run({"run", "--once"}).last_line() == "done: 10 events, 10 written, 0 unchanged, 0 skipped, 0 parked");
  CHECK(world.came().size() == 10);
}

TEST_CASE("edges: a file that is replaced is read from its beginning, into a target that is no sink too") {
  World world([](const wire::ServerRequest&) { return wire::Reply{200, {}, "ok"}; });
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> http.request \"" + world.url() +
                           "\" { json: { n: line.n } } at_most_once\n");
  shop.write("in.ndjson", lines(1, 5));
  shop.run({"run", "--once"});
  shop.write("in.ndjson", lines(11, 12));
  CHECK(shop.run({"run", "--once"}).last_line() == "done: 2 events, 2 written, 0 unchanged, 0 skipped, 0 parked");
  std::filesystem::rename(shop.path("in.ndjson"), shop.path("in.1"));
  shop.write("in.ndjson", lines(21, 29));
  CHECK(shop.run({"run", "--once"}).last_line() == "done: 9 events, 9 written, 0 unchanged, 0 skipped, 0 parked");
  CHECK(shop.run({"run", "--once"}).last_line() == "done: 0 events, 0 written, 0 unchanged, 0 skipped, 0 parked");
  CHECK(world.came().size() == 16);
}

TEST_CASE("edges: one file by two spellings and connections, and somebody else's lines, survive the next start") {
  Shop::Options options;
  options.extra_toml = "[connections.other]\ntype = \"file\"\n";
  Shop shop(options);
  shop.write("a.pipe",
             "pipeline a on file.lines \"a.ndjson\" -> file.append \"out.ndjson\"\n"
             "pipeline b on file.lines \"b.ndjson\" -> file.append \"" +
                 shop.path("out.ndjson") +
                 "\"\npipeline c on file.lines \"c.ndjson\" -> other.append \"./sub/../out.ndjson\"\n");
  std::filesystem::create_directories(shop.path("sub"));
  for (const char* name : {"a.ndjson", "b.ndjson", "c.ndjson"}) shop.write(name, lines(1, 5));
  CHECK(shop.run({"run", "--once"}).status == 0);
  CHECK(shop.read("out.ndjson").size() == 3 * lines(1, 5).size());
  const std::string note = "{\"note\":1}\n";
  shop.write("out.ndjson", shop.read("out.ndjson") + note);
  shop.run({"run", "--once"});
  CHECK(shop.read("out.ndjson").size() == 3 * lines(1, 5).size() + note.size());
  shop.write("a.ndjson", lines(1, 6));
  shop.run({"run", "--once"});
  CHECK(shop.read("out.ndjson").size() == 3 * lines(1, 5).size() + note.size() + lines(6, 6).size());
  struct stat status{};
  REQUIRE(::stat(shop.path("pipewright.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 077) == 0);
}

TEST_CASE("edges: a target that cannot be written costs time, and the other pipelines go on (engine C)") {
  Shop shop;
  shop.write("a.pipe",
             "pipeline full on file.lines \"a.ndjson\" -> file.append \"/dev/full\"\n"
             "pipeline fine on file.lines \"b.ndjson\" -> file.append \"out.ndjson\"\n");
  shop.write("a.ndjson", lines(1, 5));
  shop.write("b.ndjson", lines(1, 5));
  const auto running = shop.start({"run"});
  CHECK(test::soon([&] { return shop.read("out.ndjson") == lines(1, 5); }));
  CHECK(running->says("/dev/full cannot be written"));
  shop.write("b.ndjson", lines(1, 9));
  CHECK(test::soon([&] { return shop.read("out.ndjson") == lines(1, 9); }));
  CHECK(running->stop().status == 0);
}

TEST_CASE("edges: a secret with a line end within is refused at the start, at its place, without its value") {
  Shop shop(test::one_line);
  shop.environment["CRM_KEY"] = "first-part\nX-Second: part";
  const Finished finished = shop.run({"run", "--once"});
  CHECK(finished.status == 2);
  CHECK(has(finished.err, "the key of connection `crm` holds a line end"));
  CHECK(has(finished.err, "pipewright.toml:"));
  CHECK_FALSE(has(finished.err + finished.out, "first-part"));
  CHECK_FALSE(has(finished.err + finished.out, "X-Second"));
  CHECK(shop.crm.log().empty());
  Shop spaced(test::one_line);
  spaced.wb.add_tasks(wb::sandbox::Scheme::fbs, 1);
  spaced.environment["CRM_KEY"] += "\n";
  CHECK(spaced.once().at("written") == 1);
}

TEST_CASE("edges: --mask takes a text of a hundred thousand letters (engine B9)") {
  Shop shop;
  shop.write("a.pipe", "on file.lines \"in.ndjson\" -> file.append \"out.ndjson\" { id: int(line.id) }\n");
  shop.write("in.ndjson", "{\"id\":\"" + std::string(100'000, 'a') + "\"}\n");
  const Finished finished = shop.run({"run", "--once", "--mask"});
  CHECK(finished.last_line() == "done: 1 events, 0 written, 0 unchanged, 0 skipped, 1 parked");
  CHECK(shop.run({"events", "show", "1", "--mask"}).status == 0);
}

// The core applies the scrubber at its door.
TEST_CASE("edges: a secret that a server echoes stands nowhere") {
  const std::string token = "tok-5Fq9/x+Zr&81=77";
  World world([&](const wire::ServerRequest& request) {
    const std::string echoed = request.header("authorization");
    std::string escaped;
    for (const char c : token) escaped += c == '/' ? std::string("\\/") : std::string(1, c);
    const bool fine = request.path == "/fine";
    return wire::Reply{fine ? 200 : 403,
                       {{"X-Echo", echoed}, {"Set-Cookie", "sid=" + base64("user:" + token)}},
                       "{\"echo\":\"" + echoed + "\",\"php\":\"" + escaped + "\",\"basic\":\"" + base64("u:" + token) +
                           "\",\"url\":\"https://h/?t=tok-5Fq9%2Fx%2BZr%2681%3D77\"}"};
  });
  Shop::Options options;
  options.extra_toml = "[connections.hook]\ntype = \"http\"\nurl = \"" + world.url() + "\"\ntoken = \"env:HOOK\"\n";
  Shop shop(options);
  shop.environment["HOOK"] = token;
  shop.write("a.pipe",
             "pipeline fine on file.lines \"a.ndjson\" -> hook.request \"/fine\" { json: { n: line.n } } as made "
             "at_most_once\n"
             "  -> file.append \"made.ndjson\" { answer: made.body }\n"
             "pipeline bad on file.lines \"b.ndjson\" -> hook.request \"/bad\" { json: { n: line.n } } at_most_once\n");
  shop.write("a.ndjson", lines(1, 1));
  shop.write("b.ndjson", lines(1, 1));
  const Finished finished = shop.run({"run", "--once"});
  INFO(finished.err);
  CHECK(world.came().size() == 2);
  std::string all = finished.out + finished.err;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"events", "--all"},
                                             {"events", "show", "1"},
                                             {"events", "show", "2"},
                                             {"events", "show", "1", "--format", "json"}}) {
    const Finished shown = shop.run(words);
    all += shown.out + shown.err;
  }
  CHECK(has(shop.read("made.ndjson"), "***"));
  for (const char* name : {"pipewright.db", "pipewright.db-wal", "made.ndjson"}) all += shop.read(name);
  CHECK(has(all, "***"));
  for (const std::string& each :
       {token, std::string("tok-5Fq9\\/x+Zr&81=77"), std::string("tok-5Fq9%2Fx%2BZr%2681%3D77"),
        base64("u:" + token).substr(4, 12), base64("user:" + token).substr(8, 12), std::string("sid=")}) {
    CHECK_FALSE(has(all, each));
  }
}
