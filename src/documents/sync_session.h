#pragma once
// A live session in the y-protocols dialect: one WebSocket that speaks about one document (docs/protocols/sync.md).

#include <string>
#include <string_view>

#include "documents/live_session.h"
#include "documents/sync_protocol.h"

namespace concord::documents {

/// What the upgrade carries to the shard's reactor.
struct SyncRequest {
  SessionRequest session;
  std::string token;  // empty: the first message will bring it
  bool wants_saved = false;
  bool wants_access = false;  // to be told by a message of its own when that changes
};

class SyncSession final : public LiveSession {
 public:
  SyncSession(LiveSessions& sessions, net::WebSocket& socket, const SyncRequest& request);

  void on_message(net::Opcode opcode, ByteView payload);
  void on_close();
  /// A token that came with the upgrade.
  void show(std::string token) { sign_in(std::move(token)); }

  void on_drained() { catch_up(shard().clock().monotonic_ns()); }

 private:
  void deliver(Published& what) override;
  std::size_t unsent_bytes() const override { return socket_ == nullptr ? 0 : socket_->queued_bytes(); }
  void close(net::CloseCode code, std::string_view reason) override;
  void opened() override;
  void handle(ByteView bytes) override;
  void tell_missing(const crdt::StateVector& of_client) override;
  void access_changed(Level before) override;
  void saved() override;
  void refused(const Error& error) override;

  void send(net::Frame frame);
  void end_for(const Error& error);
  void receive_text(ByteView payload);
  void receive_update(ByteView update, bool may_be_known);

  net::WebSocket* socket_;  // null once closed
  std::uint32_t saved_ = 0;
  bool wants_saved_;
  bool wants_access_;
};

}  // namespace concord::documents
