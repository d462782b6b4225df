#pragma once
// Runs of bytes: owned, borrowed, and shared between threads once frozen.

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace concord {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
/// Immutable after construction; shared by every reader of a broadcast.
using SharedBytes = std::shared_ptr<const Bytes>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes to_bytes(ByteView view) { return Bytes(view.begin(), view.end()); }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }
inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);

/// Fixed-width little-endian integers, as all of our own file formats use them.
template <class T>
void put_le(Bytes& out, T value) {
  for (unsigned shift = 0; shift < sizeof(T) * 8; shift += 8)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> shift));
}
/// The caller has checked that `at` holds sizeof(T) bytes.
template <class T>
T get_le(const std::uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

}  // namespace concord
