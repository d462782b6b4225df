#include "crdt/state_vector.h"

#include <algorithm>

#include "crdt/wire.h"

namespace concord::crdt {

StateVector::StateVector(std::vector<Entry> entries) : entries_(std::move(entries)) {
  if (std::ranges::is_sorted(entries_, std::ranges::greater_equal{}, &Entry::client) &&
      std::ranges::adjacent_find(entries_, {}, &Entry::client) == entries_.end())
    return;
  std::vector<std::size_t> order(entries_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [this](std::size_t a, std::size_t b) {
    return entries_[a].client != entries_[b].client ? entries_[a].client > entries_[b].client : a > b;
  });
  std::vector<Entry> sorted;
  for (const std::size_t i : order)
    if (sorted.empty() || sorted.back().client != entries_[i].client) sorted.push_back(entries_[i]);
  entries_.swap(sorted);
}

std::optional<Clock> StateVector::find(ClientId client) const {
  const auto at = std::ranges::lower_bound(entries_, client, std::ranges::greater{}, &Entry::client);
  if (at == entries_.end() || at->client != client) return std::nullopt;
  return at->clock;
}

Clock StateVector::clock(ClientId client) const { return find(client).value_or(0); }

Bytes StateVector::encode() const {
  Bytes out;
  WireWriter writer(out);
  writer.uint(entries_.size());
  for (const Entry& entry : entries_) {
    writer.uint(entry.client.value);
    writer.uint(entry.clock);
  }
  return out;
}

Result<StateVector> decode_state_vector(ByteView encoded) {
  WireReader in(encoded);
  std::uint64_t count = 0;
  std::vector<StateVector::Entry> entries;
  if (in.uint(count) && count > in.left() / 2) in.fail("a count is larger than what follows");
  for (std::uint64_t i = 0; in.ok() && i < count; ++i) {
    std::uint64_t client = 0;
    std::uint64_t clock = 0;
    if (!in.uint(client) || !in.uint(clock)) break;
    if (clock > kMaxClock) in.fail("a clock is above 4294967294");
    entries.push_back({ClientId{client}, static_cast<Clock>(clock)});
  }
  if (in.ok() && !in.at_end()) in.fail("there is more after the last entry");
  if (!in.ok()) return fail(in.error("state vector"));
  return StateVector(std::move(entries));
}

}  // namespace concord::crdt
