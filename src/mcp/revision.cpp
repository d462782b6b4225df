#include "mcp/revision.h"

#include <algorithm>

#include "crypto/base64.h"
#include "json/writer.h"

namespace concord::mcp {

namespace {

constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view kStateless = kVersions.front();
constexpr std::size_t kMaxVersionBytes = 64;

std::unexpected<RpcError> refuse(int code, std::string message) {
  return std::unexpected(RpcError{code, std::move(message)});
}

/// The object `_meta`, where there is one.
std::optional<json::Object> meta_of(const Message& message) {
  auto meta = message.params.object("_meta");
  if (!meta) return std::nullopt;
  return std::move(*meta);
}

std::expected<void, RpcError> check_headers(const Message& message, const Headers& headers) {
  if (headers.method != message.method)
    return refuse(kHeaderMismatch, "the header Mcp-Method must be the message's method");
  if (message.method != "tools/call") return {};
  const auto name = message.params.text("name", {.least = 1, .most = kMaxMethodBytes, .any_character = true});
  if (!name) return {};  // told as what it is, a fault of the parameters
  const auto given = decode_header(headers.name);
  if (!given || *given != *name) return refuse(kHeaderMismatch, "the header Mcp-Name must be params.name");
  return {};
}

/// Of a message that carries its version, or whose header says that it should.
std::expected<Revision, RpcError> stateless_revision(const Message& message, const Headers& headers,
                                                     const std::optional<json::Object>& meta) {
  if (!meta) return refuse(kInvalidParams, "params._meta is required");
  const auto version = meta->text(kVersionKey, {.least = 1, .most = kMaxVersionBytes});
  if (!version) return refuse(kInvalidParams, "params._meta: " + version.error().message);
  if (headers.version != *version)
    return refuse(kHeaderMismatch, "the header MCP-Protocol-Version must be the version in params._meta");
  if (*version != kStateless) {
    if (const auto older = parse_revision(*version)) return *older;
    return std::unexpected(unsupported_version(*version));
  }
  if (const auto capabilities = meta->object(kCapabilitiesKey); !capabilities)
    return refuse(kInvalidParams, "params._meta: " + capabilities.error().message);
  if (auto agreed = check_headers(message, headers); !agreed) return std::unexpected(agreed.error());
  return Revision::k20260728;
}

}  // namespace

std::optional<Revision> parse_revision(std::string_view version) {
  if (version == "2026-07-28") return Revision::k20260728;
  if (version == "2025-11-25") return Revision::k20251125;
  if (version == "2025-06-18") return Revision::k20250618;
  return std::nullopt;
}

RpcError unsupported_version(std::string_view requested) {
  json::Writer data;
  data.begin_object().key("supported").begin_array();
  for (const std::string_view version : kVersions) data.text(version);
  data.end().field("requested", requested).end();
  return {kUnsupportedProtocolVersion, "Unsupported protocol version", 400, std::move(data).take()};
}

std::optional<std::string> decode_header(std::string_view value) {
  constexpr std::string_view kBefore = "=?base64?";
  constexpr std::string_view kAfter = "?=";
  if (!value.starts_with(kBefore) || !value.ends_with(kAfter) || value.size() < kBefore.size() + kAfter.size())
    return std::string(value);
  value.remove_prefix(kBefore.size());
  value.remove_suffix(kAfter.size());
  if (value.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && value.ends_with('='); ++padding) value.remove_suffix(1);
  const auto bytes = crypto::base64_decode_unpadded(value);
  if (!bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

std::expected<Revision, RpcError> revision_of(const Message& message, const Headers& headers) {
  const auto meta = meta_of(message);
  if (headers.version == kStateless || (meta && meta->raw(kVersionKey) != nullptr))
    return stateless_revision(message, headers, meta);
  if (message.method == "initialize") return Revision::k20251125;  // its parameters say which
  if (headers.version.empty()) return Revision::k20251125;
  if (const auto revision = parse_revision(headers.version)) return *revision;
  return std::unexpected(unsupported_version(headers.version.substr(0, kMaxVersionBytes)));
}

}  // namespace concord::mcp
