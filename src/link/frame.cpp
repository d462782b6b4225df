#include "link/frame.h"

#include <algorithm>
#include <cassert>

#include "base/varint.h"

namespace concord::link {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kKeptBytes = 64u << 10u;  // of a buffer that is needed no more

std::unexpected<Error> wrong(std::string what) { return fail(Code::kInvalidArgument, std::move(what)); }

void put_head(Bytes& out, FrameType type, std::size_t body_bytes) {
  put_le(out, static_cast<std::uint32_t>(1 + body_bytes));
  out.push_back(static_cast<std::uint8_t>(type));
}

Result<Frame> parse_hello(ByteView body, Frame frame) {
  if (body.size() != kMagic.size() + 5 || !as_text(body).starts_with(kMagic)) return wrong("this is no hello");
  frame.version = body[kMagic.size()];
  frame.lane = get_le<std::uint32_t>(body.data() + kMagic.size() + 1);
  return frame;
}

Result<Frame> parse_open(ByteView body, Frame frame) {
  if (body.size() < 5) return wrong("an open of " + std::to_string(body.size()) + " bytes");
  frame.stream = get_le<std::uint32_t>(body.data());
  const std::size_t kind_bytes = body[4];
  if (kind_bytes == 0 || kind_bytes > kMaxKindBytes || body.size() < 5 + kind_bytes)
    return wrong("an open whose kind has " + std::to_string(kind_bytes) + " bytes");
  frame.text = as_text(body.subspan(5, kind_bytes));
  frame.payload = body.subspan(5 + kind_bytes);
  if (frame.payload.size() > kMaxOpeningBytes)
    return wrong("an open whose payload has " + std::to_string(frame.payload.size()) + " bytes, over " +
                 std::to_string(kMaxOpeningBytes));
  return frame;
}

Result<Frame> parse_many(ByteView body, Frame frame) {
  if (body.size() < 2) return wrong("a many of " + std::to_string(body.size()) + " bytes");
  const std::size_t count = get_le<std::uint16_t>(body.data());
  if (count == 0 || count > kMaxManyStreams || body.size() < 2 + 4 * count)
    return wrong("a many for " + std::to_string(count) + " streams in " + std::to_string(body.size()) + " bytes");
  frame.list = body.subspan(2, 4 * count);
  frame.payload = body.subspan(2 + 4 * count);
  return frame;
}

Result<Frame> parse_end(ByteView body, Frame frame) {
  if (body.size() < 6 || body.size() > 6 + kMaxReasonBytes)
    return wrong("an end of " + std::to_string(body.size()) + " bytes");
  frame.stream = get_le<std::uint32_t>(body.data());
  frame.code = get_le<std::uint16_t>(body.data() + 4);
  frame.text = as_text(body.subspan(6));
  if (!is_valid_utf8(frame.text)) return wrong("an end whose reason is not UTF-8");
  return frame;
}

}  // namespace

Result<Frame> parse_frame(ByteView bytes) {
  if (bytes.empty()) return wrong("a frame without a type");
  Frame frame{.type = static_cast<FrameType>(bytes[0])};
  const ByteView body = bytes.subspan(1);
  switch (frame.type) {
    case FrameType::kHello:
      return parse_hello(body, frame);
    case FrameType::kWelcome:
      if (body.size() != 1) return wrong("a welcome of " + std::to_string(body.size()) + " bytes");
      frame.version = body[0];
      return frame;
    case FrameType::kOpen:
      return parse_open(body, frame);
    case FrameType::kMessage:
      if (body.size() < 4) return wrong("a message without its stream");
      frame.stream = get_le<std::uint32_t>(body.data());
      frame.payload = body.subspan(4);
      return frame;
    case FrameType::kMany:
      return parse_many(body, frame);
    case FrameType::kEnd:
      return parse_end(body, frame);
    case FrameType::kConsumed:
      if (body.empty() || body.size() % 8 != 0) return wrong("a consumed of " + std::to_string(body.size()) + " bytes");
      frame.list = body;
      return frame;
    case FrameType::kPing:
    case FrameType::kPong:
      if (body.size() != 8) return wrong("a ping of " + std::to_string(body.size()) + " bytes");
      frame.token = get_le<std::uint64_t>(body.data());
      return frame;
  }
  return wrong("a frame of the unknown type " + std::to_string(bytes[0]));
}

