#pragma once
// Goes over all that is kept of the documents in some slots of one home, in the order of their identifiers: what the
// tables say, beside what stored content is called. It sees pages of different moments: what it finds is worth a second
// look, and no more.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "documents/document_versions.h"
#include "engines/blobs.h"

namespace concord::reconcile {

struct Kept {
  std::string stream;
  std::optional<std::uint64_t> row;  // the version that the tables know; absent: they know no such document
  engines::Position named;           // the position of the snapshot that the tables name
  std::size_t snapshots = 0;
  engines::Position snapshot;  // of the newest
  std::uint64_t history = 0;   // the last version that is kept there
};

/// What is kept of one stream after the other, of one kind.
class StoredStreams {
 public:
  struct Stream {
    std::string name;
    std::size_t count = 0;
    std::string last;  // the last name behind the stream's
  };
  /// Those that are documents in `slots`, of all that begins with the prefix.
  StoredStreams(engines::Blobs& blobs, std::string prefix, shard::SlotRange slots, std::size_t page)
      : blobs_(blobs), prefix_(std::move(prefix)), slots_(slots), page_(page) {}

  /// The one where it stands; null behind the last. After `advance`.
  const Stream* current() const { return current_ ? &*current_ : nullptr; }
  Task<> advance();

 private:
  Task<> fill();
  bool wanted(const std::string& name) const;

  engines::Blobs& blobs_;
  const std::string prefix_;
  const shard::SlotRange slots_;
  const std::size_t page_;
  std::deque<std::string> keys_;  // without the prefix
  std::string after_;
  bool ended_ = false;
  std::optional<Stream> current_;
};

class Walk {
 public:
  /// `page`: how many names are asked for at once.
  Walk(shard::SlotRange slots, engines::Tables& tables, engines::Blobs& blobs, std::size_t page = 1000);

  /// nullopt behind the last.
  Task<std::optional<Kept>> next();

 private:
  Task<> fill_rows();

  const shard::SlotRange slots_;
  const std::size_t page_;
  engines::Tables& tables_;
  StoredStreams snapshots_;
  StoredStreams history_;
  std::deque<documents::DocumentVersion> rows_;
  std::string after_row_;
  bool rows_ended_ = false;
  bool begun_ = false;
};

}  // namespace concord::reconcile
