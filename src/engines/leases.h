#pragma once
// The leases behind ownerships, for engines of coordination that know such: so that somebody else can end those of a
// process that has died, before they lapse.

#include <compare>
#include <cstdint>

namespace concord::engines {

/// As the engine knows it; chosen by who asks for it, and never used twice.
struct LeaseId {
  std::int64_t value = 0;
  auto operator<=>(const LeaseId&) const = default;
};

/// Is told which leases a driver has. Any thread; must not block.
class LeaseWitness {
 public:
  virtual ~LeaseWitness() = default;
  /// The engine is about to be asked for it.
  virtual void asked_for(LeaseId lease) = 0;
  /// It was ended. Of one that lapses by itself nothing is told.
  virtual void ended(LeaseId lease) = 0;
};

}  // namespace concord::engines
