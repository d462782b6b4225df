#pragma once
// Random bytes for secrets and identifiers, from the system's source. Any thread. A machine that cannot give
// them cannot run this program: failure ends it.

#include <array>
#include <cstdint>
#include <span>

namespace concord::crypto {

void random_bytes(std::span<std::uint8_t> out);

template <std::size_t N>
std::array<std::uint8_t, N> random_array() {
  std::array<std::uint8_t, N> out;
  random_bytes(out);
  return out;
}

}  // namespace concord::crypto
