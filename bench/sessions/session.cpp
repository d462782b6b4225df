#include "sessions/session.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace concord::bench {
namespace {

constexpr std::size_t kMaxHeadBytes = 16384;
constexpr std::size_t kEditDigits = 6;

// y-protocols: a sync message is its type, its step, and a byte string. Hocuspocus answers in type 4 as well.
constexpr std::uint8_t kSync = 0;
constexpr std::uint8_t kSyncReply = 4;
constexpr std::uint8_t kSaved = 8;  // of Hocuspocus: its sync status
constexpr std::uint8_t kStepAnswer = 1;
constexpr std::uint8_t kStepUpdate = 2;

std::uint64_t fold(std::uint64_t digest, ByteView bytes) {  // FNV-1a
  for (std::uint8_t byte : bytes) digest = (digest ^ byte) * 0x100000001b3U;
  return digest;
}

/// The byte string of a sync message: a varuint length, then the bytes.
ByteView byte_string(ByteView input) {
  std::size_t size = 0;
  for (unsigned i = 0; i < input.size() && i < 5; ++i) {
    size |= static_cast<std::size_t>(input[i] & 0x7f) << (7 * i);
    if (input[i] < 0x80) return size <= input.size() - i - 1 ? input.subspan(i + 1, size) : ByteView();
  }
  return {};
}

std::string error_text(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

}  // namespace

void each_edit_number(ByteView text, const std::function<void(std::uint32_t)>& visit) {
  const std::uint8_t* at = text.data();
  const std::uint8_t* const end = at + text.size();
  while ((at = static_cast<const std::uint8_t*>(std::memchr(at, '~', static_cast<std::size_t>(end - at)))) != nullptr) {
    ++at;
    if (static_cast<std::size_t>(end - at) < kEditDigits) break;
    std::uint32_t number = 0;
    std::size_t digits = 0;
    while (digits < kEditDigits && at[digits] >= '0' && at[digits] <= '9') number = number * 10 + (at[digits++] - '0');
    if (digits == kEditDigits) visit(number);
  }
}

std::uint32_t last_edit_number(ByteView text) {
  std::uint32_t last = 0;
  each_edit_number(text, [&last](std::uint32_t number) { last = std::max(last, number); });
  return last;
}

bool Session::connect(int epoll_fd, const Address& address) {
  epoll_fd_ = epoll_fd;
  if (!wire_.connect(address)) {
    end(error_text("connect"));
    return false;
  }
  watch(EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
  return phase_ != Phase::kEnded;
}

void Session::watch(std::uint32_t epoll_events, int operation) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = this;
  if (::epoll_ctl(epoll_fd_, operation, wire_.fd(), &event) != 0) end(error_text("epoll_ctl"));
}

void Session::end(std::string why) {
  why_ = std::move(why);
  phase_ = Phase::kEnded;
  wire_.close();
}

void Session::on_ready(std::uint32_t epoll_events, std::span<std::uint8_t> buffer) {
  if (phase_ == Phase::kConnecting) {
    if (const int error = wire_.connect_error(); error != 0)
      return end(std::string("connect: ") + std::strerror(error));
    phase_ = Phase::kUpgrading;
    const std::string head = "GET " + target_.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" +
                             "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                             "Sec-WebSocket-Version: 13\r\n" + (target_.header.empty() ? "" : target_.header + "\r\n") +
                             "\r\n";
    outbox_.assign(head.begin(), head.end());
    watch(EPOLLIN, EPOLL_CTL_MOD);
    flush();
    return;
  }
  if ((epoll_events & EPOLLOUT) != 0) {
    watch(EPOLLIN, EPOLL_CTL_MOD);
    flush();
  }
  if ((epoll_events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
  do {
    if (phase_ != Phase::kEnded) read(buffer);
  } while (phase_ != Phase::kEnded && wire_.has_more());
}

void Session::read(std::span<std::uint8_t> buffer) {
  const ssize_t count = wire_.receive(buffer);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) end(error_text("recv"));
    return;
  }
  if (count == 0) return end("the server closed the connection");
  ByteView input = buffer.first(static_cast<std::size_t>(count));
  if (!inbox_.empty()) {
    inbox_.insert(inbox_.end(), input.begin(), input.end());
    input = inbox_;
  }
  std::size_t used = phase_ == Phase::kUpgrading ? read_head(input) : 0;
  if (phase_ == Phase::kJoining || phase_ == Phase::kJoined) used += consume(input.subspan(used));
  if (phase_ == Phase::kEnded) return;
  if (input.data() == inbox_.data()) {
    inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(used));
    if (inbox_.empty()) Bytes().swap(inbox_);
  } else {
    inbox_.assign(input.begin() + static_cast<std::ptrdiff_t>(used), input.end());
  }
}

