#pragma once
// How an ownership stands in etcd, and what its epoch is.
//
// Key: PREFIX "owners/" NAME. Value, as text: EPOCH " " TTL_S " " OWNER, two decimal numbers and whatever is left. The
// key holds a lease of its own, and is gone with it.
//
// The epoch of an ownership is the revision of the put that took it, which etcd gives to one transaction of the whole
// store: for a name that was free that is the key's creation revision, and where an owner takes again what it holds,
// its next modification. Since a value cannot name the revision that its put will have, EPOCH is 0 then. It is other
// than 0 where the key was put again without a change of hands, to hold it by a lease of another length (TTL_S).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engines/coordination.h"
#include "etcd/messages.h"

namespace concord::etcd {

struct OwnershipRecord {
  std::string name;
  std::string owner;
  engines::Epoch epoch;    // 0 in what is to be taken
  std::int64_t ttl_s = 0;  // as asked of etcd, which may have granted more
  std::string note;
};

std::string key_of(std::string_view prefix, std::string_view name);
std::string encode(const OwnershipRecord& record);
/// nullopt where it is none: something else has written under our prefix.
std::optional<OwnershipRecord> decode(std::string_view prefix, const KeyValue& key);
/// The name that a key of ours stands for.
std::string_view name_of(std::string_view prefix, std::string_view key);

/// What others are told of it: nothing of when it ends, which its owner alone knows.
engines::Ownership ownership_of(const OwnershipRecord& record);

/// Whole seconds, as etcd counts, that are not less than `ttl_ms`, and not more than it takes.
std::int64_t ttl_s_of(std::int64_t ttl_ms);

}  // namespace concord::etcd
