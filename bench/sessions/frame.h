#pragma once
// The client's side of RFC 6455 framing: masks what is sent, cuts what a server sent into messages.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace concord::bench {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

/// Appends a whole masked frame to `out`.
void write_client_frame(Bytes& out, Opcode opcode, ByteView payload);

struct ServerFrame {
  Opcode opcode = Opcode::kBinary;
  ByteView payload;
  std::size_t size = 0;    // of the frame with its head; 0 where the input does not hold all of it
  bool malformed = false;  // fragmented, masked, or with reserved bits: no server here sends that
};

/// The frame that `input` begins with. The payload borrows from `input`.
ServerFrame read_server_frame(ByteView input);

}  // namespace concord::bench
