#include "reconcile/walk.h"

#include <algorithm>
#include <charconv>

#include "documents/history_names.h"
#include "shard/passed_snapshots.h"

namespace concord::reconcile {

Task<> StoredStreams::fill() {
  if (!keys_.empty() || ended_) co_return Result<>{};
  CO_TRY(const auto page, co_await blobs_.list(prefix_, after_, page_));
  for (const engines::BlobInfo& blob : page) keys_.push_back(blob.key.substr(prefix_.size()));
  ended_ = page.size() < page_;
  if (!page.empty()) after_ = page.back().key;
  co_return Result<>{};
}

bool StoredStreams::wanted(const std::string& name) const {
  const auto id = DocumentId::parse(name);
  return id && slots_.contains(id->slot());
}

Task<> StoredStreams::advance() {
  current_.reset();
  for (;;) {
    CO_TRY_VOID(co_await fill());
    if (keys_.empty()) co_return Result<>{};
    const std::string& key = keys_.front();
    const std::size_t slash = std::min(key.find('/'), key.size());
    const std::string name = key.substr(0, slash);
    if (current_ && current_->name != name) co_return Result<>{};
    if (!current_ && !wanted(name)) {
      keys_.pop_front();
      continue;
    }
    if (!current_) current_ = Stream{name, 0, {}};
    ++current_->count;
    current_->last = key.substr(std::min(slash + 1, key.size()));
    keys_.pop_front();
  }
}

Walk::Walk(shard::SlotRange slots, engines::Tables& tables, engines::Blobs& blobs, std::size_t page)
    : slots_(slots),
      page_(page),
      tables_(tables),
      snapshots_(blobs, shard::snapshot_prefix(shard::home_of(Slot{slots.first})), slots, page),
      history_(blobs, documents::history_prefix(shard::home_of(Slot{slots.first})), slots, page) {}

Task<> Walk::fill_rows() {
  while (rows_.empty() && !rows_ended_) {
    CO_TRY(auto page, co_await documents::versions_of(tables_, slots_, after_row_, page_));
    rows_.assign(page.rows.begin(), page.rows.end());
    rows_ended_ = page.ended;
    after_row_ = std::move(page.after);
  }
  co_return Result<>{};
}

Task<std::optional<Kept>> Walk::next() {
  if (!begun_) {
    begun_ = true;
    CO_TRY_VOID(co_await snapshots_.advance());
    CO_TRY_VOID(co_await history_.advance());
  }
  CO_TRY_VOID(co_await fill_rows());
  std::optional<std::string> least;
  const auto consider = [&least](const std::string& stream) {
    if (!least || stream < *least) least = stream;
  };
  if (snapshots_.current() != nullptr) consider(snapshots_.current()->name);
  if (history_.current() != nullptr) consider(history_.current()->name);
  if (!rows_.empty()) consider(rows_.front().id.str());
  if (!least) co_return std::nullopt;

  Kept kept{.stream = std::move(*least)};
  if (const auto* snapshots = snapshots_.current(); snapshots != nullptr && snapshots->name == kept.stream) {
    kept.snapshots = snapshots->count;
    const std::string& position = snapshots->last;
    std::from_chars(position.data(), position.data() + position.size(), kept.snapshot.value);
    CO_TRY_VOID(co_await snapshots_.advance());
  }
  if (const auto* history = history_.current(); history != nullptr && history->name == kept.stream) {
    if (const auto chunk = documents::parse_history_name(history->last, 0)) kept.history = chunk->last;
    CO_TRY_VOID(co_await history_.advance());
  }
  if (!rows_.empty() && rows_.front().id.str() == kept.stream) {
    kept.row = rows_.front().version;
    kept.named = rows_.front().snapshot;
    rows_.pop_front();
  }
  co_return kept;
}

}  // namespace concord::reconcile
