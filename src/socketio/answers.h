#pragma once
// What Engine.IO's HTTP requests are answered with.

#include <string>

#include "net/http.h"

namespace concord::socketio {

/// Why a request is refused, by the protocol's numbers.
enum class Refusal : std::uint8_t {
  kUnknownTransport = 0,
  kUnknownSession = 1,
  kBadHandshakeMethod = 2,
  kBadRequest = 3,
  kForbidden = 4,
  kUnsupportedProtocol = 5,
};

/// 400 (403 where it is forbidden) with {"code": …, "message": …}.
net::Response refusal(Refusal why);
net::Response text_answer(std::string body);

}  // namespace concord::socketio
