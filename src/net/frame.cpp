#include "net/frame.h"

#include <algorithm>
#include <cassert>

#include "base/varint.h"

namespace concord::net {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kContinuation = 0;
constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kBinary = 2;
constexpr std::uint8_t kClose = 8;
constexpr std::uint8_t kPing = 9;
constexpr std::uint8_t kPong = 10;
constexpr std::size_t kMaxReasonBytes = kMaxControlPayloadBytes - 2;

Frame make_raw_frame(std::uint8_t opcode, ByteView payload) {
  auto frame = std::make_shared<Bytes>();
  frame->reserve(payload.size() + 10);
  frame->push_back(kFin | opcode);
  unsigned length_bits = 0;
  if (payload.size() < 126) {
    frame->push_back(static_cast<std::uint8_t>(payload.size()));
  } else if (payload.size() <= 0xffff) {
    frame->push_back(126);
    length_bits = 16;
  } else {
    frame->push_back(127);
    length_bits = 64;
  }
  for (unsigned shift = length_bits; shift > 0; shift -= 8)
    frame->push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(payload.size()) >> (shift - 8)));
  append(*frame, payload);
  return frame;
}

struct Head {
  std::uint8_t opcode = 0;
  bool fin = false;
  std::uint64_t length = 0;
  std::size_t size = 0;  // of the header itself
};

struct Inspection {
  std::size_t wanted = 0;      // bytes the frame needs at least; equal to its size once the header is whole
  std::string_view violation;  // where not empty, the rule that was broken
  CloseCode code = CloseCode::kProtocolError;
  Head head;
};

std::size_t extended_length_bytes(std::uint8_t second) {
  const unsigned length = second & 0x7fU;
  return length == 126 ? 2 : length == 127 ? 8 : 0;
}

Inspection broken(std::string_view rule, CloseCode code = CloseCode::kProtocolError) {
  Inspection result;
  result.violation = rule;
  result.code = code;
  return result;
}

std::string_view check_first_bytes(std::uint8_t first, std::uint8_t second, bool fragmented) {
  const std::uint8_t opcode = first & 0x0fU;
  if ((first & kReserved) != 0) return "a reserved bit is set";
  if ((second & kMasked) == 0) return "a client's frame is not masked";
  if (opcode >= kClose) {
    if (opcode > kPong) return "unknown opcode";
    if ((first & kFin) == 0) return "a control frame is fragmented";
    if ((second & 0x7fU) > kMaxControlPayloadBytes) return "a control frame is longer than 125 bytes";
    return {};
  }
  if (opcode > kBinary) return "unknown opcode";
  if (opcode == kContinuation && !fragmented) return "a continuation without a message to continue";
  if (opcode != kContinuation && fragmented) return "a new message within a fragmented one";
  return {};
}

/// Looks at the beginning of a frame. `joined` is the size of the fragments before it.
Inspection inspect(ByteView bytes, bool fragmented, std::size_t joined, std::size_t max_message_bytes) {
  Inspection result;
  result.wanted = 2;
  if (bytes.size() < 2) return result;
  if (const auto rule = check_first_bytes(bytes[0], bytes[1], fragmented); !rule.empty()) return broken(rule);

  Head head{static_cast<std::uint8_t>(bytes[0] & 0x0fU), (bytes[0] & kFin) != 0, bytes[1] & 0x7fU, 0};
  const std::size_t extended = extended_length_bytes(bytes[1]);
  head.size = 2 + extended + 4;
  result.wanted = head.size;
  if (bytes.size() < head.size) return result;
  if (extended > 0) {
    head.length = 0;
    for (std::size_t i = 0; i < extended; ++i) head.length = head.length << 8U | bytes[2 + i];
    if (head.length < (extended == 2 ? 126U : 0x10000U)) return broken("a length is not in its shortest form");
    if (head.length >> 63U != 0) return broken("a length has its highest bit set");
  }
  if (head.opcode < kClose && (head.length > max_message_bytes || joined > max_message_bytes - head.length))
    return broken("the message is larger than the limit", CloseCode::kTooLarge);
  result.wanted = head.size + static_cast<std::size_t>(head.length);
  result.head = head;
  return result;
}

FrameDecoder::Event violation(std::string_view detail, CloseCode code) {
  return {FrameDecoder::Kind::kViolation, Opcode::kBinary, static_cast<std::uint16_t>(code), {}, detail};
}

FrameDecoder::Event control_event(std::uint8_t opcode, ByteView payload) {
  using Kind = FrameDecoder::Kind;
  if (opcode != kClose) return {opcode == kPing ? Kind::kPing : Kind::kPong, Opcode::kBinary, 0, payload, {}};
  if (payload.empty()) return {Kind::kClose, Opcode::kBinary, kCloseNoStatus, {}, {}};
  if (payload.size() == 1) return violation("a close frame with half a code", CloseCode::kProtocolError);
  const auto code = static_cast<std::uint16_t>(payload[0] << 8U | payload[1]);
  if (!is_valid_close_code(code)) return violation("a close code that may not be sent", CloseCode::kProtocolError);
  if (!is_valid_utf8(as_text(payload.subspan(2))))
    return violation("a close reason that is not UTF-8", CloseCode::kInvalidPayload);
  return {Kind::kClose, Opcode::kBinary, code, payload.subspan(2), {}};
}

