#include "base/scrub.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

namespace pipewright {
namespace {

constexpr std::size_t shortest_part = 6;    // shorter secrets are replaced as whole tokens only
constexpr std::size_t longest_anchor = 24;  // bounds the automaton; a secret that the server cut off is found too
constexpr std::string_view mask = "***";

constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool token_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool number_byte(char c) { return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E'; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The characters of base64 that depend on `secret` alone when it begins `before` bytes (0, 1, 2) behind a group of
// three.
std::string base64_part(std::string_view secret, std::size_t before, std::string_view alphabet) {
  const std::string bytes = std::string(before, '\0') + std::string(secret);
  std::string out;
  for (std::size_t bit = 0; bit + 6 <= bytes.size() * 8; bit += 6) {
    const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
    const unsigned both = (at(bit / 8) << 8U) | at(bit / 8 + 1);
    out.push_back(alphabet[(both >> (10U - bit % 8)) & 0x3FU]);
  }
  return out.substr((before * 8 + 5) / 6);
}

/// A decoded text, and where its bytes stood before.
struct View {
  std::string text;
  struct Jump {
    std::size_t here;    ///< of `text`
    std::size_t source;  ///< of the text that was decoded
  };
  std::vector<Jump> jumps;  ///< between two of them both run in step
  void mark(std::size_t source) { jumps.push_back({text.size(), source}); }
  [[nodiscard]] std::size_t source_of(std::size_t here) const {
    const auto behind = std::upper_bound(jumps.begin(), jumps.end(), here,
                                         [](std::size_t at, const Jump& jump) { return at < jump.here; });
    if (behind == jumps.begin()) return here;
    const Jump& jump = *std::prev(behind);
    return jump.source + (here - jump.here);
  }
};

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

std::optional<std::uint32_t> four_hex(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t code = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return code;
}

// The escape of a JSON text that begins at `at` with a backslash: its length, and what it says.
std::size_t json_escape(std::string_view text, std::size_t at, std::string& out) {
  if (at + 1 >= text.size()) return 0;
  const char kind = text[at + 1];
  if (kind != 'u') {
    static constexpr std::string_view from = "\"\\/bfnrt";
    static constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    const std::size_t known = from.find(kind);
    if (known == std::string_view::npos) return 0;
    out.push_back(to[known]);
    return 2;
  }
  const auto code = four_hex(text, at + 2);
  if (!code) return 0;
  if (*code >= 0xD800 && *code < 0xDC00 && text.substr(at + 6, 2) == "\\u") {
    const auto low = four_hex(text, at + 8);
    if (low && *low >= 0xDC00 && *low < 0xE000) {
      append_utf8(out, 0x10000U + ((*code - 0xD800U) << 10U) + (*low - 0xDC00U));
      return 12;
    }
  }
  append_utf8(out, *code);
  return 6;
}

std::size_t percent_escape(std::string_view text, std::size_t at, std::string& out) {
  if (at + 2 >= text.size()) return 0;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  if (high < 0 || low < 0) return 0;
  out.push_back(static_cast<char>(high * 16 + low));
  return 3;
}

// Nothing when there is no escape in it.
template <class Escape>
std::optional<View> decoded(std::string_view text, char sign, Escape escape) {
  std::size_t next = text.find(sign);
  if (next == std::string_view::npos) return std::nullopt;
  View view;
  std::size_t at = 0;
  while (next != std::string_view::npos) {
    view.text.append(text.substr(at, next - at));
    view.mark(next);
    const std::size_t length = escape(text, next, view.text);
    if (length == 0) view.text.push_back(text[next]);
    at = next + std::max<std::size_t>(1, length);
    view.mark(at);
    next = text.find(sign, at);
  }
  view.text.append(text.substr(at));
  return view;
}

std::size_t backslashes_before(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (count < at && text[at - count - 1] == '\\') ++count;
  return count;
}

// How many bytes from `at` on belong to a JSON escape that began before it.
std::size_t rest_of_escape(std::string_view text, std::size_t at) {
  if (at < text.size() && backslashes_before(text, at) % 2 == 1)
    return text[at] == 'u' ? 5 : std::string_view("\"\\/bfnrt").find(text[at]) != std::string_view::npos ? 1 : 0;
  for (std::size_t back = 1; back <= 4 && back < at; ++back) {  // the four digits behind \u
    const std::size_t u = at - back;
    if (text[u] == 'u' && backslashes_before(text, u) % 2 == 1 && four_hex(text, u + 1)) return 5 - back;
  }
  return 0;
}

// Whether the run of number characters around `begin` stands where JSON has a number.
class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}
  bool at(std::size_t begin, std::size_t end) {
    if (begin >= run_end_ || begin < run_begin_) {
      run_begin_ = begin;
      while (run_begin_ > run_end_ && number_byte(text_[run_begin_ - 1])) --run_begin_;
      run_end_ = begin;
      while (run_end_ < text_.size() && number_byte(text_[run_end_])) ++run_end_;
      std::size_t left = run_begin_;
      while (left > 0 && run_begin_ - left < 64 && blank(text_[left - 1])) --left;
      std::size_t right = run_end_;
      while (right < text_.size() && right - run_end_ < 64 && blank(text_[right])) ++right;
      const auto one_of = [](char c, std::string_view set) { return set.find(c) != std::string_view::npos; };
      number_ = (left == 0 || one_of(text_[left - 1], ":,[")) && (right == text_.size() || one_of(text_[right], ",]}"));
    }
    return number_ && end <= run_end_;
  }

