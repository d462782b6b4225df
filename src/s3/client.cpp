#include "s3/client.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <random>

#include "base/circuit_breaker.h"
#include "crypto/random.h"
#include "engines/suspend.h"
#include "s3/http_date.h"
#include "s3/retry.h"
#include "s3/verdict.h"

namespace concord::s3 {
namespace {

constexpr std::int64_t kWorthCorrecting_ms = 120'000;  // S3 takes a quarter of an hour
constexpr std::chrono::seconds kLongestFarewell(5);

TransferOptions transfer_options(const S3Options& options) {
  return {.connections = options.connections,
          .connect_timeout_ms = options.connect_timeout_ms,
          .stalled_timeout_s = options.stalled_timeout_s,
          .ca_file = options.ca_file};
}

std::uint64_t seed() {
  const auto bytes = crypto::random_array<8>();
  return get_le<std::uint64_t>(bytes.data());
}

/// What is known of a call while it lasts.
struct Pending {
  Call call;
  Client::Done done;
  std::int64_t begun_ms = 0;
  std::int64_t deadline_ms = 0;
  std::int64_t attempts = 0;
  bool clock_corrected = false;
  std::optional<Error> last;  // why the attempt before did not do
};

}  // namespace

std::string_view Reply::header(std::string_view name) const {
  for (const auto& [each, value] : headers)
    if (each == name) return value;
  return {};
}

/// All but what says so is the transfers' thread's alone.
struct Client::State {
  State(const S3Options& o, Endpoint e, Clock& c, const Logger& l, Metrics& m)
      : options(o),
        endpoint(std::move(e)),
        clock(c),
        logger(l),
        metrics(m),
        attempts_again(m.counter("concord_s3_retries_total", "Attempts of calls to S3 beyond the first.")),
        sent_bytes(m.counter("concord_s3_sent_bytes_total", "Bytes of bodies sent to S3, with what was sent again.")),
        received_bytes(m.counter("concord_s3_received_bytes_total", "Bytes of bodies received from S3.")),
        connects(m.counter("concord_s3_connects_total", "Connections made to S3.")),
        breaker_openings(m.counter("concord_s3_breaker_openings_total", "How often calls to S3 began to be refused.")),
        breaker_open(m.gauge("concord_s3_breaker_open", "1 while calls to S3 are refused.")),
        in_flight(m.gauge("concord_s3_in_flight", "Requests to S3 under way.")),
        waiting(m.gauge("concord_s3_waiting", "Calls to S3 that wait for a connection or another attempt.")),
        breaker({.failures = o.breaker_failures, .least_ms = o.breaker_open_ms, .most_ms = o.max_breaker_open_ms}),
        random(seed()),
        transfers(transfer_options(o), c) {}

  const S3Options options;
  const Endpoint endpoint;
  Clock& clock;
  const Logger logger;
  Metrics& metrics;
  Counter& attempts_again;
  Counter& sent_bytes;
  Counter& received_bytes;
  Counter& connects;
  Counter& breaker_openings;
  Gauge& breaker_open;
  Gauge& in_flight;
  Gauge& waiting;

  std::atomic<std::int64_t> calls = 0;  // any thread: under way and waiting
  std::mutex mutex;
  std::condition_variable forgotten_ended;
  std::size_t forgotten = 0;  // guarded by mutex: calls that nobody waits for
  bool stopping = false;      // guarded by mutex

  CircuitBreaker breaker;
  std::mt19937_64 random;
  std::int64_t clock_offset_ms = 0;                                  // what the store's clock is ahead of ours
  std::map<std::pair<std::string, std::string>, Counter*> ended_as;  // by operation and outcome, once there was one
  std::map<std::string, Histogram*> seconds;                         // by operation
  std::map<std::uint64_t, Pending> pending;
  std::uint64_t next_id = 1;
  std::deque<std::uint64_t> ready;
  std::vector<std::uint64_t> held;  // by the breaker
  std::int64_t running = 0;
  Transfers transfers;  // destroyed first: its thread uses the rest

