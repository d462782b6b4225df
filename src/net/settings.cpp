#include "net/settings.h"

#include <array>
#include <charconv>

namespace concord::net {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kHourMs = 3'600'000;

const std::array kSettings{
    Setting{.name = "ADDR",
            .fallback = "127.0.0.1:8080",
            .least = 1,
            .most = 255,
            .meaning = "The address to listen on, as host:port; port 0 picks a free one."},
    Setting{
        .name = "TLS",
        .fallback = "files",
        .meaning =
            "Where the certificate comes from: the files that are named below, or self-signed: the hub makes one for "
            "the local network, keeps it in DATA and prints its fingerprint.",
        .choices = {"files", "self-signed"}},
    Setting{.name = "TLS_CERT_FILE",
            .meaning = "A PEM file with the certificate chain for TLS 1.3; empty means plain HTTP."},
    Setting{.name = "TLS_KEY_FILE", .meaning = "The PEM file with the certificate's private key."},
    Setting{.name = "MAX_CONNECTIONS",
            .type = SettingType::kInteger,
            .fallback = "100000",
            .least = 1,
            .most = 100'000'000,
            .meaning = "Open connections, WebSockets included; further ones are answered 503."},
    Setting{.name = "RECONNECTS_PER_SECOND",
            .type = SettingType::kInteger,
            .fallback = "3333",
            .least = 1,
            .most = 100'000'000,
            .meaning = "How many of the clients whose connections the hub ends are told to come back in each second."},
    Setting{.name = "HTTP_MAX_HEADER_BYTES",
            .type = SettingType::kInteger,
            .fallback = "16384",
            .least = kKiB,
            .most = kMiB,
            .meaning = "The most bytes of a request line and its headers."},
    Setting{.name = "HTTP_MAX_BODY_BYTES",
            .type = SettingType::kInteger,
            .fallback = "8388608",
            .least = kKiB,
            .most = 1024 * kMiB,
            .meaning = "The most bytes of a request's body where its route has no limit of its own."},
    Setting{.name = "HTTP_HEADER_TIMEOUT_MS",
            .type = SettingType::kInteger,
            .fallback = "10000",
            .least = 10,
            .most = kHourMs,
            .meaning = "How long a client may take for a request's head, and for the TLS handshake."},
    Setting{.name = "HTTP_BODY_TIMEOUT_MS",
            .type = SettingType::kInteger,
            .fallback = "60000",
            .least = 10,
            .most = kHourMs,
            .meaning = "How long a client may take for a request's body, or take nothing of a response."},
    Setting{.name = "HTTP_KEEP_ALIVE_TIMEOUT_MS",
            .type = SettingType::kInteger,
            .fallback = "60000",
            .least = 10,
            .most = kHourMs,
            .meaning = "How long a connection may wait for its next request."},
    Setting{.name = "WEBSOCKET_MAX_MESSAGE_BYTES",
            .type = SettingType::kInteger,
            .fallback = "8388608",
            .least = kKiB,
            .most = 1024 * kMiB,
            .meaning = "The most bytes of a WebSocket message, fragments joined; a larger one closes with 1009."},
    Setting{.name = "WEBSOCKET_MAX_QUEUE_BYTES",
            .type = SettingType::kInteger,
            .fallback = "4194304",
            .least = kKiB,
            .most = 1024 * kMiB,
            .meaning = "The most unsent bytes of a WebSocket before it is closed with 4408 as too slow."},
    Setting{.name = "WEBSOCKET_PING_MS",
            .type = SettingType::kInteger,
            .fallback = "30000",
            .least = 20,
            .most = kHourMs,
            .meaning = "Silence of a WebSocket after which it is pinged; after twice of it the connection is cut."},
    Setting{.name = "WEBSOCKET_CLOSE_TIMEOUT_MS",
            .type = SettingType::kInteger,
            .fallback = "5000",
            .least = 20,
            .most = kHourMs,
            .meaning = "How long the other side may take to answer a WebSocket's close."},
};

std::unexpected<Error> bad_address(const std::string& address) {
  return fail(
      Error{Code::kInvalidArgument, "ADDR must be host:port with a port from 0 to 65535, not " + address, {}}.with(
          "field", "ADDR"));
}

/// "host:port", "[v6]:port" or ":port" for every address.
Result<> split_address(const std::string& address, ServerOptions& options) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return bad_address(address);
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    return bad_address(address);
  const char* end = address.data() + address.size();
  const auto [stopped, error] = std::from_chars(address.data() + colon + 1, end, options.port);
  if (error != std::errc() || stopped != end) return bad_address(address);
  options.host = host.empty() ? "::" : host;
  return {};
}

std::size_t size_of(const Config& config, std::string_view name) {
  return static_cast<std::size_t>(config.integer(name));
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

Result<ServerOptions> from_config(const Config& config) {
  ServerOptions options;
  TRY_VOID(split_address(config.string("ADDR"), options));
  options.tls_certificate_file = config.string("TLS_CERT_FILE");
  options.tls_key_file = config.string("TLS_KEY_FILE");
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty())
    return fail(Error{Code::kInvalidArgument, "TLS_CERT_FILE and TLS_KEY_FILE must be set together", {}}.with(
        "field", options.tls_key_file.empty() ? "TLS_KEY_FILE" : "TLS_CERT_FILE"));
  options.tls_self_signed = config.string("TLS") == "self-signed";
  if (options.tls_self_signed && !options.tls_certificate_file.empty())
    return fail(Error{Code::kInvalidArgument, "TLS is self-signed and TLS_CERT_FILE is set: which is it", {}}.with(
        "field", "TLS"));
  options.max_connections = size_of(config, "MAX_CONNECTIONS");
  options.max_header_bytes = size_of(config, "HTTP_MAX_HEADER_BYTES");
  options.max_body_bytes = size_of(config, "HTTP_MAX_BODY_BYTES");
  options.header_timeout_ms = config.integer("HTTP_HEADER_TIMEOUT_MS");
  options.body_timeout_ms = config.integer("HTTP_BODY_TIMEOUT_MS");
  options.keep_alive_timeout_ms = config.integer("HTTP_KEEP_ALIVE_TIMEOUT_MS");
  options.max_frame_bytes = size_of(config, "WEBSOCKET_MAX_MESSAGE_BYTES");
  options.max_queue_bytes = size_of(config, "WEBSOCKET_MAX_QUEUE_BYTES");
  options.websocket_ping_ms = config.integer("WEBSOCKET_PING_MS");
  options.websocket_close_timeout_ms = config.integer("WEBSOCKET_CLOSE_TIMEOUT_MS");
  return options;
}

}  // namespace concord::net
