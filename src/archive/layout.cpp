#include "archive/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace concord::archive {

namespace {

constexpr std::size_t kDigits = 20;

/// Takes a number, and the text behind it, from the front.
template <class Number>
bool take(std::string_view& text, std::size_t digits, int base, std::string_view behind, Number& value) {
  if (text.size() < digits + behind.size() || text.substr(digits, behind.size()) != behind) return false;
  const std::string_view number = text.substr(0, digits);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value, base);
  if (error != std::errc() || end != number.data() + number.size()) return false;
  text.remove_prefix(digits + behind.size());
  return true;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string LogPiece::key() const {
  return fmt::format("{}{:016x}/{:020}-{:020}-{:020}", kLogPrefix, segment, begin, end, serial);
}

std::optional<LogPiece> LogPiece::parse(std::string_view key) {
  LogPiece out;
  if (!take_prefix(key, kLogPrefix) || !take(key, 16, 16, "/", out.segment) || !take(key, kDigits, 10, "-", out.begin))
    return std::nullopt;
  if (!take(key, kDigits, 10, "-", out.end) || !take(key, kDigits, 10, "", out.serial)) return std::nullopt;
  if (!key.empty() || out.begin >= out.end) return std::nullopt;
  return out;
}

std::string DatabasePart::key() const {
  return fmt::format("{}{:020}-{}/{:06}", kDatabasePrefix, version, whole ? 'b' : 'p', part);
}

std::optional<DatabasePart> DatabasePart::parse(std::string_view key) {
  DatabasePart out;
  if (!take_prefix(key, kDatabasePrefix) || !take(key, kDigits, 10, "-", out.version)) return std::nullopt;
  out.whole = key.starts_with("b/");
  if (!out.whole && !key.starts_with("p/")) return std::nullopt;
  key.remove_prefix(2);
  if (!take(key, 6, 10, "", out.part) || !key.empty()) return std::nullopt;
  return out;
}

std::optional<DocumentKey> DocumentKey::parse(std::string_view key) {
  DocumentKey out;
  out.snapshot = key.starts_with("snapshots/");
  if (!take_prefix(key, "snapshots/") && !take_prefix(key, "history/")) return std::nullopt;
  const std::size_t first = key.find('/');
  const std::size_t last = key.rfind('/');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const std::string_view shard = key.substr(0, first);
  const auto [end, error] = std::from_chars(shard.data(), shard.data() + shard.size(), out.shard);
  if (error != std::errc() || end != shard.data() + shard.size()) return std::nullopt;
  out.stream = key.substr(first + 1, last - first - 1);
  out.name = key.substr(last + 1);
  return out;
}

std::map<std::uint32_t, std::vector<LogPiece>> log_pieces(const Manifest& manifest) {
  std::map<std::uint32_t, std::vector<LogPiece>> out;
  const auto& objects = manifest.objects();
  for (auto at = objects.lower_bound(std::string(kLogPrefix)); at != objects.end(); ++at) {
    if (!at->first.starts_with(kLogPrefix)) break;
    if (const auto piece = LogPiece::parse(at->first)) out[piece->segment].push_back(*piece);
  }
  return out;
}

std::vector<DatabaseVersion> database_versions(const Manifest& manifest) {
  std::vector<DatabaseVersion> out;
  const auto& objects = manifest.objects();
  for (auto at = objects.lower_bound(std::string(kDatabasePrefix)); at != objects.end(); ++at) {
    if (!at->first.starts_with(kDatabasePrefix)) break;
    const auto part = DatabasePart::parse(at->first);
    if (!part) continue;
    if (out.empty() || out.back().version != part->version) out.push_back({part->version, part->whole, {}, 0});
    out.back().keys.push_back(at->first);
    out.back().bytes += at->second.size_bytes;
  }
  return out;
}

}  // namespace concord::archive
