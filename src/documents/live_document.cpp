#include "documents/live_document.h"

#include "documents/sync_session.h"

namespace concord::documents {

LiveDocument::LiveDocument(DocumentId id, Reactor& reactor, AwarenessLimits awareness_limits)
    : id_(id), stream_(id.str()), awareness_(awareness_limits), edit_mutex_(reactor) {}

Result<> LiveDocument::restore(ByteView state, std::uint64_t version, HybridTime updated, engines::Position position) {
  TRY_VOID(doc_.apply_update(state));
  version_ = version;
  updated_ = updated;
  position_ = position;
  snapshot_position_ = position;
  snapshot_bytes_ = state.size();
  size_estimate_ = state.size();
  return {};
}

Result<> LiveDocument::apply(const engines::LogRecord& record, engines::Position position) {
  ++version_;
  updated_ = record.time;
  position_ = position;
  read_at_this_version = false;
  tail_bytes_ += record.payload->size();
  size_estimate_ += record.payload->size();
  TRY_VOID(doc_.apply_update(*record.payload));
  return {};
}

void LiveDocument::broadcast(const net::Frame& frame, std::uint64_t except) {
  for (SyncSession* session : sessions_) {
    if (session->number() != except) session->send(frame);
  }
}

void LiveDocument::snapshotted(engines::Position position, std::size_t tail_bytes_then) {
  snapshot_position_ = position;
  tail_bytes_ -= tail_bytes_then;
}

void LiveDocument::measure() { size_estimate_ = doc_.encode_state_as_update().size(); }

}  // namespace concord::documents
