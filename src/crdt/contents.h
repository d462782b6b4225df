#pragma once
// Contents: where the bytes of a document live. One arena of bytes that only grows at its end; ASCII text is an offset
// into it, everything else a span (offset, length). Consecutive typing appends to the arena and nothing else. What is
// dropped is counted, and the arena is rewritten without it once it is the larger part.
//
// Names (root types, map keys, format keys, XML nodes) and formats (key and value) are stored once and numbered.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "crdt/item.h"
#include "crdt/pod_array.h"
#include "crdt/stored_value.h"

namespace concord::crdt {

struct Span {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

/// Strings that are numbered in the order of their first mention.
class NameTable {
 public:
  std::uint32_t intern(std::string_view name);
  /// A number of its own for a text, whatever others there are with the same.
  std::uint32_t add(std::string_view text);
  std::uint32_t find(std::string_view name) const;  // kNone where unknown
  std::string_view at(std::uint32_t number) const { return *names_[number]; }
  std::size_t size() const { return names_.size(); }
  /// Forgets the names from `size` on.
  void truncate(std::size_t size);
  std::size_t heap_bytes() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
  std::vector<const std::string*> names_;  // keys of numbers_ or texts of added_, whose addresses are stable
  std::unordered_map<std::uint32_t, std::string> added_;
  std::size_t text_bytes_ = 0;
};

/// A format: the numbers of its key and of its value.
struct Format {
  std::uint32_t key = 0;
  std::uint32_t value = 0;  // in `values`
};

class Contents {
 public:
  NameTable names;
  /// Format values (stored_value.h). Objects and arrays have a number for each time they are read or given, because Yjs
  /// asks here and there whether two are the same object; equal values of other kinds share theirs.
  NameTable values;
  std::uint32_t new_value(std::string_view stored) {
    return is_compound_value(stored) ? values.add(stored) : values.intern(stored);
  }

  std::uint32_t intern_format(std::uint32_t key, std::uint32_t value);
  const Format& format(std::uint32_t number) const { return formats_[number]; }
  std::size_t formats() const { return formats_.size(); }
  void truncate_formats(std::size_t size);

  const std::uint8_t* bytes(std::uint32_t offset) const { return arena_.data() + offset; }
  std::uint32_t arena_size() const { return static_cast<std::uint32_t>(arena_.size()); }
  /// Appends; the caller has made sure with `fits` that 2^32 bytes are not exceeded.
  std::uint32_t append(ByteView bytes) {
    const auto offset = arena_size();
    std::uint8_t* at = arena_.extend(bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return offset;
  }
  /// The same for bytes after which one can read on, up to kPadded.
  static constexpr std::uint32_t kPadded = 32;
  std::uint32_t append_padded(const std::uint8_t* bytes, std::uint32_t count) {
    if (count > kPadded || arena_.capacity() - arena_.size() < kPadded) return append({bytes, count});
    const auto offset = arena_size();
    std::memcpy(arena_.extend(count), bytes, kPadded);
    return offset;
  }
  /// Room at the end for `bytes`, zeroed.
  std::uint32_t append_room(std::size_t bytes) {
    const auto offset = arena_size();
    std::memset(arena_.extend(bytes), 0, bytes);
    return offset;
  }
  std::uint8_t* mutable_bytes(std::uint32_t offset) { return arena_.data() + offset; }
  bool fits(std::size_t more) const { return arena_.size() + more < kMaxArena; }
  /// Copies a part of the arena to its end.
  std::uint32_t append_copy(Span span);
  void reserve_bytes(std::size_t more) {
    if (arena_.size() + more > arena_.capacity() && arena_.size() < more) arena_.reserve(arena_.size() + more);
  }

  std::uint32_t new_span(Span span);
  bool has_spans() const { return !spans_.empty(); }
  Span span(std::uint32_t number) const { return spans_[number]; }
  void set_span(std::uint32_t number, Span span) { spans_[number] = span; }
  void free_span(std::uint32_t number);

  /// Counts bytes that nothing refers to any more.
  void drop(std::size_t bytes) { dropped_ += bytes; }
  /// Takes a drop back, of bytes that are about to leave with undo_append.
  void undrop(std::size_t bytes) { dropped_ -= bytes; }
  /// Takes back the end of the arena where it was just appended there.
  void undo_append(std::uint32_t size) { arena_.truncate(size); }
  bool wants_compaction() const { return dropped_ > 16384 && dropped_ > arena_.size() / 2; }
  /// Exchanges the arena for one that holds only what is still referred to (see ItemStore::compact).
  void replace_arena(PodArray<std::uint8_t>& fresh) {
    arena_.swap(fresh);
    dropped_ = 0;
  }
  std::size_t heap_bytes() const;
  void shrink_to_fit();

  static constexpr std::size_t kMaxArena = 0xf000'0000U;

 private:
  PodArray<std::uint8_t> arena_;
  PodArray<Span> spans_;
  PodArray<Format> formats_;
  std::unordered_map<std::uint64_t, std::uint32_t> format_numbers_;
  std::uint32_t free_span_ = kNone;  // head of the list of free spans, linked through `offset`
  std::size_t dropped_ = 0;
};

}  // namespace concord::crdt
