// Any bytes are offered as JSON: what is read comes back the same when it is written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pipewright::engine;
  const std::string text(data, data + size);
  if (const auto value = parse_json(text)) {
    const std::string written = write_json(*value);
    const auto again = parse_json(written);
    if (!again || write_json(*again) != written) std::abort();
    const auto decoded = decode(encode(*value));
    if (!decoded || write_json(*decoded) != written) std::abort();
  }
  if (const auto value = decode(text)) encode(*value);
  return 0;
}
