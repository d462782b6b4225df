#include "crdt/clock_ranges.h"

#include <algorithm>

namespace concord::crdt {

void ClockRanges::add(ClientRef client, std::uint32_t clock, std::uint32_t length) {
  if (length == 0) return;
  std::uint32_t number = numbers_.find(client);
  if (number == IdTable::kAbsent) {
    number = static_cast<std::uint32_t>(clients_.size());
    numbers_.set(client, number);
    clients_.push_back({client, {}});
  }
  std::vector<Range>& ranges = clients_[number].ranges;
  Range added{clock, length};
  // Those that it touches become one with it.
  const auto first = std::ranges::lower_bound(ranges, clock, {}, &Range::end);
  auto last = first;
  while (last != ranges.end() && last->clock <= added.end()) {
    const std::uint32_t end = std::max(added.end(), last->end());
    added.clock = std::min(added.clock, last->clock);
    added.length = end - added.clock;
    ++last;
  }
  if (first == last) {
    ranges.insert(first, added);
    return;
  }
  *first = added;
  ranges.erase(first + 1, last);
}

void ClockRanges::add(const ClockRanges& others) {
  for (const Client& other : others.clients_)
    for (const Range& range : other.ranges) add(other.client, range.clock, range.length);
}

bool ClockRanges::contains(Id id) const {
  const std::uint32_t number = numbers_.find(id.client);
  if (number == IdTable::kAbsent) return false;
  const std::vector<Range>& ranges = clients_[number].ranges;
  const auto after = std::ranges::upper_bound(ranges, id.clock, {}, &Range::clock);
  return after != ranges.begin() && id.clock < std::prev(after)->end();
}

}  // namespace concord::crdt
