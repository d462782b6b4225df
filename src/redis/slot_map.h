#pragma once
// Which node of a Cluster owns which slot, and what its nodes answer where a call went to the wrong one or at the wrong
// time.

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "redis/key_slot.h"
#include "redis/options.h"
#include "redis/resp.h"

namespace concord::redis {

/// One thread at a time.
class SlotMap {
 public:
  SlotMap();
  /// Reads the answer to CLUSTER SLOTS of `asked`, whose host stands for one that a node does not know of itself.
  /// kCorrupt where it is no such answer; then nothing is changed.
  Result<> read(const RespValue& slots, const Endpoint& asked);
  /// nullptr where nobody is known to own it.
  const Endpoint* owner(std::uint16_t slot) const;
  void set_owner(std::uint16_t slot, const Endpoint& owner);
  /// Those that own slots.
  std::set<Endpoint> owners() const;

 private:
  std::uint16_t index_of(const Endpoint& endpoint);

  static constexpr std::uint16_t kNobody = 0xffff;
  std::array<std::uint16_t, kKeySlots> owner_of_;  // an index of nodes_
  std::vector<Endpoint> nodes_;
};

/// What a server's error asks for.
struct Advice {
  enum class Kind : std::uint8_t {
    kNone,      // it is an answer to the call
    kMoved,     // `to` owns the slot from now on
    kAsk,       // `to` has the key already: this call alone goes there, behind ASKING
    kTryAgain,  // soon: a slot is between two nodes, the Cluster is choosing a
                // master, the server is loading
    kNoScript,  // the script's text is asked for
  };
  Kind kind = Kind::kNone;
  Endpoint to;
};
/// `asked` gave the answer; its host stands for an empty one.
Advice advice_in(const RespValue& answer, const Endpoint& asked);

}  // namespace concord::redis
