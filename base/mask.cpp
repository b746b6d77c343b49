#include "base/mask.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace pipewright {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool blank(char c) { return c == ' ' || c == '\t'; }

// Fields of the APIs and of records, without their underscores and in lower case.
constexpr std::array personal_fields = {
    std::string_view("firstname"),
    std::string_view("lastname"),
    std::string_view("patronymic"),
    std::string_view("fullname"),
    std::string_view("middlename"),
    std::string_view("surname"),
    std::string_view("fio"),
    std::string_view("nickname"),
    std::string_view("legalname"),
    std::string_view("phone"),
    std::string_view("phones"),
    std::string_view("phonenumber"),
    std::string_view("additionalphone"),
    std::string_view("additionalphones"),
    std::string_view("replacementphone"),
    std::string_view("email"),
    std::string_view("emails"),
    std::string_view("address"),
    std::string_view("addresstext"),
    std::string_view("fulladdress"),
    std::string_view("street"),
    std::string_view("building"),
    std::string_view("house"),
    std::string_view("flat"),
    std::string_view("birthday"),
    std::string_view("passport"),
    std::string_view("contactname"),
    std::string_view("username"),
    std::string_view("customername"),
    std::string_view("buyername"),
};

bool personal(std::string_view name) {
  if (name.size() > 24) return false;
  std::string plain;
  for (const char c : name) {
    if (c != '_') plain.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return std::find(personal_fields.begin(), personal_fields.end(), plain) != personal_fields.end();
}

/// Reads on in a text.
struct Reader {
  std::string_view text;
  std::size_t at = 0;

  [[nodiscard]] bool done() const { return at >= text.size(); }
  // One of the spellings; its length is passed over.
  bool take(std::initializer_list<std::string_view> spellings) {
    for (const std::string_view each : spellings) {
      if (text.substr(at, each.size()) != each) continue;
      at += each.size();
      return true;
    }
    return false;
  }
  void blanks() {
    while (!done() && (blank(text[at]) || take({"%20", "+"}))) {
      if (!done() && blank(text[at])) ++at;
    }
  }
  // A quote as JSON has it, in JSON inside JSON, or percent-encoded: how it is written; empty: there is none.
  std::string_view quote() const {
    std::size_t slashes = 0;
    while (at + slashes < text.size() && slashes < 8 && text[at + slashes] == '\\') ++slashes;
    if (at + slashes < text.size() && text[at + slashes] == '"') return text.substr(at, slashes + 1);
    if (text.substr(at, 6) == "%5C%22") return text.substr(at, 6);
    if (text.substr(at, 3) == "%22") return text.substr(at, 3);
    return {};
  }
};

// The end of a text that `mark` began: where `mark` stands again and is not escaped.
std::size_t end_of_text(std::string_view text, std::size_t at, std::string_view mark) {
  while (true) {
    const std::size_t end = text.find(mark, at);
    if (end == std::string_view::npos) return text.size();
    const bool encoded = mark == "%22" && end >= at + 3 && text.substr(end - 3, 3) == "%5C";
    std::size_t slashes = encoded ? 1 : 0;
    while (!encoded && slashes < end - at && text[end - slashes - 1] == '\\') ++slashes;
    if (slashes == 0 || (mark.size() == 1 && slashes % 2 == 0)) return end;
    at = end + mark.size();
  }
}

// The end of what a bracket began: behind its partner; texts within are passed over.
std::size_t end_of_nested(std::string_view text, std::size_t at) {
  Reader reader{text, at};
  int depth = 0;
  while (!reader.done()) {
    if (const std::string_view mark = reader.quote(); !mark.empty()) {
      const std::size_t end = end_of_text(text, reader.at + mark.size(), mark);
      reader.at = std::min(text.size(), end + mark.size());
    } else if (reader.take({"{", "[", "%7B", "%5B"})) {
      ++depth;
    } else if (reader.take({"}", "]", "%7D", "%5D"})) {
      if (--depth <= 0) return reader.at;
    } else {
      ++reader.at;
    }
  }
  return text.size();
}

// A field's value behind its name, and what stands between: written to `out` masked. Where reading goes on, or `at`.
std::size_t field(std::string_view text, std::size_t at, std::string& out) {
  Reader reader{text, at};
  if (const std::string_view mark = reader.quote(); !mark.empty()) reader.at += mark.size();
  // `phones[0][number]` of a form, percent-encoded or not.
  while (reader.take({"[", "%5B"})) {
    while (!reader.done() && reader.at - at < 64 && text[reader.at] != ']' && text.substr(reader.at, 3) != "%5D")
      ++reader.at;
    if (!reader.take({"]", "%5D"})) return at;
  }
  reader.blanks();
  if (!reader.take({":", "%3A", "="})) return at;
  reader.blanks();
  if (reader.done()) return at;
  out.append(text.substr(at, reader.at - at));
  if (const std::string_view mark = reader.quote(); !mark.empty()) {
    const std::size_t end = end_of_text(text, reader.at + mark.size(), mark);
    out.append(mark).append("***");
    return end;
  }
  const std::string_view rest = text.substr(reader.at);
  if (rest.starts_with("{") || rest.starts_with("[") || rest.starts_with("%7B") || rest.starts_with("%5B")) {
    const bool encoded = rest.starts_with("%");
    out.append(encoded ? "%22***%22" : "\"***\"");
    return end_of_nested(text, reader.at);
  }
  if (rest.starts_with("null") || rest.starts_with("(")) return reader.at;
  std::size_t end = reader.at;
  while (end < text.size() && std::string_view(",;&}]\n\"").find(text[end]) == std::string_view::npos) ++end;
  const bool number =
      end > reader.at && std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(end - reader.at),
                                     [](char c) { return digit(c) || c == '.' || c == '-'; });
  out.append(number ? "0" : "***");
  return end;
}

