#include "documents/live_document.h"

#include <algorithm>

#include "crdt/state_vector.h"
#include "crdt/update.h"
#include "documents/live_session.h"
#include "documents/ot_document.h"

namespace concord::documents {

namespace {

/// What a record of the tail holds, beside its bytes.
constexpr std::size_t kRecordBytes = sizeof(HistoryRecord) + sizeof(Bytes) + 48;

WrittenBy written_by(const HistoryRecord& record) { return {record.version, record.time, record.principal}; }

std::size_t memory_of(const HistoryRecord& record) { return record.update->size() + kRecordBytes; }

}  // namespace

LiveDocument::LiveDocument(DocumentId id, Reactor& reactor, AwarenessLimits awareness_limits, Counter& built)
    : id_(id), stream_(id.str()), state_(built), awareness_(awareness_limits), edit_mutex_(reactor) {}

LiveDocument::~LiveDocument() = default;

Result<> LiveDocument::restore(Bytes state, std::uint64_t version, HybridTime updated, engines::Position position) {
  const std::size_t bytes = state.size();
  may_be_annotated_ = may_annotate(state);
  TRY_VOID(state_.restore(std::move(state)));
  version_ = version;
  updated_ = updated;
  position_ = position;
  snapshot_position_ = position;
  snapshot_bytes_ = bytes;
  size_.loaded(bytes);
  return {};
}

void LiveDocument::replay(const engines::LogRecord& record, engines::Position position) {
  note(record, position);
  size_.loaded(record.payload->size());
  if (looked_at_ == 0)
    state_.on_deferred([this](crdt::Doc& doc, ByteView update) {
      HistoryRecord& looked_at = tail_[looked_at_++];
      const Annotating annotating = look_for_annotations(doc, update);
      looked_at.only_annotates = annotating.only;
      if (news_) news_->before(doc, annotating.some, written_by(looked_at));
    });
  state_.defer(record.payload);
}

Result<Annotating> LiveDocument::apply(const engines::LogRecord& record, engines::Position position) {
  note(record, position);
  const Annotating annotating = look_for_annotations(doc(), *record.payload);
  tail_.back().only_annotates = annotating.only;
  if (news_) news_->before(doc(), annotating.some, written_by(tail_.back()));
  const auto applied = state_.apply(*record.payload);
  if (news_) news_->settle(doc());
  TRY_VOID(applied);
  return annotating;
}

Annotating LiveDocument::look_for_annotations(const crdt::Doc& doc, ByteView update) const {
  return may_be_annotated_ ? touches_annotations(doc, update) : Annotating{};
}

void LiveDocument::note(const engines::LogRecord& record, engines::Position position) {
  ++version_;
  updated_ = record.time;
  position_ = position;
  read_at_this_version = false;
  tail_.push_back({version_, record.time, record.principal, record.payload});
  tail_.back().restores = restored_version(record.client);
  may_be_annotated_ = may_be_annotated_ || may_annotate(*record.payload);
  tail_bytes_ += memory_of(tail_.back());
}

void LiveDocument::publish(Published::Kind kind, SharedBytes bytes, std::uint64_t from) {
  Published what(kind, std::move(bytes), from);
  for (LiveSession* session : sessions_) session->offer(what);
}

void LiveDocument::publish(Published::Kind kind, Bytes bytes, std::uint64_t from) {
  publish(kind, std::make_shared<const Bytes>(std::move(bytes)), from);
}

/// The records themselves where they are there still: what is worked out from the state vector has all deletions that
/// there ever were.
SharedBytes LiveDocument::since(std::uint64_t version, ByteView had) {
  if (!tail_.empty() && tail_.front().version <= version + 1) {
    std::vector<ByteView> updates;
    for (auto record = std::ranges::upper_bound(tail_, version, {}, &HistoryRecord::version); record != tail_.end();
         ++record)
      updates.emplace_back(*record->update);
    if (auto merged = crdt::merge_updates(updates)) return std::make_shared<const Bytes>(std::move(*merged));
  }
  auto known = crdt::decode_state_vector(had);
  return std::make_shared<const Bytes>(state_.encode_state_as_update(known ? *known : crdt::StateVector{}));
}

Activity LiveDocument::activity_since(std::uint64_t version, std::uint32_t shard) {
  Activity out{.writes = {}, .annotations = {}, .shard = shard, .position = position_.value};
  if (may_be_annotated_ && news_) news_->settle(doc());  // it is known then what only annotates
  for (const HistoryRecord& record : tail_) {
    if (record.version > version) out.writes.push_back({written_by(record), record.only_annotates, record.restores});
  }
  if (news_) out.annotations = news_->events();
  return out;
}

void LiveDocument::told(std::uint64_t version) {
  if (news_) news_->forget(version);
}

void LiveDocument::snapshotted(engines::Position position, std::uint64_t version) {
  snapshot_position_ = position;
  const auto later = std::ranges::upper_bound(tail_, version, {}, &HistoryRecord::version);
  for (auto record = tail_.begin(); record != later; ++record) tail_bytes_ -= memory_of(*record);
  tail_.erase(tail_.begin(), later);
  if (tail_.empty()) tail_.shrink_to_fit();
}

}  // namespace concord::documents
