#pragma once
// Item: one struct of the document, forty bytes. What YATA calls an item (Nicolaescu et al., "Near Real-Time
// Peer-to-Peer Shared Editing on Extensible Data Types", 2016) is here also a GC or skip struct. Items refer to each
// other by number, so that they can move with their array, and to clients by number, so that an id takes fifty bits.
//
//   client | origin's client | right origin's client: 18 bits each | kind: 4 | flags: 6
//   clock | length | origin's clock | right origin's clock | left | right | home | content: 32 bits each
//
// `home` is the leaf of the position index for an item of a list, and the map entry for an item of a map: with either
// the parent is one step away. `content` is a byte offset (ASCII text), or the number of a span, format or type.

#include <cstdint>

namespace concord::crdt {

using ItemRef = std::uint32_t;
using ClientRef = std::uint32_t;
using TypeRef = std::uint32_t;
constexpr std::uint32_t kNone = 0xffff'ffffU;

constexpr unsigned kClientBits = 18;
constexpr ClientRef kNoClient = (1U << kClientBits) - 1;
/// How many clients one document can know.
constexpr std::uint32_t kMaxClients = kNoClient;

/// The numbers are those of the wire (content references); kFree is ours.
enum class Kind : std::uint8_t {
  kGc = 0,
  kDeleted = 1,
  kJson = 2,
  kBinary = 3,
  kString = 4,
  kEmbed = 5,
  kFormat = 6,
  kType = 7,
  kAny = 8,
  kDoc = 9,
  kSkip = 10,
  kFree = 15,
};

enum ItemFlag : unsigned {
  kFlagDeleted = 1,
  kFlagKeep = 2,     // never collected, because an undo manager may bring it back
  kFlagInMap = 4,    // `home` is a map entry
  kFlagWide = 8,     // text that is not ASCII; `content` is a span
  kFlagRedone = 16,  // an undo manager has put a copy elsewhere
};

/// A client's number and a clock; absent where the client is kNoClient.
struct Id {
  ClientRef client = kNoClient;
  std::uint32_t clock = 0;
  bool present() const { return client != kNoClient; }
  bool operator==(const Id& other) const {
    return client == other.client && (client == kNoClient || clock == other.clock);
  }
};

struct Item {
  std::uint64_t client : kClientBits;
  std::uint64_t origin_client : kClientBits;
  std::uint64_t right_origin_client : kClientBits;
  std::uint64_t kind_bits : 4;
  std::uint64_t flags : 6;
  std::uint32_t clock;
  std::uint32_t length;
  std::uint32_t origin_clock;
  std::uint32_t right_origin_clock;
  ItemRef left;
  ItemRef right;
  std::uint32_t home;
  std::uint32_t content;

  Kind kind() const { return static_cast<Kind>(kind_bits); }
  void set_kind(Kind kind) { kind_bits = static_cast<std::uint64_t>(kind) & 15U; }
  bool has(unsigned flag) const { return (flags & flag) != 0; }
  void set(unsigned flag) { flags = (flags | flag) & 63U; }
  void unset(unsigned flag) { flags = flags & ~static_cast<std::uint64_t>(flag) & 63U; }

  bool is_gc() const { return kind() == Kind::kGc; }
  bool deleted() const { return has(kFlagDeleted); }
  bool in_map() const { return has(kFlagInMap); }
  /// Whether an index counts it.
  bool countable() const { return kind_bits != 0 && kind_bits != 1 && kind_bits != 6; }
  /// What an index counts of it now. Without a branch, as it is asked of item after item.
  std::uint32_t visible() const {
    constexpr unsigned kNotCounted = 1U << 0U | 1U << 1U | 1U << 6U;
    const unsigned hidden = (kNotCounted >> kind_bits | static_cast<unsigned>(flags)) & kFlagDeleted;
    return length & (hidden - 1U);
  }

  std::uint32_t end() const { return clock + length; }
  Id id() const { return {static_cast<ClientRef>(client), clock}; }
  Id last_id() const { return {static_cast<ClientRef>(client), clock + length - 1}; }
  Id origin() const { return {static_cast<ClientRef>(origin_client), origin_clock}; }
  Id right_origin() const { return {static_cast<ClientRef>(right_origin_client), right_origin_clock}; }
  void set_origin(Id id) {
    origin_client = id.client & kNoClient;
    origin_clock = id.clock;
  }
  void set_right_origin(Id id) {
    right_origin_client = id.client & kNoClient;
    right_origin_clock = id.clock;
  }
};
static_assert(sizeof(Item) == 40);

}  // namespace concord::crdt
