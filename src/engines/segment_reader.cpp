#include "engines/segment_reader.h"

#include <algorithm>

namespace concord::engines {

FrameCursor::FrameCursor(File& file, std::optional<std::uint32_t> tag, std::uint64_t begin, std::uint64_t end,
                         std::size_t window_bytes)
    : file_(file),
      tag_(tag),
      offset_(begin),
      end_(std::max(begin, end)),
      untagged_budget_(8 * (end_ - begin)),
      window_bytes_(window_bytes) {}

Result<ByteView> FrameCursor::view(std::size_t count) {
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, end_ - offset_));
  const bool held = offset_ >= window_at_ && offset_ + count <= window_at_ + window_.size();
  if (!held) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(std::max(count, window_bytes_), end_ - offset_));
    window_.resize(want);
    window_at_ = offset_;
    TRY(const std::size_t got, read_full(file_, offset_, window_));
    window_.resize(got);
  }
  const auto begin = static_cast<std::size_t>(offset_ - window_at_);
  return ByteView(window_).subspan(begin, std::min(count, window_.size() - begin));
}

Result<std::optional<FrameCursor::Step>> FrameCursor::next() {
  if (offset_ >= end_) return std::nullopt;
  TRY(const ByteView head, view(kFrameHeaderBytes));
  const auto size = peek_frame(head, tag_);
  if (!size) return Step(std::unexpected(size.error()));
  TRY(const ByteView whole, view(*size));
  const Step step = decode_frame(whole, tag_);
  if (step) offset_ += *size;
  return step;
}

Result<std::optional<FrameCursor::Step>> FrameCursor::next_of(ShardId shard) {
  if (offset_ >= end_) return std::nullopt;
  TRY(const ByteView head, view(kFrameHeaderBytes));
  const auto size = peek_frame(head, tag_);
  if (!size) return Step(std::unexpected(size.error()));
  const auto owner = get_le<std::uint32_t>(head.data() + 24);
  if (owner == shard.value) return next();
  if (*size > end_ - offset_) return Step(std::unexpected(FrameFault::kShort));
  offset_ += *size;
  Frame foreign;
  foreign.type = static_cast<FrameType>(head[8]);
  foreign.shard.value = owner;
  return Step(foreign);
}

Result<bool> FrameCursor::seek_frame() {
  while (offset_ + 8 < end_) {
    offset_ += 8;
    TRY(const ByteView head, view(kFrameHeaderBytes));
    const auto size = peek_frame(head, tag_);
    if (!size || *size > end_ - offset_) continue;
    if (!tag_) {
      if (*size > untagged_budget_) return fail(Code::kCorrupt, "too many bytes look like frames of a log");
      untagged_budget_ -= *size;
    }
    TRY(const ByteView whole, view(*size));
    if (decode_frame(whole, tag_)) return true;
  }
  offset_ = end_;
  return false;
}

Result<bool> FrameCursor::only_zeros() {
  const std::uint64_t begin = offset_;
  bool zeros = true;
  while (zeros && offset_ < end_) {
    TRY(const ByteView some, view(window_bytes_));
    if (some.empty()) break;
    zeros = std::ranges::all_of(some, [](std::uint8_t byte) { return byte == 0; });
    offset_ += some.size();
  }
  offset_ = begin;
  return zeros;
}

}  // namespace concord::engines
