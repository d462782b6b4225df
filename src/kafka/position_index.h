#pragma once
// Where in a shard's topic a position is to be looked for: some of the messages that a reader may begin with, more of
// them the less there are. Bounded; one thread.

#include <cstdint>
#include <optional>
#include <vector>

#include "kafka/epoch_filter.h"

namespace concord::kafka {

/// A message before which the state is known.
struct Landmark {
  engines::Position position;  // the next one, before the message
  std::int64_t offset = 0;
  engines::Epoch epoch;
  WriterId writer;
};

class PositionIndex {
 public:
  explicit PositionIndex(std::size_t limit = 4096) : limit_(limit) {}

  /// In the order of offsets. One that is `needed` stays until there are too many of all.
  void add(Landmark landmark, bool needed = false);
  /// The last one that is not behind the position.
  std::optional<Landmark> find(engines::Position position) const;
  void drop_before(std::int64_t offset);
  void clear();
  std::size_t size() const { return landmarks_.size(); }

 private:
  void thin_out();

  const std::size_t limit_;
  std::vector<Landmark> landmarks_;
  std::size_t stride_ = 1;   // every how many-th is kept
  std::size_t skipped_ = 0;  // since the last that was
};

}  // namespace concord::kafka
