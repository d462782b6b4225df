#pragma once
// The y-protocols dialect: what one binary WebSocket message of a live session says. Sources: y-protocols PROTOCOL.md,
// sync.js, awareness.js, auth.js; docs/protocols/sync.md.
//
//   message    varuint type, then by type:
//   0 sync     varuint step (0: state vector wanted from, 1: answer to it, 2: update), var bytes
//   1 awareness        var bytes (an awareness update)
//   2 auth             varuint 0 (permission denied), var string reason          server → client
//   3 query awareness  nothing
//   8 saved            varuint count: so many sync messages of step 1 and 2 of this connection are durable
//   9 access           var string level: what the session may do from now on       server → client

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "net/websocket.h"

namespace concord::documents::sync_protocol {

enum class Kind : std::uint8_t { kStateVector, kAnswer, kUpdate, kAwareness, kQueryAwareness };

struct Message {
  Kind kind;
  ByteView payload;  // borrowed from the message; empty for kQueryAwareness
};

/// kInvalidArgument for an unknown type or step, truncation, or bytes after the end.
Result<Message> parse(ByteView message);

net::Frame state_vector_frame(ByteView state_vector);
net::Frame answer_frame(ByteView update);
net::Frame update_frame(ByteView update);
net::Frame awareness_frame(ByteView update);
net::Frame denied_frame(std::string_view reason);
net::Frame saved_frame(std::uint64_t count);
net::Frame access_frame(std::string_view level);

}  // namespace concord::documents::sync_protocol
