#include "base/phone.hpp"

#include <phonenumbers/phonenumberutil.h>

#include <set>

namespace pipewright {

std::optional<std::string> phone_number(std::string_view text, const std::string& region) {
  using i18n::phonenumbers::PhoneNumber;
  using i18n::phonenumbers::PhoneNumberUtil;
  const PhoneNumberUtil& library = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (library.Parse(std::string(text), region, &number) != PhoneNumberUtil::NO_PARSING_ERROR) return std::nullopt;
  if (!library.IsPossibleNumber(number)) return std::nullopt;
  std::string made;
  library.Format(number, PhoneNumberUtil::E164, &made);
  return made;
}

bool is_phone_region(const std::string& region) {
  static const std::set<std::string> known = [] {
    std::set<std::string> regions;
    i18n::phonenumbers::PhoneNumberUtil::GetInstance()->GetSupportedRegions(&regions);
    return regions;
  }();
  return known.contains(region);
}

}  // namespace pipewright
