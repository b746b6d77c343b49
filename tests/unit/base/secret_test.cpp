// A secret cannot be printed: what would print it does not compile.
#include "base/secret.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <ostream>
#include <sstream>

#include "base/box.hpp"
#include "base/result.hpp"

using namespace pipewright;

namespace {

template <class T>
concept streamable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept equality_comparable_to_text = requires(const T& a, const std::string& b) { a == b; };

static_assert(streamable<std::string>);
static_assert(!streamable<Secret>);
static_assert(fmt::is_formattable<std::string>::value);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);
static_assert(!equality_comparable_to_text<Secret>);

}  // namespace

TEST_CASE("a secret is revealed by name only") {
  const Secret secret("abc");
  CHECK(secret.reveal() == "abc");
  CHECK(!secret.empty());
  CHECK(Secret().empty());
}

TEST_CASE("a box copies what it holds") {
  Box<std::string> a(std::string("one"));
  Box<std::string> b = a;
  *b = "two";
  CHECK(*a == "one");
  CHECK(*b == "two");
}

TEST_CASE("an error seen from further out names where it was") {
  const Error inner{"no such field", "look at the list"};
  CHECK(inner.within("pipeline `a`").message == "pipeline `a`: no such field");
  CHECK(inner.within("pipeline `a`").help == "look at the list");
}
