#include "base/digest.hpp"

#include <doctest/doctest.h>

using pipewright::digest;

TEST_CASE("a digest is the beginning of SHA-256") {
  CHECK(digest("") == "e3b0c44298fc1c149afbf4c8996fb924");
  CHECK(digest("abc") == "ba7816bf8f01cfea414140de5dae2223");
}
