#pragma once
// The part of a Socket.IO connection that is about documents of one shard, which another node serves.

#include <memory>
#include <set>
#include <string>

#include "documents/ot_socket.h"
#include "relay/events.h"

namespace concord::documents {

struct OtSocket::Far {
  link::Peer peer;
  std::shared_ptr<relay::FarEvents> events;
  std::set<std::string> documents;  // that the client has asked to join
};

}  // namespace concord::documents
