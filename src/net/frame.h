#pragma once
// The RFC 6455 framing of the server's side, as pure functions of bytes.
//
//   byte 0   FIN 1 | RSV 3 (must be 0) | opcode 4
//   byte 1   MASK 1 | length 7; 126: 16 bits follow, 127: 64 bits follow, both big-endian and of the least
//   possible width then     4 bytes of mask (clients always, servers never), then the payload

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "net/websocket.h"

namespace concord::net {

constexpr std::size_t kMaxControlPayloadBytes = 125;
/// What on_close reports where the peer's close frame has no code, and where the connection just broke.
constexpr std::uint16_t kCloseNoStatus = 1005;
constexpr std::uint16_t kCloseAbnormal = 1006;

Frame make_ping_frame();
/// At most 125 bytes of `payload`.
Frame make_pong_frame(ByteView payload);
/// At most 123 bytes of `reason` are taken, cut at a character's end. kCloseNoStatus gives an empty close
/// frame.
Frame make_close_frame(std::uint16_t code, std::string_view reason);

/// Whether a peer may send this code in a close frame (section 7.4).
bool is_valid_close_code(std::uint16_t code);

/// XORs `data` with the repeated 4-byte mask.
void apply_mask(std::span<std::uint8_t> data, const std::uint8_t (&mask)[4]);

/// Cuts a client's bytes into messages and control frames. Eight bytes while nothing is partial; a frame
/// whose end has not come, and the joined fragments of a message, are held in buffers that grow with what was
/// received, never with what was declared.
class FrameDecoder {
 public:
  enum class Kind : std::uint8_t { kNeedMore, kMessage, kPing, kPong, kClose, kViolation };
  struct Event {
    Kind kind = Kind::kNeedMore;
    Opcode opcode = Opcode::kBinary;  // of a message
    std::uint16_t code = 0;           // kClose: the peer's, or kCloseNoStatus; kViolation: what to close with
    ByteView payload;                 // of a message, ping or pong; the reason of a close
    std::string_view detail;          // kViolation: which rule, for the close reason and the log
  };

  FrameDecoder();
  ~FrameDecoder();
  FrameDecoder(FrameDecoder&&) noexcept;
  FrameDecoder& operator=(FrameDecoder&&) noexcept;

  /// Takes bytes from the front of `input`, which is unmasked in place, up to the next event. After kNeedMore
  /// `input` is empty. The payload is valid until the next call and while the input's buffer is. After a
  /// kClose or a kViolation the decoder must not be called again.
  Event next(std::span<std::uint8_t>& input, std::size_t max_message_bytes);

  /// Whether a frame or a message is partial, so that a buffer is owned.
  bool is_partial() const { return partial_ != nullptr; }

 private:
  struct Partial;
  Partial& partial();
  void release_delivered();

  std::unique_ptr<Partial> partial_;
};

}  // namespace concord::net
