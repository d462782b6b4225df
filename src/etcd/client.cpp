#include "etcd/client.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/reactor.h"

namespace concord::etcd {
namespace {

constexpr std::size_t kMaxFileBytes = 1U << 20U;

Result<std::string> read_setting_file(std::string_view setting, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!text.empty() && text.size() <= kMaxFileBytes) return text;
  return fail(Error{Code::kInvalidArgument,
                    std::string(setting) + ": \"" + path + "\" is not a file of 1 byte to 1 MiB that can be read",
                    {{"field", std::string(setting)}, {"value", path}}});
}

/// Whether another member may answer what this one could not.
bool is_away(Code code) { return code == Code::kUnavailable || code == Code::kTimeout; }

}  // namespace

Result<TlsCredentials> read_credentials(const EtcdOptions& options) {
  TlsCredentials credentials;
  TRY(credentials.authorities, read_setting_file("ETCD_CA_FILE", options.ca_file));
  TRY(credentials.certificate, read_setting_file("ETCD_CERT_FILE", options.cert_file));
  TRY(credentials.key, read_setting_file("ETCD_KEY_FILE", options.key_file));
  return credentials;
}

Result<std::shared_ptr<Client>> Client::open(EtcdOptions options, Clock& clock, IdSource& ids, const Logger& logger,
                                             Metrics& metrics) {
  TRY_VOID(check(options));
  TRY(std::vector<Endpoint> endpoints, parse_endpoints(options.endpoints));
  TRY(TlsCredentials credentials, read_credentials(options));
  return std::shared_ptr<Client>(new Client(std::move(options), std::move(endpoints), std::move(credentials), clock,
                                            ids, logger.with("engine", "etcd"), metrics));
}

Client::Client(EtcdOptions options, std::vector<Endpoint> endpoints, TlsCredentials credentials, Clock& clock,
               IdSource& ids, Logger logger, Metrics& metrics)
    : options_(std::move(options)),
      members_(endpoints.size()),
      clock_(clock),
      ids_(ids),
      logger_(std::move(logger)),
      in_flight_gauge_(metrics.gauge("concord_etcd_calls_in_flight", "Calls to etcd that wait for their answer.")),
      breaker_open_(metrics.gauge("concord_etcd_breaker_open", "1 while calls to etcd are refused at once.")),
      failed_attempts_(metrics.counter("concord_etcd_failed_attempts_total",
                                       "Attempts of calls that a member did not answer, or not in time.")),
      moves_(metrics.counter("concord_etcd_moves_total", "Moves to the next member.")),
      breaker_({options_.breaker_failures, options_.breaker_least_ms, options_.breaker_most_ms}),
      transport_(std::move(endpoints), std::move(credentials)) {
  const auto instruments = [&metrics](const std::string& call) {
    const auto ended = [&](const char* how) {
      return &metrics.counter("concord_etcd_calls_total", "Calls to etcd, and how they ended.",
                              {{"call", call}, {"result", how}});
    };
    return CallMetrics{ended("answered"), ended("refused"), ended("failed"),
                       &metrics.histogram("concord_etcd_call_seconds", "Calls to etcd with all their attempts.",
                                          latency_bounds(), {{"call", call}})};
  };
  for (const char* call :
       {RangeRequest::kName, PutRequest::kName, GrantRequest::kName, KeepAliveRequest::kName, RevokeRequest::kName})
    call_metrics_.emplace(call, instruments(call));
  // The first to be asked differs from node to node.
  current_ = static_cast<std::size_t>(ids_.random64() % members_);
}

LeaseId Client::new_lease() {
  const auto id = static_cast<std::int64_t>(ids_.random64() >> 1U);
  return LeaseId{std::max<std::int64_t>(id, 1)};
}

void Client::close() {
  closed_ = true;
  transport_.close();
}

std::int64_t Client::left_ms(std::int64_t deadline_ns) const {
  return (deadline_ns - clock_.monotonic_ns()) / 1'000'000;
}

Task<Client::OpenWatch> Client::watch(WatchRequest request) {
  const auto self = shared_from_this();
  Attempt attempt = next_attempt(clock_.monotonic_ns() + options_.call_timeout_ms * 1'000'000);
  CO_TRY(attempt.token, co_await sign_in(attempt, {}));
  auto stream = transport_.watch(attempt, std::move(request));
  co_return OpenWatch{std::move(stream), attempt.endpoint, attempt.token};
}

void Client::failed(const OpenWatch& watch, Code code) {
  if (is_away(code)) leave(watch.endpoint);
  if (code != Code::kUnauthenticated) return;
  const std::lock_guard lock(mutex_);
  if (token_ == watch.token) token_.clear();
}

/// Asks the next member from now on, where it was this one.
void Client::leave(std::size_t endpoint) {
  failed_attempts_.add();
  const std::lock_guard lock(mutex_);
  if (endpoint != current_ || members_ == 1) return;
  current_ = (current_ + 1) % members_;
  moves_.add();
}