std::size_t Session::read_head(ByteView input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (input.size() > kMaxHeadBytes) end("the handshake's answer has no end");
    return 0;
  }
  if (!text.starts_with("HTTP/1.1 101")) {
    end("the handshake was answered " + std::string(text.substr(0, text.find("\r\n"))));
    return 0;
  }
  phase_ = Phase::kJoining;
  for (const Bytes& message : target_.hello) send_frame(Opcode::kBinary, message);
  return head_end + 4;
}

std::size_t Session::consume(ByteView input) {
  std::size_t used = 0;
  while (phase_ != Phase::kEnded) {
    const ServerFrame frame = read_server_frame(input.subspan(used));
    if (frame.malformed) end("the server sent a frame that no server may send");
    if (frame.size == 0) break;
    on_frame(frame);
    used += frame.size;
  }
  return used;
}

void Session::on_frame(const ServerFrame& frame) {
  switch (frame.opcode) {
    case Opcode::kBinary:
      return on_message(frame.payload);
    case Opcode::kPing:
      return send_frame(Opcode::kPong, frame.payload);
    case Opcode::kClose: {
      const ByteView said = frame.payload;
      if (said.size() < 2) return end("closed without a code");
      return end("closed with " + std::to_string(said[0] << 8 | said[1]) + " " +
                 std::string(said.begin() + 2, said.end()));
    }
    default:
      return;
  }
}

void Session::on_message(ByteView message) {
  const Bytes& address = target_.address;
  if (message.size() < address.size() + 2 || !std::equal(address.begin(), address.end(), message.begin())) return;
  message = message.subspan(address.size());
  if (message[0] != kSync && message[0] != kSyncReply) {
    last_other_.assign(message.begin(), message.end());
    if (message[0] == kSaved) events_.on_acknowledged(number_);
    return;
  }
  const ByteView payload = byte_string(message.subspan(2));
  if (message[1] == kStepUpdate) return on_update(payload);
  if (message[1] == kStepAnswer && phase_ == Phase::kJoining) {
    phase_ = Phase::kJoined;
    if (recorded_) record_.emplace_back(payload.begin(), payload.end());
    events_.on_joined();
  }
}

void Session::on_update(ByteView update) {
  ++update_messages_;
  update_bytes_ += update.size();
  digest_ = fold(digest_, update);
  if (recorded_) record_.emplace_back(update.begin(), update.end());
  if (mixed_) return each_edit_number(update, [this](std::uint32_t number) { events_.on_mixed_edit(number_, number); });
  const std::uint32_t last = last_edit_number(update);
  if (last <= seen_) return;
  events_.on_edits(number_, last, last - std::exchange(seen_, last));
}

void Session::send(ByteView message) { send_frame(Opcode::kBinary, message); }

void Session::send_frame(Opcode opcode, ByteView payload) {
  if (!wire_.is_open()) return;
  const bool waits = !outbox_.empty();
  write_client_frame(outbox_, opcode, payload);
  if (!waits) flush();
}

void Session::flush() {
  if (outbox_.empty() || phase_ == Phase::kEnded) return;
  const ssize_t count = wire_.send(outbox_);
  if (count < 0 && errno != EAGAIN && errno != EINTR) return end(error_text("send"));
  outbox_.erase(outbox_.begin(), outbox_.begin() + std::max<ssize_t>(count, 0));
  if (!outbox_.empty()) watch(EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  if (outbox_.empty() && outbox_.capacity() > 4096) Bytes().swap(outbox_);
}

}  // namespace concord::bench