// A phone: ten characters or more of digits, blanks, brackets and dashes, begun and ended by a digit. Its end, or `at`.
std::size_t phone(std::string_view text, std::size_t at) {
  std::size_t end = at + (text[at] == '+' ? 1 : 0);
  if (end >= text.size() || !digit(text[end])) return at;
  std::size_t last = end;
  for (; end < text.size(); ++end) {
    if (digit(text[end]))
      last = end;
    else if (!blank(text[end]) && text[end] != '(' && text[end] != ')' && text[end] != '-')
      break;
  }
  const std::size_t begin = at + (text[at] == '+' ? 1 : 0);
  return last + 1 - begin >= 10 ? last + 1 : at;
}

bool mail_byte(char c) {
  return word(c) || c == '.' || c == '+' || c == '-' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

}  // namespace

std::string without_personal_data(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t no_phone_before = 0;
  std::size_t no_word_before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '%' && at + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[at + 1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(text[at + 2])) != 0) {
      out.append(text.substr(at, 3));
      at = no_word_before = at + 3;
      continue;
    }
    const bool begins = at == no_word_before || !word(text[at - 1]);
    if (c == '@' && at + 1 < text.size() && mail_byte(text[at + 1])) {
      std::size_t left = out.size();
      while (left > 0 && mail_byte(out[left - 1])) --left;
      if (left < out.size()) {
        out.resize(left);
        out += "***@***";
        for (++at; at < text.size() && mail_byte(text[at]);) ++at;
        continue;
      }
    }
    if ((c == '+' || digit(c)) && at >= no_phone_before) {
      const std::size_t end = phone(text, at);
      if (end > at) {
        out += "***";
        at = end;
        continue;
      }
      // The run holds no phone: it is not looked through again from its middle.
      no_phone_before = at + 1;
      while (no_phone_before < text.size() && digit(text[no_phone_before])) ++no_phone_before;
    }
    if (begins && std::isalpha(static_cast<unsigned char>(c)) != 0) {
      std::size_t end = at;
      while (end < text.size() && word(text[end])) ++end;
      const std::string_view name = text.substr(at, end - at);
      out.append(name);
      at = personal(name) ? field(text, end, out) : end;
      continue;
    }
    out.push_back(c);
    ++at;
  }
  return out;
}

}  // namespace pipewright
