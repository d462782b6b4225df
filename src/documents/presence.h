#pragma once
// Who is at a document and who was, as it lies on the bus: written by the node that has the document
// (presence_mirror.h), read by any. Keys and values, of lib0's variable-length integers and strings:
//
//   presence/<document>/<client>   version 1, principal, state, since and renewed in milliseconds of Unix time
//   sessions/<document>            version 1, count of open sessions
//   seen/<document>                version 1, count, for each a principal and when it was last there, newest first
//
// All expire: presence soon after its client's time is up, the count with the node that keeps it, the last one after
// LAST_SEEN_DAYS. What another version wrote, or is malformed, counts as not there.

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "engines/bus.h"

namespace concord::documents {

struct Presence {
  struct Client {
    std::uint64_t id = 0;
    std::string principal;  // whose session last spoke for it
    std::string state;      // a JSON object
    std::int64_t since_ms = 0;
    std::int64_t seen_ms = 0;
  };
  /// A principal's last time there: of one who is there, when that was last noted.
  struct Visit {
    std::string principal;
    std::int64_t last_ms = 0;
    bool operator==(const Visit&) const = default;
  };
  std::vector<Client> clients;  // by identifier
  std::size_t sessions = 0;     // open ones, of every dialect, also those whose clients say nothing
  std::vector<Visit> seen;      // newest first
};

/// Of a document; at most `max_clients`, and visits after `visits_since_ms`.
Task<Presence> read_presence(engines::Bus& bus, DocumentId document, std::size_t max_clients,
                             std::int64_t visits_since_ms);

/// Whether a client's state says that somebody types there: `"typing": true`.
bool is_typing(std::string_view state);

constexpr std::size_t kMostVisits = 1'000;  // of a document

namespace presence_keys {
std::string client(DocumentId document, std::uint64_t client);
std::string sessions(DocumentId document);
std::string seen(DocumentId document);
}  // namespace presence_keys

Bytes encode_client(const Presence::Client& client);
Bytes encode_sessions(std::size_t count);
Bytes encode_visits(const std::vector<Presence::Visit>& visits);
std::vector<Presence::Visit> decode_visits(ByteView value);
/// The newest of each principal, newest first, without those until `since_ms`; at most kMostVisits.
std::vector<Presence::Visit> merge_visits(std::vector<Presence::Visit> visits, std::int64_t since_ms);

}  // namespace concord::documents
