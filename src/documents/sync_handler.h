#pragma once
// The live sessions of one shard: signs them in, opens their documents, ends the ones whose time is up. The WebSocket
// handler of every socket that the upgrade sends to this shard's reactor.

#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

#include "documents/document_shard.h"
#include "documents/sync_session.h"
#include "identity/identity.h"
#include "net/websocket.h"

namespace concord::documents {

class SyncHandler final : public net::WebSocketHandler {
 public:
  SyncHandler(DocumentShard& shard, access::Access& access, identity::Identity& identity, Logger logger);

  void on_open(net::WebSocket& socket, std::shared_ptr<void> state) override;
  void on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) override;
  void on_close(net::WebSocket& socket, std::uint16_t code) override;

  DocumentShard& shard() { return shard_; }

  /// Signs the session in with `token`; opens its document if that has not happened yet.
  void sign_in(SyncSession& session, std::string token);
  /// Frees the session if nothing refers to it any more.
  void release(SyncSession& session);
  /// Ends what a sign-in that has ended has open. On the shard's reactor.
  void sign_in_ended(identity::SessionId sign_in);
  /// What principals may do with the document, or with any, has changed: its sessions follow. On the shard's reactor.
  void access_changed(std::optional<DocumentId> document);
  asio::awaitable<void> close();

 private:
  asio::awaitable<void> ask_anew();
  asio::awaitable<void> ask_anew(std::uint64_t number);
  asio::awaitable<void> open(SyncSession& session, std::string token);
  Task<> try_open(SyncSession& session, std::string token);
  Result<> still_signed_in(const SyncSession& session) const;
  void sweep(std::int64_t now_ns);

  DocumentShard& shard_;
  access::Access& access_;
  identity::Identity& identity_;
  Logger logger_;
  TaskScope tasks_;
  std::unordered_map<std::uint64_t, std::unique_ptr<SyncSession>> sessions_;
  std::uint64_t next_number_ = 1;  // 0 stands for writes that come from no session
  std::int64_t swept_ns_ = 0;
  std::set<std::uint64_t> to_ask_;  // sessions whose access is to be asked anew
  bool asking_ = false;
};

}  // namespace concord::documents
