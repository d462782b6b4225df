#pragma once
// ClockRanges: ranges of clocks for each of some clients, in the order in which the clients were first mentioned. An
// undo manager keeps these: the order decides in which order things are undone, and that shows in the bytes.

#include <cstdint>
#include <vector>

#include "crdt/id_table.h"
#include "crdt/item.h"

namespace concord::crdt {

class ClockRanges {
 public:
  struct Range {
    std::uint32_t clock = 0;
    std::uint32_t length = 0;
    std::uint32_t end() const { return clock + length; }
  };
  /// Ascending; neither touching nor overlapping.
  struct Client {
    ClientRef client = kNoClient;
    std::vector<Range> ranges;
  };

  /// Joins what touches; amortised constant where clocks ascend.
  void add(ClientRef client, std::uint32_t clock, std::uint32_t length);
  void add(const ClockRanges& others);
  bool contains(Id id) const;
  const std::vector<Client>& clients() const { return clients_; }
  bool empty() const { return clients_.empty(); }

 private:
  std::vector<Client> clients_;
  IdTable numbers_;  // of clients, in `clients_`
};

}  // namespace concord::crdt
