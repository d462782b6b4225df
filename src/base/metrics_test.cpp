#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <thread>

namespace concord {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, the_text_is_the_prometheus_exposition_format) {
  Metrics metrics;
  metrics.counter("concord_net_requests_total", "Requests answered.", {{"status", "200"}, {"method", "GET"}}).add(3);
  metrics.gauge("concord_net_connections_open", "Open connections.").set(-2);
  constexpr std::array kBounds = {0.5, 2.0};
  Histogram& seconds = metrics.histogram("concord_net_request_seconds", "Latency.", kBounds, {{"route", "/"}});
  for (double value : {0.25, 0.5, 1.0, 64.0}) seconds.record(value);
  metrics.gauge_from("concord_base_answer", "Asked for.", [] { return 1.5; });
  EXPECT_EQ(metrics.prometheus_text(),
            "# HELP concord_base_answer Asked for.\n"
            "# TYPE concord_base_answer gauge\n"
            "concord_base_answer 1.5\n"
            "# HELP concord_net_connections_open Open connections.\n"
            "# TYPE concord_net_connections_open gauge\n"
            "concord_net_connections_open -2\n"
            "# HELP concord_net_request_seconds Latency.\n"
            "# TYPE concord_net_request_seconds histogram\n"
            "concord_net_request_seconds_bucket{route=\"/\",le=\"0.5\"} 2\n"
            "concord_net_request_seconds_bucket{route=\"/\",le=\"2\"} 3\n"
            "concord_net_request_seconds_bucket{route=\"/\",le=\"+Inf\"} 4\n"
            "concord_net_request_seconds_sum{route=\"/\"} 65.75\n"
            "concord_net_request_seconds_count{route=\"/\"} 4\n"
            "# HELP concord_net_requests_total Requests answered.\n"
            "# TYPE concord_net_requests_total counter\n"
            "concord_net_requests_total{method=\"GET\",status=\"200\"} 3\n");
}

TEST(Metrics, help_and_label_values_are_escaped) {
  Metrics metrics;
  metrics.counter("concord_base_x_total", "a\\b\n\"c\"", {{"path", "a\\b\n\"c\""}});
  EXPECT_THAT(metrics.prometheus_text(), HasSubstr("# HELP concord_base_x_total a\\\\b\\n\"c\"\n"));
  EXPECT_THAT(metrics.prometheus_text(), HasSubstr("concord_base_x_total{path=\"a\\\\b\\n\\\"c\\\"\"} 0\n"));
}

TEST(Metrics, the_same_name_and_labels_in_any_order_give_the_same_instrument) {
  Metrics metrics;
  Counter& first = metrics.counter("concord_base_x_total", "X.", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(&first, &metrics.counter("concord_base_x_total", "X.", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&first, &metrics.counter("concord_base_x_total", "X.", {{"a", "1"}, {"b", "3"}}));
}

TEST(Metrics, label_sets_past_the_bound_share_one_series) {
  Metrics metrics;
  for (std::size_t i = 0; i < Metrics::kMaxSeries + 50; ++i) {
    metrics.counter("concord_base_x_total", "X.", {{"id", std::to_string(i)}}).add();
  }
  const std::string text = metrics.prometheus_text();
  EXPECT_THAT(text, HasSubstr("concord_base_x_total{id=\"999\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("{id=\"1000\"}")));
  EXPECT_THAT(text, HasSubstr("concord_base_x_total{over_limit=\"true\"} 50\n"));
}

TEST(Metrics, numbers_without_a_finite_value_have_their_words) {
  Metrics metrics;
  metrics.gauge_from("concord_base_a", "A.", [] { return std::numeric_limits<double>::quiet_NaN(); });
  metrics.gauge_from("concord_base_b", "B.", [] { return -std::numeric_limits<double>::infinity(); });
  EXPECT_THAT(metrics.prometheus_text(), HasSubstr("concord_base_a NaN\n"));
  EXPECT_THAT(metrics.prometheus_text(), HasSubstr("concord_base_b -Inf\n"));
}

TEST(Metrics, nothing_recorded_from_several_threads_is_lost) {
  Metrics metrics;
  constexpr int kThreads = 4;
  constexpr int kRounds = 5000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&metrics] {
      for (int round = 0; round < kRounds; ++round) {
        metrics.counter("concord_base_x_total", "X.").add();
        metrics.histogram("concord_base_y_seconds", "Y.", latency_bounds()).record(0.001);
        if (round % 500 == 0) EXPECT_FALSE(metrics.prometheus_text().empty());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.counter("concord_base_x_total", "X.").value(), kThreads * kRounds);
  const auto reading = metrics.histogram("concord_base_y_seconds", "Y.", latency_bounds()).read();
  EXPECT_EQ(reading.count, kThreads * kRounds);
  EXPECT_NEAR(reading.sum, kThreads * kRounds * 0.001, 1e-6);
}

TEST(Histogram, bounds_are_inclusive_and_counts_cumulative) {
  constexpr std::array kBounds = {1.0, 2.0, 3.0};
  Histogram histogram(kBounds);
  for (double value : {-1.0, 1.0, 1.5, 3.0, 3.1}) histogram.record(value);
  const Histogram::Reading reading = histogram.read();
  const std::vector<std::pair<double, std::uint64_t>> expected = {{1.0, 2}, {2.0, 3}, {3.0, 4}};
  EXPECT_EQ(reading.buckets, expected);
  EXPECT_EQ(reading.count, 5U);
}

TEST(Histogram, the_common_bounds_rise_over_their_documented_range) {
  EXPECT_EQ(latency_bounds().front(), 0.0001);
  EXPECT_EQ(latency_bounds().back(), 10.0);
  EXPECT_EQ(size_bounds().front(), 1.0);
  EXPECT_EQ(size_bounds().back(), 1 << 24);
  EXPECT_TRUE(std::ranges::is_sorted(latency_bounds()));
  EXPECT_TRUE(std::ranges::is_sorted(size_bounds()));
}

}  // namespace
}  // namespace concord
