#include "link/out_queue.h"

#include <algorithm>
#include <memory>

#include "link/frame.h"

namespace concord::link {
namespace {

constexpr std::size_t kLookBack = 4;  // entries that a message may join
constexpr std::size_t kHeadBytes = 9;

}  // namespace

OutQueue::Position OutQueue::push_frame(Bytes frame) {
  bytes_ += frame.size();
  entries_.push_back({.payload = std::make_shared<const Bytes>(std::move(frame))});
  return popped_ + entries_.size();
}

OutQueue::Position OutQueue::push_message(std::uint32_t stream, Position after, SharedBytes message) {
  const std::size_t unbegun = first_ + (begun_ ? 1 : 0);
  const std::size_t least = std::max(unbegun, entries_.size() - std::min(entries_.size(), kLookBack));
  for (std::size_t i = entries_.size(); i > least && popped_ + i > after; --i) {
    Entry& entry = entries_[i - 1];
    if (entry.payload != message || entry.stream == 0 || entry.more.size() + 1 == kMaxManyStreams) continue;
    entry.more.push_back(stream);
    bytes_ += 4;
    return popped_ + i;
  }
  bytes_ += kHeadBytes + message->size();
  entries_.push_back({.payload = std::move(message), .stream = stream});
  return popped_ + entries_.size();
}

void OutQueue::begin(const Entry& entry) {
  begun_ = true;
  head_.clear();
  if (entry.stream == 0) return;
  if (entry.more.empty()) return put_message_head(head_, {&entry.stream, 1}, entry.payload->size());
  std::vector<std::uint32_t> streams{entry.stream};
  streams.insert(streams.end(), entry.more.begin(), entry.more.end());
  put_message_head(head_, streams, entry.payload->size());
}

void OutQueue::pop() {
  const Entry& entry = entries_[first_];
  const std::size_t counted = entry.payload->size() + (entry.stream == 0 ? 0 : kHeadBytes + 4 * entry.more.size());
  bytes_ -= counted;
  entries_[first_++] = Entry();
  begun_ = false;
  offset_ = 0;
  if (first_ * 2 < entries_.size()) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
  popped_ += first_;
  first_ = 0;
}

void OutQueue::shrink() {
  if (empty()) std::vector<Entry>().swap(entries_);
}

void OutQueue::take(Bytes& out, std::size_t most) {
  while (!empty() && out.size() < most) {
    const Entry& entry = entries_[first_];
    if (!begun_) begin(entry);
    const ByteView payload(*entry.payload);
    while (out.size() < most && offset_ < head_.size() + payload.size()) {
      const bool in_head = offset_ < head_.size();
      const ByteView rest = in_head ? ByteView(head_).subspan(offset_) : payload.subspan(offset_ - head_.size());
      const std::size_t count = std::min(rest.size(), most - out.size());
      append(out, rest.first(count));
      offset_ += count;
    }
    if (offset_ == head_.size() + payload.size()) pop();
  }
}

}  // namespace concord::link
