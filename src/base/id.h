#pragma once
// Identifiers: a type word, '_', and a UUIDv7 in 26 characters of Crockford base32 (the TypeID 0.3 format).
// The UUID's 12 bits `rand_a` (RFC 9562, 5.7) hold the hash slot, so that a gateway routes by the identifier alone.
//
//   48 bits Unix milliseconds | version 7 | 12 bits slot | variant | 62 random bits

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace concord {

/// 1 of 4096 hash slots of a partition key.
struct Slot {
  std::uint16_t value = 0;
  auto operator<=>(const Slot&) const = default;
};
constexpr unsigned kSlots = 4096;

/// The slot of a partition key that is not itself an identifier (FNV-1a folded to 12 bits).
Slot slot_of(std::string_view key);

/// Source of randomness and time for new identifiers; a test passes a seeded one.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual std::uint64_t unix_ms() = 0;
  virtual std::uint64_t random64() = 0;
};

using Uuid = std::array<std::uint8_t, 16>;

Uuid make_uuid(IdSource& source, Slot slot);
/// `prefix_` + 26 characters.
std::string format_type_id(std::string_view prefix, const Uuid& uuid);
/// nullopt where `text` is not a TypeID with that prefix (length, alphabet and overflow are checked).
std::optional<Uuid> parse_type_id(std::string_view prefix, std::string_view text);

/// One kind of identifier. Tag supplies `static constexpr std::string_view kPrefix`.
template <class Tag>
class Id {
 public:
  Id() = default;
  static Id make(IdSource& source, Slot slot) { return Id(make_uuid(source, slot)); }
  static std::optional<Id> parse(std::string_view text) {
    auto uuid = parse_type_id(Tag::kPrefix, text);
    if (!uuid) return std::nullopt;
    return Id(*uuid);
  }
  explicit Id(const Uuid& uuid) : uuid_(uuid) {}

  std::string str() const { return format_type_id(Tag::kPrefix, uuid_); }
  Slot slot() const { return Slot{static_cast<std::uint16_t>((uuid_[6] & 0x0fU) << 8U | uuid_[7])}; }
  const Uuid& uuid() const { return uuid_; }
  auto operator<=>(const Id&) const = default;

 private:
  Uuid uuid_{};
};

struct DocumentTag {
  static constexpr std::string_view kPrefix = "doc";
};
struct UserTag {
  static constexpr std::string_view kPrefix = "usr";
};
using DocumentId = Id<DocumentTag>;
using UserId = Id<UserTag>;

template <class Tag>
struct IdHash {
  std::size_t operator()(const Id<Tag>& id) const {
    std::uint64_t word = 0;
    for (int i = 8; i < 16; ++i) word = word << 8U | id.uuid()[static_cast<std::size_t>(i)];
    return word * 0x9e3779b97f4a7c15ULL;
  }
};

}  // namespace concord
