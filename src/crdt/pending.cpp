#include "crdt/pending.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>

namespace concord::crdt {
namespace {

constexpr std::size_t kNodeBytes = 48;    // of a map, beside what is in it
constexpr std::size_t kDigestBytes = 32;  // of a digest in its table

std::size_t digest(const Bytes& bytes) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

void WaitingDeletions::add(const Range& range) {
  std::uint32_t begin = range.clock;
  std::uint32_t end = range.clock + range.length;
  auto at = ends_.upper_bound({range.client, begin});
  if (at != ends_.begin()) {
    const auto before = std::prev(at);
    if (before->first.first == range.client && before->second >= begin) {
      begin = before->first.second;
      at = before;
    }
  }
  while (at != ends_.end() && at->first.first == range.client && at->first.second <= end) {
    end = std::max(end, at->second);
    at = ends_.erase(at);
  }
  ends_.emplace_hint(at, ClientClock{range.client, begin}, end);
}

void WaitingDeletions::take(ClientRef client, std::uint32_t state, std::vector<Range>& out) {
  auto at = ends_.lower_bound({client, 0});
  while (at != ends_.end() && at->first.first == client && at->first.second < state) {
    out.push_back({client, at->first.second, at->second - at->first.second});
    at = ends_.erase(at);
  }
}

std::vector<WaitingDeletions::Range> WaitingDeletions::all() const {
  std::vector<Range> ranges;
  ranges.reserve(ends_.size());
  for (const auto& [begin, end] : ends_) ranges.push_back({begin.first, begin.second, end - begin.second});
  return ranges;
}

std::size_t WaitingDeletions::heap_bytes() const { return ends_.size() * (kNodeBytes + sizeof(*ends_.begin())); }

const char* WaitingDeletions::validate() const {
  for (auto at = ends_.begin(); at != ends_.end(); ++at) {
    if (at->second <= at->first.second) return "a waiting deletion is empty";
    const auto next = std::next(at);
    if (next != ends_.end() && next->first.first == at->first.first && next->first.second <= at->second)
      return "waiting deletions meet";
  }
  return nullptr;
}

std::size_t WaitingStructs::counted(std::size_t bytes, std::size_t structs) {
  return std::max(bytes, kLeastStructBytes * structs);
}

void WaitingStructs::count(const Bytes& update, std::size_t structs) {
  structs_ += structs;
  bytes_ += counted(update.size(), structs);
}

void WaitingStructs::uncount(const Bytes& update, std::size_t structs) {
  structs_ -= structs;
  bytes_ -= counted(update.size(), structs);
}

void WaitingStructs::add_update(Bytes update, std::size_t structs) {
  if (std::ranges::find(updates_, update, &Piece::update) != updates_.end()) return;
  count(update, structs);
  updates_.push_back({std::move(update), structs});
}

void WaitingStructs::add_missing(const ClientClock& missing) {
  const auto [known, added] = missing_.insert(missing);
  if (!added) known->second = std::min(known->second, missing.second);
}

bool WaitingStructs::ready(ClientRef client, std::uint32_t state) const {
  const auto found = missing_.find(client);
  return found != missing_.end() && found->second < state;
}

bool WaitingStructs::waits(const ClientClock& awaited, const Bytes& update) const {
  if (!digests_.contains(digest(update))) return false;
  const auto [begin, end] = pieces_.equal_range(awaited);
  return std::any_of(begin, end, [&](const auto& known) { return known.second.update == update; });
}

void WaitingStructs::add_piece(const ClientClock& awaited, Piece piece) {
  if (waits(awaited, piece.update)) return;
  digests_.insert(digest(piece.update));
  count(piece.update, piece.structs);
  pieces_.emplace(awaited, std::move(piece));
}

void WaitingStructs::take(ClientRef client, std::uint32_t state, std::vector<Bytes>& out) {
  auto at = pieces_.lower_bound({client, 0});
  while (at != pieces_.end() && at->first.first == client && at->first.second < state) {
    uncount(at->second.update, at->second.structs);
    digests_.erase(digests_.find(digest(at->second.update)));
    out.push_back(std::move(at->second.update));
    at = pieces_.erase(at);
  }
}

std::vector<Bytes> WaitingStructs::take_all() {
  std::vector<Bytes> all;
  all.reserve(updates_.size() + pieces_.size());
  for (Piece& update : updates_) all.push_back(std::move(update.update));
  for (auto& [awaited, piece] : pieces_) all.push_back(std::move(piece.update));
  *this = {};
  return all;
}

std::vector<ByteView> WaitingStructs::all() const {
  std::vector<ByteView> all;
  all.reserve(updates_.size() + pieces_.size());
  for (const Piece& update : updates_) all.emplace_back(update.update);
  for (const auto& [awaited, piece] : pieces_) all.emplace_back(piece.update);
  return all;
}

std::size_t WaitingStructs::heap_bytes() const {
  std::size_t bytes = updates_.capacity() * sizeof(Piece) +
                      pieces_.size() * (kNodeBytes + sizeof(*pieces_.begin()) + kDigestBytes) +
                      missing_.size() * (kNodeBytes + sizeof(*missing_.begin()));
  for (const Piece& update : updates_) bytes += update.update.capacity();
  for (const auto& [awaited, piece] : pieces_) bytes += piece.update.capacity();
  return bytes;
}

const char* WaitingStructs::disagreement() const {
  if (!updates_.empty() && !pieces_.empty()) return "structs wait in both ways";
  if (updates_.empty() != missing_.empty()) return "updates wait for nothing";
  std::size_t structs = 0;
  std::size_t bytes = 0;
  const auto add = [&](const Piece& piece) {
    structs += piece.structs;
    bytes += counted(piece.update.size(), piece.structs);
  };
  for (const Piece& update : updates_) add(update);
  for (const auto& [awaited, piece] : pieces_) add(piece);
  if (digests_.size() != pieces_.size()) return "the digests are not those of the pieces";
  return structs == structs_ && bytes == bytes_ ? nullptr : "what waits is miscounted";
}

}  // namespace concord::crdt
