#pragma once
// Which live node is to own which shard: weighted rendezvous hashing (Thaler and Ravishankar, 1998; weights after
// Schindelhauer and Schomaker, 2005), with a bound on what one node gets (Mirrokni, Thorup and Zadimoghaddam, 2018).
// Every node works it out by itself from who is alive; the leases decide where two see it differently for a while.
// Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace concord::shard {

struct Candidate {
  std::string node;
  std::uint32_t weight = 1;  // how much of the shards it is to have beside the others; 0: none
};

/// For each of `shards` shards the place in `nodes` of who is to own it; `nodes.size()` where nobody may. The order of
/// `nodes`, whose names differ, does not matter. No node gets more than its share by weight, a quarter more, rounded
/// up.
std::vector<std::size_t> assign(std::uint32_t shards, std::span<const Candidate> nodes);

}  // namespace concord::shard