void put_hello(Bytes& out, std::uint32_t lane) {
  put_head(out, FrameType::kHello, kMagic.size() + 5);
  append(out, as_bytes(kMagic));
  out.push_back(kVersion);
  put_le(out, lane);
}

void put_welcome(Bytes& out) {
  put_head(out, FrameType::kWelcome, 1);
  out.push_back(kVersion);
}

void put_open(Bytes& out, std::uint32_t stream, std::string_view kind, ByteView payload) {
  assert(!kind.empty() && kind.size() <= kMaxKindBytes && payload.size() <= kMaxOpeningBytes);
  put_head(out, FrameType::kOpen, 5 + kind.size() + payload.size());
  put_le(out, stream);
  out.push_back(static_cast<std::uint8_t>(kind.size()));
  append(out, as_bytes(kind));
  append(out, payload);
}

void put_end(Bytes& out, std::uint32_t stream, std::uint16_t code, std::string_view reason) {
  assert(reason.size() <= kMaxReasonBytes);
  put_head(out, FrameType::kEnd, 6 + reason.size());
  put_le(out, stream);
  put_le(out, code);
  append(out, as_bytes(reason));
}

void put_consumed(Bytes& out, std::span<const Consumed> consumed) {
  put_head(out, FrameType::kConsumed, 8 * consumed.size());
  for (const Consumed& one : consumed) {
    put_le(out, one.stream);
    put_le(out, one.bytes);
  }
}

void put_ping(Bytes& out, std::uint64_t token) {
  put_head(out, FrameType::kPing, 8);
  put_le(out, token);
}

void put_pong(Bytes& out, std::uint64_t token) {
  put_head(out, FrameType::kPong, 8);
  put_le(out, token);
}

void put_message_head(Bytes& out, std::span<const std::uint32_t> streams, std::size_t payload_bytes) {
  if (streams.size() == 1) {
    put_head(out, FrameType::kMessage, 4 + payload_bytes);
  } else {
    assert(streams.size() <= kMaxManyStreams);
    put_head(out, FrameType::kMany, 2 + 4 * streams.size() + payload_bytes);
    put_le(out, static_cast<std::uint16_t>(streams.size()));
  }
  for (const std::uint32_t stream : streams) put_le(out, stream);
}

Result<std::size_t> FrameReader::length_at(const std::uint8_t* head) const {
  const std::size_t length = get_le<std::uint32_t>(head);
  if (length == 0 || length > max_bytes_)
    return wrong("a frame of " + std::to_string(length) + " bytes, at most " + std::to_string(max_bytes_));
  return length;
}

Result<std::optional<Frame>> FrameReader::next(ByteView& input) {
  if (whole_) {
    whole_ = false;
    held_.clear();
    if (held_.capacity() > kKeptBytes) Bytes().swap(held_);
  }
  if (held_.empty() && input.size() >= kLengthBytes) {
    TRY(const std::size_t length, length_at(input.data()));
    if (input.size() >= kLengthBytes + length) {
      const ByteView bytes = input.subspan(kLengthBytes, length);
      input = input.subspan(kLengthBytes + length);
      TRY(const Frame frame, parse_frame(bytes));
      return std::optional<Frame>(frame);
    }
  }
  const auto take = [&](std::size_t upto) {
    const std::size_t count = std::min(upto - held_.size(), input.size());
    append(held_, input.first(count));
    input = input.subspan(count);
    return held_.size() == upto;
  };
  if (held_.size() < kLengthBytes && !take(kLengthBytes)) return std::optional<Frame>();
  TRY(const std::size_t length, length_at(held_.data()));
  if (!take(kLengthBytes + length)) return std::optional<Frame>();
  whole_ = true;
  TRY(const Frame frame, parse_frame(ByteView(held_).subspan(kLengthBytes)));
  return std::optional<Frame>(frame);
}

}  // namespace concord::link
