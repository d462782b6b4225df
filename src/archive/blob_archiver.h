#pragma once
// Brings the hub's blobs into the archive: first all there are, page by page, then what changes.
//
// Snapshots are listed before the rest: what a snapshot stands on was written before it, so it is found after it. One
// that vanishes before it is copied was replaced; the one in its place is found by a further listing, or as a change.
//
// A snapshot that a newer one of its stream has replaced is dropped. What else the hub removes of a document goes with
// its deletion: it stays, marked as gone, so that a point in time before the deletion can be restored. Anything else,
// above all a user's key, is removed here as soon as it is there.

#include <set>
#include <string>

#include "archive/archive_writer.h"
#include "archive/watched_blobs.h"

namespace concord::archive {

class BlobArchiver {
 public:
  /// Without `changes` each round is a listing.
  BlobArchiver(ArchiveWriter& archive, engines::Blobs& source, BlobChanges* changes, Clock& clock)
      : archive_(archive), source_(source), changes_(changes), clock_(clock) {}

  /// After the archive's manifest was loaded.
  void load();
  /// Goes on until everything is there or `deadline_ns` of the monotonic clock has come.
  Task<> archive(std::int64_t deadline_ns);
  /// Whether everything was there, and the hub had changed nothing that the archive has not, when the round ended.
  bool caught_up() const;
  /// Whether all that the hub had when it was first listed is there.
  bool complete() const { return complete_; }

 private:
  void begin_listing();
  Task<> list_page();
  Task<> archive_vanished(std::string from, std::string to, std::set<std::string> here);
  Task<> archive_changes(std::int64_t deadline_ns);
  /// False where the hub does not have it any more.
  Task<bool> copy(std::string key);
  Task<> removed(std::string key);
  void drop_replaced(const std::string& key);
  bool newer_snapshot(const std::string& key) const;

  ArchiveWriter& archive_;
  engines::Blobs& source_;
  BlobChanges* changes_;
  Clock& clock_;
  bool complete_ = false;
  bool listed_ = false;
  bool missed_ = false;            // a listed one was gone before it was copied
  bool listing_snapshots_ = true;  // then all the rest
  std::string listed_to_;
};

}  // namespace concord::archive