  std::int64_t now_ms() { return clock.monotonic_ns() / 1'000'000; }
  double chance() { return std::uniform_real_distribution<double>(0, 1)(random); }

  void start(Call call, Done done);
  void begin(Call call, Done done);
  void pump();
  void attempt(std::uint64_t id);
  void ended(std::uint64_t id, HttpOutcome outcome);
  void release_held();
  void tell_breaker(bool works);
  bool corrected_clock(Pending& each, const HttpOutcome& outcome);
  void again_or_give_up(std::uint64_t id, Error error);
  void schedule(std::uint64_t id, std::int64_t wait_ms);
  void finish(std::uint64_t id, Result<Reply> result);
  HttpRequest signed_request(const Pending& each);
  void count(const Pending& each, const char* outcome, std::int64_t ended_ms);
  void show_depth() {
    in_flight.set(running);
    waiting.set(static_cast<std::int64_t>(pending.size()) - running);
  }
};

void Client::State::start(Call call, Done done) {
  if (calls.fetch_add(1) >= options.max_calls) {
    calls.fetch_sub(1);
    done(fail(Error{Code::kUnavailable,
                    "too many calls to the object store wait",
                    {{"limit", std::to_string(options.max_calls)}}}));
    return;
  }
  // Shared by the work and, where that is refused, by this function, which then ends the call.
  const auto shared = std::make_shared<std::pair<Call, Done>>(std::move(call), std::move(done));
  if (transfers.post([this, shared] { begin(std::move(shared->first), std::move(shared->second)); })) return;
  calls.fetch_sub(1);
  shared->second(fail(Code::kUnavailable, "the object store is being closed"));
}

void Client::State::begin(Call call, Done done) {
  const std::uint64_t id = next_id++;
  const std::int64_t now = now_ms();
  pending.emplace(id, Pending{.call = std::move(call),
                              .done = std::move(done),
                              .begun_ms = now,
                              .deadline_ms = now + options.call_timeout_ms});
  // Those that wait already try first; who comes now learns at once that nobody is served.
  if (const std::int64_t wait_ms = breaker.wait_ms(clock.monotonic_ns()); wait_ms > 0)
    return finish(id, fail(Error{Code::kUnavailable,
                                 "the object store has failed repeatedly and is not asked for a while",
                                 {{"retry_after_ms", std::to_string(wait_ms)}}}));
  ready.push_back(id);
  pump();
}

void Client::State::pump() {
  while (running < options.connections && !ready.empty()) {
    const std::uint64_t id = ready.front();
    ready.pop_front();
    attempt(id);
  }
  show_depth();
}

void Client::State::attempt(std::uint64_t id) {
  Pending& each = pending.at(id);
  const std::int64_t now = now_ms();
  if (now >= each.deadline_ms)
    return finish(
        id,
        fail(each.last.value_or(Error{Code::kUnavailable, "the object store did not get to the call in time", {}})));
  if (const std::int64_t now_ns = clock.monotonic_ns(); !breaker.admit(now_ns)) {
    held.push_back(id);
    transfers.run_at(std::min(now + breaker.wait_ms(now_ns), each.deadline_ms), [this] { release_held(); });
    return;
  }
  if (each.attempts++ > 0) attempts_again.add();
  ++running;
  sent_bytes.add(each.call.body.bytes.size());
  transfers.start(signed_request(each), [this, id](HttpOutcome outcome) { ended(id, std::move(outcome)); });
}

HttpRequest Client::State::signed_request(const Pending& each) {
  const Call& call = each.call;
  std::string path = endpoint.base_path;
  if (!call.of_bucket) {
    path += '/';
    if (!options.key_prefix.empty()) path += percent_encode(options.key_prefix, true) + "/";
    path += percent_encode(call.key, true);
  } else if (path.empty()) {
    path = "/";
  }
  ToSign to_sign{.method = call.method,
                 .path = path,
                 .query = call.query,
                 .headers = call.headers,
                 .payload_sha256 = call.payload_sha256};
  to_sign.headers.emplace_back("host", endpoint.host);
  to_sign.headers.emplace_back("x-amz-content-sha256", call.payload_sha256);
  to_sign.headers.emplace_back("x-amz-date", amz_time(clock.wall_ms() + clock_offset_ms));
  if (!options.credentials.session_token.empty())
    to_sign.headers.emplace_back("x-amz-security-token", options.credentials.session_token);
  std::string value = authorization(to_sign, options.credentials, {.region = options.region});
  to_sign.headers.emplace_back("authorization", std::move(value));

  const std::string query = query_string(call.query);
  std::string url = endpoint.base.substr(0, endpoint.base.size() - endpoint.base_path.size()) + path;
  if (!query.empty()) url += "?" + query;
  return {.method = call.method,
          .url = std::move(url),
          .headers = std::move(to_sign.headers),
          .body = call.body,
          .max_answer_bytes = call.max_answer_bytes,
          .timeout_ms = std::min(options.attempt_timeout_ms, each.deadline_ms - now_ms())};
}

void Client::State::ended(std::uint64_t id, HttpOutcome outcome) {
  --running;
  if (outcome.connected_anew) connects.add();
  received_bytes.add(outcome.body.size());
  Pending& each = pending.at(id);
  Judgement judgement = judge(outcome, each.call.may_fail_inside);
  if (outcome.failure != HttpFailure::kStopped) tell_breaker(judgement.store_works);
  if (judgement.verdict == Verdict::kAnswered) {
    finish(id, Reply{.status = outcome.status,
                     .headers = std::move(outcome.headers),
                     .body = std::move(outcome.body),
                     .error = std::move(judgement.error)});
  } else if (judgement.verdict == Verdict::kRefused && !corrected_clock(each, outcome)) {
    finish(id, fail(error_of(outcome, judgement)));
  } else if (judgement.verdict == Verdict::kRefused) {
    schedule(id, 0);
  } else {
    again_or_give_up(id, error_of(outcome, judgement));
  }
  pump();
}

/// Those that the breaker keeps waiting are to try again.
void Client::State::release_held() {
  ready.insert(ready.end(), held.begin(), held.end());
  held.clear();
  pump();
}

void Client::State::tell_breaker(bool works) {
  const auto is_closed = [this] { return breaker.state() == CircuitBreaker::State::kClosed; };
  const bool was_closed = is_closed();
  works ? breaker.succeeded() : breaker.failed(clock.monotonic_ns(), random());
  breaker_open.set(is_closed() ? 0 : 1);
  if (was_closed == is_closed()) return;
  if (works) {
    logger.info("s3: the object store answers again");
    transfers.run_at(0, [this] { release_held(); });
  } else {
    breaker_openings.add();
    logger.warn("s3: the object store fails repeatedly; calls are refused for a while",
                {{"for_ms", breaker.wait_ms(clock.monotonic_ns())}});
  }
}

/// Whether the call was refused for the time it was signed at, and may do with the store's own.
bool Client::State::corrected_clock(Pending& each, const HttpOutcome& outcome) {
  if (outcome.status != 403 || each.clock_corrected) return false;
  const auto date = std::ranges::find(outcome.headers, "date", &HttpFields::value_type::first);
  if (date == outcome.headers.end()) return false;
  const std::optional<std::int64_t> theirs = parse_http_date(date->second);
  if (!theirs) return false;
  const std::int64_t offset = *theirs - clock.wall_ms();
  if (std::abs(offset - clock_offset_ms) < kWorthCorrecting_ms) return false;
  logger.warn("s3: the object store's clock and this machine's are far apart; calls are signed with the store's",
              {{"ahead_ms", offset}});
  clock_offset_ms = offset;
  each.clock_corrected = true;
  return true;
}

void Client::State::again_or_give_up(std::uint64_t id, Error error) {
  Pending& each = pending.at(id);
  const std::int64_t wait = backoff_ms(each.attempts, options.backoff_ms, options.max_backoff_ms, chance());
  if (each.attempts >= options.max_attempts || now_ms() + wait >= each.deadline_ms)
    return finish(id, fail(std::move(error).with("attempts", std::to_string(each.attempts))));
  each.last = std::move(error);
  schedule(id, wait);
}

void Client::State::schedule(std::uint64_t id, std::int64_t wait_ms) {
  const std::int64_t at = std::min(now_ms() + wait_ms, pending.at(id).deadline_ms);
  transfers.run_at(at, [this, id] {
    ready.push_back(id);
    pump();
  });
}

void Client::State::finish(std::uint64_t id, Result<Reply> result) {
  auto node = pending.extract(id);
  const Pending& each = node.mapped();
  count(each, !result ? "failed" : result->ok() ? "ok" : "answered", now_ms());
  calls.fetch_sub(1);
  show_depth();
  node.mapped().done(std::move(result));
}

void Client::State::count(const Pending& each, const char* outcome, std::int64_t ended_ms) {
  const std::string operation = each.call.operation;
  Counter*& counter = ended_as[{operation, outcome}];
  if (counter == nullptr)
    counter = &metrics.counter("concord_s3_calls_total", "Calls to S3 by operation and how they ended.",
                               {{"operation", operation}, {"outcome", outcome}});
  Histogram*& histogram = seconds[operation];
  if (histogram == nullptr)
    histogram = &metrics.histogram("concord_s3_call_seconds", "How long calls to S3 took, with all attempts.",
                                   latency_bounds(), {{"operation", operation}});
  counter->add();
  histogram->record(static_cast<double>(ended_ms - each.begun_ms) / 1000);
}

Result<std::unique_ptr<Client>> Client::make(const S3Options& options, Clock& clock, const Logger& logger,
                                             Metrics& metrics) {
  TRY_VOID(check_options(options));
  TRY(Endpoint endpoint, endpoint_of(options));
  return std::unique_ptr<Client>(
      new Client(std::make_unique<State>(options, std::move(endpoint), clock, logger, metrics)));
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() { stop(); }

Task<Reply> Client::call(Call call) {
  Result<Reply> result = fail(Code::kInternal, "the call has not ended");
  co_await engines::suspend([this, &call, &result](engines::Resume resume) {
    state_->start(std::move(call), [&result, resume = std::move(resume)](Result<Reply> got) mutable {
      result = std::move(got);
      resume();
    });
  });
  co_return result;
}

Result<Reply> Client::call_now(Call call) {
  std::promise<Result<Reply>> promise;
  auto future = promise.get_future();
  state_->start(std::move(call), [&promise](Result<Reply> got) { promise.set_value(std::move(got)); });
  return future.get();
}

void Client::call_and_forget(Call call) {
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->forgotten;
  }
  const char* operation = call.operation;
  state_->start(std::move(call), [state = state_.get(), operation](const Result<Reply>& got) {
    if (!got) state->logger.warn("s3: a call failed", {{"operation", operation}, {"error", got.error().message}});
    const std::lock_guard lock(state->mutex);
    --state->forgotten;
    state->forgotten_ended.notify_all();
  });
}

void Client::stop() {
  {
    std::unique_lock lock(state_->mutex);
    if (state_->stopping) return;
    state_->stopping = true;
    state_->forgotten_ended.wait_for(lock, kLongestFarewell, [this] { return state_->forgotten == 0; });
  }
  state_->transfers.stop();
  while (!state_->pending.empty())  // what waited; its thread is gone
    state_->finish(state_->pending.begin()->first, fail(Code::kUnavailable, "the object store is being closed"));
}

}  // namespace concord::s3
