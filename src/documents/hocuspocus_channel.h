#pragma once
// What a Hocuspocus socket and its session on one document share. The socket lives on the reactor that it was accepted
// on, its home; the session on the reactor of the document's shard. Each writes to the other's mailbox; what they say
// in one turn arrives in one. Where both are on one reactor, it is a call.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/mailbox.h"
#include "net/websocket.h"

namespace concord::documents {

class HocuspocusSession;
class HocuspocusSocket;

struct HocuspocusChannel : std::enable_shared_from_this<HocuspocusChannel> {
  HocuspocusChannel(HocuspocusSocket& from, Mailbox& home_mailbox, Mailbox& document_mailbox, std::string name)
      : home(home_mailbox), document(document_mailbox), key(std::move(name)), socket(&from) {}

  Mailbox& home;
  Mailbox& document;
  const std::string key;  // what its messages begin with

  // On the socket's reactor.
  HocuspocusSocket* socket;        // null once either has ended
  bool open = false;               // signed in, and the document is there
  std::size_t unopened_bytes = 0;  // sent before that

  // On the session's.
  HocuspocusSession* session = nullptr;  // null before it is made and once either has ended

  // On either.
  static constexpr std::size_t kMostToDocument = 16u << 20u;
  static constexpr std::size_t kMostToHome = 8u << 20u;
  MailLoad to_document{kMostToDocument};
  MailLoad to_home{kMostToHome};
  std::atomic<std::size_t> waiting = 0;  // at home: bytes that the client has not taken, of all its documents

  // hocuspocus_channel.cpp
  /// From the socket: a message of the client's, from its type on. False where too much is on its way already.
  bool tell(ByteView body);
  /// From the socket: the client has left, or is gone. The channel is of no more use.
  void leave();
  /// From the socket: the client has taken all that waited.
  void drained();
  /// From the session: false where too much is on its way already.
  bool send(net::Frame frame);
  /// From the session: it is open.
  void opened();
  /// From the session: it has ended, for `code`; `denied`: what was wrong is the token.
  void ended(net::CloseCode code, std::string_view reason, bool denied);
};

}  // namespace concord::documents
