#pragma once
// How many live sessions each user has open on this node, over all documents and dialects. A user's agents count for
// the user, who could make any number of them; those who came by a link count for the link, whose owner cannot tell
// them to stop. Any thread.

#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "identity/identity.h"

namespace concord::documents {

class SessionCounts {
 public:
  /// At most so many each; 0: without limit.
  explicit SessionCounts(std::size_t most) : most_(most) {}

  /// One session's part of a count, until it is destroyed. Empty where nothing is counted.
  class Place {
   public:
    Place() = default;
    Place(SessionCounts& counts, const Uuid& of) : counts_(&counts), of_(of) {}
    Place(Place&& other) noexcept : counts_(std::exchange(other.counts_, nullptr)), of_(other.of_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(counts_, other.counts_);
      std::swap(of_, other.of_);
      return *this;
    }
    ~Place() {
      if (counts_ != nullptr) counts_->give_back(of_);
    }

   private:
    SessionCounts* counts_ = nullptr;
    Uuid of_{};
  };

  /// kRateLimited with `limit`, `setting` and `value` where they have as many as they may.
  Result<Place> take(const identity::Actor& who);

 private:
  void give_back(const Uuid& of);
  struct Hash {
    std::size_t operator()(const Uuid& id) const { return IdHash<UserTag>()(UserId(id)); }
  };

  const std::size_t most_;
  std::mutex mutex_;
  std::unordered_map<Uuid, std::size_t, Hash> open_;  // guarded by mutex_; none of them 0
};

/// Whether an error is of this limit.
bool is_too_many_sessions(const Error& error);

}  // namespace concord::documents
