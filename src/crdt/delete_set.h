#pragma once
// DeleteSet: which clocks of which clients are deleted, as ranges. On the wire (V1):
//
//   varuint clients, then for each, highest first: varuint client, varuint ranges, then varuint clock, varuint length
//
// In V2 a clock is told as the distance from the end of the client's range before, and a length less one.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "crdt/item.h"
#include "crdt/wire.h"

namespace concord::crdt {

/// `client` is a client's number in one document, or its id: whatever the owner of the set keeps in it.
template <class Client>
struct DeletedRange {
  Client client;
  std::uint32_t clock;
  std::uint32_t length;
  bool operator==(const DeletedRange&) const = default;
};

/// Ranges of one client in ascending order of clock, neighbours and overlaps joined; the clients' order is `less`.
template <class Client, class Less>
void normalize(std::vector<DeletedRange<Client>>& ranges, Less less) {
  const auto before = [&](const auto& a, const auto& b) {
    if (a.client != b.client) return less(a.client, b.client);
    return a.clock < b.clock;
  };
  if (!std::ranges::is_sorted(ranges, before)) std::ranges::sort(ranges, before);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (kept > 0 && ranges[kept - 1].client == ranges[i].client &&
        ranges[kept - 1].clock + ranges[kept - 1].length >= ranges[i].clock) {
      auto& last = ranges[kept - 1];
      last.length = std::max(last.length, ranges[i].clock + ranges[i].length - last.clock);
    } else {
      ranges[kept++] = ranges[i];
    }
  }
  ranges.resize(kept);
}

/// Writes ranges that are grouped by client in the order to be written; `id_of` gives a client's id. As V2, the ranges
/// of a client ascend, do not overlap and are not empty.
template <class Client, class IdOf>
void write_delete_set(WireWriter& out, const std::vector<DeletedRange<Client>>& ranges, IdOf id_of, bool v2 = false) {
  std::size_t clients = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i)
    if (i == 0 || ranges[i].client != ranges[i - 1].client) ++clients;
  out.uint(clients);
  for (std::size_t i = 0; i < ranges.size();) {
    std::size_t end = i;
    while (end < ranges.size() && ranges[end].client == ranges[i].client) ++end;
    out.uint(id_of(ranges[i].client));
    out.uint(end - i);
    std::uint32_t before = 0;  // the end of the range before, in V2
    for (; i < end; ++i) {
      out.uint(ranges[i].clock - before);
      out.uint(ranges[i].length - (v2 ? 1 : 0));
      if (v2) before = ranges[i].clock + ranges[i].length;
    }
  }
}

}  // namespace concord::crdt
