#pragma once
// What somebody may not do for a while, because of a threat. Time is passed in. One thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "guard/key.h"
#include "guard/threats.h"

namespace concord::guard {

struct LockTag {
  static constexpr std::string_view kPrefix = "lck";
};
using LockId = Id<LockTag>;

/// What is locked.
enum class LockKind : std::uint8_t {
  kSigningIn,  // from an address; or to an account, from where it was not signed in to lately
  kReading,    // documents, by a user
  kAsking,     // for things by their identifiers, by a user or an address
};
std::string_view to_string(LockKind kind);

struct Lock {
  LockId id;
  LockKind kind = LockKind::kSigningIn;
  Key key;              // of whom
  std::string subject;  // the same for people: an address, or a user's identifier; empty: an account that there is not
  ThreatKind why = ThreatKind::kSpraying;
  std::int64_t since_ms = 0;
  std::int64_t until_ms = 0;
};

class Locks {
 public:
  static constexpr std::size_t kMost = 10'000;

  /// Takes the place of one of the same kind on the same key. Beyond kMost the one that ends first makes room.
  void add(Lock lock);
  /// Null where there is none at that time.
  const Lock* find(LockKind kind, const Key& key, std::int64_t now_ms) const;
  /// In the order of their ends.
  std::vector<Lock> list(std::int64_t now_ms) const;
  /// The lock that was taken away; nullopt where there is none.
  std::optional<Lock> remove(LockId id, std::int64_t now_ms);
  std::size_t size() const { return locks_.size(); }
  void forget_ended(std::int64_t now_ms);

 private:
  std::map<std::pair<LockKind, Key>, Lock> locks_;
};

}  // namespace concord::guard
