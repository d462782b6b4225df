#pragma once
// Reads a document's history: its versions for people (updates that belong together in time are one entry), and the
// state it had at any of them. The records come from the chunks of the store and, for what is not in a chunk yet, from
// the live document.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "documents/history_store.h"

namespace concord::documents {

/// Updates that follow each other closely: one sitting of one or several authors.
struct HistoryEntry {
  struct Author {
    std::string principal;
    std::uint64_t updates = 0;
    std::uint64_t bytes = 0;
  };
  std::uint64_t from_version = 0;  // the first made by it
  std::uint64_t version = 0;       // the last: the one to read
  HybridTime since;
  HybridTime at;
  std::uint64_t bytes = 0;      // of updates
  std::vector<Author> authors;  // most recent first
  std::string name;             // of `version`, where it was given one
};

struct HistoryPage {
  std::vector<HistoryEntry> entries;  // newest first
  std::uint64_t next_before = 0;      // where the next page begins; 0: there is none
};

using VersionNames = std::map<std::uint64_t, std::string>;

/// Collects records, newest first, into entries. An entry ends before a pause of kPauseMs, after kSittingMs, and at a
/// version that has a name. What only annotates counts for nothing, unless it was given a name.
class HistoryGrouper {
 public:
  static constexpr std::int64_t kPauseMs = 5 * 60'000;
  static constexpr std::int64_t kSittingMs = 30 * 60'000;

  explicit HistoryGrouper(const VersionNames& names) : names_(names) {}
  void add(const HistoryRecord& record);
  const std::vector<HistoryEntry>& entries() const { return entries_; }
  std::vector<HistoryEntry> take() && { return std::move(entries_); }

 private:
  bool begins_entry(const HistoryRecord& record) const;

  const VersionNames& names_;
  std::vector<HistoryEntry> entries_;
};

class History {
 public:
  /// A document's stream, and its records that may not be in the store yet, oldest first.
  struct Source {
    engines::ShardId shard;
    std::string stream;
    std::vector<HistoryRecord> recent;
  };

  History(HistoryStore& store, BlockingPool& pool) : store_(store), pool_(pool) {}

  /// At most `limit` entries, of versions before `before` (0: all). Reads at most kMaxChunks chunks, so a page may be
  /// short, or empty, and have a next one.
  Task<HistoryPage> page(Source source, VersionNames names, std::uint64_t before, std::size_t limit);

  /// The encoded state after `version`; kNotFound where its records are not kept.
  Task<SharedBytes> state_at(Source source, std::uint64_t version);

  /// The records that lead from `from` to `to`, oldest first; kTooLarge past kMaxChunks chunks.
  Task<std::vector<HistoryRecord>> between(Source source, std::uint64_t from, std::uint64_t to);

  static constexpr std::size_t kMaxChunks = 64;

 private:
  Task<std::vector<HistoryRecord>> collect(const Source& source, const std::vector<HistoryChunkName>& names,
                                           std::uint64_t from, std::uint64_t to);

  HistoryStore& store_;
  BlockingPool& pool_;
};

}  // namespace concord::documents
