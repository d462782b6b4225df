#pragma once
// What nodes say to each other for clients, as bytes: requests and their responses, and Socket.IO events.

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http.h"

namespace concord::relay {

/// Without `parameters`, which the far node's router finds again.
Bytes encode(const net::Request& request);
/// kInvalidArgument where it is malformed.
Result<net::Request> decode_request(ByteView bytes);

/// Of one that is no upgrade.
Bytes encode(const net::Response& response);
Result<net::Response> decode_response(ByteView bytes);

/// From the client: an event, with the identifier of its acknowledgement where one is asked for. To the client: an
/// event without one, or, with an empty name, that acknowledgement.
struct Event {
  std::optional<std::uint64_t> id;
  std::string_view name;
  std::string_view argument;  // JSON
};
Bytes encode(const Event& event);
/// Refers to `bytes`.
Result<Event> decode_event(ByteView bytes);

}  // namespace concord::relay
