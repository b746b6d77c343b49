// The catalogue of offers while several batches read it, and when it changes under them.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/support/virtual_shop.hpp"
#include "tests/unit/stdlib/crm/shop.hpp"

namespace pipewright::crm::tests {
namespace {

using nlohmann::json;
using test::VirtualShop;
using wb::sandbox::Scheme;

constexpr const char* program = "on wb.fbs.new -> crm.order upsert by external_id\n";

std::string barcode(int number) { return std::to_string(2'000'000'000'000 + number); }

VirtualShop::Options thousands(std::uint64_t seed) {
  VirtualShop::Options options;
  options.seed = seed;
  options.crm.seed_catalogue = false;
  return options;
}

std::vector<std::int64_t> add_offers(VirtualShop& shop, int count) {
  std::vector<std::int64_t> ids;
  for (int i = 0; i < count; ++i)
    ids.push_back(shop.crm.add_offer({{"barcode", barcode(i)}, {"name", "Товар"}, {"externalId", "x" + barcode(i)}}));
  return ids;
}

void add_tasks(VirtualShop& shop, int count, int offers, std::mt19937_64& random) {
  for (int i = 0; i < count; ++i) {
    const int offer = std::uniform_int_distribution<int>(0, offers - 1)(random);
    shop.wb.add_tasks(Scheme::fbs, 1, {{"skus", {barcode(offer)}}});
  }
}

std::size_t unlinked(const json& state) {
  std::size_t count = 0;
  for (const json& order : state["orders"]) {
    for (const json& item : order["items"]) count += item.contains("offer") ? 0 : 1;
  }
  return count;
}

}  // namespace

TEST_CASE("A1: batches that read the catalogue at once walk it once and link every line") {
  std::mt19937_64 random(1);
  VirtualShop shop(program, thousands(1));
  add_offers(shop, 1000);
  add_tasks(shop, 300, 1000, random);
  shop.once();
  CHECK(shop.left.empty());
  CHECK(shop.endings(EndingKind::written) == 300);
  CHECK(unlinked(shop.crm.state()) == 0);
  CHECK(shop.warnings_with("free text") == 0);
  CHECK(shop.calls["GET /api/v5/store/offers"] <= 13);  // ten full pages, the end, and what is new behind it
}

TEST_CASE("A1: a walk that fails fails for all who wait, and is begun again") {
  std::mt19937_64 random(2);
  VirtualShop shop(program, thousands(2));
  add_offers(shop, 1000);
  add_tasks(shop, 300, 1000, random);
  int pages = 0;
  shop.fate = [&](const std::string&, const Request& request) -> std::optional<CallResult> {
    if (request.url.find("store/offers") == std::string::npos || ++pages != 5) return std::nullopt;
    Answer answer;
    answer.status = 502;
    return CallResult(answer);
  };
  shop.once();
  CHECK(shop.endings(EndingKind::written) == 300);
  CHECK(unlinked(shop.crm.state()) == 0);
}

TEST_CASE("A2: an offer that goes while another batch walks the catalogue crashes nothing and costs a try") {
  std::mt19937_64 random(3);
  VirtualShop shop(program, thousands(3));
  const auto ids = add_offers(shop, 3000);
  add_tasks(shop, 200, 3000, random);
  shop.wb.add_tasks(Scheme::fbs, 1, {{"skus", {barcode(4)}}});
  bool refused = false;
  shop.fate = [&](const std::string&, const Request& request) -> std::optional<CallResult> {
    const bool write = request.url.find("/orders/upload") != std::string::npos ||
                       request.url.find("/orders/create") != std::string::npos;
    if (write && !std::exchange(refused, true)) {
      shop.crm.remove_offer(ids[4]);  // and the catalogue has it under another id
      shop.crm.add_offer({{"barcode", barcode(4)}, {"name", "Товар"}, {"externalId", "again"}});
      Answer answer;
      answer.status = 400;
      answer.body =
          R"({"success":false,"errorMsg":"Order is not loaded","errors":["items[0].offer.id: Offer with id )" +
          std::to_string(ids[4]) + R"( not found."]})";
      return CallResult(answer);
    }
    return std::nullopt;
  };
  shop.once();
  CHECK(shop.endings(EndingKind::written) == 201);
  CHECK(unlinked(shop.crm.state()) == 0);
}

