#pragma once
// The keys of an archive's objects.
//
//   log/<segment, 16 hex digits>/<begin>-<end>-<serial>    bytes [begin, end) of a segment; numbers of 20 digits
//   blobs/<key>                                            the hub's object of that key
//   database/<version, 20 digits>-<b|p>/<part, 6 digits>   pages of the database: b all, p those that changed
//   manifest/<number, 20 digits>                           manifest.h

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/manifest.h"

namespace concord::archive {

constexpr std::string_view kBlobPrefix = "blobs/";
constexpr std::string_view kLogPrefix = "log/";
constexpr std::string_view kDatabasePrefix = "database/";

struct LogPiece {
  std::uint32_t segment = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t serial = 0;  // makes the key one that never was

  std::string key() const;
  static std::optional<LogPiece> parse(std::string_view key);
};

struct DatabasePart {
  std::uint64_t version = 0;  // Unix milliseconds at which the copy was begun, and greater than the one before
  bool whole = false;
  std::uint32_t part = 0;

  std::string key() const;
  static std::optional<DatabasePart> parse(std::string_view key);
};

/// A version of the database: its parts, in order.
struct DatabaseVersion {
  std::uint64_t version = 0;
  bool whole = false;
  std::vector<std::string> keys;
  std::uint64_t bytes = 0;
};

/// A key of the hub: "snapshots/<shard>/<stream>/<name>" or "history/…". nullopt for any other.
struct DocumentKey {
  bool snapshot = false;
  std::uint32_t shard = 0;
  std::string stream;
  std::string name;
  static std::optional<DocumentKey> parse(std::string_view hub_key);
};

/// What the manifest has of the log: by segment, pieces in order, without gaps within a segment.
std::map<std::uint32_t, std::vector<LogPiece>> log_pieces(const Manifest& manifest);
/// Oldest first.
std::vector<DatabaseVersion> database_versions(const Manifest& manifest);

}  // namespace concord::archive
