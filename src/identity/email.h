#pragma once
// E-mail addresses as accounts have them: the ASCII form that browsers' <input type=email> accepts (WHATWG
// HTML, "valid e-mail address"), at most 254 bytes with at most 64 before the '@'.

#include <string>
#include <string_view>

#include "base/result.h"

namespace concord::identity {

constexpr std::size_t kMaxEmailBytes = 254;

struct Email {
  std::string text;  // as it was given
  std::string key;   // in lower case: one account each

  /// kInvalidArgument naming the field "email" and what is wrong.
  static Result<Email> parse(std::string_view text);
};

}  // namespace concord::identity
