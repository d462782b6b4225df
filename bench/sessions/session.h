#pragma once
// One client of a live document, as thin as a client can be: it connects, sends its hello, knows a sync answer and an
// update when it sees one, and keeps only a count and a digest of what it was sent.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sessions/frame.h"
#include "sessions/wire.h"

namespace concord::bench {

/// Where a session goes and what it says there.
struct Target {
  std::string path;
  std::string header;  // one more line of the handshake's head; may be empty
  Bytes address;       // what every message of this document begins with (Hocuspocus names the document)
  std::vector<Bytes> hello;
};

/// What a session tells its load; the load outlives its sessions.
class SessionEvents {
 public:
  virtual void on_joined() = 0;
  /// `edits` more of the writer's edits have reached the reader, the last of them number `last`. `session` is its
  /// number.
  virtual void on_edits(std::size_t session, std::uint32_t last, std::uint32_t edits) = 0;
  /// An edit of any of several writers, by its number, to one that watches for them.
  virtual void on_mixed_edit(std::size_t session, std::uint32_t number) = 0;
  /// The server has acknowledged another of the session's messages.
  virtual void on_acknowledged(std::size_t session) = 0;

 protected:
  ~SessionEvents() = default;
};

class Session {
 public:
  enum class Phase : std::uint8_t { kConnecting, kUpgrading, kJoining, kJoined, kEnded };

  /// `number` of its group; the first is recorded.
  Session(const Target& target, SessionEvents& events, std::size_t number)
      : target_(target), events_(events), number_(number), recorded_(number == 0) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Begins to connect, nonblocking, in the epoll set with itself as data. False with `why()`.
  bool connect(int epoll_fd, const Address& address);
  /// The descriptor is ready; `buffer` is scratch shared by all sessions.
  void on_ready(std::uint32_t epoll_events, std::span<std::uint8_t> buffer);
  /// Sends one binary message; what the kernel does not take now is kept and goes when it can.
  void send(ByteView message);

  Phase phase() const { return phase_; }
  /// Why it ended, for people.
  const std::string& why() const { return why_; }

  /// From here on edits behind number `last` are told; or none, as before.
  void expect_edits_after(std::uint32_t last) { seen_ = last; }
  void ignore_edits() {
    seen_ = kIgnoring;
    mixed_ = false;
  }
  /// From here on every edit is told by its number.
  void expect_mixed_edits() { mixed_ = true; }
  std::uint64_t update_messages() const { return update_messages_; }
  std::uint64_t update_bytes() const { return update_bytes_; }
  /// Of all updates in their order; sessions of one document that were sent the same have the same.
  std::uint64_t digest() const { return digest_; }
  /// The newest message that is neither a sync message nor control: acknowledgements are of this kind.
  const Bytes& last_other() const { return last_other_; }
  /// A recorded session keeps the payloads of its sync answer and of all updates.
  const std::vector<Bytes>& record() const { return record_; }

 private:
  static constexpr std::uint32_t kIgnoring = UINT32_MAX;

  void read(std::span<std::uint8_t> buffer);
  std::size_t read_head(ByteView input);
  std::size_t consume(ByteView input);
  void on_frame(const ServerFrame& frame);
  void on_message(ByteView message);
  void on_update(ByteView update);
  void send_frame(Opcode opcode, ByteView payload);
  void flush();
  void watch(std::uint32_t epoll_events, int operation);
  void end(std::string why);

  const Target& target_;
  SessionEvents& events_;
  std::size_t number_;
  int epoll_fd_ = -1;
  Wire wire_;
  Phase phase_ = Phase::kConnecting;
  bool recorded_;
  bool mixed_ = false;
  std::uint32_t seen_ = kIgnoring;
  std::uint64_t update_messages_ = 0;
  std::uint64_t update_bytes_ = 0;
  std::uint64_t digest_ = 0xcbf29ce484222325U;
  Bytes inbox_;   // a frame whose end has not come
  Bytes outbox_;  // what the kernel did not take
  Bytes last_other_;
  std::vector<Bytes> record_;
  std::string why_;
};

/// Calls `visit` with each of the numbers that stand in `text` as "~" and six digits.
void each_edit_number(ByteView text, const std::function<void(std::uint32_t)>& visit);
/// The highest of the numbers that stand in `text` as "~" and six digits; 0 where there is none.
std::uint32_t last_edit_number(ByteView text);

}  // namespace concord::bench
