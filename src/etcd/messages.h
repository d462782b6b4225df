#pragma once
// What is said to etcd and answered, as plain values; transport.h carries them, etcd.proto is their form on the wire.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engines/leases.h"

namespace concord::etcd {

/// Of the whole store: each transaction that writes has the next one. 0: none.
struct Revision {
  std::int64_t value = 0;
  auto operator<=>(const Revision&) const = default;
};

using engines::LeaseId;

struct KeyValue {
  std::string key;
  std::string value;
  Revision revision;  // of its last put
  LeaseId lease;
};

struct RangeReply {
  Revision revision;  // of the store that was read
  std::vector<KeyValue> keys;
  bool more = false;
};
/// A read that a majority confirms to be the newest. kConflict where `revision` has been compacted.
struct RangeRequest {
  using Reply = RangeReply;
  static constexpr const char* kName = "range";
  std::string key;
  std::string end;  // the first key behind the range; empty: `key` alone
  std::int64_t limit = 1;
  Revision revision;  // none: the newest
};

struct PutReply {
  bool put = false;
  Revision revision;              // of the put
  std::optional<KeyValue> found;  // what stood there, where nothing was put
};
/// Puts, in one transaction, where the key's last put was at `expected` (none: where there is no such key). kNotFound
/// where there is no such lease.
struct PutRequest {
  using Reply = PutReply;
  static constexpr const char* kName = "put";
  std::string key;
  std::string value;
  LeaseId lease;
  Revision expected;
};

struct GrantReply {
  std::int64_t ttl_s = 0;  // may be longer than what was asked
};
/// kConflict where there is such a lease.
struct GrantRequest {
  using Reply = GrantReply;
  static constexpr const char* kName = "grant";
  LeaseId lease;
  std::int64_t ttl_s = 0;
};

struct KeepAliveReply {
  std::int64_t ttl_s = 0;  // from now; 0: there is no such lease
};
struct KeepAliveRequest {
  using Reply = KeepAliveReply;
  static constexpr const char* kName = "keep_alive";
  LeaseId lease;
};

struct RevokeReply {};
/// Ends a lease, and with it the keys that it holds. kNotFound where there is no such lease.
struct RevokeRequest {
  using Reply = RevokeReply;
  static constexpr const char* kName = "revoke";
  LeaseId lease;
};

struct AuthenticateReply {
  std::string token;
};
struct AuthenticateRequest {
  using Reply = AuthenticateReply;
  static constexpr const char* kName = "authenticate";
  std::string user;
  std::string password;
};

struct WatchRequest {
  std::string key;
  std::string end;
  Revision from;  // the first one that is told
};

struct WatchEvent {
  bool deleted = false;
  KeyValue key;  // of a deletion: the key and the revision of it
};
struct WatchReply {
  Revision revision;  // of the store
  bool created = false;
  bool canceled = false;
  bool compacted = false;  // with `canceled`: `from` is not kept any more
  std::string reason;      // with `canceled`
  std::vector<WatchEvent> events;
};

/// The first key behind all that begin with `prefix`; one zero byte, which stands for the end of all keys, where there
/// is none.
std::string end_of_prefix(std::string prefix);

}  // namespace concord::etcd
