#include "sessions/load.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

namespace concord::bench {
namespace {

constexpr std::size_t kBufferBytes = 1U << 20U;
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kStallNs = 60'000 * kMs;  // without progress
constexpr std::size_t kMixBurst = 64;            // messages that are sent before the sessions are looked at

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

}  // namespace

Load::Load() : epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(kBufferBytes) {}

Load::~Load() {
  groups_.clear();
  ::close(epoll_fd_);
}

const Group* Load::group(std::size_t number) const { return number < groups_.size() ? groups_[number].get() : nullptr; }

void Load::close(std::size_t group) {
  if (group < groups_.size()) groups_[group].reset();
}

bool Load::turn(std::int64_t timeout_ns) {
  std::array<epoll_event, 512> events;
  const timespec timeout{timeout_ns / (1000 * kMs), timeout_ns % (1000 * kMs)};
  const int count = ::epoll_pwait2(epoll_fd_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  bool watched = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      watched = true;
    } else {
      static_cast<Session*>(event.data.ptr)->on_ready(event.events, buffer_);
    }
  }
  return watched;
}

void Load::serve_until_readable(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) return;  // a file is always readable
  while (!turn(1000 * kMs)) {
  }
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

std::expected<void, std::string> Load::check_alive(const Group& group) const {
  for (std::size_t i = 0; i < group.sessions.size(); ++i) {
    const Session& session = *group.sessions[i];
    if (session.phase() == Session::Phase::kEnded) {
      return std::unexpected("session " + std::to_string(i) + " ended: " + session.why());
    }
  }
  return {};
}

std::expected<std::size_t, std::string> Load::open(const Address& address, std::size_t count, std::size_t at_once,
                                                   std::deque<Target> targets) {
  groups_.push_back(std::make_unique<Group>());
  Group& group = *groups_.back();
  group.targets = std::move(targets);
  joined_ = 0;
  std::size_t seen = 0;
  std::int64_t progress_ns = now_ns();
  while (joined_ < count) {
    while (group.sessions.size() < count && group.sessions.size() - joined_ < at_once) {
      const Target& target = group.targets[group.sessions.size() % group.targets.size()];
      group.sessions.push_back(std::make_unique<Session>(target, *this, group.sessions.size()));
      Session& session = *group.sessions.back();
      if (!session.connect(epoll_fd_, address)) return std::unexpected(session.why());
    }
    turn(100 * kMs);
    if (joined_ != seen) {
      seen = joined_;
      progress_ns = now_ns();
      continue;
    }
    if (auto alive = check_alive(group); !alive) return std::unexpected(alive.error());
    if (now_ns() - progress_ns > kStallNs) {
      return std::unexpected("only " + std::to_string(joined_) + " of " + std::to_string(count) + " joined");
    }
  }
  return groups_.size() - 1;
}

void Load::note_delay(std::size_t message, std::vector<std::uint32_t>& delays_us) const {
  if (message < due_ns_.size()) delays_us.push_back(static_cast<std::uint32_t>((now_ns() - due_ns_[message]) / 1000));
}

void Load::on_edits(std::size_t session, std::uint32_t last, std::uint32_t edits) {
  delivered_edits_ += edits;
  const std::size_t writers = acknowledged_.size();
  for (std::uint32_t number = last - edits + 1; number <= last; ++number)
    note_delay((number - first_edit_) * writers + session % writers, delays_us_);
}

/// Servers that echo tell a writer its own, too.
void Load::on_mixed_edit(std::size_t session, std::uint32_t number) {
  if (number < first_edit_ || session == (number - first_edit_) % acknowledged_.size()) return;
  ++delivered_edits_;
  note_delay(number - first_edit_, delays_us_);
}

void Load::on_acknowledged(std::size_t session) {
  const std::size_t writers = acknowledged_.size();
  if (session < writers) note_delay(acknowledged_[session]++ * writers + session, acknowledged_us_);
}

Written Load::result(const Group& readers, std::int64_t began_ns) {
  Written out;
  out.seconds = static_cast<double>(now_ns() - began_ns) / 1e9;
  std::set<std::uint64_t> digests;
  for (const auto& session : readers.sessions) {
    out.messages += session->update_messages();
    out.bytes += session->update_bytes();
    digests.insert(session->digest());
  }
  out.edits = delivered_edits_;
  out.digests = digests.size();
  out.delays_us = std::move(delays_us_);
  out.acknowledged_us = std::move(acknowledged_us_);
  std::ranges::sort(out.delays_us);
  std::ranges::sort(out.acknowledged_us);
  return out;
}

