#include "net/http_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <random>

#include "net/handshake.h"
#include "net/request_reader.h"
#include "net/response.h"

namespace concord::net {
namespace {

constexpr std::size_t kReadBytes = 64u << 10u;
constexpr std::size_t kTlsRecordBytes = 16u << 10u;
constexpr std::int64_t kLingerMs = 2'000;
constexpr std::size_t kLingerBytes = 1u << 20u;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

using SteadyClock = std::chrono::steady_clock;

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '.';
  });
}

/// 16 hexadecimal digits that do not repeat within a process and start at random (splitmix64 of a counter).
std::string make_request_id(std::uint64_t counter) {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32U | device();
  }();
  std::uint64_t z = seed + counter * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  z ^= z >> 31U;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(z));
  return text.data();
}

}  // namespace

HttpMetrics::HttpMetrics(Metrics& metrics)
    : connections(metrics.gauge("concord_net_http_connections", "Open HTTP connections, WebSockets aside.")),
      latency(metrics.histogram("concord_net_request_seconds", "From a request's last byte to its response's last.",
                                latency_bounds())) {
  static constexpr std::array<const char*, 5> kClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i < kClasses.size(); ++i)
    by_class[i] = &metrics.counter("concord_net_requests_total", "Requests answered, by class of status.",
                                   {{"status", kClasses[i]}});
}

void HttpMetrics::record(int status, double seconds) {
  by_class[std::clamp(status / 100, 1, 5) - 1]->add();
  latency.record(seconds);
}

class HttpConnection {
 public:
  HttpConnection(HttpConnections& owner, Stream stream, std::string peer_address)
      : owner_(owner),
        shared_(owner.shared_),
        options_(shared_.options),
        stream_(std::move(stream)),
        descriptor_(owner.reactor_.context()),
        peer_address_(std::move(peer_address)) {
    boost::system::error_code failed;  // not watched: every wait will say so
    descriptor_.assign(stream_.fd(), failed);
    owner_.connections_.push_back(this);
    shared_.metrics.connections.add(1);
  }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection() {
    if (descriptor_.is_open()) descriptor_.release();  // the stream closes it
    std::erase(owner_.connections_, this);
    shared_.metrics.connections.add(-1);
    if (!handed_over_) shared_.open_connections.fetch_sub(1, std::memory_order_relaxed);
  }

  asio::awaitable<void> run(bool over_limit);
  void wake_if_due(SteadyClock::time_point now, bool draining) {
    if (now >= deadline_ || (draining && idle_)) wake();
  }
  void wake() {
    expired_ = true;
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);
  }

 private:
  enum class Next : std::uint8_t { kRequest, kEnd, kHandedOver };

  asio::awaitable<bool> accept_tls();
  asio::awaitable<bool> read_request(RequestReader& reader);
  asio::awaitable<Next> answer(RequestReader& reader);
  asio::awaitable<Response> call_handler(Request request);
  asio::awaitable<Next> upgrade(Response response, std::string key);
  asio::awaitable<void> refuse(int status, std::string detail);
  asio::awaitable<bool> fill();
  asio::awaitable<bool> wait(IoStatus direction);
  asio::awaitable<bool> write(std::string_view head, ByteView body);
  asio::awaitable<void> linger();
  /// Drops from pending_ what a reader has taken; an empty buffer is not kept.
  void keep_last(std::size_t rest) {
    if (rest == 0)
      pending_ = Bytes();
    else
      pending_.erase(pending_.begin(), pending_.end() - static_cast<std::ptrdiff_t>(rest));
  }
  void set_deadline(std::int64_t ms) {
    deadline_ = SteadyClock::now() + std::chrono::milliseconds(ms);
    expired_ = false;
  }
  void log_request(const std::string& method, const std::string& path, const std::string& id, int status,
                   double seconds, std::size_t bytes);

  HttpConnections& owner_;
  HttpShared& shared_;
  const ServerOptions& options_;
  Stream stream_;
  asio::posix::stream_descriptor descriptor_;
  std::string peer_address_;
  Bytes pending_;  // read, and not yet part of a request
  SteadyClock::time_point deadline_ = SteadyClock::time_point::max();
  bool expired_ = false;  // woken by its deadline, or to end for draining
  bool idle_ = false;     // between requests
  bool handed_over_ = false;
};

asio::awaitable<bool> HttpConnection::wait(IoStatus direction) {
  if (expired_ || owner_.cut_ || !descriptor_.is_open()) co_return false;
  const auto what = direction == IoStatus::kWantWrite ? asio::posix::stream_descriptor::wait_write
                                                      : asio::posix::stream_descriptor::wait_read;
  auto [ec] = co_await descriptor_.async_wait(what, asio::as_tuple(asio::use_awaitable));
  co_return !ec && !expired_;
}

