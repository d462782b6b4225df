#include "engines/segment_format.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "engines/crc32c.h"

namespace concord::engines {
namespace {

constexpr std::string_view kMagic = "CONCLOG1";
constexpr std::string_view kSuffix = ".segment";
constexpr std::size_t kNameDigits = 16;

std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

template <class T>
void store(std::uint8_t* at, T value) {
  for (unsigned i = 0; i < sizeof(T); ++i)
    at[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
}

std::uint8_t* store_text(std::uint8_t* at, std::string_view text) { return std::copy(text.begin(), text.end(), at); }

}  // namespace

std::string_view to_string(FrameFault fault) {
  switch (fault) {
    case FrameFault::kShort:
      return "cut short";
    case FrameFault::kMalformed:
      return "malformed";
    case FrameFault::kChecksum:
      return "checksum mismatch";
  }
  return "malformed";
}

void encode_header(const SegmentHeader& header, Bytes& out) {
  const std::size_t begin = out.size();
  out.resize(begin + kSegmentHeaderBytes);
  std::uint8_t* at = out.data() + begin;
  store_text(at, kMagic);
  store(at + 12, header.tag);
  store(at + 16, header.number);
  store(at + 20, header.previous);
  store(at + 24, header.previous_end);
  store(at + 32, header.head_end);
  store(at + 40, header.created_ms);
  std::ranges::copy(header.log, at + 48);
  store(at + 8, crc32c({at + 12, kSegmentHeaderBytes - 12}));
}

std::optional<SegmentHeader> decode_header(ByteView input) {
  if (input.size() < kSegmentHeaderBytes) return std::nullopt;
  const std::uint8_t* at = input.data();
  if (as_text(input.first(kMagic.size())) != kMagic) return std::nullopt;
  if (get_le<std::uint32_t>(at + 8) != crc32c(input.subspan(12, kSegmentHeaderBytes - 12))) return std::nullopt;
  SegmentHeader header;
  header.tag = get_le<std::uint32_t>(at + 12);
  header.number = get_le<std::uint32_t>(at + 16);
  header.previous = get_le<std::uint32_t>(at + 20);
  header.previous_end = get_le<std::uint64_t>(at + 24);
  header.head_end = get_le<std::uint64_t>(at + 32);
  header.created_ms = get_le<std::int64_t>(at + 40);
  std::copy_n(at + 48, header.log.size(), header.log.begin());
  return header;
}

LogRecord record_of(const Frame& frame) {
  return {.kind = frame.kind,
          .stream = std::string(frame.stream),
          .principal = std::string(frame.principal),
          .time = frame.time,
          .client = std::string(frame.client),
          .sequence = frame.sequence,
          .payload = std::make_shared<const Bytes>(frame.payload.begin(), frame.payload.end())};
}

std::size_t frame_size(const Frame& frame) {
  return padded(kFrameHeaderBytes + frame.stream.size() + frame.principal.size() + frame.client.size() +
                frame.payload.size());
}

void encode_frame(const Frame& frame, Bytes& out) {
  assert(frame.stream.size() <= kMaxLogTextBytes && frame.principal.size() <= kMaxLogTextBytes &&
         frame.client.size() <= kMaxLogTextBytes && frame.payload.size() <= kMaxPayloadBytes);
  const std::size_t begin = out.size();
  const std::size_t size = frame_size(frame);
  out.resize(begin + size);  // zeros, which the padding keeps
  std::uint8_t* const at = out.data() + begin;
  at[8] = static_cast<std::uint8_t>(frame.type);
  at[9] = frame.kind;
  at[10] = static_cast<std::uint8_t>(frame.stream.size());
  at[11] = static_cast<std::uint8_t>(frame.principal.size());
  at[12] = static_cast<std::uint8_t>(frame.client.size());
  store(at + 16, frame.write_at);
  store(at + 20, frame.following);
  store(at + 24, frame.shard.value);
  store(at + 28, frame.tag);
  store(at + 32, frame.position.value);
  store(at + 40, frame.epoch.value);
  store(at + 48, frame.time.value);
  store(at + 56, frame.sequence);
  std::uint8_t* to = store_text(at + kFrameHeaderBytes, frame.stream);
  to = store_text(to, frame.principal);
  to = store_text(to, frame.client);
  to = std::ranges::copy(frame.payload, to).out;
  store(at + 4, static_cast<std::uint32_t>(to - at));
  store(at, crc32c({at + 4, size - 4}));
}

std::expected<std::size_t, FrameFault> peek_frame(ByteView head, std::optional<std::uint32_t> tag) {
  if (head.size() < kFrameHeaderBytes) return std::unexpected(FrameFault::kShort);
  const std::uint8_t* at = head.data();
  const auto size = get_le<std::uint32_t>(at + 4);
  const std::size_t texts = std::size_t{at[10]} + at[11] + at[12];
  const bool plausible = (!tag || get_le<std::uint32_t>(at + 28) == *tag) && at[8] >= 1 && at[8] <= 3 &&
                         at[10] <= kMaxLogTextBytes && at[11] <= kMaxLogTextBytes && at[12] <= kMaxLogTextBytes &&
                         at[13] == 0 && at[14] == 0 && at[15] == 0 && size >= kFrameHeaderBytes + texts &&
                         size <= kFrameHeaderBytes + texts + kMaxPayloadBytes;
  if (!plausible) return std::unexpected(FrameFault::kMalformed);
  return padded(size);
}

std::expected<Frame, FrameFault> decode_frame(ByteView input, std::optional<std::uint32_t> tag) {
  const auto size = peek_frame(input, tag);
  if (!size) return std::unexpected(size.error());
  if (input.size() < *size) return std::unexpected(FrameFault::kShort);
  const std::uint8_t* at = input.data();
  if (get_le<std::uint32_t>(at) != crc32c(input.subspan(4, *size - 4))) return std::unexpected(FrameFault::kChecksum);
  Frame frame;
  frame.type = static_cast<FrameType>(at[8]);
  frame.kind = at[9];
  frame.tag = get_le<std::uint32_t>(at + 28);
  frame.write_at = get_le<std::uint32_t>(at + 16);
  frame.following = get_le<std::uint32_t>(at + 20);
  frame.shard.value = get_le<std::uint32_t>(at + 24);
  frame.position.value = get_le<std::uint64_t>(at + 32);
  frame.epoch.value = get_le<std::uint64_t>(at + 40);
  frame.time.value = get_le<std::uint64_t>(at + 48);
  frame.sequence = get_le<std::uint64_t>(at + 56);
  ByteView rest = input.first(get_le<std::uint32_t>(at + 4)).subspan(kFrameHeaderBytes);
  const auto text = [&rest](std::size_t count) {
    const std::string_view taken = as_text(rest.first(count));
    rest = rest.subspan(count);
    return taken;
  };
  frame.stream = text(at[10]);
  frame.principal = text(at[11]);
  frame.client = text(at[12]);
  frame.payload = rest;
  return frame;
}

std::string segment_name(std::uint32_t number) {
  std::string name(kNameDigits, '0');
  for (std::size_t i = kNameDigits; i > 0; --i, number >>= 4U) name[i - 1] = "0123456789abcdef"[number & 15U];
  return name.append(kSuffix);
}

std::optional<std::uint32_t> parse_segment_name(std::string_view name) {
  if (name.size() != kNameDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : name.substr(0, kNameDigits)) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 4U | digit;
  }
  if (number == 0 || number > 0xffffffffU) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

}  // namespace concord::engines
