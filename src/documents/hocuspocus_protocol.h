#pragma once
// The Hocuspocus dialect: what one binary WebSocket message says. Several documents share a socket: a message begins
// with the key of its document. Sources: @hocuspocus/provider and @hocuspocus/server 4 (types.ts, MessageReceiver.ts,
// common/auth.ts, common/routingKey.ts); docs/protocols/hocuspocus.md.
//
//   key        var string: the document's identifier; or that, a NUL, and the name of one of several sessions
//   type       varuint, then by type:
//   0 sync, 4 sync reply   varuint step (0: state vector, 1: answer to it, 2: update), var bytes
//   1 awareness            var bytes (an awareness update)
//   2 auth                 varuint (0: token, 1: denied, 2: authenticated), var string token | reason | scope; behind a
//                          client's token the version of its provider, var string
//   3 query awareness      nothing
//   5 stateless            var string
//   6 broadcast stateless  var string; between the servers of others, refused from clients
//   7 close                from a client nothing, to it var string reason
//   8 sync status          varuint 1: the oldest unanswered change is durable, 0: it was refused
//
// A message of the one byte 9 is a ping and of the one byte 10 a pong, of the whole socket.

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "net/websocket.h"

namespace concord::documents::hocuspocus {

enum class Type : std::uint8_t {
  kSync = 0,
  kAwareness = 1,
  kAuth = 2,
  kQueryAwareness = 3,
  kSyncReply = 4,
  kStateless = 5,
  kBroadcastStateless = 6,
  kClose = 7,
  kSyncStatus = 8,
  kPing = 9,
  kPong = 10,
};

/// A message of the whole socket.
bool is_ping(ByteView message);
bool is_pong(ByteView message);

/// Which document a message is about. Borrowed from the message.
struct Envelope {
  std::string_view key;
  Type type;
  ByteView body;  // from the type on: what `parse` takes
};

constexpr std::size_t kMaxKeyBytes = 160;

/// kInvalidArgument where it is truncated, the key is too long or the type is not one of a document's.
Result<Envelope> open_envelope(ByteView message);

/// The halves of a key; `session` is empty where it names none.
struct Key {
  std::string_view document;
  std::string_view session;
};
Key split_key(std::string_view key);

enum class Kind : std::uint8_t { kStateVector, kAnswer, kUpdate, kAwareness, kToken, kQueryAwareness, kStateless };

/// What a client says about a document, but a close. Borrowed from the body.
struct Message {
  Kind kind;
  bool asks_back = true;          // of kStateVector: the other's state vector is wanted with the answer
  ByteView payload;               // of a sync or awareness message
  std::string_view text;          // the token, or what is stateless
  std::string_view version = {};  // of kToken: the provider's; empty where it tells none
};

/// kInvalidArgument for what a client may not send, truncation, or bytes after the end.
Result<Message> parse(ByteView body);

net::Frame state_vector_frame(std::string_view key, ByteView state_vector);
net::Frame answer_frame(std::string_view key, ByteView update);
net::Frame update_frame(std::string_view key, ByteView update);
net::Frame awareness_frame(std::string_view key, ByteView update);
net::Frame stateless_frame(std::string_view key, std::string_view payload);
net::Frame authenticated_frame(std::string_view key, bool may_write);
net::Frame denied_frame(std::string_view key, std::string_view reason);
/// Asks the provider for a token: as it is now, where that changes.
net::Frame token_wanted_frame(std::string_view key);
net::Frame close_frame(std::string_view key, std::string_view reason);
net::Frame sync_status_frame(std::string_view key, bool saved);
net::Frame ping_frame();
net::Frame pong_frame();

}  // namespace concord::documents::hocuspocus
