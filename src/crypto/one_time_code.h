#pragma once
// One-time codes: HOTP (RFC 4226) and TOTP (RFC 6238) with HMAC-SHA-1 and steps of 30 seconds, which is what all
// authenticator apps do. Any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace concord::crypto {

constexpr int kCodeDigits = 6;
constexpr std::int64_t kCodeStepMs = 30'000;
constexpr std::size_t kCodeSecretBytes = 20;

/// `digits` from 6 to 9, with leading zeros.
std::string hotp(ByteView secret, std::uint64_t counter, int digits = kCodeDigits);

/// The number of the step that `wall_ms` lies in.
constexpr std::int64_t code_step(std::int64_t wall_ms) { return wall_ms / kCodeStepMs; }

/// The step that `code` belongs to: the one of `wall_ms`, the one before or the one after, for clocks that differ;
/// nullopt where it belongs to none of these later than `after`. Takes the same time for all codes of six digits.
std::optional<std::int64_t> match_code(ByteView secret, std::string_view code, std::int64_t wall_ms,
                                       std::int64_t after);

}  // namespace concord::crypto