TEST_CASE("A2: an offer that the CRM refuses and names again parks with its words after one more try") {
  Shop shop;
  shop.calls.instead = [&](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("orders/create") == std::string::npos) return std::nullopt;
    Answer answer;
    answer.status = 400;
    answer.body =
        R"({"success":false,"errorMsg":"Order is not loaded","errors":["items[0].offer.id: Offer with id 7 not found."]})";
    return CallResult(answer);
  };
  shop.sandbox.add_offer({{"barcode", "46"}, {"name", "Кружка"}, {"externalId", "x"}});
  const json written = {{"external_id", "1"}, {"items", {{{"barcode", "46"}, {"quantity", 1}, {"price", 5}}}}};
  const Outcome first = shop.one("crm.order", operation(Verb::upsert, "external_id", written));
  REQUIRE(first.kind == Kind::failed);
  CHECK(first.failure->kind == engine::Failure::Kind::transient);
  const Outcome second = shop.one("crm.order", operation(Verb::upsert, "external_id", written));
  REQUIRE(second.kind == Kind::failed);
  CHECK(second.failure->kind == engine::Failure::Kind::permanent);
  CHECK(second.failure->reason.find("Offer with id 7 not found") != std::string::npos);
}

TEST_CASE("C12: a barcode that moved to another offer is noticed in the answer, and the next order takes the new one") {
  crm::sandbox::Options options;
  options.seed_catalogue = false;
  Shop shop(options);
  const auto old = shop.sandbox.add_offer({{"barcode", "46"}, {"name", "A"}, {"externalId", "a"}});
  const auto order = [&](const char* id) {
    return shop.one("crm.order", operation(Verb::upsert, "external_id",
                                           {{"external_id", id},
                                            {"items", {{{"external_id", id}, {"barcode", "46"}, {"price", 5}}}}}));
  };
  CHECK(order("1").warnings.empty());
  shop.sandbox.operate("POST", "/_sandbox/offers",
                       {{"fields", {{"id", old}, {"barcode", "47"}, {"name", "A"}, {"externalId", "a"}}}});
  const auto fresh = shop.sandbox.add_offer({{"barcode", "46"}, {"name", "B"}, {"externalId", "b"}});
  const Outcome wrong = order("2");
  REQUIRE(wrong.warnings.size() == 1);
  CHECK(wrong.warnings[0].find("barcode 47 now and not 46") != std::string::npos);
  const Outcome right = order("3");
  CHECK(right.warnings.empty());
  CHECK((*right.result["items"].list())[0]["offer_id"].id_text() == std::to_string(fresh));
}

TEST_CASE("an offers list without `offers` is no end of the catalogue") {
  Shop shop;
  shop.calls.instead = [](const Request& request) -> std::optional<CallResult> {
    if (request.url.find("store/offers") == std::string::npos) return std::nullopt;
    Answer answer;
    answer.status = 200;
    answer.body = R"({"success":true})";
    return CallResult(answer);
  };
  const Outcome outcome = shop.one(
      "crm.order", operation(Verb::upsert, "external_id",
                             {{"external_id", "1"}, {"items", {{{"barcode", "46"}, {"quantity", 1}, {"price", 5}}}}}));
  REQUIRE(outcome.kind == Kind::failed);
  CHECK(outcome.failure->kind == engine::Failure::Kind::transient);
  CHECK(shop.orders().empty());
}

TEST_CASE("3 000 offers, 400 FBS tasks, two batches at once, one offer vanishing: every line is linked, 20 seeds") {
  constexpr int offers = 3000;
  const char* fewer = std::getenv("PIPEWRIGHT_SEEDS");  // where a sanitizer makes each of them slow
  const std::uint64_t seeds =
      fewer == nullptr ? 20 : std::clamp<std::uint64_t>(std::strtoull(fewer, nullptr, 10) / 10, 1, 20);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    VirtualShop shop(program, thousands(seed));
    const auto ids = add_offers(shop, offers);
    add_tasks(shop, 400, offers, random);
    // At some call an offer that is sold goes and comes back under another id.
    const int gone = std::uniform_int_distribution<int>(0, offers - 1)(random);
    shop.wb.add_tasks(Scheme::fbs, 1, {{"skus", {barcode(gone)}}});
    int until = std::uniform_int_distribution<int>(1, 60)(random);
    shop.fate = [&](const std::string& connection, const Request&) -> std::optional<CallResult> {
      if (connection == "crm" && --until == 0) {
        shop.crm.remove_offer(ids[static_cast<std::size_t>(gone)]);
        shop.crm.add_offer({{"barcode", barcode(gone)}, {"name", "Товар"}, {"externalId", "again"}});
      }
      return std::nullopt;
    };
    shop.once();
    CHECK(shop.left.empty());
    CHECK(shop.endings(EndingKind::written) == 401);
    CHECK(shop.warnings_with("free text") == 0);
    const json state = shop.crm.state();
    CHECK(state["orders"].size() == 401);
    // An order made before the offer went shows no offer any more: it had one.
    std::size_t without = 0;
    for (const json& order : state["orders"]) {
      for (const json& item : order["items"]) without += item.contains("offer") ? 0 : 1;
    }
    CHECK(without <= 3);
  }
}

}  // namespace pipewright::crm::tests
