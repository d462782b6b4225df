#pragma once
// The encoded states of versions that a REST caller has read and may write against, after the document has moved on.
// Least recently used ones go first. One reactor.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/id.h"

namespace concord::documents {

class VersionCache {
 public:
  explicit VersionCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  void put(DocumentId id, std::uint64_t version, SharedBytes state);
  /// Null where it is not kept (any more).
  SharedBytes find(DocumentId id, std::uint64_t version);
  void forget(DocumentId id);
  void clear() {
    entries_.clear();
    by_use_.clear();
    bytes_ = 0;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<DocumentId, std::uint64_t>;
  struct Entry {
    Key key;
    SharedBytes state;
  };
  void drop(std::list<Entry>::iterator entry);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::list<Entry> by_use_;  // most recent first
  std::map<Key, std::list<Entry>::iterator> entries_;
};

}  // namespace concord::documents
