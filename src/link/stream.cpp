#include "link/stream.h"

#include <cassert>

#include "link/connection.h"

namespace concord::link {

void LinkStream::send(SharedBytes message) {
  if (connection_ != nullptr) connection_->send(*this, std::move(message));
}

void LinkStream::end(std::uint16_t code, std::string_view reason) {
  if (connection_ != nullptr) connection_->end(*this, code, reason);
}

void LinkStream::consumed(std::size_t bytes) {
  assert(bytes <= received);
  received -= bytes;
  if (connection_ != nullptr && bytes > 0) connection_->consumed(*this, bytes);
}

void LinkStream::detach(std::uint16_t code, std::string_view reason) {
  connection_ = nullptr;
  code_ = code;
  reason_ = reason;
}

}  // namespace concord::link