 private:
  std::string_view text_;
  std::size_t run_begin_ = 0;
  std::size_t run_end_ = 0;
  bool number_ = false;
};

}  // namespace

Scrubber::Scrubber(const std::vector<Secret>& secrets) {
  for (const Secret& secret : secrets) {
    const std::string& text = secret.reveal();
    if (text.empty()) continue;
    add(text, text.size() < shortest_part);
    if (text.size() < shortest_part) continue;
    for (std::size_t before = 0; before < 3; ++before) {
      add(base64_part(text, before, standard_alphabet), false);
      add(base64_part(text, before, url_alphabet), false);
    }
    if (text.find(' ') == std::string::npos) continue;
    std::string form = text;  // of a form: blanks as plus signs
    std::replace(form.begin(), form.end(), ' ', '+');
    add(std::move(form), false);
  }
  build();
}

void Scrubber::add(std::string text, bool whole_token) {
  for (const Pattern& each : patterns_) {
    if (each.text == text) return;
  }
  const std::size_t anchor = std::min(text.size(), longest_anchor);
  patterns_.push_back({std::move(text), anchor, whole_token});
}

void Scrubber::build() {
  if (patterns_.empty()) return;
  next_.assign(256, 0);
  pattern_.assign(1, -1);
  // Longer patterns first: of several with one anchor the longest is kept, which takes the others' text along.
  std::stable_sort(patterns_.begin(), patterns_.end(),
                   [](const Pattern& a, const Pattern& b) { return a.text.size() > b.text.size(); });
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    std::uint32_t state = 0;
    for (const char c : std::string_view(patterns_[i].text).substr(0, patterns_[i].anchor)) {
      const std::size_t edge = state * std::size_t{256} + static_cast<unsigned char>(c);
      if (next_[edge] == 0) {
        next_[edge] = static_cast<std::uint32_t>(pattern_.size());
        pattern_.push_back(-1);
        next_.resize(next_.size() + 256, 0);
      }
      state = next_[edge];
    }
    if (pattern_[state] < 0) pattern_[state] = static_cast<std::int32_t>(i);
  }
  std::vector<std::uint32_t> failure(pattern_.size(), 0);
  shorter_.assign(pattern_.size(), 0);
  std::deque<std::uint32_t> open;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (next_[byte] != 0) open.push_back(next_[byte]);
  }
  while (!open.empty()) {
    const std::uint32_t state = open.front();
    open.pop_front();
    for (std::size_t byte = 0; byte < 256; ++byte) {
      std::uint32_t& edge = next_[state * std::size_t{256} + byte];
      const std::uint32_t otherwise = next_[failure[state] * std::size_t{256} + byte];
      if (edge == 0) {
        edge = otherwise;
        continue;
      }
      failure[edge] = otherwise;
      shorter_[edge] = pattern_[otherwise] >= 0 ? otherwise : shorter_[otherwise];
      open.push_back(edge);
    }
  }
}

