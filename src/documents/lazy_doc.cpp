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
}

Result<> LazyDoc::apply(ByteView update) {
  TRY_VOID(doc().apply_update(update));
  return {};
}

crdt::Doc& LazyDoc::doc() {
  if (!doc_) {
    doc_.emplace();
    (void)doc_->apply_update(stored_);
    for (const SharedBytes& update : deferred_) (void)doc_->apply_update(*update);
    Bytes().swap(stored_);
    std::vector<SharedBytes>().swap(deferred_);
    built_.add();
  }
  return *doc_;
}

bool LazyDoc::fold() {
  if (doc_) return false;
  if (deferred_.empty()) return true;
  if (deferred_bytes_ > kMaxFoldBytes) return false;
  std::vector<ByteView> all{stored_};
  for (const SharedBytes& update : deferred_) all.emplace_back(*update);
  auto merged = crdt::merge_updates(all);
  if (!merged) return false;
  stored_ = std::move(*merged);
  std::vector<SharedBytes>().swap(deferred_);
  return true;
}

Bytes LazyDoc::encode_state_vector() {
  if (fold()) {
    if (auto vector = crdt::state_vector_of_update(stored_)) return std::move(*vector);
  }
  return doc().encode_state_vector();
}

Bytes LazyDoc::encode_state_as_update(const crdt::StateVector& since) {
  if (fold()) {
    if (since.empty()) return stored_;
    if (auto rest = crdt::diff_update(stored_, since)) return std::move(*rest);
  }
  return doc().encode_state_as_update(since);
}

bool LazyDoc::covers(ByteView update) {
  if (fold()) {
    // Merged with what adds nothing, since a merge writes some bits otherwise than a document does.
    const ByteView alone[] = {stored_, kNothing};
    const ByteView both[] = {stored_, update};
    const auto merged = crdt::merge_updates(both);
    if (!merged) return false;
    if (*merged == stored_) return true;
    if (const auto again = crdt::merge_updates(alone); again && *merged == *again) return true;
  }
  return doc().covers(update).value_or(false);
}

std::size_t LazyDoc::encoded_bytes() { return fold() ? stored_.size() : doc().encode_state_as_update().size(); }

}  // namespace concord::documents