FrameDecoder::Event message_event(std::uint8_t opcode, ByteView payload) {
  if (opcode == kText && !is_valid_utf8(as_text(payload)))
    return violation("a text message that is not UTF-8", CloseCode::kInvalidPayload);
  return {FrameDecoder::Kind::kMessage, static_cast<Opcode>(opcode), 0, payload, {}};
}

}  // namespace

Frame make_frame(Opcode opcode, ByteView payload) { return make_raw_frame(static_cast<std::uint8_t>(opcode), payload); }

Frame make_ping_frame() { return make_raw_frame(kPing, {}); }

Frame make_pong_frame(ByteView payload) {
  return make_raw_frame(kPong, payload.first(std::min(payload.size(), kMaxControlPayloadBytes)));
}

Frame make_close_frame(std::uint16_t code, std::string_view reason) {
  if (code == kCloseNoStatus) return make_raw_frame(kClose, {});
  if (reason.size() > kMaxReasonBytes) {
    std::size_t cut = kMaxReasonBytes;
    while (cut > 0 && (static_cast<unsigned char>(reason[cut]) & 0xc0U) == 0x80U) --cut;
    reason = reason.substr(0, cut);
  }
  Bytes payload{static_cast<std::uint8_t>(code >> 8U), static_cast<std::uint8_t>(code)};
  append(payload, as_bytes(reason));
  return make_raw_frame(kClose, payload);
}

bool is_valid_close_code(std::uint16_t code) {
  if (code >= 3000) return code < 5000;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

void apply_mask(std::span<std::uint8_t> data, const std::uint8_t (&mask)[4]) {
  std::uint64_t word = 0;
  std::memcpy(&word, mask, 4);
  std::memcpy(reinterpret_cast<std::uint8_t*>(&word) + 4, mask, 4);
  std::uint8_t* at = data.data();
  std::size_t left = data.size();
  for (; left >= 8; at += 8, left -= 8) {  // the compiler widens this to vectors
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, at, 8);
    chunk ^= word;
    std::memcpy(at, &chunk, 8);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<std::uint8_t>(at[i] ^ mask[i & 3U]);
}

struct FrameDecoder::Partial {
  Bytes raw;                   // the beginning of a frame
  Bytes message;               // the fragments of a message so far
  std::uint8_t opcode = 0;     // of the fragmented message; 0: there is none
  bool raw_delivered = false;  // the last event's payload is a view of it: dropped at the next call
  bool message_delivered = false;
};

FrameDecoder::FrameDecoder() = default;
FrameDecoder::~FrameDecoder() = default;
FrameDecoder::FrameDecoder(FrameDecoder&&) noexcept = default;
FrameDecoder& FrameDecoder::operator=(FrameDecoder&&) noexcept = default;

FrameDecoder::Partial& FrameDecoder::partial() {
  if (!partial_) partial_ = std::make_unique<Partial>();
  return *partial_;
}

void FrameDecoder::release_delivered() {
  if (!partial_) return;
  if (partial_->raw_delivered) {
    partial_->raw = Bytes();
    partial_->raw_delivered = false;
  }
  if (partial_->message_delivered) {
    partial_->message = Bytes();
    partial_->message_delivered = false;
    partial_->opcode = 0;
  }
  if (partial_->raw.empty() && partial_->opcode == 0) partial_.reset();
}

FrameDecoder::Event FrameDecoder::next(std::span<std::uint8_t>& input, std::size_t max_message_bytes) {
  for (;;) {
    release_delivered();
    // Where a frame has begun in an earlier input, it is completed in `raw`; otherwise it is read where it
    // lies.
    const bool from_raw = partial_ && !partial_->raw.empty();
    const bool fragmented = partial_ && partial_->opcode != 0;
    const std::size_t joined = fragmented ? partial_->message.size() : 0;
    Inspection seen;
    std::span<std::uint8_t> frame = input;
    if (from_raw) {
      Bytes& raw = partial_->raw;
      for (;;) {
        seen = inspect(raw, fragmented, joined, max_message_bytes);
        if (!seen.violation.empty() || raw.size() >= seen.wanted || input.empty()) break;
        const std::size_t take = std::min(seen.wanted - raw.size(), input.size());
        append(raw, input.first(take));
        input = input.subspan(take);
      }
      frame = raw;
    } else {
      seen = inspect(frame, fragmented, joined, max_message_bytes);
    }
    if (!seen.violation.empty()) return violation(seen.violation, seen.code);
    if (frame.size() < seen.wanted) {
      if (!input.empty()) append(partial().raw, input);
      input = {};
      return {};
    }

    const Head& head = seen.head;
    const auto payload = frame.subspan(head.size, static_cast<std::size_t>(head.length));
    apply_mask(payload, *reinterpret_cast<const std::uint8_t(*)[4]>(frame.data() + head.size - 4));
    if (from_raw) {
      partial_->raw_delivered = true;
    } else {
      input = input.subspan(seen.wanted);
    }
    if (head.opcode >= kClose) return control_event(head.opcode, payload);
    if (head.fin && !fragmented) return message_event(head.opcode, payload);
    Partial& state = partial();
    if (!fragmented) state.opcode = head.opcode;
    append(state.message, payload);
    if (head.fin) {
      state.message_delivered = true;
      return message_event(state.opcode, state.message);
    }
  }
}

}  // namespace concord::net
