#pragma once
// Each user's keys, wrapped by a master key, as objects among the blobs:
//
//   key      keys/<user>/<generation, 10 digits>-<id of the master key>
//   content  "CKEY" | u8 format = 1 | 12 bytes nonce (random) | the key, sealed with AES-256-GCM: 32 bytes | 16 bytes
//   tag
//            associated data: the object's key
//   key      keys/<user>/destroyed          no content: the user's keys are gone for good
//   key      masters/<id of a master key>   no content: some user's key may be wrapped by it. Made before the first one
//            is, removed once none is: so a start knows what it needs without looking at every user
//
// They are not in the tables, so that no copy of the tables holds them: an archive keeps these objects as they are now
// and nothing of what they were, so that a key that is destroyed here opens nothing anywhere.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "engines/blobs.h"
#include "vault/master_key.h"
#include "vault/sealed.h"

namespace concord::vault {

/// Any reactor. Failures beyond those of the blobs: kNotFound where the user's keys were destroyed; kCorrupt where a
/// wrapped key was changed, or the generation asked for is not there; kInvalidArgument where its master key is not
/// configured.
class UserKeys {
 public:
  /// Of objects "keys/…": whether one is a wrapped key.
  static bool any(std::span<const std::string> objects);
  /// Whether of each generation of each user's keys among the objects one is wrapped by a master key that is known;
  /// kInvalidArgument names a master key that is not. kCorrupt where an object has a foreign name.
  static Result<> check(std::span<const std::string> objects, const MasterKeys& masters);

  UserKeys(engines::Blobs& blobs, MasterKeys masters) : blobs_(blobs), masters_(std::move(masters)) {}

  /// The newest; made where the user has none.
  Task<UserKey> current(UserId user);
  Task<UserKey> find(UserId user, std::uint32_t generation);
  /// A new generation, which seals from now on.
  Task<UserKey> rotate(UserId user);
  /// For good. Making it certain that nothing copies the objects elsewhere is the archive's.
  Task<> destroy(UserId user);
  /// Keys were destroyed on another node: the user's, or anybody's.
  void forget(std::optional<UserId> user);
  /// Wraps with the current master key what an earlier one wraps; tells how many keys. Nothing is unreadable meanwhile.
  Task<std::size_t> rewrap();

  /// Whether all keys are wrapped by a master key that is known; kInvalidArgument names the one that is missing. What
  /// it costs does not grow with the users, but for the first time and where a master key is missing.
  Task<> check();

 private:
  struct Known {
    std::vector<UserKey> keys;  // by generation
  };
  struct Object;

  struct Masters {
    std::set<std::string> marked;  // ids
    bool known = true;             // all of them
  };
  Task<Masters> marked_masters();
  Task<> mark(std::string master);
  Task<std::vector<Object>> list(UserId user);
  Task<Known> load(UserId user);
  Task<UserKey> make(UserId user, std::uint32_t generation);
  Task<> wrap(UserId user, UserKey key);
  Task<UserKey> unwrap(std::string name, Object object);
  std::optional<Known> cached(UserId user);
  /// Unless keys were destroyed since `destructions` was read: these may be among them.
  void remember(UserId user, Known known, std::uint64_t destructions);
  std::uint64_t destructions();

  engines::Blobs& blobs_;
  const MasterKeys masters_;
  std::atomic<bool> marked_ = false;  // the current master key is, durably

  std::mutex mutex_;
  std::unordered_map<UserId, Known, IdHash<UserTag>> known_;
  std::uint64_t destructions_ = 0;  // that have taken their mark
};

}  // namespace concord::vault
