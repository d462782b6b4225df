// A server's bytes to the RESP3 decoder. The first byte is the size of the pieces they come in, the second bounds what
// a value may have. Whole or in pieces, the values are the same; none is larger than the limit. The answer to CLUSTER
// SLOTS and the errors that send a call on are read of whatever comes.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "redis/resp.h"
#include "redis/slot_map.h"

namespace {

using namespace concord;
using namespace concord::redis;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t size_of(const RespValue& value) {
  std::size_t size = RespLimits::kElementBytes + value.bytes.size();
  for (const RespValue& item : value.items) size += size_of(item);
  return size;
}

struct Decoded {
  std::vector<RespValue> values;
  std::optional<Code> failure;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(ByteView bytes, std::size_t piece, RespLimits limits) {
  RespDecoder decoder(limits);
  Decoded out;
  while (!bytes.empty()) {
    ByteView input = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(input.size());
    while (!input.empty()) {
      auto value = decoder.next(input);
      if (!value) {
        out.failure = value.error().code;
        return out;
      }
      if (!*value) continue;
      require(size_of(**value) <= limits.value_bytes);
      out.values.push_back(std::move(**value));
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1U + data[0];
  const RespLimits limits{.line_bytes = 64U + data[1], .bulk_bytes = data[1] * 16U, .value_bytes = data[1] * 256U};
  const ByteView bytes(data + 2, size - 2);
  const Decoded whole = decode(bytes, bytes.size() + 1, limits);
  const Decoded pieces = decode(bytes, piece, limits);
  require(whole == pieces);
  const Endpoint asked{"127.0.0.1", 6379};
  for (const RespValue& value : whole.values) {
    SlotMap map;
    if (map.read(value, asked)) {
      for (const Endpoint& owner : map.owners()) require(!owner.host.empty() && owner.port != 0);
    }
    const Advice advice = advice_in(value, asked);
    const bool goes_on = advice.kind == Advice::Kind::kMoved || advice.kind == Advice::Kind::kAsk;
    require(goes_on == (advice.to.host != ""));
  }
  return 0;
}
