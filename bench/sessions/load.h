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
  /// Whether the work is done only when the server has acknowledged every message, too.
  bool acknowledged = false;
};

/// All sessions of a group write and read: message k goes out on session k modulo their number, and holds edit number
/// `first_edit` + k, which every other session of its target is to get.
struct Mixing {
  std::size_t group = 0;
  std::vector<Bytes> messages;
  std::uint32_t first_edit = 1;
  double rate = 0;  // messages a second; 0: all at once, in turn
};

struct Written {
  double seconds = 0;
  std::uint64_t edits = 0;     // that reached a reader, over all readers
  std::uint64_t messages = 0;  // they came in; fewer where the server joined edits
  std::uint64_t bytes = 0;
  std::size_t digests = 0;  // how many different orders or contents the readers saw
  /// Sorted; from when the message was due. One per edit and reader, and one per acknowledged message.
  std::vector<std::uint32_t> delays_us;
  std::vector<std::uint32_t> acknowledged_us;
};

class Load final : public SessionEvents {
 public:
  Load();
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Opens `count` sessions, at most `at_once` at a time, and returns their group's number when all have joined.
  std::expected<std::size_t, std::string> open(const Address& address, std::size_t count, std::size_t at_once,
                                               std::deque<Target> targets);
  std::expected<Written, std::string> write(const Writing& work);
  std::expected<Written, std::string> mix(const Mixing& work);
  void close(std::size_t group);
  const Group* group(std::size_t number) const;

  /// Serves the sessions (pings, late messages) until `fd` is readable.
  void serve_until_readable(int fd);

  void on_joined() override { ++joined_; }
  void on_edits(std::size_t session, std::uint32_t last, std::uint32_t edits) override;
  void on_mixed_edit(std::size_t session, std::uint32_t number) override;
  void on_acknowledged(std::size_t session) override;

 private:
  /// Waits at most so long for something to happen, and lets it happen. Whether `watched_fd_` became readable.
  bool turn(std::int64_t timeout_ns);
  std::expected<void, std::string> check_alive(const Group& group) const;
  void expect_none();
  Written prepare(const Writing& work);
  Written result(const Group& readers, std::int64_t began_ns);
  void note_delay(std::size_t message, std::vector<std::uint32_t>& delays_us) const;

  int epoll_fd_ = -1;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::uint8_t> buffer_;
  std::size_t joined_ = 0;

  // of the writing under way
  std::uint64_t delivered_edits_ = 0;
  std::uint32_t first_edit_ = 0;
  std::vector<std::int64_t> due_ns_;       // of each message
  std::vector<std::size_t> acknowledged_;  // messages of each writer
  std::vector<std::uint32_t> delays_us_;
  std::vector<std::uint32_t> acknowledged_us_;
};

}  // namespace concord::bench
