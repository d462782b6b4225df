#pragma once
// Which records of a log are in no snapshot yet, by stream: what the log must keep.

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>

namespace concord::shard {

class Unsnapshotted {
 public:
  /// A record, behind all that were noted.
  void note(const std::string& stream, std::uint64_t position) {
    const auto [at, inserted] = ranges_.try_emplace(stream, Range{position, position});
    at->second.last = position;
    if (inserted) firsts_.insert(position);
  }
  /// A snapshot of the stream holds everything up to `through`.
  void snapshotted(const std::string& stream, std::uint64_t through) {
    const auto at = ranges_.find(stream);
    if (at == ranges_.end() || through < at->second.first) return;
    firsts_.erase(firsts_.find(at->second.first));
    if (at->second.last <= through) {
      ranges_.erase(at);
      return;
    }
    at->second.first = through + 1;
    firsts_.insert(at->second.first);
  }
  /// Whether there are any of a stream that `which` holds of.
  template <class Which>
  bool any(Which which) const {
    for (const auto& [stream, range] : ranges_)
      if (which(stream)) return true;
    return false;
  }
  /// The first that the log must keep; `next` where there is none.
  std::uint64_t first_or(std::uint64_t next) const { return firsts_.empty() ? next : *firsts_.begin(); }

 private:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  std::unordered_map<std::string, Range> ranges_;
  std::multiset<std::uint64_t> firsts_;  // of ranges_
};

}  // namespace concord::shard
