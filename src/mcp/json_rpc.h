#pragma once
// JSON-RPC 2.0 as the Model Context Protocol speaks it: one message a request, no batches, an identifier that is a
// string or a whole number and never null.
//
// Source: modelcontextprotocol.io, specification/2026-07-28/basic, "Messages". Pure.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "json/object.h"

namespace concord::mcp {

/// What a request is answered with where it fails as a message of the protocol.
struct RpcError {
  int code = 0;
  std::string message;
  int status = 400;    // of HTTP
  std::string data{};  // JSON; empty: none
};
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;
constexpr int kHeaderMismatch = -32020;
constexpr int kUnsupportedProtocolVersion = -32022;

struct Message {
  std::string id;  // its JSON text; empty: a notification, which has no answer
  std::string method;
  json::Object params;  // empty where there are none
};

/// Why a text is no message, with its identifier where that could be read.
struct Unreadable {
  RpcError error;
  std::string id;
};

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxMethodBytes = 128;

/// kParseError where the text is no JSON within the limits, kInvalidRequest where it is no request or notification.
std::expected<Message, Unreadable> parse_message(std::string_view text, json::Limits limits);

/// `result` is JSON.
std::string result_text(std::string_view id, std::string_view result);
/// Without an identifier where `id` is empty.
std::string error_text(std::string_view id, const RpcError& error);

}  // namespace concord::mcp
