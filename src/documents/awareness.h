#pragma once
// Presence of a document's clients, as y-protocols' awareness has it: per client id a clock and a JSON state. Never in
// the log. Source of the format and of the clock rule: y-protocols PROTOCOL.md and awareness.js.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::documents {

struct AwarenessLimits {
  std::size_t max_clients = 20'000;         // of a document
  std::size_t max_state_bytes = 8u << 10u;  // one client's JSON
  std::size_t max_entries = 256;            // of one message
};

class Awareness {
 public:
  explicit Awareness(AwarenessLimits limits) : limits_(limits) {}

  /// Takes in an awareness update from session number `session` and returns the entries that were news, encoded to be
  /// passed on; empty where there were none. Malformed or over a limit: an error, and nothing is changed.
  Result<Bytes> apply(ByteView update, std::uint64_t session);

  /// The session is gone: its clients' states become null. Returns that as an update, empty where it had none.
  Bytes remove_session(std::uint64_t session);

  /// All states, as one update; empty where there are none.
  Bytes encode() const;

  std::size_t size() const { return clients_.size(); }

 private:
  struct Client {
    std::uint64_t clock = 0;
    std::uint64_t session = 0;
    std::string state;  // JSON
  };
  AwarenessLimits limits_;
  std::map<std::uint64_t, Client> clients_;
};

}  // namespace concord::documents
