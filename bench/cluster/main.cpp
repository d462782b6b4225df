// The driver of the log for PostgreSQL alone, as one shard uses it: records come at a rate, and all that came while an
// append was under way go with the next one. Reads a line "RATE SECONDS" each time, answers one line of JSON: the rate
// reached, what a record waits until it is durable, and the CPU time of this program.
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "common/process.h"
#include "engines/coordination.h"
#include "postgres/postgres_log.h"
#include "shard/shard_limits.h"

namespace concord::bench {
namespace {

using namespace concord::engines;

constexpr ShardId kShard{1'000'000};  // none of a hub's
constexpr Epoch kEpoch{1};
constexpr std::size_t kStreams = 50;

[[noreturn]] void stop(const std::string& message) {
  std::fprintf(stderr, "bench_cluster: %s\n", message.c_str());
  std::_Exit(1);
}

struct Measured {
  double seconds = 0;
  double cpu_seconds = 0;
  std::size_t appends = 0;
  std::vector<double> waits;  // seconds, of each record
};

/// A shard's queue before its log.
class Writer {
 public:
  Writer(Log& log, std::size_t payload_bytes)
      : log_(log), payload_(std::make_shared<const Bytes>(payload_bytes, 'x')) {}

  asio::awaitable<void> run(double rate, double seconds, Measured& measured, std::promise<void>& done) {
    const auto count = static_cast<std::size_t>(rate * seconds);
    const double began = now_seconds();
    const double cpu_before = cpu_seconds(::getpid());
    std::size_t written = 0;
    while (written < count) {
      const double now = now_seconds();
      const auto due = std::min(count, static_cast<std::size_t>((now - began) * rate));
      if (due == written) {
        boost::asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::microseconds(200));
        co_await timer.async_wait(asio::use_awaitable);
        continue;
      }
      const std::size_t size = std::min(due - written, shard::ShardLimits().max_batch_records);
      const Result<Position> first = co_await log_.append(kShard, kEpoch, records(size));
      if (!first) stop(first.error().message);
      const double then = now_seconds();
      for (std::size_t i = 0; i < size; ++i)
        measured.waits.push_back(then - (began + static_cast<double>(written + i) / rate));
      written += size;
      ++measured.appends;
    }
    measured.seconds = now_seconds() - began;
    measured.cpu_seconds = cpu_seconds(::getpid()) - cpu_before;
    done.set_value();
  }

 private:
  std::vector<LogRecord> records(std::size_t count) {
    std::vector<LogRecord> records(count);
    for (LogRecord& record : records) {
      record.stream = "doc_01jd4q8z6we4vr0m2n3p5t7x" + std::to_string(10 + sequence_ % kStreams);
      record.principal = "usr_01jd4q8z6we4vr0m2n3p5t7x9y";
      record.client = "4f2a91c07be1";
      record.sequence = ++sequence_;
      record.payload = payload_;
    }
    return records;
  }

  Log& log_;
  std::shared_ptr<const Bytes> payload_;
  std::uint64_t sequence_ = 0;
};

template <class Work>
void wait_for(Reactor& reactor, Work work) {
  std::promise<void> done;
  asio::co_spawn(reactor.context(), work(done), asio::detached);
  done.get_future().wait();
}

asio::awaitable<void> seal(Log& log, std::promise<void>& done) {
  if (const Result<> sealed = co_await log.seal(kShard, kEpoch); !sealed) stop(sealed.error().message);
  done.set_value();
}

double percentile(std::vector<double>& values, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + at);
  return values[static_cast<std::size_t>(at)];
}

void answer(const Measured& measured, std::vector<double> waits) {
  const auto count = static_cast<double>(waits.size());
  std::printf(R"({"rate":%.1f,"p50_ms":%.3f,"p99_ms":%.3f,"records_an_append":%.1f,"cpu_us":%.2f})"
              "\n",
              count / measured.seconds, percentile(waits, 0.5) * 1e3, percentile(waits, 0.99) * 1e3,
              count / static_cast<double>(measured.appends), measured.cpu_seconds / count * 1e6);
  std::fflush(stdout);
}

void serve(const std::string& url, std::size_t payload_bytes) {
  SystemClock clock;
  SystemIdSource ids(clock);
  Metrics metrics;
  Reactors reactors(1);
  reactors.start();
  postgres::PostgresLogOptions options;
  options.pool.url = url;
  options.pool.use = "log";
  auto log = postgres::PostgresLog::open(options, clock, ids, Logger(), metrics);
  if (!log) stop(log.error().message);
  wait_for(reactors.at(0), [&](std::promise<void>& done) { return seal(**log, done); });
  Writer writer(**log, payload_bytes);
  double rate = 0;
  double seconds = 0;
  while (std::cin >> rate >> seconds) {
    if (rate < 1 || rate > 1e6 || seconds <= 0 || seconds > 3600) stop("a rate of 1 to 1000000 and up to 3600 seconds");
    Measured measured;
    wait_for(reactors.at(0), [&](std::promise<void>& done) { return writer.run(rate, seconds, measured, done); });
    answer(measured, measured.waits);
  }
  log->reset();
  reactors.stop();
}

}  // namespace
}  // namespace concord::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "bench_cluster URL PAYLOAD_BYTES\n");
    return 2;
  }
  concord::bench::serve(argv[1], std::strtoull(argv[2], nullptr, 10));
  return 0;
}
