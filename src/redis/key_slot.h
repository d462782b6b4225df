#pragma once
// Which of a Cluster's 16384 slots a key is in: CRC-16/XMODEM of the key, or of its hash tag, which is what stands
// between the first { and the first } behind it where that is not nothing (the Redis Cluster specification).

#include <cstdint>
#include <string_view>

namespace concord::redis {

constexpr unsigned kKeySlots = 16'384;

std::uint16_t key_slot(std::string_view key);

}  // namespace concord::redis
