#pragma once
// Reads the frames of one segment in order, through a window of its file.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engines/file_system.h"
#include "engines/segment_format.h"

namespace concord::engines {

/// An open segment file; shared by the index, the appender and the reads under way, so that a read outlives the
/// removal of the file.
struct Segment {
  std::uint32_t number = 0;
  std::uint32_t tag = 0;
  std::string path;
  std::unique_ptr<File> file;
};

class FrameCursor {
 public:
  /// Reads [begin, end) of the file, which outlives the cursor; `begin` is a multiple of 8. Without a tag frames of any
  /// tag are taken.
  FrameCursor(File& file, std::optional<std::uint32_t> tag, std::uint64_t begin, std::uint64_t end,
              std::size_t window_bytes);

  /// Where `next` will look.
  std::uint64_t offset() const { return offset_; }
  /// One frame, whose views hold until the next call; nullopt at `end`. A fault does not move the cursor. An error is
  /// the file's: kUnavailable.
  using Step = std::expected<Frame, FrameFault>;
  Result<std::optional<Step>> next();
  /// As `next`, but a frame of another shard is stepped over without its checksum, and comes without texts and payload.
  Result<std::optional<Step>> next_of(ShardId shard);
  /// Moves behind the current offset to where a whole frame begins; false, and at `end`, where there is none. Without a
  /// tag, bytes made to look like many large frames cost time; past a bound on it this is kCorrupt.
  Result<bool> seek_frame();
  /// Whether only zeros follow, up to `end`.
  Result<bool> only_zeros();

 private:
  /// What the file has of [offset_, offset_ + count), in the window.
  Result<ByteView> view(std::size_t count);

  File& file_;
  std::optional<std::uint32_t> tag_;
  std::uint64_t offset_;
  std::uint64_t end_;
  std::uint64_t untagged_budget_;
  std::size_t window_bytes_;
  std::uint64_t window_at_ = 0;
  Bytes window_;
};

}  // namespace concord::engines
