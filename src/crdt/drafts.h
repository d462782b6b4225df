#pragma once
// What the engine's acts hand to each other: places in a text, contents of items to be, and drafts, which are the items
// of an update before they are integrated.

#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crdt/contents.h"
#include "crdt/delete_set.h"
#include "crdt/item.h"

namespace concord::crdt {

/// Formats in force, in the order in which they were set; the value is a number in Contents::values.
using FormatState = std::vector<Format>;

/// A place between two items of a text, and the formats in force there.
struct TextCursor {
  ItemRef left = kNone;
  ItemRef right = kNone;
  FormatState formats;
};

/// A place in a list: the item with the unit before an index, and how many of its units are before it.
struct ListPlace {
  ItemRef item = kNone;
  std::uint32_t offset = 0;
};

/// A place between two items of a list.
struct ListGap {
  ItemRef left = kNone;
  ItemRef right = kNone;
};

/// What an item to be created holds. Text may be any length; the other kinds come encoded.
struct NewContent {
  Kind kind = Kind::kString;
  ByteView bytes{};          // String: UTF-8; Any, Json, Binary, Embed, Doc: as on the wire, without a count
  std::uint32_t units = 1;   // length in clock
  bool ascii = false;        // String only
  std::uint32_t number = 0;  // Format: of the format; Type: of the type
};

/// One client's structs of an update, read into items that are not integrated yet.
struct DraftSection {
  ClientRef client = 0;
  std::uint32_t first = 0;  // in Drafts::items
  std::uint32_t count = 0;
  std::uint32_t next = 0;  // the first not yet taken
};

/// Where a draft without origins says it belongs.
struct DraftParent {
  std::uint32_t root = kNone;  // number of the root's name; or else the item `id` that holds the type
  Id id;
  std::uint32_t key = kNone;
};

/// Text typed on comes as one struct after the other, each continuing the one before: they are read into one draft,
/// which is what they would be merged to. Where its structs met is noted, for where they cannot be one: if they have to
/// wait for others, or turn out to be values of a map. `left` of a draft is the number of its first joint, or kNone,
/// and `right` is how many it has.
struct Drafts {
  std::vector<ItemRef> items;
  std::vector<DraftSection> sections;
  std::vector<DraftParent> parents;   // `home` of a draft is one more than a number here, or 0
  std::vector<std::uint32_t> joints;  // clocks at which a struct began
  std::vector<DeletedRange<ClientRef>> deleted;
  /// Where structs that were known already name a text: it is cut behind `id`, or before it.
  struct Cut {
    Id id;
    bool ends;
  };
  std::vector<Cut> cuts;
};

/// Which draft of a section, of those that have been taken, holds a clock (integrate_neighbours.cpp).
class DraftFinder {
 public:
  bool is_for(const DraftSection& section) const { return built_for_ == section.first; }
  void build(const Drafts& drafts, const DraftSection& section, const Item* items);
  /// Only a guess: kNone, or an item that held it when it was a draft, or one before that.
  ItemRef find(const Drafts& drafts, const DraftSection& section, const Item* items, std::uint32_t clock) const;
  void forget() { built_for_ = kNone; }

 private:
  std::uint32_t built_for_ = kNone;
  std::uint32_t first_clock_ = 0;
  unsigned shift_ = 0;
  std::vector<std::uint32_t> buckets_;
};

}  // namespace concord::crdt
