#pragma once
// State vectors: for each client the first clock not yet seen.
//
//   varuint count, then count times: varuint client, varuint clock; written with the highest client first

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::crdt {

/// Who wrote: a number below 2^53, new for each editing session.
struct ClientId {
  std::uint64_t value = 0;
  auto operator<=>(const ClientId&) const = default;
};

/// One client's count of what it wrote, in UTF-16 code units and elements. This engine holds clocks below 2^32.
using Clock = std::uint32_t;
constexpr std::uint64_t kMaxClient = (std::uint64_t{1} << 53U) - 1;
constexpr std::uint64_t kMaxClock = 0xffff'fffeU;

class StateVector {
 public:
  struct Entry {
    ClientId client;
    Clock clock = 0;
    bool operator==(const Entry&) const = default;
  };

  StateVector() = default;
  /// Any order; of two entries for one client the later counts.
  explicit StateVector(std::vector<Entry> entries);

  /// 0 for a client not listed.
  Clock clock(ClientId client) const;
  /// What is listed, if it is; a listed 0 and an absence are different things to a diff in Yjs's order of clients.
  std::optional<Clock> find(ClientId client) const;
  /// Highest client first.
  const std::vector<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  Bytes encode() const;

  bool operator==(const StateVector&) const = default;

 private:
  std::vector<Entry> entries_;
};

/// Fails with kInvalidArgument on truncation, trailing bytes, a client or clock out of range.
Result<StateVector> decode_state_vector(ByteView encoded);

}  // namespace concord::crdt
