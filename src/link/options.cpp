#include "link/options.h"

#include <array>

#include "link/address.h"

namespace concord::link {
namespace {

constexpr std::int64_t kMiB = 1024LL * 1024;

const std::array kSettings{
    Setting{.name = "NODE_LISTEN",
            .most = 255,
            .meaning = "The address on which this node takes connections of other nodes of the hub, as host:port; "
                       "empty: it is the only node."},
    Setting{.name = "NODE_ADDRESS",
            .most = 255,
            .meaning = "Where other nodes reach this one, as host:port; empty: NODE_LISTEN, which must not be a "
                       "wildcard then."},
    Setting{.name = "NODE_CA",
            .meaning = "A PEM file with the authority that signed the certificates of all nodes of the hub "
                       "(`concord node-certificate` makes it)."},
    Setting{.name = "NODE_CERTIFICATE",
            .meaning = "A PEM file with this node's certificate, which names it (URI concord-node:NODE_NAME)."},
    Setting{.name = "NODE_KEY", .meaning = "The PEM file with the certificate's private key."},
    Setting{.name = "NODE_CONNECT_TIMEOUT_MS",
            .type = SettingType::kInteger,
            .fallback = "5000",
            .least = 50,
            .most = 60'000,
            .meaning = "How long what is for another node waits until that one is reached."},
    Setting{.name = "NODE_PING_MS",
            .type = SettingType::kInteger,
            .fallback = "1000",
            .least = 10,
            .most = 60'000,
            .meaning = "How often a connection between nodes is asked whether it still works."},
    Setting{.name = "NODE_SILENCE_MS",
            .type = SettingType::kInteger,
            .fallback = "5000",
            .least = 20,
            .most = 600'000,
            .meaning = "A connection on which nothing was heard for so long has broken; at least two NODE_PING_MS."},
    Setting{.name = "NODE_MAX_MESSAGE_BYTES",
            .type = SettingType::kInteger,
            .fallback = "67108864",
            .least = kMiB,
            .most = 1024 * kMiB,
            .meaning = "The most bytes of one message between nodes; the same on all of them."},
    Setting{.name = "NODE_MAX_STREAM_BYTES",
            .type = SettingType::kInteger,
            .fallback = "134217728",
            .least = kMiB,
            .most = 2048 * kMiB,
            .meaning = "The most bytes on their way on one stream between nodes; one more ends the stream."},
    Setting{.name = "NODE_MAX_QUEUE_BYTES",
            .type = SettingType::kInteger,
            .fallback = "268435456",
            .least = kMiB,
            .most = 65'536 * kMiB,
            .meaning = "The most bytes that wait to be sent on one connection between nodes; more ends it."},
};

std::unexpected<Error> wrong(std::string_view setting, const std::string& what) {
  return fail(Error{Code::kInvalidArgument, std::string(setting) + ": " + what, {{"field", std::string(setting)}}});
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

Result<LinkOptions> from_config(const Config& config, std::string node) {
  LinkOptions options{.node = std::move(node)};
  const std::string& listen = config.string("NODE_LISTEN");
  if (listen.empty()) return options;
  options.enabled = true;
  auto place = parse_address(listen);
  if (!place) return wrong("NODE_LISTEN", place.error().message);
  options.host = place->host;
  options.port = place->port;
  options.address = config.string("NODE_ADDRESS");
  if (options.address.empty() && is_wildcard(options.host))
    return wrong("NODE_ADDRESS", "is needed where NODE_LISTEN is \"" + listen + "\", which cannot be dialled");
  if (!options.address.empty()) {
    if (auto reached = parse_address(options.address); !reached) return wrong("NODE_ADDRESS", reached.error().message);
  }
  options.ca_file = config.string("NODE_CA");
  options.certificate_file = config.string("NODE_CERTIFICATE");
  options.key_file = config.string("NODE_KEY");
  for (const std::string_view name : {"NODE_CA", "NODE_CERTIFICATE", "NODE_KEY"}) {
    if (config.string(name).empty()) return wrong(name, "is needed where NODE_LISTEN is set");
  }
  options.connect_timeout_ms = config.integer("NODE_CONNECT_TIMEOUT_MS");
  options.ping_ms = config.integer("NODE_PING_MS");
  options.silence_ms = config.integer("NODE_SILENCE_MS");
  if (options.silence_ms < 2 * options.ping_ms)
    return wrong("NODE_SILENCE_MS", std::to_string(options.silence_ms) + " is less than two NODE_PING_MS of " +
                                        std::to_string(options.ping_ms));
  options.max_message_bytes = static_cast<std::size_t>(config.integer("NODE_MAX_MESSAGE_BYTES"));
  options.max_stream_bytes = static_cast<std::size_t>(config.integer("NODE_MAX_STREAM_BYTES"));
  options.max_connection_bytes = static_cast<std::size_t>(config.integer("NODE_MAX_QUEUE_BYTES"));
  return options;
}

}  // namespace concord::link
