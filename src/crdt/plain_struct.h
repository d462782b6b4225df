#pragma once
// PlainStruct: nearly all structs of real updates are ASCII text or deleted content, with an origin. One of those in V1
// is read here with few branches: ids are compared with the one before as bytes, numbers are read as words. Whatever is
// otherwise or wrong is left to UpdateReader::next(), which also says what is wrong. In V2 the columns know most of it
// already (UpdateReader::next_in_columns).

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "crdt/item.h"
#include "crdt/state_vector.h"
#include "crdt/utf16.h"
#include "crdt/wire.h"
#include "crdt/word_varuint.h"

namespace concord::crdt {

constexpr std::ptrdiff_t kPlainReadable = 32;

struct PlainStruct {
  Kind kind = Kind::kString;  // or kDeleted
  bool has_right_origin = false;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  std::uint64_t origin_client = 0;
  std::uint64_t right_client = 0;
  std::uint32_t origin_clock = 0;
  std::uint32_t right_clock = 0;
  const std::uint8_t* text = nullptr;  // `length` bytes if it is text, and readable up to kPlainReadable in any case

  std::uint32_t end() const { return clock + length; }
};

/// Whether a struct with this info may be one.
inline bool is_plain_info(std::uint8_t info) {
  const unsigned kind = info & 0x1fU;
  return (info & 0xa0U) == 0x80 &&
         (kind == static_cast<unsigned>(Kind::kString) || kind == static_cast<unsigned>(Kind::kDeleted));
}

class PlainStructReader {
 public:
  /// Where the struct ends, or null where it is not plain. It is of `client` and begins at `clock`.
  [[gnu::always_inline]] const std::uint8_t* read(ByteView input, std::uint64_t client, std::uint64_t clock,
                                                  PlainStruct& out) {
    constexpr std::size_t kRoom = 1 + 5 * 8 + kPlainReadable;  // info, five numbers, and the beginning of the text
    if (input.size() < kRoom) return nullptr;
    const std::uint8_t* at = input.data();
    const std::uint8_t info = *at++;
    if (!is_plain_info(info)) return nullptr;
    out.kind = static_cast<Kind>(info & 0x1fU);
    out.has_right_origin = (info & 0x40U) != 0;
    at = id(at, out.origin_client, out.origin_clock);
    if (at == nullptr || (out.origin_client == client && out.origin_clock >= clock)) return nullptr;
    if (out.has_right_origin) {
      at = id(at, out.right_client, out.right_clock);
      if (at == nullptr || (out.right_client == client && out.right_clock >= clock)) return nullptr;
    }
    std::uint64_t length = 0;
    if (*at < 0x80) [[likely]]
      length = *at++;
    else
      at = read_word_varuint(at, length);
    if (at == nullptr || length == 0 || length > kMaxClock - clock) return nullptr;
    out.clock = static_cast<std::uint32_t>(clock);
    out.length = static_cast<std::uint32_t>(length);
    out.text = at;
    length *= out.kind == Kind::kString ? 1U : 0U;  // of text; which of the two it is cannot be foretold
    if (length > static_cast<std::size_t>(input.data() + input.size() - at) || !ascii(at, length)) return nullptr;
    return at + length;
  }

 private:
  [[gnu::always_inline]] const std::uint8_t* id(const std::uint8_t* at, std::uint64_t& client, std::uint32_t& clock) {
    const auto word = get_le<std::uint64_t>(at);
    if ((word & mask_) == bytes_) {
      client = client_;
      at += size_;
    } else {
      const std::uint8_t* after = read_word_varuint(at, client);
      if (after == nullptr || client > kMaxClient) return nullptr;
      size_ = static_cast<unsigned>(after - at);
      mask_ = ~std::uint64_t{0} >> (64 - 8 * size_);
      bytes_ = word & mask_;
      client_ = client;
      at = after;
    }
    std::uint64_t value = 0;
    at = read_word_varuint(at, value);
    if (value > kMaxClock) return nullptr;
    clock = static_cast<std::uint32_t>(value);
    return at;
  }

  /// Of text that can be read up to kPlainReadable.
  static bool ascii(const std::uint8_t* text, std::uint64_t length) {
    constexpr std::uint64_t kHigh = 0x8080'8080'8080'8080ULL;
    if (length > 64) return scan_utf8(text, length).ascii;
    std::uint64_t all = 0;
    if (length > 16) {
      for (const std::uint8_t* at = text; at < text + length - 8; at += 8) all |= get_le<std::uint64_t>(at);
      return ((all | get_le<std::uint64_t>(text + length - 8)) & kHigh) == 0;
    }
    static constexpr std::array<std::uint8_t, 32> kMask = [] {
      std::array<std::uint8_t, 32> mask{};
      for (std::size_t i = 0; i < 16; ++i) mask[i] = 0x80;
      return mask;
    }();
    const std::uint8_t* mask = kMask.data() + 16 - length;  // as many high bits as there are bytes, then none
    all = get_le<std::uint64_t>(text) & get_le<std::uint64_t>(mask);
    return (all | (get_le<std::uint64_t>(text + 8) & get_le<std::uint64_t>(mask + 8))) == 0;
  }

  // The client of the last id and its form: `size_` bytes, which are `bytes_` under `mask_`. At first there is none.
  std::uint64_t mask_ = 0;
  std::uint64_t bytes_ = 1;
  std::uint64_t client_ = 0;
  unsigned size_ = 0;
};

/// A client's id as it is written, to be copied as a word.
struct WrittenClient {
  explicit WrittenClient(std::uint64_t id) { size = static_cast<unsigned>(put_varuint(bytes, id) - bytes); }
  /// At `at`, which has room for eight bytes.
  std::uint8_t* put(std::uint8_t* at) const {
    std::memcpy(at, bytes, 8);
    return at + size;
  }
  std::uint8_t bytes[kMaxVaruint] = {};
  unsigned size = 0;
};

/// The most bytes that a plain struct has but for its text, and some that may be written behind it.
constexpr std::size_t kPlainStructRoom = 64;

}  // namespace concord::crdt
