#include "documents/hocuspocus_channel.h"

#include "documents/hocuspocus_session.h"
#include "documents/hocuspocus_socket.h"

namespace concord::documents {

bool HocuspocusChannel::tell(ByteView body) {
  if (document.reactor().is_current()) {  // nothing to keep
    if (session != nullptr) session->receive_body(body);
    return true;
  }
  if (!to_document.take(body.size())) return false;
  document.post([self = shared_from_this(), body = to_bytes(body)] {
    self->to_document.give_back(body.size());
    if (self->session != nullptr) self->session->receive_body(body);
  });
  return true;
}

void HocuspocusChannel::leave() {
  socket = nullptr;
  document.post([self = shared_from_this()] {
    if (self->session != nullptr) self->session->leave();
  });
}

void HocuspocusChannel::drained() {
  waiting = 0;
  document.post([self = shared_from_this()] {
    if (self->session != nullptr) self->session->drained();
  });
}

bool HocuspocusChannel::send(net::Frame frame) {
  const std::size_t bytes = frame->size();
  if (!to_home.take(bytes)) return false;
  home.post([self = shared_from_this(), frame = std::move(frame), bytes] {
    self->to_home.give_back(bytes);
    if (self->socket == nullptr) return;
    self->socket->send(frame);
    self->waiting = self->socket->unsent_bytes();
  });
  return true;
}

void HocuspocusChannel::opened() {
  home.post([self = shared_from_this()] {
    if (self->socket != nullptr) self->socket->opened(*self);
  });
}

void HocuspocusChannel::ended(net::CloseCode code, std::string_view reason, bool denied) {
  home.post([self = shared_from_this(), code, reason = std::string(reason), denied] {
    if (self->socket != nullptr) self->socket->ended(self, code, reason, denied);
  });
}

}  // namespace concord::documents
