#include <algorithm>
#include <charconv>

#include "base/async.h"
#include "base/id.h"
#include "base/reactor.h"
#include "doctor/etcd_check.h"
#include "doctor/http_get.h"
#include "etcd/client.h"

namespace concord::doctor {
namespace {

using etcd::Attempt;

constexpr std::int64_t kCallTimeoutMs = 3000;
constexpr int kWrites = 5;

/// What the members are asked over.
struct Probe {
  etcd::Transport& transport;
  Clock& clock;
  IdSource& ids;
  const etcd::EtcdOptions& options;
};

Attempt attempt_at(std::size_t endpoint, std::string token = {}) {
  return {.endpoint = endpoint, .timeout_ms = kCallTimeoutMs, .token = std::move(token)};
}

Task<> look_at(Probe probe, std::size_t index, EtcdMember& member) {
  CO_TRY(etcd::StatusReply status, co_await probe.transport.call(attempt_at(index), etcd::StatusRequest{}));
  member.version = std::move(status.version);
  member.database_bytes = status.database_bytes;
  member.used_bytes = status.used_bytes;
  member.has_leader = status.has_leader;
  member.is_learner = status.is_learner;
  member.errors = std::move(status.errors);
  co_return Result<>();
}

Task<std::string> sign_in(Probe probe, std::size_t index) {
  if (probe.options.user.empty()) co_return std::string();
  etcd::AuthenticateRequest request{probe.options.user, probe.options.password};
  CO_TRY(etcd::AuthenticateReply reply, co_await probe.transport.call(attempt_at(index), std::move(request)));
  co_return std::move(reply.token);
}

/// A key with a lease as long as the hub's own, put a few times and then ended.
Task<> write(Probe probe, Attempt attempt, EtcdFacts& facts) {
  const etcd::LeaseId lease{static_cast<std::int64_t>(probe.ids.random64() >> 2U) + 1};
  etcd::GrantRequest grant{lease, (facts.lease_ms + 999) / 1000};
  CO_TRY(const etcd::GrantReply granted, co_await probe.transport.call(attempt, grant));
  facts.granted_lease_ms = granted.ttl_s * 1000;
  etcd::PutRequest put{
      .key = probe.options.prefix + "doctor/" + std::to_string(lease.value), .value = "probe", .lease = lease};
  Result<> done;
  for (int i = 0; i <= kWrites; ++i) {  // the first opens the connection
    const std::int64_t began = probe.clock.monotonic_ns();
    const auto reply = co_await probe.transport.call(attempt, put);
    if (!reply) done = fail(reply.error());
    if (!reply) break;
    if (i > 0) facts.write_us.push_back((probe.clock.monotonic_ns() - began) / 1000);
    put.expected = reply->revision;
  }
  static_cast<void>(co_await probe.transport.call(attempt, etcd::RevokeRequest{lease}));
  co_return done;
}

Task<> look_at_cluster(Probe probe, std::size_t index, EtcdFacts& facts) {
  if (const auto members = co_await probe.transport.call(attempt_at(index), etcd::MembersRequest{}))
    facts.voters =
        static_cast<std::size_t>(std::ranges::count(members->members, false, &etcd::MembersReply::Member::is_learner));
  Result<std::string> token = co_await sign_in(probe, index);
  if (!token) {
    facts.write_failure = facts.alarms_failure = token.error().message;
    co_return Result<>();
  }
  const auto alarms = co_await probe.transport.call(attempt_at(index, *token), etcd::AlarmsRequest{});
  if (!alarms) facts.alarms_failure = alarms.error().message;
  facts.no_space = alarms ? alarms->no_space : 0;
  facts.corrupt = alarms ? alarms->corrupt : 0;
  const Result<> written = co_await write(probe, attempt_at(index, *token), facts);
  if (!written) facts.write_failure = written.error().message;
  co_return Result<>();
}

/// etcd tells it in its metrics alone.
std::optional<std::int64_t> quota_of(const etcd::Endpoint& endpoint, const etcd::EtcdOptions& options) {
  const auto text = http_get({.url = (endpoint.secure ? "https://" : "http://") + endpoint.address + "/metrics",
                              .ca_file = options.ca_file,
                              .cert_file = options.cert_file,
                              .key_file = options.key_file});
  const auto quota = text ? metric_in(*text, "etcd_server_quota_backend_bytes") : std::nullopt;
  if (!quota) return std::nullopt;
  return static_cast<std::int64_t>(*quota);
}

}  // namespace

std::optional<double> metric_in(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.size() <= name.size() || !line.starts_with(name) || line[name.size()] != ' ') continue;
    const std::string_view number = line.substr(name.size() + 1);
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error == std::errc()) return value;
  }
  return std::nullopt;
}

Result<EtcdFacts> probe_etcd(const etcd::EtcdOptions& options, std::int64_t lease_ms) {
  TRY_VOID(etcd::check(options));
  TRY(const std::vector<etcd::Endpoint> endpoints, etcd::parse_endpoints(options.endpoints));
  TRY(etcd::TlsCredentials credentials, etcd::read_credentials(options));
  EtcdFacts facts;
  facts.lease_ms = lease_ms;
  SystemClock clock;
  SystemIdSource ids(clock);
  Reactors reactors(1);
  reactors.start();
  {
    etcd::Transport transport(endpoints, std::move(credentials));
    const Probe probe{transport, clock, ids, options};
    std::optional<std::size_t> answers;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      EtcdMember member{.address = endpoints[i].address};
      const Result<> looked = wait_for(reactors.at(0), look_at(probe, i, member));
      if (!looked) {
        member.unreachable = looked.error().message;
      } else {
        member.quota_bytes = quota_of(endpoints[i], options);
        if (!answers && !member.is_learner) answers = i;
      }
      facts.members.push_back(std::move(member));
    }
    if (answers) static_cast<void>(wait_for(reactors.at(0), look_at_cluster(probe, *answers, facts)));
  }
  reactors.stop();
  return facts;
}

}  // namespace concord::doctor
