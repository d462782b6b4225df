#include "archive/blob_archiver.h"

#include <algorithm>
#include <set>

#include "archive/layout.h"

namespace concord::archive {

namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kChangesAtOnce = 64;
constexpr std::size_t kCopyBytes = 1U << 20U;

const std::string kSnapshots = "snapshots/";
const std::string kSnapshotsEnd = "snapshots0";  // behind every key with that beginning
const std::string kEnd = "~";                    // behind every key

std::string archived(const std::string& key) { return std::string(kBlobPrefix) + key; }

bool is_snapshot(const std::string& key) {
  const auto parsed = DocumentKey::parse(key);
  return parsed && parsed->snapshot;
}

std::string stream_prefix(const std::string& key) { return archived(key.substr(0, key.rfind('/') + 1)); }

}  // namespace

void BlobArchiver::load() {
  begin_listing();
  complete_ = archive_.manifest().complete;
}

void BlobArchiver::begin_listing() {
  listed_ = false;
  missed_ = false;
  listing_snapshots_ = true;
  listed_to_.clear();
}

bool BlobArchiver::caught_up() const { return listed_ && (changes_ == nullptr ? !missed_ : changes_->size() == 0); }

Task<> BlobArchiver::archive(std::int64_t deadline_ns) {
  if (changes_ == nullptr || changes_->take_overflow()) begin_listing();
  while (!listed_ && clock_.monotonic_ns() < deadline_ns) CO_TRY_VOID(co_await list_page());
  if (changes_ != nullptr) CO_TRY_VOID(co_await archive_changes(deadline_ns));
  complete_ = complete_ || caught_up();
  co_return Result<>{};
}

/// One page of the hub's keys beside the archive's of the same range.
Task<> BlobArchiver::list_page() {
  const std::string prefix = listing_snapshots_ ? kSnapshots : "";
  CO_TRY(const auto page, co_await source_.list(prefix, listed_to_, kPage));
  const bool last = page.size() < kPage;
  std::set<std::string> here;
  for (const engines::BlobInfo& blob : page) {
    here.insert(blob.key);
    if (!listing_snapshots_ && blob.key.starts_with(kSnapshots)) continue;
    CO_TRY(const bool copied, co_await copy(blob.key));
    missed_ = missed_ || !copied;
  }
  const std::string from = std::max(listed_to_, prefix);
  const std::string to = !last ? page.back().key : listing_snapshots_ ? kSnapshotsEnd : kEnd;
  CO_TRY_VOID(co_await archive_vanished(from, to, std::move(here)));
  listed_ = last && !listing_snapshots_;
  listed_to_ = last ? "" : page.back().key;
  if (last) listing_snapshots_ = false;
  co_return Result<>{};
}

/// What the archive has in (from, to], and the hub had not when it listed what is `here`.
Task<> BlobArchiver::archive_vanished(std::string from, std::string to, std::set<std::string> here) {
  std::vector<std::string> vanished;
  const auto& objects = archive_.manifest().objects();
  for (auto at = objects.upper_bound(archived(from)); at != objects.end() && at->first <= archived(to); ++at) {
    std::string key = at->first.substr(kBlobPrefix.size());
    if (at->second.gone_ms == 0 && !here.contains(key)) vanished.push_back(std::move(key));
  }
  for (std::string& key : vanished) CO_TRY_VOID(co_await removed(std::move(key)));
  co_return Result<>{};
}

Task<> BlobArchiver::archive_changes(std::int64_t deadline_ns) {
  do {
    auto some = changes_->take(kChangesAtOnce);
    if (some.empty()) co_return Result<>{};
    for (std::size_t i = 0; i < some.size(); ++i) {
      auto& [key, change] = some[i];
      Result<> done;
      if (change == BlobChanges::Change::kRemoved) {
        done = co_await removed(key);
      } else if (auto copied = co_await copy(key); !copied) {
        done = fail(std::move(copied).error());
      }
      if (done) continue;
      for (; i < some.size(); ++i) changes_->note(some[i].first, some[i].second);
      co_return done;
    }
  } while (clock_.monotonic_ns() < deadline_ns);
  co_return Result<>{};
}

Task<bool> BlobArchiver::copy(std::string key) {
  const std::string to = archived(key);
  const ArchivedObject* known = archive_.manifest().find(to);
  if (known != nullptr && known->gone_ms == 0) co_return true;
  auto reader = co_await source_.open(key);
  if (!reader && reader.error().code == Code::kNotFound) co_return false;  // removed meanwhile
  if (!reader) co_return fail(std::move(reader).error());
  if (known != nullptr) {  // it was gone and is back; what a key holds never changes
    archive_.manifest().put(to, {known->size_bytes, known->checksum, known->put_ms, 0});
    co_return true;
  }
  CO_TRY(const auto object, co_await archive_.begin(to));
  for (;;) {
    auto piece = co_await (*reader)->next(kCopyBytes);
    if (!piece && piece.error().code == Code::kNotFound) co_return false;
    if (!piece) co_return fail(std::move(piece).error());
    if (piece->empty()) break;
    CO_TRY_VOID(co_await object->write(std::make_shared<const Bytes>(std::move(*piece))));
  }
  CO_TRY_VOID(co_await object->commit());
  drop_replaced(key);
  co_return true;
}

/// A snapshot replaces those of its stream that are already gone.
void BlobArchiver::drop_replaced(const std::string& key) {
  if (!is_snapshot(key)) return;
  const std::string prefix = stream_prefix(key);
  const auto& objects = archive_.manifest().objects();
  std::vector<std::string> replaced;
  for (auto at = objects.lower_bound(prefix); at != objects.end() && at->first < archived(key); ++at) {
    if (at->second.gone_ms != 0) replaced.push_back(at->first);
  }
  for (const std::string& old : replaced) archive_.drop(old);
}

bool BlobArchiver::newer_snapshot(const std::string& key) const {
  if (!is_snapshot(key)) return false;
  const auto& objects = archive_.manifest().objects();
  const auto newer = objects.upper_bound(archived(key));
  return newer != objects.end() && newer->first.starts_with(stream_prefix(key));
}

Task<> BlobArchiver::removed(std::string key) {
  if (archive_.manifest().find(archived(key)) == nullptr) co_return Result<>{};
  const auto there = co_await source_.stat(key);
  if (there) co_return Result<>{};  // its removal failed, or it came again
  if (there.error().code != Code::kNotFound) co_return fail(there.error());
  const bool of_a_document = DocumentKey::parse(key).has_value();
  if (!of_a_document || newer_snapshot(key)) {
    archive_.drop(archived(key), !of_a_document);
  } else {
    archive_.manifest().set_gone(archived(key), clock_.wall_ms());
  }
  co_return Result<>{};
}

}  // namespace concord::archive
