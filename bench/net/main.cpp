// What idle WebSockets and a fan-out cost: memory of the server's process for each of many idle connections, and its
// CPU time for each message delivered, beside bare sockets that do nothing but send(2).

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "common/process.h"
#include "common/report.h"
#include "net/crowd.h"
#include "net/roles.h"

namespace concord::bench {
namespace {

constexpr std::size_t kPayloadBytes = 64;
constexpr std::size_t kFrameBytes = kPayloadBytes + 2;
constexpr std::size_t kReceivers = 1000;

/// Resident bytes for each idle connection.
double idle_bytes(Dialect dialect, const Certificate& certificate, std::size_t connections) {
  const bool tls = dialect == Dialect::kWebSocketTls;
  const ServerProcess server("websockets", tls ? certificate.certificate_file() : "",
                             tls ? certificate.key_file() : "");
  Crowd crowd(dialect);
  crowd.connect(server.port(), 100);  // what is allocated once is there before the first reading
  ::sleep(1);
  const std::uint64_t before = resident_bytes(server.pid());
  crowd.connect(server.port(), connections);
  ::sleep(2);
  return static_cast<double>(resident_bytes(server.pid()) - before) / static_cast<double>(connections);
}

struct FanOut {
  double cpu_us = 0;  // of the server, a delivery
  double seconds = 0;
};

/// One sender, 1,000 receivers; the next burst is sent when all have the last one.
FanOut fan_out(const std::string& role, Dialect dialect, std::size_t burst, std::size_t rounds) {
  const ServerProcess server(role);
  Crowd crowd(dialect);
  crowd.connect(server.port(), kReceivers + 1);
  ::sleep(1);  // until the server has put the last of them into its set
  Bytes message;
  for (std::size_t i = 0; i < burst; ++i) {
    if (dialect == Dialect::kBare) {
      message.resize(message.size() + kFrameBytes, 'x');
    } else {
      append(message, client_message(kPayloadBytes));
    }
  }
  const std::size_t expected = kReceivers * burst * kFrameBytes;
  const auto run = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      crowd.send(message);
      crowd.receive(expected);
    }
  };
  run(rounds / 10 + 1);
  const double cpu = cpu_seconds(server.pid());
  const double begun = now_seconds();
  run(rounds);
  const double deliveries = static_cast<double>(rounds * burst * kReceivers);
  return {(cpu_seconds(server.pid()) - cpu) * 1e6 / deliveries, now_seconds() - begun};
}

int run(Report& report, std::size_t connections, std::size_t rounds) {
  const Certificate certificate;
  const std::string count = std::to_string(connections);
  report.add({"memory of the process for each of " + count + " idle WebSockets",
              idle_bytes(Dialect::kWebSocket, certificate, connections), "bytes"});
  report.add({"the same over TLS 1.3", idle_bytes(Dialect::kWebSocketTls, certificate, connections), "bytes"});
  const FanOut ours = fan_out("websockets", Dialect::kWebSocket, 1, rounds);
  const FanOut bare = fan_out("bare", Dialect::kBare, 1, rounds);
  report.add({"CPU for each message delivered, 1 sender to 1,000", ours.cpu_us, "us", "bare send(2)", bare.cpu_us});
  report.add({"messages delivered a second, 1 sender to 1,000", static_cast<double>(rounds * kReceivers) / ours.seconds,
              "1/s", "bare send(2)", static_cast<double>(rounds * kReceivers) / bare.seconds});
  const FanOut bursts = fan_out("websockets", Dialect::kWebSocket, 8, rounds);
  report.add({"CPU for each message delivered, in bursts of 8", bursts.cpu_us, "us"});
  return report.finish();
}

}  // namespace
}  // namespace concord::bench

int main(int argc, char** argv) {
  using namespace concord::bench;
  const std::string role = argc > 1 ? argv[1] : "";
  if (role == "websockets") return serve_websockets(argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : "");
  if (role == "bare") return serve_bare_sockets();
  Report report(argc, argv);
  const auto& arguments = report.arguments();
  if (arguments.size() > 2 || (!arguments.empty() && arguments[0].starts_with('-'))) {
    std::puts("bench net [CONNECTIONS [ROUNDS]] [--json FILE]: 10000 idle connections and 2000 rounds where not given");
    return 2;
  }
  const std::size_t connections = !arguments.empty() ? std::strtoul(arguments[0].c_str(), nullptr, 10) : 10'000;
  const std::size_t rounds = arguments.size() > 1 ? std::strtoul(arguments[1].c_str(), nullptr, 10) : 2000;
  try {
    return run(report, connections, rounds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench net: %s\n", error.what());
    return 1;
  }
}
