#pragma once
// Which revision of the Model Context Protocol a message is in, and what that revision wants of its headers.
//
// From 2026-07-28 on every request says its version, and the client's capabilities, in `params._meta`, and repeats
// method, name and version in headers that have to agree with it: whoever stands between may go by them. Before, a
// client says `initialize` first; here nothing is remembered of that. Pure.
//
// Source: modelcontextprotocol.io, specification/2026-07-28/basic ("_meta"), basic/versioning,
// basic/transports/streamable-http ("Request Metadata"); specification/2025-11-25/basic/lifecycle.

#include <array>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/json_rpc.h"

namespace concord::mcp {

enum class Revision : std::uint8_t { k20250618, k20251125, k20260728 };

/// Newest first.
constexpr std::array<std::string_view, 3> kVersions{"2026-07-28", "2025-11-25", "2025-06-18"};

std::optional<Revision> parse_revision(std::string_view version);
/// Every request stands for itself, and is answered with a `resultType`.
constexpr bool stateless(Revision revision) { return revision == Revision::k20260728; }

/// Header fields of a request; empty where they are absent.
struct Headers {
  std::string_view version{};  // MCP-Protocol-Version
  std::string_view method{};   // Mcp-Method
  std::string_view name{};     // Mcp-Name
};

/// kInvalidParams, kHeaderMismatch or kUnsupportedProtocolVersion, all with status 400.
std::expected<Revision, RpcError> revision_of(const Message& message, const Headers& headers);

/// A header's value, which may be "=?base64?…?="; nullopt where that is damaged.
std::optional<std::string> decode_header(std::string_view value);

RpcError unsupported_version(std::string_view requested);

}  // namespace concord::mcp
