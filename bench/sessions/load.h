#pragma once
// Groups of sessions on one thread and one epoll set, and the two things that are done with them: opening many, and
// letting some write while others read.

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "sessions/session.h"

namespace concord::bench {

struct Group {
  std::deque<Target> targets;  // session i goes to target i modulo their number
  std::vector<std::unique_ptr<Session>> sessions;
};

struct Writing {
  std::size_t writers = 0;  // groups, by number
  std::size_t readers = 0;
  /// Message k goes out on writer k modulo their number, and holds edit number `first_edit` + k / writers.
  std::vector<Bytes> messages;
  std::uint32_t first_edit = 1;
  /// Messages a second; 0: the next one goes when the one before has reached all its readers.
  double rate = 0;
};

struct Written {
  double seconds = 0;
  std::uint64_t edits = 0;     // that reached a reader, over all readers
  std::uint64_t messages = 0;  // they came in; fewer where the server joined edits
  std::uint64_t bytes = 0;
  std::size_t digests = 0;               // how many different orders or contents the readers saw
  std::vector<std::uint32_t> delays_us;  // one per edit and reader, sorted; only of a single writer
};

class Load final : public SessionEvents {
 public:
  Load();
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Opens `count` sessions, some at a time, and returns their group's number when all have joined.
  std::expected<std::size_t, std::string> open(std::uint16_t port, std::size_t count, std::deque<Target> targets);
  std::expected<Written, std::string> write(const Writing& work);
  void close(std::size_t group);
  const Group* group(std::size_t number) const;

  /// Serves the sessions (pings, late messages) until `fd` is readable.
  void serve_until_readable(int fd);

  void on_joined() override { ++joined_; }
  void on_edits(std::uint32_t last, std::uint32_t edits) override;

 private:
  /// Waits at most so long for something to happen, and lets it happen. Whether `watched_fd_` became readable.
  bool turn(std::int64_t timeout_ns);
  std::expected<void, std::string> check_alive(const Group& group) const;
  Written prepare(const Writing& work);
  Written result(const Group& readers, std::int64_t began_ns);

  int epoll_fd_ = -1;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::uint8_t> buffer_;
  std::size_t joined_ = 0;

  // of the writing under way
  std::uint64_t delivered_edits_ = 0;
  std::uint32_t first_edit_ = 0;
  std::vector<std::int64_t> sent_ns_;
  std::vector<std::uint32_t> delays_us_;
  bool keep_delays_ = false;
};

}  // namespace concord::bench
