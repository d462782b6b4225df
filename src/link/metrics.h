#pragma once
// What is measured of the connections between nodes. Shared by the reactors, each of which adds what a loop turn did at
// its end.

#include "base/metrics.h"

namespace concord::link {

struct LinkMetrics {
  explicit LinkMetrics(Metrics& metrics);

  Gauge& opened;    // connections
  Gauge& accepted;  // connections
  Gauge& streams;
  Counter& messages_sent;
  Counter& messages_received;
  Counter& bytes_sent;
  Counter& bytes_received;
  Counter& joined;
  Counter& writes;
  Counter& breaks;
  Counter& failed_attempts;
  Counter& refused;
  Counter& violations;
  Counter& slow_streams;
  Gauge& certificate_ends;
  Histogram& round_trip;
};

/// What one reactor has done since it last said so.
struct LinkCounts {
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t joined = 0;
  std::uint64_t writes = 0;

  /// Adds them and begins again.
  void publish(LinkMetrics& metrics);
};

}  // namespace concord::link