asio::awaitable<bool> HttpConnection::accept_tls() {
  if (shared_.tls == nullptr) co_return true;
  if (!stream_.start_tls(*shared_.tls->get())) co_return false;
  for (;;) {
    const IoResult result = stream_.handshake();
    if (result.status == IoStatus::kDone) co_return true;
    if (result.status == IoStatus::kEnd || result.status == IoStatus::kFailed) co_return false;
    if (!co_await wait(result.status)) co_return false;
  }
}

/// Waits for bytes and puts them into pending_. False at the end, on failure and when the deadline has
/// passed.
asio::awaitable<bool> HttpConnection::fill() {
  for (;;) {
    const IoResult result = stream_.read(owner_.read_buffer_);
    if (result.status == IoStatus::kDone) {
      pending_ = to_bytes(ByteView(owner_.read_buffer_).first(result.bytes));
      co_return true;
    }
    if (result.status == IoStatus::kEnd || result.status == IoStatus::kFailed) co_return false;
    if (!co_await wait(result.status)) co_return false;
  }
}

/// False where the connection is over: the refusal, if there was one, has been sent.
asio::awaitable<bool> HttpConnection::read_request(RequestReader& reader) {
  using Progress = RequestReader::Progress;
  Progress progress = Progress::kNeedMore;
  while (progress == Progress::kNeedMore) {
    if (pending_.empty() && !co_await fill()) {
      if (expired_ && reader.has_begun()) co_await refuse(408, "the head took too long");
      co_return false;
    }
    if (std::exchange(idle_, false)) set_deadline(options_.header_timeout_ms);
    ByteView input = pending_;
    progress = reader.read_head(input);
    keep_last(input.size());
  }
  std::size_t limit = 0;
  if (progress == Progress::kDone && reader.has_body()) {
    set_deadline(options_.body_timeout_ms);
    limit = shared_.handler.body_limit_bytes(reader.request());
  }
  bool continued = !reader.expects_continue();
  while (progress != Progress::kRefused) {
    ByteView input = pending_;
    progress = reader.read_body(input, limit);
    keep_last(input.size());
    if (progress != Progress::kNeedMore) break;
    if (!std::exchange(continued, true) && !co_await write(kContinue, {})) co_return false;
    if (!co_await fill()) {
      if (expired_) co_await refuse(408, "the body took too long");
      co_return false;
    }
  }
  if (progress == Progress::kRefused) {
    co_await refuse(reader.refusal().status, reader.refusal().detail);
    co_return false;
  }
  co_return true;
}

asio::awaitable<Response> HttpConnection::call_handler(Request request) {
  std::string failure;
  try {
    co_return co_await shared_.handler.handle(std::move(request));
  } catch (const std::exception& error) {
    failure = error.what();
  }
  shared_.logger.error("a request handler threw", {{"error", failure}});
  co_return shared_.handler.refuse(500, "internal error");
}

asio::awaitable<HttpConnection::Next> HttpConnection::answer(RequestReader& reader) {
  const auto begun = SteadyClock::now();
  Request& request = reader.request();
  request.peer_address = peer_address_;
  request.secure = stream_.is_tls();
  const std::string_view given_id = request.header("x-request-id");
  request.request_id = is_request_id(given_id)
                           ? std::string(given_id)
                           : make_request_id(shared_.next_request.fetch_add(1, std::memory_order_relaxed));
  const std::string method = request.method;
  const std::string path = request.path;
  const std::string id = request.request_id;
  const std::string key(request.header("sec-websocket-key"));
  const bool head_request = method == "HEAD";
  const bool may_upgrade = request.websocket_upgrade;

  deadline_ = SteadyClock::time_point::max();  // the handler bounds its own work
  Response response = co_await call_handler(std::move(request));
  if (response.upgrade && may_upgrade) {
    log_request(method, path, id, 101, std::chrono::duration<double>(SteadyClock::now() - begun).count(), 0);
    co_return co_await upgrade(std::move(response), key);
  }
  const bool keep_alive = reader.keep_alive() && !shared_.draining.load(std::memory_order_relaxed);
  const std::string head = response_head(response, {keep_alive, head_request, reader.is_http10(), id});
  const ByteView body = response_body(response, head_request);
  const bool sent = co_await write(head, body);
  log_request(method, path, id, response.status, std::chrono::duration<double>(SteadyClock::now() - begun).count(),
              head.size() + body.size());
  if (sent && keep_alive) co_return Next::kRequest;
  if (sent) co_await linger();
  co_return Next::kEnd;
}

