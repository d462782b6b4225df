#pragma once
// What a Socket.IO connection and its session on one document share. The connection lives on its home reactor, the
// session on the reactor of the document's shard; each gives the other work to do by a mailbox. Where both are on one
// reactor, it is a call.

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "base/mailbox.h"

namespace concord::documents {

class OtSession;
class OtSocket;

struct OtChannel : std::enable_shared_from_this<OtChannel> {
  OtChannel(OtSocket& from, Mailbox& home_mailbox, Mailbox& document_mailbox, std::string document_id)
      : home(home_mailbox), document(document_mailbox), id(std::move(document_id)), socket(&from) {}

  Mailbox& home;
  Mailbox& document;
  const std::string id;  // of the document

  OtSocket* socket;              // on the home's reactor; null once either has ended
  OtSession* session = nullptr;  // on the document's; null before it is made and once either has ended

  static constexpr std::size_t kMostToDocument = 16u << 20u;
  static constexpr std::size_t kMostToHome = 32u << 20u;
  MailLoad to_document{kMostToDocument};
  MailLoad to_home{kMostToHome};
  std::atomic<std::size_t> waiting = 0;  // at home: bytes that the client has not fetched, of all its documents,
  std::atomic<bool> looking = false;     // as of the last look; another is under way

  /// From the socket: `work(OtSession&)`, about `bytes` large. False where too much is on its way already.
  template <class Work>
  bool tell(std::size_t bytes, Work work) {
    if (!to_document.take(bytes)) return false;
    document.post([self = shared_from_this(), bytes, work = std::move(work)]() mutable {
      self->to_document.give_back(bytes);
      if (self->session != nullptr) work(*self->session);
    });
    return true;
  }

  // ot_socket.cpp
  /// On the home's reactor: looks at what waits, when what was sent just now has left or not; tells the session once
  /// all has.
  void look();
  /// From the session: what waits. Where that is anything, it is looked at again.
  std::size_t unsent_bytes();

  /// From the session: `work(OtSocket&)`, likewise.
  template <class Work>
  bool answer(std::size_t bytes, Work work) {
    if (!to_home.take(bytes)) return false;
    home.post([self = shared_from_this(), bytes, work = std::move(work)]() mutable {
      self->to_home.give_back(bytes);
      if (self->socket != nullptr) work(*self->socket);
      self->look();
    });
    return true;
  }
};

}  // namespace concord::documents
