#pragma once
// AuthorRuns: for one client's clocks, who and when, as runs. Blocks of up to 128 runs under a directory, so that a run
// in the middle of a long history moves a block, not the history.

#include <cstdint>
#include <functional>
#include <vector>

namespace concord::crdt {

struct AuthorRun {
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  std::uint64_t time = 0;  // in grains
  std::uint32_t author = 0;

  std::uint32_t end() const { return clock + length; }
  bool same_as(const AuthorRun& other) const { return time == other.time && author == other.author; }
};
static_assert(sizeof(AuthorRun) == 24);

class AuthorRuns {
 public:
  /// Whether the first run's word counts where both speak of an element.
  using Order = std::function<bool(const AuthorRun&, const AuthorRun&)>;

  void add(const AuthorRun& run, const Order& precedes);
  /// The run with that clock, or the first behind it; null at the end.
  const AuthorRun* from(std::uint32_t clock) const;

  template <class Visit>
  void each(Visit visit) const {
    for (const std::vector<AuthorRun>& block : blocks_)
      for (const AuthorRun& run : block) visit(run);
  }
  std::size_t size() const { return size_; }
  std::size_t heap_bytes() const;

 private:
  static constexpr std::size_t kBlock = 128;
  struct Place {
    std::size_t block = 0;
    std::size_t slot = 0;
  };

  /// The first run that ends at or behind `clock`.
  Place first_touching(std::uint32_t clock) const;
  void replace(Place first, std::size_t count, const std::vector<AuthorRun>& runs);

  std::vector<std::vector<AuthorRun>> blocks_;  // none empty
  std::size_t size_ = 0;
};

}  // namespace concord::crdt
