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

bool WireReader::long_sint(std::uint64_t& magnitude, bool& negative) {
  if (at_ == end_) return fail("it ends too early");
  negative = (*at_ & 0x40U) != 0;
  magnitude = *at_ & 0x3fU;
  const std::uint8_t* at = at_ + 1;
  if (*at_ < 0x80) {
    at_ = at;
    return true;
  }
  for (unsigned shift = 6; at != end_; shift += 7, ++at) {
    const std::uint64_t digit = *at & 0x7fU;
    if (shift > 48 || (shift == 48 && digit > 0x1f)) {
      if (digit != 0 || shift > 62) return fail("a number is above 2^53 - 1");
    } else {
      magnitude |= digit << shift;
    }
    if (*at < 0x80) {
      at_ = at + 1;
      return true;
    }
  }
  return fail("it ends in the middle of a number");
}

Error WireReader::error(std::string_view subject, std::string_view column) const {
  const std::string where = std::to_string(failed_at_);
  Error error{Code::kInvalidArgument, "", {}};
  error.message.append("malformed ").append(subject).append(": ").append(what_ != nullptr ? what_ : "unknown");
  error.message.append(" (byte ").append(where);
  if (!column.empty()) error.message.append(", in column ").append(column);
  error.message.append(")");
  error = std::move(error).with("field", std::string(subject)).with("byte", where);
  return column.empty() ? std::move(error) : std::move(error).with("column", std::string(column));
}

}  // namespace concord::crdt