Attempt Client::next_attempt(std::int64_t deadline_ns) {
  const std::lock_guard lock(mutex_);
  return {current_, std::clamp<std::int64_t>(left_ms(deadline_ns), 1, options_.attempt_timeout_ms), {}};
}

Task<std::string> Client::sign_in(Attempt attempt, std::string stale) {
  if (options_.user.empty()) co_return std::string();
  {
    const std::lock_guard lock(mutex_);
    if (token_ != stale) co_return token_;
  }
  AuthenticateRequest request{options_.user, options_.password};
  CO_TRY(AuthenticateReply reply, co_await transport_.call(std::move(attempt), std::move(request)));
  const std::lock_guard lock(mutex_);
  token_ = std::move(reply.token);
  co_return token_;
}

/// Asks one member after the other until one answers or the time is over.
template <class Request>
Task<typename Request::Reply> Client::attempt_until(Request request, std::int64_t deadline_ns) {
  using Reply = typename Request::Reply;
  Backoff backoff = new_backoff();
  std::string stale;  // a token that was refused; only one is
  for (std::size_t attempts = 1;; ++attempts) {
    const Attempt attempt = next_attempt(deadline_ns);
    Result<std::string> token = co_await sign_in(attempt, stale);
    Result<Reply> reply = fail(Error{});
    if (token) {
      reply = co_await transport_.call({attempt.endpoint, attempt.timeout_ms, *token}, request);
    } else {
      reply = fail(token.error());
    }
    if (reply || closed_) co_return reply;
    if (reply.error().code == Code::kUnauthenticated && token && !token->empty() && stale.empty()) {
      stale = std::move(*token);
      continue;
    }
    if (!is_away(reply.error().code)) co_return reply;

    leave(attempt.endpoint);
    const std::int64_t wait_ms = attempts % members_ == 0 ? backoff.next_ms(ids_.random64()) : 0;
    if (left_ms(deadline_ns) <= wait_ms)
      co_return fail(Code::kUnavailable, "no member of etcd answers; the last one: " + reply.error().message);
    if (wait_ms > 0) CO_TRY_VOID(co_await sleep_ms(wait_ms));
  }
}

/// `away` says why nobody answered, or is null.
void Client::ended(const CallMetrics& metrics, std::int64_t began_ns, const Error* away) {
  const std::int64_t now_ns = clock_.monotonic_ns();
  metrics.seconds->record(static_cast<double>(now_ns - began_ns) / 1e9);
  if (away == nullptr) {
    breaker_.succeeded();
    metrics.answered->add();
  } else {
    breaker_.failed(now_ns, ids_.random64());
    metrics.failed->add();
  }
  const bool open = breaker_.state() != CircuitBreaker::State::kClosed;
  breaker_open_.set(open ? 1 : 0);
  if (closed_ || away_.exchange(open) == open) return;
  if (away != nullptr) {
    logger_.error("etcd is away", {{"error", away->message}});
  } else {
    logger_.info("etcd answers again");
  }
}

/// A call from its beginning to its end, however that comes.
struct Client::InFlight {
  explicit InFlight(Client& c) : client(c), count(++c.in_flight_) { client.in_flight_gauge_.add(1); }
  ~InFlight() {
    --client.in_flight_;
    client.in_flight_gauge_.add(-1);
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  Client& client;
  const std::int64_t count;
};

template <class Request>
Task<typename Request::Reply> Client::call(Request request) {
  const auto self = shared_from_this();  // this coroutine may run on when its driver is gone
  const CallMetrics& metrics = call_metrics_.find(Request::kName)->second;
  const std::int64_t began_ns = clock_.monotonic_ns();
  const InFlight in_flight(*this);
  if (in_flight.count > options_.max_calls) {
    metrics.refused->add();
    co_return fail(Error{Code::kUnavailable, "too many calls to etcd are under way", {{"limit", "ETCD_MAX_CALLS"}}});
  }
  if (!breaker_.admit(began_ns)) {
    metrics.refused->add();
    co_return fail(Code::kUnavailable, "etcd did not answer a moment ago; it is asked again soon");
  }
  auto reply = co_await attempt_until(std::move(request), began_ns + options_.call_timeout_ms * 1'000'000);

  ended(metrics, began_ns, !reply && is_away(reply.error().code) ? &reply.error() : nullptr);
  co_return reply;
}

template Task<RangeReply> Client::call(RangeRequest request);
template Task<PutReply> Client::call(PutRequest request);
template Task<GrantReply> Client::call(GrantRequest request);
template Task<KeepAliveReply> Client::call(KeepAliveRequest request);
template Task<RevokeReply> Client::call(RevokeRequest request);

}  // namespace concord::etcd
