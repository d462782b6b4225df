#include "documents/lazy_doc.h"

#include "crdt/update.h"

namespace concord::documents {

namespace {
constexpr std::uint8_t kNothing[] = {0, 0};  // the update that changes nothing
}

Result<> LazyDoc::restore(Bytes state) {
  TRY_VOID(crdt::check_update(state));
  stored_ = std::move(state);
  return {};
}

void LazyDoc::defer(SharedBytes update) {
  deferred_bytes_ += update->size();
  deferred_.push_back(std::move(update));
  Bytes().swap(merged_);
}

Result<> LazyDoc::apply(ByteView update) {
  TRY_VOID(doc().apply_update(update));
  return {};
}

crdt::Doc& LazyDoc::doc() {
  if (!doc_) {
    doc_.emplace();
    (void)doc_->apply_update(stored_);
    for (const SharedBytes& update : deferred_) {
      if (look_) look_(*doc_, *update);
      (void)doc_->apply_update(*update);
    }
    look_ = nullptr;
    Bytes().swap(stored_);
    Bytes().swap(merged_);
    std::vector<SharedBytes>().swap(deferred_);
    built_.add();
  }
  return *doc_;
}

const Bytes* LazyDoc::merged() {
  if (doc_) return nullptr;
  if (deferred_.empty()) return &stored_;
  if (!merged_.empty()) return &merged_;
  if (deferred_bytes_ > kMaxMergeBytes) return nullptr;
  std::vector<ByteView> all{stored_};
  for (const SharedBytes& update : deferred_) all.emplace_back(*update);
  auto merged = crdt::merge_updates(all);
  if (!merged) return nullptr;
  merged_ = std::move(*merged);
  return &merged_;
}

Bytes LazyDoc::encode_state_vector() {
  if (const Bytes* all = merged()) {
    if (auto vector = crdt::state_vector_of_update(*all)) return std::move(*vector);
  }
  return doc().encode_state_vector();
}

Bytes LazyDoc::encode_state_as_update(const crdt::StateVector& since) {
  if (const Bytes* all = merged()) {
    if (since.empty()) return *all;
    if (auto rest = crdt::diff_update(*all, since)) return std::move(*rest);
  }
  return doc().encode_state_as_update(since);
}

bool LazyDoc::covers(ByteView update) {
  const Bytes* all = asked_ < kMostAsked ? merged() : nullptr;
  if (all != nullptr) {
    ++asked_;
    // Merged with what adds nothing, since a merge writes some bits otherwise than a document does.
    const ByteView alone[] = {*all, kNothing};
    const ByteView both[] = {*all, update};
    const auto with = crdt::merge_updates(both);
    if (!with) return false;
    if (*with == *all) return true;
    if (const auto again = crdt::merge_updates(alone); again && *with == *again) return true;
  }
  return doc().covers(update).value_or(false);
}

std::size_t LazyDoc::encoded_bytes() {
  const Bytes* all = merged();
  return all != nullptr ? all->size() : doc().encode_state_as_update().size();
}

}  // namespace concord::documents
