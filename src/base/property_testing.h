#pragma once
// Seeded property tests. A failure prints its seed; CONCORD_SEED=<n> runs that seed alone.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "base/bytes.h"

namespace concord::testing {

using Random = std::mt19937_64;

/// Runs `body(random)` for `count` seeds and stops at the first that fails. CONCORD_SEED runs that one alone,
/// CONCORD_SEEDS so many, from CONCORD_FIRST_SEED on or from 1.
template <class Body>
void for_each_seed(std::uint64_t count, Body body) {
  std::uint64_t first = 1;
  if (const char* only = std::getenv("CONCORD_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    count = 1;
  } else {
    if (const char* from = std::getenv("CONCORD_FIRST_SEED")) first = std::strtoull(from, nullptr, 10);
    if (const char* many = std::getenv("CONCORD_SEEDS")) count = std::strtoull(many, nullptr, 10);
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const ::testing::ScopedTrace trace(__FILE__, __LINE__, "CONCORD_SEED=" + std::to_string(seed));
    Random random(seed);
    body(random);
    if (::testing::Test::HasFailure()) return;
  }
}

/// Evenly from least to most, both inclusive.
inline std::uint64_t pick(Random& random, std::uint64_t least, std::uint64_t most) {
  return std::uniform_int_distribution<std::uint64_t>(least, most)(random);
}

/// A number of random width, so that small and large ones are equally likely.
inline std::uint64_t pick_any_width(Random& random, unsigned max_bits) {
  const std::uint64_t bits = pick(random, 0, max_bits);
  return bits == 0 ? 0 : random() >> (64 - bits);
}

inline Bytes pick_bytes(Random& random, std::size_t max_size) {
  Bytes out(pick(random, 0, max_size));
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

}  // namespace concord::testing
