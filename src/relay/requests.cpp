#include "relay/requests.h"

#include "base/async.h"
#include "relay/message.h"

namespace concord::relay {

namespace {

constexpr std::string_view kKind = "request";
constexpr std::int64_t kAgainMs = 20;

bool changes_nothing(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

/// The opener's side of one request.
class Requests::Call final : public link::StreamHandler {
 public:
  explicit Call(Reactor& reactor) : done(reactor) {}

  void on_message(link::Stream& stream, const link::Message& message) override {
    stream.consumed(message.bytes.size());
    if (!answer) answer = decode_response(message.bytes);
    if (!*answer) stream.end(kMalformed, answer->error().message);
  }
  void on_end(link::Stream&, std::uint16_t why, std::string_view) override {
    code = why;
    done.notify_all();
  }

  AsyncEvent done;
  std::optional<Result<net::Response>> answer;
  std::optional<std::uint16_t> code;  // once it has ended
};

/// The side of who answers.
class Requests::Served final : public link::StreamHandler {
 public:
  Served(Requests& owner, link::Stream& on, Reactor& here, Slot about, engines::ShardId of)
      : requests(owner), stream(&on), reactor(here), slot(about), shard(of) {}

  void on_message(link::Stream& on, const link::Message& message) override {
    on.consumed(message.bytes.size());
    auto request = decode_request(message.bytes);
    if (!request || std::exchange(asked, true)) {
      on.end(kMalformed, request ? "one request a stream" : request.error().message);
      return;
    }
    requests.tasks_[reactor.index()]->spawn(requests.serve(std::move(self), std::move(*request)));
  }
  void on_end(link::Stream&, std::uint16_t, std::string_view) override {
    stream = nullptr;
    self.reset();
  }

  Requests& requests;
  link::Stream* stream;  // null once it has ended
  Reactor& reactor;
  const Slot slot;
  const engines::ShardId shard;
  bool asked = false;
  std::shared_ptr<Served> self;  // until the request is there
};

Requests::Requests(RequestOptions options, link::Links& links, Reactors& reactors, Places places, Answer answer,
                   Clock& clock, Metrics& metrics)
    : options_(options),
      links_(links),
      reactors_(reactors),
      places_(std::move(places)),
      answer_(std::move(answer)),
      clock_(clock),
      sent_(metrics.counter("concord_relay_requests_sent_total", "Requests that another node was sent.", {})),
      sent_again_(metrics.counter("concord_relay_requests_sent_again_total",
                                  "Requests that were sent once more, because a shard had moved or a node was gone.",
                                  {})),
      served_(metrics.counter("concord_relay_requests_served_total", "Requests answered for another node.", {})) {
  for (std::size_t i = 0; i < reactors.size(); ++i) tasks_.push_back(std::make_unique<TaskScope>(reactors.at(i)));
  links_.accept(std::string(kKind), [this](link::Stream& stream, const link::NodeName&, ByteView opening,
                                           Reactor& reactor) { return accept(stream, opening, reactor); });
}

Requests::~Requests() = default;

std::shared_ptr<link::StreamHandler> Requests::accept(link::Stream& stream, ByteView opening, Reactor& reactor) {
  if (opening.size() != sizeof(std::uint32_t) + sizeof(std::uint16_t)) return nullptr;
  const engines::ShardId shard{get_le<std::uint32_t>(opening.data())};
  const Slot slot{get_le<std::uint16_t>(opening.data() + sizeof(std::uint32_t))};
  if (slot.value >= kSlots) return nullptr;
  auto served = std::make_shared<Served>(*this, stream, reactor, slot, shard);
  if (is_here(slot, shard)) {
    served->self = served;
  } else {
    served->asked = true;
    stream.end(kNotHere, "the shard is not served here");
  }
  return served;
}

bool Requests::is_here(Slot slot, engines::ShardId shard) const {
  return places_.shard_of(slot) == shard && places_.is_here(shard);
}

asio::awaitable<void> Requests::serve(std::shared_ptr<Served> served, net::Request request) {
  served_.add();
  const net::Response response = co_await answer_(std::move(request));
  if (served->stream == nullptr) co_return;  // whoever asked is gone
  constexpr int kUnavailable = 503;
  if (response.status == kUnavailable && places_.shard_of(served->slot) != served->shard) {
    served->stream->end(kNotHere, "the slot has gone to another shard");  // it was refused for that
    co_return;
  }
  served->stream->send(std::make_shared<const Bytes>(encode(response)));
  served->stream->end(kDone, "");
}

/// nullopt: nothing was done there.
Task<std::optional<net::Response>> Requests::send(Reactor& reactor, const link::Peer& peer, Slot slot,
                                                  engines::ShardId shard, SharedBytes request) {
  sent_.add();
  Bytes opening;
  put_le(opening, shard.value);
  put_le(opening, slot.value);
  const auto call = std::make_shared<Call>(reactor);
  link::Stream& stream = links_.open(reactor, peer, {std::string(kKind), shard.value, std::move(opening)}, call);
  stream.send(std::move(request));
  const std::int64_t until_ns = clock_.monotonic_ns() + options_.answer_ms * 1'000'000;
  while (!call->code) {
    const std::int64_t left_ms = (until_ns - clock_.monotonic_ns()) / 1'000'000;
    if (left_ms <= 0) {
      stream.end(kDone, "");
      co_return fail(Code::kTimeout, "the node that serves this has not answered in time");
    }
    co_await call->done.wait(left_ms);
  }
  if (call->answer && *call->answer) co_return std::move(**call->answer);
  if (*call->code == kNotHere || *call->code == link::kRefused) co_return std::nullopt;
  co_return fail(Code::kUnavailable, "the node that serves this is gone; try again");
}

Task<std::optional<net::Response>> Requests::forward(Slot slot, net::Request& request) {
  Reactor& reactor = current_reactor(reactors_);
  SharedBytes encoded;
  const std::int64_t until_ns = clock_.monotonic_ns() + options_.wait_ms * 1'000'000;
  for (;;) {
    const std::int64_t left_ms = (until_ns - clock_.monotonic_ns()) / 1'000'000;
    const auto shard = co_await until_served(places_, slot, left_ms, clock_);
    if (!shard) co_return fail(Code::kUnavailable, "no node serves this at present; try again");
    const auto peer = places_.elsewhere(*shard);
    if (places_.is_here(*shard)) co_return std::nullopt;
    if (!peer) continue;
    if (!encoded) encoded = std::make_shared<const Bytes>(encode(request));
    auto answered = co_await send(reactor, *peer, slot, *shard, encoded);
    if (answered && *answered) co_return answered;
    if (!answered && !(answered.error().code == Code::kUnavailable && changes_nothing(request.method)))
      co_return answered;
    if (clock_.monotonic_ns() >= until_ns)
      co_return fail(Code::kUnavailable, "the shard is on its way to another node; try again");
    sent_again_.add();
    (void)co_await sleep_ms(kAgainMs);
  }
}

asio::awaitable<void> Requests::close() {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const auto close_one = [](TaskScope& tasks) -> Task<> {
      co_await tasks.close();
      co_return Result<>{};
    };
    (void)co_await run_on(reactors_.at(i), close_one(*tasks_[i]));
  }
}

}  // namespace concord::relay
