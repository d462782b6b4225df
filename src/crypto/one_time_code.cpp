#include "crypto/one_time_code.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cassert>
#include <cstdlib>

#include "crypto/hash.h"

namespace concord::crypto {

std::string hotp(ByteView secret, std::uint64_t counter, int digits) {
  assert(!secret.empty() && digits >= kCodeDigits && digits <= 9);
  std::array<std::uint8_t, 8> message{};
  for (std::size_t i = message.size(); i-- > 0; counter >>= 8U) message[i] = static_cast<std::uint8_t>(counter);
  std::array<std::uint8_t, 20> mac{};
  unsigned size = 0;
  if (HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), message.data(), message.size(), mac.data(),
           &size) == nullptr ||
      size != mac.size())
    std::abort();
  // RFC 4226, 5.3: 31 bits from where the last four bits say.
  const std::size_t at = mac.back() & 15U;
  const std::uint32_t number = (mac[at] & 0x7fU) << 24U | static_cast<std::uint32_t>(mac[at + 1]) << 16U |
                               static_cast<std::uint32_t>(mac[at + 2]) << 8U | mac[at + 3];
  std::string out = std::to_string(number);
  const auto wanted = static_cast<std::size_t>(digits);
  if (out.size() < wanted) out.insert(0, wanted - out.size(), '0');
  return out.substr(out.size() - wanted);
}

std::optional<std::int64_t> match_code(ByteView secret, std::string_view code, std::int64_t wall_ms,
                                       std::int64_t after) {
  std::optional<std::int64_t> found;
  const std::int64_t now = code_step(wall_ms);
  for (std::int64_t step = now + 1; step >= now - 1; --step) {
    const std::string right = hotp(secret, static_cast<std::uint64_t>(step));
    if (equal_constant_time(as_bytes(right), as_bytes(code)) && step > after) found = step;
  }
  return found;
}

}  // namespace concord::crypto
