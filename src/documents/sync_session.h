#pragma once
// One live session: a WebSocket that speaks the sync dialect about one document. A small record of the shard's reactor;
// it lives until its socket is closed and no update of its own is on the way to the log.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/id.h"
#include "documents/document_shard.h"
#include "documents/sync_protocol.h"
#include "identity/identity.h"
#include "net/websocket.h"

namespace concord::documents {

class SyncHandler;

/// What the upgrade carries to the shard's reactor.
struct SyncRequest {
  DocumentId document;
  std::string token;  // empty: the first message will bring it
  bool wants_saved = false;
};

class SyncSession {
 public:
  SyncSession(SyncHandler& handler, net::WebSocket& socket, std::uint64_t number, const SyncRequest& request,
              std::int64_t now_ns);

  std::uint64_t number() const { return number_; }
  const identity::Actor& who() const { return who_; }
  identity::SessionId sign_in() const { return sign_in_; }
  DocumentId document() const { return document_; }

  void send(const net::Frame& frame);
  /// Closes the socket; on_close follows from the handler.
  void end(net::CloseCode code, std::string_view reason);
  /// The principal's access may have changed: kNone ends the session, less than write makes it read-only.
  void set_access(const access::Decision& decision);
  bool access_expired(std::int64_t now_wall_ms) const {
    return access_until_ms_ != 0 && now_wall_ms >= access_until_ms_;
  }

  void receive(net::Opcode opcode, ByteView payload);
  void socket_closed();

  /// Ends a session that has not signed in by its deadline, or whose token has expired.
  void check_deadline(std::int64_t now_ns, std::int64_t now_wall_ms);
  /// Whether nothing refers to it any more.
  bool finished() const { return socket_ == nullptr && references_ == 0; }

 private:
  friend class SyncHandler;

  /// What a session holds only until it is open.
  struct Opening {
    std::vector<Bytes> messages;  // arrived before the document was there
    std::size_t bytes = 0;
    bool signing_in = false;
    std::int64_t deadline_ns = 0;
  };

  void receive_text(ByteView payload);
  void dispatch(const sync_protocol::Message& message);
  void receive_update(ByteView update, bool may_be_known);
  void receive_awareness(ByteView update);
  void opened(DocumentShard::Live live, const access::Decision& access);
  void one_saved(Result<> outcome);
  bool within_rate();

  SyncHandler& handler_;
  net::WebSocket* socket_;  // null once closed
  DocumentShard::Live live_;
  std::unique_ptr<Opening> opening_;  // null once open
  DocumentId document_;
  identity::Actor who_;
  identity::SessionId sign_in_;  // which its token is of
  std::uint64_t number_;
  std::int64_t expires_ms_ = 0;
  std::int64_t access_until_ms_ = 0;  // from then on access_ is asked anew; 0: it stays
  std::int64_t rate_ns_ = 0;          // when the message bucket was full (generic cell rate algorithm)
  std::uint32_t saved_ = 0;
  std::uint32_t references_ = 0;  // coroutines and appends that will come back
  Level access_ = Level::kNone;
  bool wants_saved_ = false;
};

}  // namespace concord::documents
