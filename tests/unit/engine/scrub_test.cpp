#include "base/scrub.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "engine/json.hpp"
#include "engine/scrub.hpp"

using namespace pipewright;

namespace {

std::string base64(const std::string& bytes, bool url) {
  const std::string alphabet = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                   : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = (group << 8U) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      if (i + k > bytes.size())
        out += url ? "" : "=";
      else
        out += alphabet[(group >> (18 - 6 * k)) & 63U];
    }
  }
  return out;
}

std::string percent(const std::string& text, bool every, bool upper) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    out += plain && !every ? std::string(1, c)
                           : fmt::format(fmt::runtime(upper ? "%{:02X}" : "%{:02x}"), static_cast<unsigned char>(c));
  }
  return out;
}

// Every letter as \uXXXX; of UTF-8 with one or two bytes a letter.
std::string escaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = static_cast<unsigned char>(text[i]);
    if (code >= 0xC0) code = ((code & 0x1FU) << 6U) | (static_cast<unsigned char>(text[++i]) & 0x3FU);
    out += fmt::format("\\u{:04x}", code);
  }
  return out;
}

std::string quoted(const std::string& text) {
  std::string out;
  engine::append_json_text(out, text);
  return out;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::vector<std::string> secrets = {"Qv7/x+9&Zr=pL2\"k\\w",
                                          "eyJhbGciOiJFUzI1NiJ9.eyJzIjoxMDczNzQyfQ.S-g_nature77", "7730019284",
                                          "пароль-Ключ5", "two words 12"};

Scrubber all() {
  std::vector<Secret> given;
  for (const std::string& each : secrets) given.emplace_back(each);
  return Scrubber(given);
}

}  // namespace

TEST_CASE("a secret is taken out in whatever encoding a server echoes it") {
  const Scrubber scrubber = all();
  for (const std::string& secret : secrets) {
    CAPTURE(secret);
    const std::vector<std::string> echoes = {
        secret,
        "Bearer " + secret,
        "/hook?key=" + percent(secret, false, true) + "&n=1",
        "/hook?key=" + percent(secret, false, false) + "&n=1",
        percent(secret, true, true),
        percent(percent(secret, false, true), false, true),
        "{\"error\":\"bad key " + escaped(secret) + "\"}",
        "{\"error\":" + quoted(quoted(secret)) + "}",
        "{\"url\":" + quoted("https://h/?k=" + percent(secret, false, true)) + "}",
    };
    for (const std::string& echo : echoes) {
      CAPTURE(echo);
      const std::string clean = scrubber.clean(echo);
      CHECK_FALSE(has(clean, secret));
      CHECK(clean != echo);
      CHECK(clean.size() < echo.size() + 4);
      // What is decoded out of it holds no secret either.
      CHECK_FALSE(has(clean, percent(secret, false, true)));
      CHECK_FALSE(has(clean, escaped(secret)));
    }
  }
}

TEST_CASE("a secret is taken out of base64 at each alignment, in both alphabets, whatever stands around it") {
  const Scrubber scrubber = all();
  for (const std::string& secret : secrets) {
    for (const char* before : {"", "a", "ab", "abc", "user:"}) {
      for (const char* after : {"", "x", "xy", ":pass"}) {
        for (const bool url : {false, true}) {
          const std::string echo = base64(before + secret + after, url);
          CAPTURE(echo);
          const std::string clean = scrubber.clean("Basic " + echo);
          CHECK(has(clean, "***"));
          // At most four characters of each neighbour are left, and none of the middle.
          CHECK_FALSE(has(clean, echo.substr(echo.size() / 2 - 2, 5)));
        }
      }
    }
  }
  const std::string slashes = base64("??" + secrets[0] + "??", false);
  std::string php;
  for (const char c : slashes) php += c == '/' ? "\\/" : std::string(1, c);
  CHECK(has(scrubber.clean("{\"auth\":\"" + php + "\"}"), "***"));
  CHECK(has(scrubber.clean("auth=" + percent(slashes, false, true)), "***"));
}

