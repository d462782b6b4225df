#include "documents/live_document.h"

#include <algorithm>

#include "documents/sync_session.h"

namespace concord::documents {

namespace {

/// What a record of the tail holds, beside its bytes.
constexpr std::size_t kRecordBytes = sizeof(HistoryRecord) + sizeof(Bytes) + 48;

std::size_t memory_of(const HistoryRecord& record) { return record.update->size() + kRecordBytes; }

}  // namespace

LiveDocument::LiveDocument(DocumentId id, Reactor& reactor, AwarenessLimits awareness_limits, Counter& built)
    : id_(id), stream_(id.str()), state_(built), awareness_(awareness_limits), edit_mutex_(reactor) {}

Result<> LiveDocument::restore(Bytes state, std::uint64_t version, HybridTime updated, engines::Position position) {
  const std::size_t bytes = state.size();
  TRY_VOID(state_.restore(std::move(state)));
  version_ = version;
  updated_ = updated;
  position_ = position;
  snapshot_position_ = position;
  snapshot_bytes_ = bytes;
  size_estimate_ = bytes;
  return {};
}

void LiveDocument::replay(const engines::LogRecord& record, engines::Position position) {
  note(record, position);
  state_.defer(record.payload);
}

Result<> LiveDocument::apply(const engines::LogRecord& record, engines::Position position) {
  note(record, position);
  return state_.apply(*record.payload);
}

void LiveDocument::note(const engines::LogRecord& record, engines::Position position) {
  ++version_;
  updated_ = record.time;
  position_ = position;
  read_at_this_version = false;
  tail_.push_back({version_, record.time, record.principal, record.payload});
  tail_bytes_ += memory_of(tail_.back());
  size_estimate_ += record.payload->size();
}

void LiveDocument::broadcast(const net::Frame& frame, std::uint64_t except) {
  for (SyncSession* session : sessions_) {
    if (session->number() != except) session->send(frame);
  }
}

void LiveDocument::snapshotted(engines::Position position, std::uint64_t version) {
  snapshot_position_ = position;
  const auto later = std::ranges::upper_bound(tail_, version, {}, &HistoryRecord::version);
  for (auto record = tail_.begin(); record != later; ++record) tail_bytes_ -= memory_of(*record);
  tail_.erase(tail_.begin(), later);
  if (tail_.empty()) tail_.shrink_to_fit();
}

void LiveDocument::measure() { size_estimate_ = state_.encoded_bytes(); }

}  // namespace concord::documents
