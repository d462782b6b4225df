#pragma once
// Who holds the access tokens that were checked before, by the SHA-256 of a token, until it expires; and who has the
// sessions that they were of. Bounded: the oldest entry
// makes room. In 64 parts, each under its own lock, so that reactors hardly ever meet. Any thread.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/metrics.h"
#include "crypto/hash.h"
#include "identity/principal.h"

namespace concord::identity {

class TokenCache {
 public:
  /// `entries` counts what is held.
  TokenCache(std::size_t max_entries, Gauge& entries);

  /// Null where the token is not known or has expired at `now_ms`.
  std::shared_ptr<const Authenticated> find(const crypto::Sha256& token, std::int64_t now_ms);
  /// Read before the holder is looked up: `put` drops one that a change has overtaken.
  std::uint64_t generation() const { return generation_; }
  void put(const crypto::Sha256& token, std::shared_ptr<const Authenticated> holder, std::uint64_t generation);
  /// Accounts have changed: what is known of holders is forgotten.
  void clear();

 private:
  struct Hash {
    std::size_t operator()(const crypto::Sha256& digest) const;
  };
  struct alignas(64) Part {
    mutable std::mutex mutex;
    std::unordered_map<crypto::Sha256, std::shared_ptr<const Authenticated>, Hash> entries;  // shared with readers
    std::deque<crypto::Sha256> order;  // the oldest first; one for each entry
  };
  static constexpr std::size_t kParts = 64;

  std::atomic<std::uint64_t> generation_ = 0;
  Gauge& entries_;
  std::array<Part, kParts> parts_;
  const std::size_t max_entries_per_part_;
};

}  // namespace concord::identity
