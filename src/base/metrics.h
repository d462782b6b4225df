#pragma once
// Counters, gauges and histograms, read out as Prometheus text (exposition format 0.0.4). A part asks the registry
// once, at construction, and keeps the reference; recording is one relaxed atomic operation.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace concord {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t v) { value_.store(v, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Cumulative buckets with fixed upper bounds.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);
  void record(double value);

  struct Reading {
    std::vector<std::pair<double, std::uint64_t>> buckets;  // upper bound, count at or below it
    std::uint64_t count = 0;
    double sum = 0;
  };
  Reading read() const;

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;  // one more than bounds_: the last is +Inf
  std::atomic<double> sum_{0};
};

/// Bounds for latencies in seconds: 100 µs to 10 s.
std::span<const double> latency_bounds();
/// Bounds for sizes and batch lengths: powers of four from 1 to 2^24.
std::span<const double> size_bounds();

class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  /// Label sets one name may have; what comes after them shares one series labelled over_limit="true".
  static constexpr std::size_t kMaxSeries = 1000;

  Metrics();
  ~Metrics();
  /// The same name and labels give the same instrument, for the registry's life. Names are
  /// `concord_<part>_<what>_<unit>`; asserts that a name keeps its kind. Any thread.
  Counter& counter(const std::string& name, const std::string& help, Labels labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, Labels labels = {});
  Histogram& histogram(const std::string& name, const std::string& help, std::span<const double> bounds,
                       Labels labels = {});
  /// A gauge whose value is asked for at read-out (from the thread that reads). What `read` captures outlives the last
  /// read-out; `read` registers nothing here. The same name again replaces it.
  void gauge_from(const std::string& name, const std::string& help, std::function<double()> read);

  std::string prometheus_text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord
