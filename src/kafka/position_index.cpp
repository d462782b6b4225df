#include "kafka/position_index.h"

#include <algorithm>

namespace concord::kafka {

void PositionIndex::add(Landmark landmark, bool needed) {
  if (!needed && !landmarks_.empty() && ++skipped_ < stride_) return;
  skipped_ = 0;
  landmarks_.push_back(landmark);
  if (landmarks_.size() > limit_) thin_out();
}

/// Keeps the first, without which what stands before the second could not be found.
void PositionIndex::thin_out() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < landmarks_.size(); i += 2) landmarks_[kept++] = landmarks_[i];
  landmarks_.resize(kept);
  stride_ *= 2;
}

std::optional<Landmark> PositionIndex::find(engines::Position position) const {
  const auto behind = std::ranges::upper_bound(landmarks_, position, {}, &Landmark::position);
  if (behind == landmarks_.begin()) return std::nullopt;
  return *std::prev(behind);
}

void PositionIndex::drop_before(std::int64_t offset) {
  landmarks_.erase(landmarks_.begin(), std::ranges::lower_bound(landmarks_, offset, {}, &Landmark::offset));
}

void PositionIndex::clear() {
  landmarks_.clear();
  stride_ = 1;
  skipped_ = 0;
}

}  // namespace concord::kafka