void Scrubber::find(std::string_view text, std::vector<Span>& into) const {
  std::uint32_t state = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    state = next_[state * std::size_t{256} + static_cast<unsigned char>(text[at])];
    std::uint32_t hit = pattern_[state] >= 0 ? state : shorter_[state];
    for (; hit != 0; hit = shorter_[hit]) {
      const Pattern& pattern = patterns_[static_cast<std::size_t>(pattern_[hit])];
      const std::size_t begin = at + 1 - pattern.anchor;
      std::size_t end = at + 1;
      const std::size_t longest = std::min(text.size(), begin + pattern.text.size());
      while (end < longest && text[end] == pattern.text[end - begin]) ++end;
      if (pattern.whole_token &&
          ((begin > 0 && token_byte(text[begin - 1])) || (end < text.size() && token_byte(text[end]))))
        continue;
      into.push_back({begin, end});
    }
  }
}

std::string Scrubber::clean(std::string text) const {
  if (empty()) return text;
  std::vector<Span> spans;
  find(text, spans);
  // Up to two layers of escapes, in any order; each is decoded only where there is one.
  const auto json = [](std::string_view from) { return decoded(from, '\\', json_escape); };
  const auto percent = [](std::string_view from) { return decoded(from, '%', percent_escape); };
  const auto look_in = [&](const View& outer, const View* inner) {
    std::vector<Span> found;
    find(inner != nullptr ? inner->text : outer.text, found);
    for (Span each : found) {
      if (inner != nullptr) each = {inner->source_of(each.begin), inner->source_of(each.end)};
      spans.push_back({outer.source_of(each.begin), outer.source_of(each.end)});
    }
  };
  const auto look = [&](const std::optional<View>& outer) {
    if (!outer) return;
    look_in(*outer, nullptr);
    for (const auto& inner : {json(outer->text), percent(outer->text)}) {
      if (inner) look_in(*outer, &*inner);
    }
  };
  look(json(text));
  look(percent(text));
  if (spans.empty()) return text;
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::string out;
  std::size_t done = 0;
  Numbers numbers(text);
  for (std::size_t i = 0; i < spans.size();) {
    Span whole = spans[i];
    while (++i < spans.size() && spans[i].begin < whole.end) whole.end = std::max(whole.end, spans[i].end);
    whole.begin = std::max(whole.begin, done);
    if (whole.begin >= whole.end) continue;
    const std::string_view secret = std::string_view(text).substr(whole.begin, whole.end - whole.begin);
    out.append(text, done, whole.begin - done);
    done = whole.end;
    if (std::all_of(secret.begin(), secret.end(), number_byte) && numbers.at(whole.begin, whole.end)) {
      const bool nines = std::all_of(secret.begin(), secret.end(), [](char c) { return c == '9'; });
      for (const char c : secret) out.push_back(c >= '0' && c <= '9' ? (nines ? '8' : '9') : c);
      continue;
    }
    const std::size_t kept = std::min(rest_of_escape(text, whole.begin), secret.size());
    out.append(secret.substr(0, kept));
    if (kept == secret.size()) continue;
    out.append(mask);
    // A backslash at the end escapes what follows: it stays with it.
    const std::size_t slashes = backslashes_before(text, whole.end);
    const bool decoded_end = slashes % 2 == 0;
    if (!decoded_end) out.push_back('\\');
  }
  out.append(text, done);
  return out;
}

}  // namespace pipewright
