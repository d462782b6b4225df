#pragma once
// What a restore has found and made, for people.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace concord::archive {

struct RestoreReport {
  static constexpr std::size_t kMaxLines = 1000;

  std::uint64_t manifest = 0;    // its number
  std::int64_t archived_ms = 0;  // up to when the archive has everything, at least
  std::int64_t database_ms = 0;  // of when the database is
  std::uint64_t documents = 0;   // with a row
  std::uint64_t snapshots = 0;   // copied
  std::uint64_t rebuilt = 0;     // snapshots made from history
  std::uint64_t chunks = 0;      // of history
  std::uint64_t objects = 0;     // others
  std::uint64_t left_out = 0;    // streams with content and without a row: deleted, or not asked for
  std::uint64_t frames = 0;      // of the log, read and held against their checksums
  std::uint64_t records = 0;     // written into the new log
  std::uint64_t stand_ins = 0;   // and in place of those that are missing or another document's

  /// Damaged or missing, and what of it: one line each. Not empty: what was restored is not all there was.
  std::vector<std::string> damage;
  std::uint64_t more_damage = 0;  // lines left out
  /// What is no damage and yet to be known, e.g. what nobody can read any more because its keys were destroyed.
  std::vector<std::string> notes;

  void add_damage(std::string line) {
    if (damage.size() < kMaxLines) {
      damage.push_back(std::move(line));
    } else {
      ++more_damage;
    }
  }
  std::size_t damages() const { return damage.size() + more_damage; }
  void add_note(std::string line) {
    if (notes.size() < kMaxLines) notes.push_back(std::move(line));
  }
  bool whole() const { return damage.empty(); }
};

}  // namespace concord::archive
