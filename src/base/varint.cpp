#include "base/varint.h"

#include <cstring>

namespace concord {
namespace {

constexpr std::uint64_t kMaxSafeInteger = (1ULL << 53U) - 1;
constexpr std::size_t kMaxVarUintBytes = 8;  // 8 * 7 bits hold 53

std::unexpected<Error> malformed(std::string what, std::size_t position) {
  return fail(Error{Code::kInvalidArgument, std::move(what), {{"position", std::to_string(position)}}});
}

/// How many continuation bytes a lead byte announces and which values its second byte may take (Unicode 15, table 3-7).
struct LeadByte {
  unsigned continuations = 0;
  std::uint8_t second_least = 0x80;
  std::uint8_t second_most = 0xbf;
};

std::optional<LeadByte> classify(std::uint8_t lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return LeadByte{1, 0x80, 0xbf};
  if (lead == 0xe0) return LeadByte{2, 0xa0, 0xbf};
  if (lead == 0xed) return LeadByte{2, 0x80, 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return LeadByte{2, 0x80, 0xbf};
  if (lead == 0xf0) return LeadByte{3, 0x90, 0xbf};
  if (lead >= 0xf1 && lead <= 0xf3) return LeadByte{3, 0x80, 0xbf};
  if (lead == 0xf4) return LeadByte{3, 0x80, 0x8f};
  return std::nullopt;
}

}  // namespace

Result<std::uint8_t> VarReader::byte() {
  if (at_end()) return malformed("the input ends where a byte is expected", at_);
  return input_[at_++];
}

Result<std::uint64_t> VarReader::uint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kMaxVarUintBytes; ++i) {
    if (at_ + i == input_.size()) return malformed("the input ends within a variable-length integer", at_);
    const std::uint8_t byte = input_[at_ + i];
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << (7 * i);
    if ((byte & 0x80U) != 0) continue;
    if (value > kMaxSafeInteger) break;
    at_ += i + 1;
    return value;
  }
  return malformed("a variable-length integer is above 2^53 - 1", at_);
}

Result<ByteView> VarReader::bytes(std::size_t count) {
  if (count > input_.size() - at_) {
    return malformed("the input ends within a run of " + std::to_string(count) + " bytes", at_);
  }
  const ByteView run = input_.subspan(at_, count);
  at_ += count;
  return run;
}

Result<ByteView> VarReader::var_bytes() {
  const std::size_t start = at_;
  TRY(const std::uint64_t length, uint());
  Result<ByteView> run = bytes(length);
  if (!run) at_ = start;
  return run;
}

Result<std::string_view> VarReader::var_string() {
  const std::size_t start = at_;
  TRY(const ByteView run, var_bytes());
  if (!is_valid_utf8(as_text(run))) {
    at_ = start;
    return malformed("a string is not valid UTF-8", start);
  }
  return as_text(run);
}

void write_varuint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

void write_var_bytes(Bytes& out, ByteView bytes) {
  write_varuint(out, bytes.size());
  append(out, bytes);
}

void write_var_string(Bytes& out, std::string_view text) { write_var_bytes(out, as_bytes(text)); }

bool is_valid_utf8(std::string_view text) {
  const ByteView bytes = as_bytes(text);
  std::size_t at = 0;
  while (at < bytes.size()) {
    // Eight ASCII bytes at a time.
    std::uint64_t word = 0;
    if (bytes.size() - at >= sizeof word) {
      std::memcpy(&word, bytes.data() + at, sizeof word);
      if ((word & 0x8080808080808080ULL) == 0) {
        at += sizeof word;
        continue;
      }
    }
    const std::uint8_t first = bytes[at++];
    if (first < 0x80) continue;
    const std::optional<LeadByte> lead = classify(first);
    if (!lead || bytes.size() - at < lead->continuations) return false;
    if (bytes[at] < lead->second_least || bytes[at] > lead->second_most) return false;
    for (unsigned i = 1; i < lead->continuations; ++i) {
      if ((bytes[at + i] & 0xc0U) != 0x80) return false;
    }
    at += lead->continuations;
  }
  return true;
}

}  // namespace concord
