#pragma once
// What an archive has: the name, length and checksum of every object. docs/protocols/archive.md is the format.
//
// A manifest is a text of lines. The first ones of a run are whole; each later one has what changed since the one
// before, whose checksum it names. It is an object itself, `manifest/<number, 20 digits>`: what it names is durable
// before it is written, and what it does not name any more is removed after. So the newest one always tells the truth.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "engines/segment_format.h"

namespace concord::archive {

struct ArchivedObject {
  std::uint64_t size_bytes = 0;
  std::uint32_t checksum = 0;  // CRC-32C
  std::int64_t put_ms = 0;     // Unix milliseconds, when it was archived
  std::int64_t gone_ms = 0;    // when it was found that the hub has removed it; 0: the hub has it
};

class Manifest {
 public:
  std::uint64_t number = 0;  // 0: there is none yet
  engines::LogIdentity log{};
  std::int64_t time_ms = 0;        // everything that was acknowledged before is in the archive
  bool complete = false;           // everything that the hub had when the archive was begun is in it
  std::uint32_t own_checksum = 0;  // of the text it was read from, or last written as

  const std::map<std::string, ArchivedObject>& objects() const { return objects_; }
  std::uint64_t bytes() const { return bytes_; }
  const ArchivedObject* find(const std::string& key) const;
  void put(const std::string& key, ArchivedObject object);
  void set_gone(const std::string& key, std::int64_t now_ms);
  void drop(const std::string& key);
  /// Whether something was put, gone or dropped since the last text was made.
  bool changed() const { return !changes_.empty(); }

  /// The text of this one, as number `number` + 1, which it becomes: whole, or what changed.
  Bytes write_whole();
  Bytes write_change();
  /// Takes in the text of number `number` + 1, or any whole one. kCorrupt where it is damaged or does not follow: the
  /// manifest is then as it was. kInternal where its checksum is right and it says what cannot be: the manifest is then
  /// not to be used any more.
  Result<> read(ByteView text);

  static constexpr std::size_t kMaxBytes = std::size_t{1} << 30U;

 private:
  std::string head(bool whole);
  Bytes finish(std::string text);
  Result<> read_line(std::string_view line);
  Result<> read_head(std::string_view& text, std::uint32_t checksum);

  std::map<std::string, ArchivedObject> objects_;
  std::uint64_t bytes_ = 0;
  std::string changes_;  // lines
};

std::string manifest_key(std::uint64_t number);
/// The number of "manifest/<20 digits>".
std::optional<std::uint64_t> parse_manifest_key(std::string_view key);

}  // namespace concord::archive
