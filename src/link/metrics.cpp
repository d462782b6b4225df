#include "link/metrics.h"

#include <array>
#include <utility>

namespace concord::link {
namespace {

constexpr std::array kRoundTripBounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                      0.01,    0.025,  0.05,    0.1,    0.25,  1.0,    5.0};

void add(Counter& to, std::uint64_t count) {
  if (count > 0) to.add(count);
}

}  // namespace

LinkMetrics::LinkMetrics(Metrics& metrics)
    : opened(metrics.gauge("concord_link_connections", "Connections to other nodes, by who opened them.",
                           {{"side", "opener"}})),
      accepted(metrics.gauge("concord_link_connections", "Connections to other nodes, by who opened them.",
                             {{"side", "acceptor"}})),
      streams(metrics.gauge("concord_link_streams", "Streams between this node and others.")),
      messages_sent(metrics.counter("concord_link_messages_sent_total",
                                    "Messages sent on streams to other nodes; one to many counts for each.")),
      messages_received(
          metrics.counter("concord_link_messages_received_total", "Messages that streams from other nodes got.")),
      bytes_sent(metrics.counter("concord_link_sent_bytes_total", "Bytes of frames sent to other nodes.")),
      bytes_received(metrics.counter("concord_link_received_bytes_total", "Bytes of frames got from other nodes.")),
      joined(metrics.counter("concord_link_messages_joined_total",
                             "Messages that crossed with one sent on another stream, and not by themselves.")),
      writes(metrics.counter("concord_link_writes_total", "Times that frames were sent on a connection.")),
      breaks(metrics.counter("concord_link_breaks_total", "Connections to other nodes that broke.")),
      failed_attempts(metrics.counter("concord_link_failed_attempts_total",
                                      "Attempts to connect to another node that came to nothing.")),
      refused(metrics.counter("concord_link_refused_total",
                              "Connections that were not taken: no certificate of this hub, no hello, too many.")),
      violations(metrics.counter("concord_link_violations_total",
                                 "Connections ended because the other node broke the protocol or a limit.")),
      slow_streams(
          metrics.counter("concord_link_slow_streams_total", "Streams ended because too much was on its way on them.")),
      certificate_ends(
          metrics.gauge("concord_link_certificate_ends_seconds", "When this node's certificate ends, in Unix time.")),
      round_trip(metrics.histogram("concord_link_round_trip_seconds",
                                   "From a ping on a connection to its answer, through both loops.",
                                   kRoundTripBounds)) {}

void LinkCounts::publish(LinkMetrics& metrics) {
  const LinkCounts counts = std::exchange(*this, {});
  add(metrics.messages_sent, counts.messages_sent);
  add(metrics.messages_received, counts.messages_received);
  add(metrics.bytes_sent, counts.bytes_sent);
  add(metrics.bytes_received, counts.bytes_received);
  add(metrics.joined, counts.joined);
  add(metrics.writes, counts.writes);
}

}  // namespace concord::link
