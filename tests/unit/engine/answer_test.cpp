// What came in place of an answer.
#include <doctest/doctest.h>

#include "engine/node.hpp"

namespace pipewright::engine {
namespace {

Answer answer(int status, std::string body, Headers headers = {}) {
  Answer made;
  made.status = status;
  made.headers = std::move(headers);
  made.body = std::move(body);
  return made;
}

}  // namespace

TEST_CASE("what came instead of JSON is named") {
  const auto named = [](const Answer& what) { return what.instead_of_json(); };
  CHECK(named(answer(301, "", {{"location", "https://new-name.retailcrm.ru/"}})) ==
        "HTTP 301 to https://new-name.retailcrm.ru/");
  CHECK(named(answer(302, "<html>", {})) == "HTTP 302 without a location");
  CHECK(named(answer(200, " \n<html>login</html>")) == "HTML instead of JSON");
  CHECK(named(answer(200, "<?xml version=\"1.0\"?><a/>")) == "XML instead of JSON");
  CHECK(named(answer(200, "")) == "an empty response instead of JSON");
  CHECK(named(answer(404, "no such page")) == "HTTP 404 with the text «no such page» instead of JSON");
  CHECK(named(answer(200, "{\"success\":true,\"orders\":[")) == "a broken-off text instead of JSON");
  for (const char* fine : {"{}", "[]", " {\"a\":1}\n", "\xEF\xBB\xBF{\"a\":1}"})
    CHECK(named(answer(200, fine)).empty());
  CHECK(answer(200, "<html>").json().error().message == "HTML instead of JSON");
}

}  // namespace pipewright::engine
