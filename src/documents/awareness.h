#pragma once
// Presence of a document's clients, as y-protocols' awareness has it: per client id a clock and a JSON state. Never in
// the log. Times are of a monotonic clock. Source of the format and of the clock rule: y-protocols PROTOCOL.md and
// awareness.js.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::documents {

struct AwarenessLimits {
  std::size_t max_clients = 20'000;         // of a document
  std::size_t max_state_bytes = 8u << 10u;  // one client's JSON
  std::size_t max_entries = 256;            // of one message
  std::int64_t timeout_ms = 30'000;         // who is not heard of for so long is gone; clients renew every 15 s
};

class Awareness {
 public:
  explicit Awareness(AwarenessLimits limits) : limits_(limits) {}

  /// Takes in an awareness update from session number `session` and returns the entries that were news, encoded to be
  /// passed on; empty where there were none. Malformed or over a limit: an error, and nothing is changed.
  Result<Bytes> apply(ByteView update, std::uint64_t session, std::int64_t now_ns);

  /// The session is gone: its clients' states become null. Returns that as an update, empty where it had none.
  Bytes remove_session(std::uint64_t session);

  /// States that were not renewed in time become null. Returns that as an update, empty where there were none.
  Bytes expire(std::int64_t now_ns);

  /// A client that is here. Times are monotonic.
  struct Present {
    std::uint64_t client = 0;
    std::uint64_t session = 0;  // that last spoke for it
    std::string state;          // a JSON object, as the client gave it
    std::int64_t since_ns = 0;
    std::int64_t renewed_ns = 0;
  };
  std::vector<Present> present() const;
  /// The session that speaks for a client; 0 where that is not here.
  std::uint64_t session_of(std::uint64_t client) const;

  /// How long what was taken of a client is good for, before what is new of it is wanted.
  struct Pace {
    std::int64_t changed_ns = 0;  // where it says something else
    std::int64_t renewed_ns = 0;  // where it says the same again
  };
  struct Changes {
    std::vector<Present> changed;
    std::vector<std::uint64_t> gone;  // before `changed`: one may be back
    bool empty() const { return changed.empty() && gone.empty(); }
  };
  /// What is new since the last call: for who keeps a copy. What a client's pace does not allow yet stays for a later
  /// call.
  Changes take_changes(std::int64_t now_ns, Pace pace);

  /// All states, as one update; empty where there are none.
  Bytes encode() const;

  std::size_t size() const { return clients_.size(); }

 private:
  struct Client {
    std::uint64_t clock = 0;
    std::uint64_t session = 0;
    std::string state;  // JSON
    std::int64_t since_ns = 0;
    std::int64_t renewed_ns = 0;
    std::int64_t taken_ns = 0;  // by take_changes; 0: never
    bool says_new = true;       // since then
    bool listed = false;        // in changed_
  };
  using Clients = std::map<std::uint64_t, Client>;
  void renew(Clients::value_type& known, Client now);
  Clients::iterator forget(Clients::iterator client);
  template <class Which>
  Bytes remove(Which which);

  AwarenessLimits limits_;
  Clients clients_;
  std::set<std::uint64_t> changed_, gone_;  // since take_changes; of gone_, none that it never told
};

}  // namespace concord::documents
