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
    if (const List* list = value->list(); list != nullptr && !text.starts_with("\xEF\xBB\xBF")) {
      std::string inside = "{\"list\":" + text + "}";
      const auto texts = element_texts(inside, "list");
      if (!texts || texts->size() != list->size()) std::abort();
      for (std::size_t i = 0; i < texts->size(); ++i) {
        const auto element = parse_json((*texts)[i]);
        if (!element || write_json(*element) != write_json((*list)[i])) std::abort();
      }
    }
  }
  std::string whole = text;
  static_cast<void>(element_texts(whole, "orders"));
  if (const auto value = decode(text)) encode(*value);
  return 0;
}
