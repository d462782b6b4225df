#pragma once
// Pending: what waits for updates that have not come. Everything is kept as updates in V2, which keeps every value
// exactly. Structs wait in one of two ways.
//
// Few: as Yjs has it. What is left of each update, and for each client that misses structs the clock beyond which all
// of it is tried again. A try costs as much as there is, and there is little.
//
// Many: as pieces. A piece is an update of few structs of one client, and waits for one struct: what blocks its first
// one, or the last one of the piece before it. Pieces are found by that struct, so that what comes costs what it
// frees. It may be integrated sooner than Yjs would, which tries nothing until one of the clients it noted has moved.
//
// Whoever sends again what waits already, as clients do that hear no answer, adds nothing: the same bytes are kept
// once.
//
// Deletions wait by client and clock, joined where they meet.

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crdt/delete_set.h"
#include "crdt/item.h"

namespace concord::crdt {

/// A client and a clock of it: that struct itself, or what is beyond.
using ClientClock = std::pair<ClientRef, std::uint32_t>;

class WaitingDeletions {
 public:
  using Range = DeletedRange<ClientRef>;

  void add(const Range& range);
  /// Removes what begins before `state` and appends it in the order of its clocks.
  void take(ClientRef client, std::uint32_t state, std::vector<Range>& out);
  /// By client in the order of their numbers, each in the order of its clocks.
  std::vector<Range> all() const;
  bool empty() const { return ends_.empty(); }
  std::size_t heap_bytes() const;
  const char* validate() const;

 private:
  std::map<ClientClock, std::uint32_t> ends_;  // by beginning
};

class WaitingStructs {
 public:
  static constexpr std::size_t kFew = 256;   // structs, above which they wait as pieces
  static constexpr std::size_t kPiece = 64;  // structs

  bool empty() const { return updates_.empty() && pieces_.empty(); }
  bool many() const { return !pieces_.empty(); }
  bool too_many() const { return pieces_.empty() && structs_ > kFew; }
  bool few_again() const { return !pieces_.empty() && structs_ <= kFew / 4; }
  /// What they take, and at least two for each struct, however few they take.
  std::size_t bytes() const { return bytes_; }
  static std::size_t counted(std::size_t bytes, std::size_t structs);

  // Few
  /// Nothing where the same bytes wait already.
  void add_update(Bytes update, std::size_t structs);
  /// All is to be tried again once the client's state is beyond `clock`.
  void add_missing(const ClientClock& missing);
  bool ready(ClientRef client, std::uint32_t state) const;

  // Many
  struct Piece {
    Bytes update;
    std::size_t structs = 0;
  };
  /// Nothing where the same bytes wait for the same struct already.
  void add_piece(const ClientClock& awaited, Piece piece);
  /// Removes the pieces that wait for a struct of `client` before `state` and appends them.
  void take(ClientRef client, std::uint32_t state, std::vector<Bytes>& out);

  /// All of it; nothing waits then.
  std::vector<Bytes> take_all();
  std::vector<ByteView> all() const;
  std::size_t heap_bytes() const;
  /// `state` gives a client's state.
  template <class State>
  const char* validate(State state) const {
    for (const auto& [awaited, piece] : pieces_)
      if (awaited.second < state(awaited.first)) return "a piece waits for what is there";
    return disagreement();
  }

 private:
  static constexpr std::size_t kLeastStructBytes = 2;  // of a struct in V1; runs in V2 may have less

  void count(const Bytes& update, std::size_t structs);
  void uncount(const Bytes& update, std::size_t structs);
  bool waits(const ClientClock& awaited, const Bytes& update) const;
  const char* disagreement() const;

  std::vector<Piece> updates_;
  std::map<ClientRef, std::uint32_t> missing_;
  std::multimap<ClientClock, Piece> pieces_;      // by what they wait for
  std::unordered_multiset<std::size_t> digests_;  // of the pieces' bytes
  std::size_t structs_ = 0;
  std::size_t bytes_ = 0;
};

struct Pending {
  WaitingStructs structs;
  WaitingDeletions deleted;
  bool empty() const { return structs.empty() && deleted.empty(); }
};

}  // namespace concord::crdt
