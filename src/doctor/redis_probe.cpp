#include <algorithm>
#include <charconv>
#include <memory>

#include "base/async.h"
#include "base/reactor.h"
#include "doctor/redis_check.h"
#include "redis/connection.h"
#include "redis/transport.h"

namespace concord::doctor {
namespace {

using redis::RedisConnection;

constexpr std::int64_t kConnectTimeoutMs = 3000;
constexpr std::int64_t kCallTimeoutMs = 3000;
constexpr int kPings = 5;
constexpr std::size_t kMostNodes = 64;

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Task<std::string> ask(RedisConnection& connection, redis::RespCommand command) {
  redis::Answer answer = co_await connection.call({.command = std::move(command)}, kCallTimeoutMs);
  CO_TRY(const redis::RespValue value, std::move(answer.value));
  if (value.is_error()) co_return fail(Code::kUnavailable, "refuses: " + std::string(value.text().substr(0, 200)));
  co_return std::string(value.text());
}

struct Visit {
  RedisConnection::Context context;
  redis::Endpoint endpoint;
  RedisServer& server;
  RedisFacts& facts;
  std::vector<redis::Endpoint>& known;
};

Task<> read_cluster(RedisConnection& connection, Visit visit) {
  CO_TRY(const std::string info, co_await ask(connection, {"CLUSTER", "INFO"}));
  CO_TRY(const std::string nodes, co_await ask(connection, {"CLUSTER", "NODES"}));
  RedisFacts& facts = visit.facts;
  facts.is_cluster = true;
  const std::string state = info_field(info, "cluster_state");
  if (facts.cluster_state.empty() || state != "ok") facts.cluster_state = state;
  facts.slots_assigned = number_of(info_field(info, "cluster_slots_assigned"));
  ClusterNodes seen = parse_cluster_nodes(nodes);
  facts.failed_nodes = std::max(facts.failed_nodes, seen.failed);
  for (redis::Endpoint& one : seen.endpoints) {
    if (visit.known.size() < kMostNodes && std::ranges::find(visit.known, one) == visit.known.end())
      visit.known.push_back(std::move(one));
  }
  co_return Result<>();
}

Task<> look_at(Visit visit) {
  RedisServer& server = visit.server;
  CO_TRY(const auto connection,
         co_await RedisConnection::open(visit.context, visit.endpoint, [](const redis::RespValue&) {}));
  CO_TRY(const std::string info, co_await ask(*connection, {"INFO"}));
  server.version = info_field(info, "redis_version");
  server.is_replica = info_field(info, "role") == "slave";
  server.is_loading = info_field(info, "loading") == "1";
  server.policy = info_field(info, "maxmemory_policy");
  server.max_memory_bytes = number_of(info_field(info, "maxmemory"));
  server.used_memory_bytes = number_of(info_field(info, "used_memory"));
  server.replicas = number_of(info_field(info, "connected_slaves"));
  for (int i = 0; i < kPings; ++i) {
    const std::int64_t began = visit.context.clock.monotonic_ns();
    CO_TRY_VOID(co_await ask(*connection, {"PING"}));
    server.ping_us.push_back((visit.context.clock.monotonic_ns() - began) / 1000);
  }
  if (connection->greeting().is_cluster) CO_TRY_VOID(co_await read_cluster(*connection, visit));
  co_return Result<>();
}

Task<> close(TaskScope& tasks) {
  co_await tasks.close();
  co_return Result<>();
}

}  // namespace

std::string info_field(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
      return std::string(line.substr(name.size() + 1));
  }
  return {};
}

/// Lines of `id host:port@bus[,name] flags …` (redis.io/commands/cluster-nodes).
ClusterNodes parse_cluster_nodes(std::string_view text) {
  ClusterNodes nodes;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find(' ');
    if (first == std::string_view::npos) continue;
    const std::size_t second = line.find(' ', first + 1);
    if (second == std::string_view::npos) continue;
    std::string_view address = line.substr(first + 1, second - first - 1);
    const std::string_view flags = line.substr(second + 1, line.find(' ', second + 1) - second - 1);
    if (flags.find("fail") != std::string_view::npos) ++nodes.failed;
    if (flags.find("noaddr") != std::string_view::npos) continue;
    address = address.substr(0, address.find_first_of("@,"));
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    const std::int64_t port = number_of(std::string(address.substr(colon + 1)));
    if (port < 1 || port > 65'535) continue;
    nodes.endpoints.push_back({std::string(address.substr(0, colon)), static_cast<std::uint16_t>(port)});
  }
  return nodes;
}

Result<RedisFacts> probe_redis(const redis::RedisOptions& given) {
  redis::RedisOptions options = given;
  options.connect_timeout_ms = kConnectTimeoutMs;
  options.call_timeout_ms = kCallTimeoutMs;
  std::unique_ptr<redis::TlsTrust> trust;
  if (options.is_tls) {
    TRY(trust, redis::TlsTrust::load(options.ca_file));
  }
  RedisFacts facts;
  SystemClock clock;
  Reactors reactors(1);
  reactors.start();
  {
    Reactor& reactor = reactors.at(0);
    TaskScope tasks(reactor);
    std::vector<redis::Endpoint> known = options.endpoints;
    for (std::size_t i = 0; i < known.size(); ++i) {  // grows as a Cluster tells of its nodes
      RedisServer server{.address = known[i].str()};
      const Result<> looked =
          wait_for(reactor, look_at({{reactor, tasks, options, clock, trust.get()}, known[i], server, facts, known}));
      if (!looked) server.unreachable = looked.error().message;
      facts.servers.push_back(std::move(server));
    }
    static_cast<void>(wait_for(reactor, close(tasks)));
  }
  reactors.stop();
  return facts;
}

}  // namespace concord::doctor