asio::awaitable<HttpConnection::Next> HttpConnection::upgrade(Response response, std::string key) {
  const std::string head = switching_protocols_head(response, accept_key(key));
  if (!co_await write(head, {})) co_return Next::kEnd;
  descriptor_.release();
  handed_over_ = true;
  Upgrade& upgrade = *response.upgrade;
  Reactor& reactor = upgrade.reactor != nullptr ? *upgrade.reactor : owner_.reactor_;
  shared_.hand_over(
      reactor, Handover{std::move(stream_), std::move(pending_), std::move(upgrade.handler), std::move(upgrade.state)});
  co_return Next::kHandedOver;
}

asio::awaitable<void> HttpConnection::refuse(int status, std::string detail) {
  set_deadline(options_.body_timeout_ms);
  const std::string id = make_request_id(shared_.next_request.fetch_add(1, std::memory_order_relaxed));
  shared_.logger.debug("request refused",
                       {{"request_id", id}, {"peer", peer_address_}, {"status", status}, {"detail", detail}});
  Response response = shared_.handler.refuse(status, std::move(detail));
  if (response.status == 426) response.set("sec-websocket-version", "13");
  const std::string head = response_head(response, {false, false, false, id});
  const bool sent = co_await write(head, response_body(response, false));
  shared_.metrics.record(response.status, 0);
  if (sent) co_await linger();
}

/// Ends our side and reads on for a moment: closing with unread input would reset the connection, and the
/// client might never see the response.
asio::awaitable<void> HttpConnection::linger() {
  stream_.finish();
  set_deadline(kLingerMs);
  std::size_t thrown_away = 0;
  pending_.clear();
  while (thrown_away < kLingerBytes && co_await fill()) thrown_away += pending_.size();
}

asio::awaitable<bool> HttpConnection::write(std::string_view head, ByteView body) {
  std::array<iovec, 2> parts{iovec{const_cast<char*>(head.data()), head.size()},
                             iovec{const_cast<std::uint8_t*>(body.data()), body.size()}};
  set_deadline(options_.body_timeout_ms);
  std::size_t first = 0;
  while (first < parts.size()) {
    if (parts[first].iov_len == 0) {
      ++first;
      continue;
    }
    const IoResult result = stream_.write(std::span(parts).subspan(first), owner_.write_buffer_);
    if (result.status == IoStatus::kEnd || result.status == IoStatus::kFailed) co_return false;
    if (result.status != IoStatus::kDone) {
      if (!co_await wait(result.status)) co_return false;
      continue;
    }
    if (result.bytes > 0) set_deadline(options_.body_timeout_ms);
    std::size_t left = result.bytes;
    for (iovec& part : parts) {
      const std::size_t take = std::min(left, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + take;
      part.iov_len -= take;
      left -= take;
    }
  }
  co_return true;
}

void HttpConnection::log_request(const std::string& method, const std::string& path, const std::string& id, int status,
                                 double seconds, std::size_t bytes) {
  shared_.metrics.record(status, seconds);
  shared_.logger.log(status < 500 ? LogLevel::kDebug : LogLevel::kInfo, "request",
                     {{"request_id", id},
                      {"peer", peer_address_},
                      {"method", method},
                      {"path", path},
                      {"status", status},
                      {"ms", seconds * 1e3},
                      {"bytes", bytes}});
}

asio::awaitable<void> HttpConnection::run(bool over_limit) {
  set_deadline(options_.header_timeout_ms);
  if (!co_await accept_tls()) co_return;
  if (over_limit) co_return co_await refuse(503, "too many connections");
  for (;;) {
    RequestReader reader(options_.max_header_bytes);
    idle_ = pending_.empty();
    if (!co_await read_request(reader)) co_return;
    if (co_await answer(reader) != Next::kRequest) co_return;
    set_deadline(pending_.empty() ? options_.keep_alive_timeout_ms : options_.header_timeout_ms);
  }
}

HttpConnections::HttpConnections(Reactor& reactor, HttpShared& shared)
    : reactor_(reactor), shared_(shared), read_buffer_(kReadBytes), write_buffer_(kTlsRecordBytes) {}

asio::awaitable<void> HttpConnections::serve(Stream stream, std::string peer_address, bool over_limit) {
  HttpConnection connection(*this, std::move(stream), std::move(peer_address));
  co_await connection.run(over_limit);
}

void HttpConnections::wake_expired() {
  const auto now = SteadyClock::now();
  const bool draining = shared_.draining.load(std::memory_order_relaxed);
  for (HttpConnection* connection : connections_) connection->wake_if_due(now, draining);
}

void HttpConnections::cut() {
  cut_ = true;
  for (HttpConnection* connection : connections_) connection->wake();
}

}  // namespace concord::net
