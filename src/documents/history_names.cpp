#include "documents/history_names.h"

#include <charconv>

namespace concord::documents {

namespace {
constexpr std::size_t kDigits = 20;
}  // namespace

std::string history_prefix(engines::ShardId shard) { return "history/" + std::to_string(shard.value) + "/"; }

std::optional<HistoryChunkName> parse_history_name(std::string_view name, std::uint64_t size_bytes) {
  if (name.size() != 2 * kDigits + 3 || name[kDigits] != '-' || name[2 * kDigits + 1] != '-') return std::nullopt;
  HistoryChunkName out{.size_bytes = size_bytes};
  const auto number = [&name](std::size_t at, std::uint64_t& value) {
    const char* end = name.data() + at + kDigits;
    return std::from_chars(name.data() + at, end, value).ptr == end;
  };
  if (!number(0, out.first) || !number(kDigits + 1, out.last) || out.first > out.last) return std::nullopt;
  out.has_state = name.back() == 'k';
  return out;
}

}  // namespace concord::documents
