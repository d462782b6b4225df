#include "guard/shared_buckets.h"

namespace concord::guard {

namespace {

Counter& tellings(Metrics& metrics, std::string outcome) {
  return metrics.counter("concord_guard_bucket_tellings_total",
                         "Times that the hub's own bucket was told what this node took from it.",
                         {{"outcome", std::move(outcome)}});
}

}  // namespace

SharedBuckets::SharedBuckets(engines::Bus& bus, Reactor& reactor, Metrics& metrics)
    : bus_(bus),
      reactor_(reactor),
      told_(tellings(metrics, "told")),
      failed_(tellings(metrics, "failed")),
      tasks_(reactor),
      ended_(reactor) {}

void SharedBuckets::took(std::string bucket, std::int64_t tokens, engines::Bus::Filling filling, Answered answered) {
  if (under_way_.fetch_add(1) >= kMostUnderWay || closed_) {
    --under_way_;
    failed_.add();
    return answered(std::nullopt);
  }
  reactor_.post([this, bucket = std::move(bucket), tokens, filling, answered = std::move(answered)]() mutable {
    tasks_.spawn(tell(std::move(bucket), tokens, filling, std::move(answered)));
  });
}

asio::awaitable<void> SharedBuckets::tell(std::string bucket, std::int64_t tokens, engines::Bus::Filling filling,
                                          Answered answered) {
  const auto left = co_await bus_.take(std::move(bucket), tokens, filling);
  (left ? told_ : failed_).add();
  answered(left ? std::optional(*left) : std::nullopt);
  if (under_way_.fetch_sub(1) == 1) ended_.notify_all();
}

asio::awaitable<void> SharedBuckets::close() {
  closed_ = true;
  while (under_way_ > 0) co_await ended_.wait();
  co_await tasks_.close();
}

}  // namespace concord::guard
