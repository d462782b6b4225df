#pragma once
// Array.prototype.sort as V8 has it (third_party/v8/builtins/array-sort.tq: TimSort), for short lists and to the
// comparison: with an order that contradicts itself the outcome depends on which two are compared. What Yjs does with
// such an order is the same in every program that runs on V8.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace concord::crdt {

/// Longer lists are merged from parts, which this does not do.
constexpr std::size_t kMaxScriptSort = 63;

/// `all` has at most kMaxScriptSort elements. `precedes(a, b)` is whether the script's comparison gives less than 0.
template <class T, class Precedes>
void script_sort(std::vector<T>& all, Precedes precedes) {
  const std::size_t size = all.size();
  if (size < 2) return;
  // The run that the list begins with: strictly descending, and then turned around, or not descending.
  const bool descending = precedes(all[1], all[0]);
  std::size_t run = 2;
  while (run < size && precedes(all[run], all[run - 1]) == descending) ++run;
  if (descending) std::reverse(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(run));
  // The rest goes where a search by halves finds its place.
  for (std::size_t start = run; start < size; ++start) {
    std::size_t left = 0;
    std::size_t right = start;
    while (left < right) {
      const std::size_t middle = left + (right - left) / 2;
      if (precedes(all[start], all[middle]))
        right = middle;
      else
        left = middle + 1;
    }
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(start);
    std::rotate(all.begin() + static_cast<std::ptrdiff_t>(left), from, from + 1);
  }
}

}  // namespace concord::crdt
