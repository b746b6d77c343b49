// What the connectors make of a server's words and of calls that never came back.
#include <doctest/doctest.h>

#include "engine/http/client.hpp"
#include "stdlib/crm/account.hpp"
#include "stdlib/wb/account.hpp"
#include "tests/unit/stdlib/other/node_driver.hpp"

using namespace pipewright;
using engine::Answer;
using engine::CallResult;
using engine::Failure;
using engine::Lost;
namespace wire = engine::http;

namespace {

CallResult lost(Lost::Cause cause) { return tl::unexpected<Lost>(Lost{engine::Delivery::not_sent, "no", cause}); }

/// Every call is lost in one way.
class LosingCalls : public test::WireCalls {
 public:
  explicit LosingCalls(Lost::Cause cause) : cause_(cause) {}

 protected:
  void start(engine::Request, std::function<void(CallResult)> done) override { done(lost(cause_)); }

 private:
  Lost::Cause cause_;
};

Failure::Kind kind_of_http(Lost::Cause cause) {
  test::Node node("http");
  LosingCalls calls(cause);
  engine::Operation operation;
  operation.verb = engine::Verb::send;
  operation.text = "https://api.example/";
  engine::Batch batch{operation};
  auto task = node.registry.action("http.request")->work(*node.connection, std::move(batch), calls);
  task.start();
  REQUIRE(task.finished());
  const engine::Outcomes outcomes = task.take();
  REQUIRE(outcomes.at(0).failure.has_value());
  return outcomes[0].failure->kind;
}

}  // namespace

TEST_CASE("a bad certificate waits like bad credentials; a request that cannot be sent parks (engine C)") {
  using Cause = Lost::Cause;
  using Kind = Failure::Kind;
  CHECK(wb::failure_of(lost(Cause::certificate))->kind == Kind::credentials);
  CHECK(wb::failure_of(lost(Cause::network))->kind == Kind::transient);
  CHECK(wb::failure_of(lost(Cause::malformed))->kind == Kind::permanent);
  CHECK(crm::failure_of(lost(Cause::certificate), true)->kind == Kind::credentials);
  CHECK(crm::failure_of(lost(Cause::network), true)->kind == Kind::transient);
  CHECK(crm::failure_of(lost(Cause::malformed), true)->kind == Kind::permanent);
  CHECK(kind_of_http(Cause::certificate) == Kind::credentials);
  CHECK(kind_of_http(Cause::network) == Kind::transient);
  CHECK(kind_of_http(Cause::malformed) == Kind::permanent);
  CHECK(kind_of_http(Cause::too_large) == Kind::permanent);
}

TEST_CASE("no connector waits longer for a server than a quarter of an hour") {
  Answer answer;
  answer.status = 429;
  for (const char* word : {"2147483647", "999999999", "99999999999999999999"}) {
    CAPTURE(word);
    answer.headers = {{"x-ratelimit-retry", word}, {"retry-after", word}};
    engine::Settings settings;
    settings.name = "wb";
    const wb::Account wildberries(settings);
    engine::Request request;
    request.group = wb::group::fbs;
    CHECK(wildberries.feedback(request, answer).pause == wire::longest_wait);
    CHECK(wb::failure_of(answer)->not_before == wire::longest_wait);
    CHECK(crm::failure_of(answer, false)->not_before == wire::longest_wait);
    const crm::Account crm(settings);
    CHECK(crm.feedback(request, answer).pause == wire::longest_wait);
  }
  answer.headers = {{"x-ratelimit-retry", "4"}};
  CHECK(wb::failure_of(answer)->not_before == std::chrono::seconds(5));
}
