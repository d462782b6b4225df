#pragma once
// What waits to be sent on a connection, as frames. A message that was sent on one stream and is sent on another soon
// after is kept once, with the list of its streams, as far as the order of each stream allows.

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace concord::link {

class OutQueue {
 public:
  /// Where an entry stands in the order of all; 0 is before the first.
  using Position = std::uint64_t;

  /// A frame that is whole.
  Position push_frame(Bytes frame);
  /// `message` for `stream`, whose last entry is `after`: joined to an entry behind it that has the same message, or an
  /// entry of its own.
  Position push_message(std::uint32_t stream, Position after, SharedBytes message);

  /// Of the newest entry.
  Position last() const { return popped_ + entries_.size(); }
  bool empty() const { return first_ == entries_.size(); }
  /// Of frames that are not taken yet, about: a message counts once.
  std::size_t bytes() const { return bytes_; }
  /// Appends the next bytes of the frames to `out`, until it has `most` of them or nothing is left.
  void take(Bytes& out, std::size_t most);
  /// Gives back memory that nothing needs now.
  void shrink();

 private:
  struct Entry {
    SharedBytes payload;
    std::vector<std::uint32_t> more;  // streams behind the first
    std::uint32_t stream = 0;         // 0: the payload is a whole frame
  };

  void begin(const Entry& entry);
  void pop();

  std::vector<Entry> entries_;
  std::size_t first_ = 0;
  Position popped_ = 0;  // entries before entries_[0]
  std::size_t bytes_ = 0;
  bool begun_ = false;      // the first entry: its head is in head_
  Bytes head_;              // of the first entry
  std::size_t offset_ = 0;  // into its head and then its payload
};

}  // namespace concord::link
