#pragma once
// Who wants a live session on what, and what a client is told that an error ended it with.

#include <string>

#include "base/id.h"
#include "base/result.h"
#include "net/websocket.h"

namespace concord::documents {

struct SessionRequest {
  DocumentId document;
  std::string address;     // of who asks
  std::string request_id;  // of the upgrade
};

net::CloseCode close_code(const Error& error);

}  // namespace concord::documents
