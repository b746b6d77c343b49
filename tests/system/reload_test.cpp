// Configuration, secrets and files that change while `run` goes on.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/program.hpp"

using namespace pipewright;
using test::has;
using test::Shop;
using wb::sandbox::Scheme;

namespace {

const std::string polls = "pipeline a on wb.fbs.new every 1s -> crm.order { manager_comment: \"first\" }\n";

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("a token that is fixed in its file ends the 401 by itself (engine B10)") {
  Shop shop(polls.c_str());
  shop.wb.add_tasks(Scheme::fbs, 1);
  shop.write("pipewright.toml", with(shop.read("pipewright.toml"), "env:WB_TOKEN", "file:tok"));
  shop.write("tok", "wrong.token.here");
  auto running = shop.start({"run"});
  CHECK(running->says("token"));
  CHECK(shop.order_count() == 0);
  shop.write("tok", shop.environment["WB_TOKEN"]);
  CHECK(running->says("reloaded: 1 pipeline"));
  CHECK(test::soon([&] { return shop.order_count() == 1; }));
  CHECK(running->stop().status == 0);
}

TEST_CASE("a key that is fixed in pipewright.toml ends the 401 of events that wait for it (engine B10)") {
  Shop shop(polls.c_str());
  shop.wb.add_tasks(Scheme::fbs, 2);
  const std::string toml = shop.read("pipewright.toml");
  shop.environment["BAD_KEY"] = "wrong";
  shop.write("pipewright.toml", with(toml, "env:CRM_KEY", "env:BAD_KEY"));
  auto running = shop.start({"run"});
  CHECK(running->says("apiKey"));
  CHECK(shop.order_count() == 0);
  shop.write("pipewright.toml", toml);
  CHECK(running->says("reloaded: 1 pipeline"));
  CHECK(test::soon([&] { return shop.order_count() == 2; }));
  CHECK(running->stop().status == 0);
}

TEST_CASE("a comment in pipewright.toml reloads nothing; another state database wants a restart, which is said") {
  Shop shop(polls.c_str());
  auto running = shop.start({"run"});
  CHECK(test::soon([&] { return !shop.wb.log().empty(); }));
  const std::string toml = shop.read("pipewright.toml");
  shop.write("pipewright.toml", "# the shop\n" + toml);
  shop.wb.add_tasks(Scheme::fbs, 1);
  CHECK(test::soon([&] { return shop.order_count() == 1; }));
  shop.write("pipewright.toml", toml + "[state]\nurl = \"sqlite:other.db\"\n");
  CHECK(running->says("restart pipewright"));
  const test::Finished finished = running->stop();
  INFO(finished.err);
  CHECK(finished.status == 0);
  CHECK(finished.err.find("reloaded") == finished.err.rfind("reloaded"));
  CHECK_FALSE(std::filesystem::exists(shop.path("other.db")));
}

TEST_CASE("a link without its target is an error, and `run` keeps the version it has until the target is back (F8)") {
  Shop shop(polls.c_str());
  std::filesystem::create_directory(shop.path("elsewhere"));
  shop.write("elsewhere/cm.pipe", "pipeline linked on wb.fbs.changed every 1s -> log.info \"one\"\n");
  std::filesystem::create_symlink("elsewhere/cm.pipe", shop.path("cm.pipe"));
  std::filesystem::create_symlink("nobody@nowhere.1234", shop.path(".#shop.pipe"));  // an editor's lock: ignored
  auto running = shop.start({"run"});
  CHECK(test::soon([&] { return !shop.wb.log().empty(); }));
  std::filesystem::rename(shop.path("elsewhere/cm.pipe"), shop.path("elsewhere/away"));
  CHECK(running->says("cm.pipe is a link to elsewhere/cm.pipe, which does not exist"));
  CHECK(running->says("reload failed; the previous version keeps running"));
  for (const char* command : {"validate", "dry-run", "run", "graph", "test"}) {
    const test::Finished finished = shop.run({command});
    CHECK_MESSAGE(finished.status == 2, command);
    CHECK_MESSAGE(has(finished.err, "which does not exist"), command);
  }
  shop.write("elsewhere/cm.pipe",
             "pipeline linked on wb.fbs.changed every 1s -> log.info \"two\"\npipeline more on wb.dbs.new -> log.info "
             "\"x\"\n");
  CHECK(running->says("reloaded: 3 pipelines"));
  CHECK(running->stop().status == 0);
}

TEST_CASE("a new pipeline says how many records that exist it takes, at a start and after a reload") {
  Shop shop(polls.c_str());
  shop.wb.add_tasks(Scheme::fbs, 3);
  auto running = shop.start({"run"});
  CHECK(running->says("a: wb wb.fbs.new starts and takes 3 records that exist already"));
  shop.write("more.pipe", "pipeline more on wb.fbs.new -> log.info \"{order.id}\"\n");
  CHECK(running->says("more: wb wb.fbs.new starts and takes 3 records that exist already"));
  CHECK(running->stop().status == 0);
}
