#include "etcd/ownership_record.h"

#include <algorithm>
#include <charconv>

namespace concord::etcd {
namespace {

constexpr std::string_view kFolder = "owners/";
constexpr std::int64_t kLongestTtlS = 100LL * 365 * 24 * 3600;

/// Takes a number and the space behind it off the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

}  // namespace

std::string key_of(std::string_view prefix, std::string_view name) {
  std::string key(prefix);
  key += kFolder;
  key += name;
  return key;
}

std::string_view name_of(std::string_view prefix, std::string_view key) {
  return key.substr(std::min(key.size(), prefix.size() + kFolder.size()));
}

std::string encode(const OwnershipRecord& record) {
  std::string value;
  for (const std::uint64_t number :
       {record.epoch.value, static_cast<std::uint64_t>(record.ttl_s), static_cast<std::uint64_t>(record.owner.size())})
    value += std::to_string(number) + " ";
  return value + record.owner + " " + record.note;
}

std::optional<OwnershipRecord> decode(std::string_view prefix, const KeyValue& key) {
  std::string_view text = key.value;
  const auto epoch = take_number(text);
  const auto ttl_s = take_number(text);
  const auto size = take_number(text);
  if (!epoch || !ttl_s || !size) return std::nullopt;
  if (*epoch > static_cast<std::uint64_t>(key.revision.value)) return std::nullopt;
  if (*ttl_s < 1 || *ttl_s > static_cast<std::uint64_t>(kLongestTtlS)) return std::nullopt;
  if (*size < 1 || *size > engines::kMaxOwnershipNameBytes || *size >= text.size() || text[*size] != ' ')
    return std::nullopt;
  OwnershipRecord record;
  record.name = name_of(prefix, key.key);
  record.owner = text.substr(0, *size);
  record.epoch = engines::Epoch{*epoch != 0 ? *epoch : static_cast<std::uint64_t>(key.revision.value)};
  record.ttl_s = static_cast<std::int64_t>(*ttl_s);
  record.note = text.substr(*size + 1);
  if (record.note.size() > engines::kMaxOwnershipNoteBytes) return std::nullopt;
  return record;
}

engines::Ownership ownership_of(const OwnershipRecord& record) {
  return {record.name, record.owner, record.epoch, 0, record.note};
}

std::int64_t ttl_s_of(std::int64_t ttl_ms) {
  const std::int64_t seconds = ttl_ms / 1000 + (ttl_ms % 1000 == 0 ? 0 : 1);
  return std::clamp<std::int64_t>(seconds, 1, kLongestTtlS);
}

}  // namespace concord::etcd
