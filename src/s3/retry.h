#pragma once
// How long to wait before an attempt is made again. Deterministic: chance is an argument.

#include <cstdint>

namespace concord::s3 {

/// How long to wait before attempt `failed` + 1: exponential with full jitter (AWS Architecture Blog, "Exponential
/// Backoff And Jitter"). `chance` is evenly from [0, 1).
std::int64_t backoff_ms(std::int64_t failed, std::int64_t first_ms, std::int64_t most_ms, double chance);

}  // namespace concord::s3
