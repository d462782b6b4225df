#include "crdt/wire.h"

namespace concord::crdt {

bool WireReader::long_uint(std::uint64_t& out) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const std::uint8_t* at = at_; at != end_; ++at) {
    const std::uint64_t digit = *at & 0x7fU;
    if (shift > 49 || (shift == 49 && digit > 0x0f)) {
      if (digit != 0 || shift > 63) return fail("a number is above 2^53 - 1");
    } else {
      value |= digit << shift;
    }
    if (*at < 0x80) {
      at_ = at + 1;
      out = value;
      return true;
    }
    shift += 7;
  }
  return fail("it ends in the middle of a number");
}

Error WireReader::error(std::string_view subject) const {
  const std::string where = std::to_string(failed_at_);
  Error error{Code::kInvalidArgument, "", {}};
  error.message.append("malformed ").append(subject).append(": ").append(what_ != nullptr ? what_ : "unknown");
  error.message.append(" (byte ").append(where).append(")");
  return std::move(error).with("field", std::string(subject)).with("byte", where);
}

}  // namespace concord::crdt