TEST_CASE("JSON stays JSON when a secret is taken out of it, also out of a number or from behind a backslash") {
  const Scrubber numbers({Secret("7730019284"), Secret("nabcdef1"), Secret("00abcd12"), Secret("12.50e1")});
  const std::vector<std::string> bodies = {
      R"({"id":7730019284})",
      R"([7730019284, -7730019284.5, 1.7730019284e3, 177300192845])",
      R"({"id":"7730019284"})",
      R"({"t":"line\nabcdef1 end"})",
      R"({"t":"\u00abcd12 end"})",
      R"({"t":"x\\nabcdef1"})",
      R"({"v": 12.50e1 })",
      R"({"7730019284":{"7730019284":[7730019284]}})",
      R"(7730019284)",
  };
  for (const std::string& body : bodies) {
    CAPTURE(body);
    REQUIRE(engine::parse_json(body).has_value());
    const std::string clean = numbers.clean(body);
    CAPTURE(clean);
    CHECK(clean != body);
    CHECK(engine::parse_json(clean).has_value());
    CHECK_FALSE(has(clean, "7730019284"));
    CHECK_FALSE(has(clean, "abcdef1"));
  }
  CHECK(numbers.clean("?id=7730019284&x=1") == "?id=***&x=1");
  CHECK(numbers.clean(R"({"id":"a 7730019284 b"})") == R"({"id":"a *** b"})");
}

TEST_CASE("a short secret is replaced as a whole token only, and what is no secret stays") {
  const Scrubber scrubber({Secret("abc"), Secret(""), Secret("longer-secret")});
  CHECK(scrubber.clean("abc abcd key=abc&x=1 \"abc\" xabc abc") == "*** abcd key=***&x=1 \"***\" xabc ***");
  CHECK(scrubber.clean("nothing here, 100 % \\ done, %41 \\u0041") == "nothing here, 100 % \\ done, %41 \\u0041");
  CHECK(scrubber.clean("longer-secrelonger-secret!") == "longer-secre***!");
  CHECK(Scrubber().empty());
  CHECK(Scrubber({Secret("")}).empty());
  CHECK(Scrubber({Secret("")}).clean("text") == "text");
}

TEST_CASE("a long secret that the server cut off is taken out as far as it goes") {
  const std::string secret = "eyJhbGciOiJFUzI1NiJ9.eyJzIjoxMDczNzQyfQ.S-g_nature77-0123456789";
  CHECK(Scrubber({Secret(secret)}).clean("bad token " + secret.substr(0, 40) + "…") == "bad token ***…");
}

TEST_CASE("megabytes of what looks like a secret are scrubbed") {
  const Scrubber scrubber = all();
  for (const std::string& unit :
       std::vector<std::string>{"7", "%37", "\\u0037", "eyJhbGciOiJFUzI1", "\\", "%", "Qv7/x+9&Zr=pL2"}) {
    std::string body;
    while (body.size() < (4U << 20U)) body += unit;
    body += " 7730019284 ";
    const std::string clean = scrubber.clean(body);
    CHECK_FALSE(has(clean, " 7730019284 "));
  }
}

TEST_CASE("any secret is found in any mixture of escapes") {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t n) { return random() % n; };
  for (int round = 0; round < 2000; ++round) {
    std::string secret;
    for (std::uint32_t n = 6 + below(40); n > 0; --n) secret.push_back(static_cast<char>(33 + below(94)));
    std::string echo;
    const bool json = below(2) == 0;
    for (const char c : secret) {
      const bool must = json ? c == '"' || c == '\\' : c == '%';
      if (must || below(3) == 0)
        echo += json ? fmt::format("\\u{:04X}", static_cast<unsigned char>(c)) : percent(std::string(1, c), true, true);
      else
        echo.push_back(c);
    }
    const Scrubber scrubber({Secret(secret)});
    CAPTURE(secret);
    CAPTURE(echo);
    const std::string clean = scrubber.clean("x=" + echo);
    CHECK(clean.size() <= 7 + (clean.size() > 5 ? 2U : 0U));
    if (json) CHECK(engine::parse_json("{\"t\":\"" + scrubber.clean(echo) + "\"}").has_value());
  }
}

TEST_CASE("responses and what is recorded of requests pass the scrubber whole") {
  const Scrubber scrubber({Secret("top-secret-1")});
  engine::Answer answer;
  answer.body = "no: top-secret-1";
  answer.headers = {{"x-echo", "Bearer top-secret-1"}};
  engine::CallResult result = answer;
  engine::scrub(scrubber, result);
  CHECK(result->body == "no: ***");
  CHECK(result->headers[0].second == "Bearer ***");
  engine::CallResult lost = tl::unexpected<engine::Lost>(engine::Lost{engine::Delivery::unknown, "x top-secret-1"});
  engine::scrub(scrubber, lost);
  CHECK(lost.error().message == "x ***");
  engine::Request request;
  request.url = "https://h/?k=top%2Dsecret-1";
  request.body = "{\"k\":\"top-secret-1\"}";
  engine::scrub_record(scrubber, request);
  CHECK(request.url == "https://h/?k=***");
  CHECK(request.body == "{\"k\":\"***\"}");
}
