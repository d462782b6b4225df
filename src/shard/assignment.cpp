#include "shard/assignment.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace concord::shard {

namespace {

/// FNV-1a over the name and the number, then the finalizer of MurmurHash3, which spreads what differs in few bits.
std::uint64_t hash(const std::string& node, std::uint32_t shard) {
  std::uint64_t value = 0xcbf29ce484222325;
  const auto take = [&value](std::uint8_t byte) { value = (value ^ byte) * 0x100000001b3; };
  for (const char c : node) take(static_cast<std::uint8_t>(c));
  for (int shift = 0; shift < 32; shift += 8) take(static_cast<std::uint8_t>(shard >> shift));
  value = (value ^ value >> 33U) * 0xff51afd7ed558ccd;
  value = (value ^ value >> 33U) * 0xc4ceb9fe1a85ec53;
  return value ^ value >> 33U;
}

/// The greatest of a shard's scores wins, each node with a chance in proportion to its weight.
double score(const Candidate& node, std::uint32_t shard) {
  const double uniform = (static_cast<double>(hash(node.node, shard) >> 11U) + 0.5) * 0x1p-53;
  return -static_cast<double>(node.weight) / std::log(uniform);
}

struct Wish {
  double score = 0;
  std::uint32_t shard = 0;
  std::size_t node = 0;
};

std::size_t most_of(const Candidate& node, std::uint32_t shards, std::uint64_t weights) {
  const std::uint64_t quarters = std::uint64_t{shards} * node.weight * 5;
  return static_cast<std::size_t>((quarters + 4 * weights - 1) / (4 * weights));
}

}  // namespace

std::vector<std::size_t> assign(std::uint32_t shards, std::span<const Candidate> nodes) {
  std::vector<std::size_t> owners(shards, nodes.size());
  const std::uint64_t weights = std::accumulate(nodes.begin(), nodes.end(), std::uint64_t{0},
                                                [](std::uint64_t sum, const Candidate& n) { return sum + n.weight; });
  if (weights == 0) return owners;
  std::vector<Wish> wishes;
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      if (nodes[node].weight > 0) wishes.push_back({score(nodes[node], shard), shard, node});
    }
  }
  std::ranges::sort(wishes, [&nodes](const Wish& a, const Wish& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.shard != b.shard ? a.shard < b.shard : nodes[a.node].node < nodes[b.node].node;
  });
  std::vector<std::size_t> given(nodes.size(), 0);
  for (const Wish& wish : wishes) {
    if (owners[wish.shard] != nodes.size()) continue;
    if (given[wish.node] == most_of(nodes[wish.node], shards, weights)) continue;
    owners[wish.shard] = wish.node;
    ++given[wish.node];
  }
  return owners;
}

}  // namespace concord::shard
