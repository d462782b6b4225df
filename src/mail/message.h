#pragma once
// A message as SMTP carries it: headers of RFC 5322, the text as base64 of UTF-8 (RFC 2045), lines ended by CR LF. So
// no line of the text can be taken for a header or for the message's end.

#include <cstdint>
#include <string>
#include <string_view>

#include "mail/mailer.h"

namespace concord::mail {

/// `id` is the left side of the Message-ID, `now_s` the wall clock.
std::string encode_message(const Message& message, std::string_view from, std::string_view id, std::int64_t now_s);

/// Whether the text can stand in a header line: ASCII from the blank to '~', at most 254 bytes and not empty.
bool fits_header(std::string_view text);

}  // namespace concord::mail
