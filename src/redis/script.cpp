#include "redis/script.h"

#include <array>

#include <openssl/sha.h>

#include "base/bytes.h"

namespace concord::redis {
namespace {

// A bucket of keys is three: `names`, a sorted set with equal scores, which is in the order of the names; `times`, a
// sorted set by when each key expires, in milliseconds of the server's clock; `values`, a hash. What has expired is
// removed a little with each change, and all of it with the bucket, which expires with the last of its keys.

constexpr std::string_view kNow = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)lua";

constexpr std::string_view kSweep = R"lua(
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 64)
if #gone > 0 then
  redis.call('ZREM', KEYS[1], unpack(gone))
  redis.call('ZREM', KEYS[2], unpack(gone))
  redis.call('HDEL', KEYS[3], unpack(gone))
end
)lua";

constexpr std::string_view kSet = R"lua(
local expires = now + tonumber(ARGV[3])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('ZADD', KEYS[2], string.format('%.0f', expires), ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
local until_ms = string.format('%.0f', tonumber(last[2]) + 1)
for i = 1, 3 do redis.call('PEXPIREAT', KEYS[i], until_ms) end
return 1
)lua";

constexpr std::string_view kGet = R"lua(
local expires = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not expires or tonumber(expires) <= now then return false end
return redis.call('HGET', KEYS[2], ARGV[1])
)lua";

constexpr std::string_view kErase = R"lua(
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return 1
)lua";

constexpr std::string_view kList = R"lua(
local most, most_bytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local names = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, 256)
local answer, bytes = {''}, 0
for i, name in ipairs(names) do
  local expires = redis.call('ZSCORE', KEYS[2], name)
  local value = expires and tonumber(expires) > now and redis.call('HGET', KEYS[3], name)
  if value then
    answer[#answer + 1] = name
    answer[#answer + 1] = value
    bytes = bytes + #value
  end
  local is_full = #answer > 2 * most or bytes >= most_bytes
  if is_full or i == 256 then
    answer[1] = '(' .. name
    break
  end
end
return answer
)lua";

constexpr std::string_view kAdd = R"lua(
redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) == -1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])
)lua";

// A bucket is a hash: how far it is filled, and when that was. It expires once it is full again.
constexpr std::string_view kTake = R"lua(
local tokens, per_minute, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[1], 'filled', 'at')
local filled, at = tonumber(known[1] or burst), tonumber(known[2] or now)
if now > at then
  filled = filled + (now - at) * per_minute / 60000
  at = now
end
filled = math.max(math.min(filled, burst) - tokens, -burst)
redis.call('HSET', KEYS[1], 'filled', string.format('%.6f', filled), 'at', string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((burst - filled) * 60000 / per_minute) + 1000))
return string.format('%.0f', math.floor(filled))
)lua";

std::string joined(std::string_view first, std::string_view second, std::string_view third = {}) {
  return std::string(first).append(second).append(third);
}

}  // namespace

Script::Script(std::string_view program) : text(program) {
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
  const ByteView bytes = as_bytes(text);
  SHA1(bytes.data(), bytes.size(), digest.data());
  sha1 = to_hex(digest);
}

Scripts::Scripts()
    : set(joined(kNow, kSweep, kSet)),
      get(joined(kNow, kGet)),
      erase(kErase),
      list(joined(kNow, kSweep, kList)),
      take(joined(kNow, kTake)),
      add(kAdd) {}

}  // namespace concord::redis
