#pragma once
// Secrets that are handed out once, in a link, and shown once: 32 random bytes, base64url. The tables hold their
// SHA-256. Any thread.

#include <string>
#include <string_view>

namespace concord::identity {

constexpr std::size_t kOneTimeSecretBytes = 43;  // as text

std::string make_one_time_secret();
/// What the tables hold, base64url; of any text.
std::string one_time_hash(std::string_view secret);

}  // namespace concord::identity