void Load::expect_none() {
  for (const auto& group : groups_) {
    if (!group) continue;
    for (const auto& session : group->sessions) session->ignore_edits();
  }
}

Written Load::prepare(const Writing& work) {
  expect_none();  // servers echo to writers, too
  const Group& readers = *groups_[work.readers];
  for (const auto& session : readers.sessions) session->expect_edits_after(work.first_edit - 1);
  delivered_edits_ = 0;
  first_edit_ = work.first_edit;
  due_ns_.clear();
  acknowledged_.assign(groups_[work.writers]->sessions.size(), 0);
  delays_us_.clear();
  acknowledged_us_.clear();
  return result(readers, now_ns());
}

std::expected<Written, std::string> Load::write(const Writing& work) {
  if (group(work.writers) == nullptr || group(work.readers) == nullptr)
    return std::unexpected("there is no such group");
  const Group& writers = *group(work.writers);
  const Group& readers = *group(work.readers);
  const std::size_t count = work.messages.size();
  const std::size_t readers_each = readers.sessions.size() / writers.sessions.size();  // of one message
  const Written before = prepare(work);
  const std::int64_t began = now_ns();
  std::int64_t progress_ns = began;
  std::uint64_t seen = 0;
  std::size_t sent = 0;
  const auto done = [&] {
    return delivered_edits_ == count * readers_each && (!work.acknowledged || acknowledged_us_.size() >= count);
  };
  while (sent < count || !done()) {
    const std::int64_t now = now_ns();
    if (delivered_edits_ != seen) {
      seen = delivered_edits_;
      progress_ns = now;
    } else if (now - progress_ns > kStallNs) {
      return std::unexpected("only " + std::to_string(delivered_edits_) + " of " +
                             std::to_string(count * readers_each) + " edits were delivered");
    }
    std::int64_t wait = 100 * kMs;
    if (sent < count) {
      const std::int64_t due = work.rate > 0
                                   ? began + static_cast<std::int64_t>(static_cast<double>(sent) * 1e9 / work.rate)
                               : delivered_edits_ == sent * readers_each ? now
                                                                         : now + wait;
      if (due <= now) {
        due_ns_.push_back(due);
        writers.sessions[sent % writers.sessions.size()]->send(work.messages[sent]);
        ++sent;
        wait = 0;
      } else {
        wait = due - now;
      }
    }
    turn(wait);
    if (wait == 100 * kMs) {
      for (const Group* group : {&writers, &readers}) {
        if (auto alive = check_alive(*group); !alive) return std::unexpected(alive.error());
      }
    }
  }
  Written out = result(readers, began);
  out.messages -= before.messages;
  out.bytes -= before.bytes;
  return out;
}

std::expected<Written, std::string> Load::mix(const Mixing& work) {
  if (group(work.group) == nullptr) return std::unexpected("there is no such group");
  const Group& all = *group(work.group);
  expect_none();
  for (const auto& session : all.sessions) session->expect_mixed_edits();
  delivered_edits_ = 0;
  first_edit_ = work.first_edit;
  due_ns_.clear();
  delays_us_.clear();
  acknowledged_us_.clear();
  acknowledged_.assign(all.sessions.size(), 0);
  const std::int64_t began = now_ns();
  const Written before = result(all, began);
  const std::size_t count = work.messages.size();
  const std::size_t deliveries = count * (all.sessions.size() / all.targets.size() - 1);
  std::int64_t progress_ns = began;
  std::uint64_t seen = 0;
  for (std::size_t sent = 0; sent < count || delivered_edits_ < deliveries;) {
    const std::int64_t now = now_ns();
    if (std::exchange(seen, delivered_edits_) != delivered_edits_ || sent < count) progress_ns = now;
    if (now - progress_ns > kStallNs)
      return std::unexpected("only " + std::to_string(delivered_edits_) + " of " + std::to_string(deliveries) +
                             " edits were delivered");
    for (std::size_t burst = 0; burst < kMixBurst && sent < count; ++burst, ++sent) {
      const std::int64_t due =
          work.rate > 0 ? began + static_cast<std::int64_t>(static_cast<double>(sent) * 1e9 / work.rate) : now;
      if (due > now) break;
      due_ns_.push_back(due);
      all.sessions[sent % all.sessions.size()]->send(work.messages[sent]);
    }
    turn(sent < count ? kMs / 4 : 100 * kMs);
    if (sent == count) {
      if (auto alive = check_alive(all); !alive) return std::unexpected(alive.error());
    }
  }
  Written out = result(all, began);
  out.messages -= before.messages;
  out.bytes -= before.bytes;
  return out;
}

}  // namespace concord::bench
