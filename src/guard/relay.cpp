#include "guard/relay.h"

#include <algorithm>
#include <utility>

namespace concord::guard {

namespace {

// A message: lines, of which the first is the origin; a line: its kind, and each field behind a tab.
constexpr const char* kChannel = "guard";
constexpr std::int64_t kTryAgainMs = 5000;

/// The parts of a text between its separators.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Relay::Relay(engines::Bus& bus, Reactor& reactor, IdSource& ids, Metrics& metrics)
    : bus_(bus),
      reactor_(reactor),
      origin_(std::to_string(ids.random64())),
      told_(metrics.counter("concord_guard_relay_told_total", "Lines that the other nodes were told.")),
      heard_(metrics.counter("concord_guard_relay_heard_total", "Lines that other nodes have told.")),
      lost_(metrics.counter("concord_guard_relay_lost_total", "Lines that the other nodes could not be told.")),
      tasks_(reactor),
      woken_(reactor),
      alive_(std::make_shared<Relay*>(this)) {}

Relay::~Relay() { *alive_ = nullptr; }

void Relay::listen(char kind, std::function<void(const Fields&)> hear) { listeners_[kind] = std::move(hear); }

void Relay::start() {
  open_ = running_ = true;
  tasks_.spawn(run());
}

void Relay::tell(char kind, const Fields& fields) {
  if (!open_) return;
  std::string line(1, kind);
  for (const std::string& field : fields) {
    if (field.size() > kMostFieldBytes || field.find_first_of("\t\n") != std::string::npos) return lost_.add();
    line.append("\t").append(field);
  }
  if (queued_.fetch_add(1) >= kMostWaiting) {
    --queued_;
    return lost_.add();
  }
  reactor_.post([alive = alive_, line = std::move(line)]() mutable {
    if (*alive == nullptr) return;
    (*alive)->waiting_.push_back(std::move(line));
    (*alive)->woken_.notify_all();
  });
}

asio::awaitable<void> Relay::run() {
  while (open_) {
    if (subscription_ == nullptr) co_await subscribe();
    if (waiting_.empty())
      co_await woken_.wait(subscription_ == nullptr ? kTryAgainMs : -1);
    else
      co_await send();
  }
  running_ = false;
  woken_.notify_all();
}

asio::awaitable<void> Relay::subscribe() {
  auto on_message = [&reactor = reactor_, alive = alive_](const SharedBytes& message) {
    reactor.post([alive, message] {
      if (*alive != nullptr) (*alive)->received(message);
    });
  };
  auto subscription = co_await bus_.subscribe(kChannel, std::move(on_message));
  if (!subscription || !open_) co_return;
  subscription_ = std::move(*subscription);
  for (const auto& here : joined_) here();
}

asio::awaitable<void> Relay::send() {
  const std::size_t count = std::min(waiting_.size(), kMostLines);
  std::string text = origin_;
  for (std::size_t i = 0; i < count; ++i) {
    text.append("\n").append(waiting_.front());
    waiting_.pop_front();
  }
  queued_ -= count;
  const auto published = co_await bus_.publish(kChannel, std::make_shared<const Bytes>(to_bytes(text)));
  (published ? told_ : lost_).add(count);
}

void Relay::received(const SharedBytes& message) {
  if (!open_) return;
  const std::vector<std::string_view> lines = split(as_text(*message), '\n');
  if (lines.front() == origin_ || lines.size() > kMostLines + 1) return;
  for (std::size_t i = 1; i < lines.size(); ++i) hear(lines[i]);
}

void Relay::hear(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, '\t');
  if (parts.front().size() != 1) return;
  const auto listener = listeners_.find(parts.front().front());
  if (listener == listeners_.end()) return;  // of a newer program
  heard_.add();
  listener->second(Fields(parts.begin() + 1, parts.end()));
}

asio::awaitable<void> Relay::close() {
  open_ = false;
  woken_.notify_all();
  while (running_) co_await woken_.wait();
  subscription_.reset();
  *alive_ = nullptr;
  co_await tasks_.close();
}

}  // namespace concord::guard
