#include "guard/request_limits.h"

#include <algorithm>

namespace concord::guard {

namespace {

constexpr char kUser = 'u';
constexpr char kAnonymous = 'a';
constexpr char kUnseenToken = 't';
constexpr char kSignIn = 's';
constexpr char kVisitor = 'v';
constexpr char kPoll = 'p';

Counter& refused(Metrics& metrics, std::string policy) {
  return metrics.counter("concord_guard_rate_limited_total",
                         "Requests refused as too many, by the rate they were over.", {{"policy", std::move(policy)}});
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view kBearer = "bearer";
  return scheme.size() == kBearer.size() &&
         std::equal(scheme.begin(), scheme.end(), kBearer.begin(), [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

std::string_view token_of(const net::Request& request) {
  if (request.websocket_upgrade)
    if (const auto token = request.query_value("token")) return *token;
  const std::string_view header = request.header("authorization");
  const auto blank = header.find(' ');
  if (blank == std::string_view::npos || !is_bearer(header.substr(0, blank))) return {};
  const auto token = header.find_first_not_of(' ', blank);
  return token == std::string_view::npos ? std::string_view() : header.substr(token);
}

RequestLimits::RequestLimits(const Options& options, Callers& callers, Clock& clock, Metrics& metrics)
    : callers_(callers),
      users_(clock, options.user_per_minute, options.keys),
      anonymous_(clock, options.anonymous_per_minute, options.keys),
      sign_ins_(clock, options.sign_in_per_minute, options.keys),
      polls_(clock, options.polls_per_minute, options.keys),
      user_refused_(refused(metrics, "user")),
      anonymous_refused_(refused(metrics, "anonymous")),
      sign_in_refused_(refused(metrics, "sign-in")),
      poll_refused_(refused(metrics, "poll")) {}

void RequestLimits::share(SharedBuckets& buckets) {
  users_.share(buckets, "user");
  anonymous_.share(buckets, "anonymous");
  sign_ins_.share(buckets, "sign-in");
  polls_.share(buckets, "poll");
}

RequestLimits::Admission RequestLimits::take(RateLimiter& limiter, std::string_view policy, const Key& key) {
  if (limiter.per_minute() == 0) return {};
  Admission admission{.policy = policy, .per_minute = limiter.per_minute(), .taken = limiter.take(key)};
  if (!admission.taken.allowed) {
    Counter& refused = &limiter == &users_      ? user_refused_
                       : &limiter == &sign_ins_ ? sign_in_refused_
                       : &limiter == &polls_    ? poll_refused_
                                                : anonymous_refused_;
    refused.add();
  }
  return admission;
}

RequestLimits::Admission RequestLimits::admit_known(Caller caller, std::string_view address) {
  Admission admission = caller.visitor ? take(anonymous_, "anonymous", address_key_of(kVisitor, address))
                                       : take(users_, "user", {kUser, caller.user.uuid()});
  admission.caller = std::move(caller);
  return admission;
}

RequestLimits::Admission RequestLimits::admit(const net::Request& request, net::Rate rate) {
  if (rate == net::Rate::kNone) return {};
  if (rate == net::Rate::kSession && request.query_value("sid"))
    return take(polls_, "poll", address_key_of(kPoll, request.peer_address));
  const std::string_view token = token_of(request);
  std::optional<Caller> caller;
  if (!token.empty()) caller = callers_.known(token);
  if (rate == net::Rate::kSignIn) {
    Admission admission = take(sign_ins_, "sign-in", address_key_of(kSignIn, request.peer_address));
    admission.caller = std::move(caller);
    return admission;
  }
  if (caller) return admit_known(std::move(*caller), request.peer_address);
  const char kind = token.empty() ? kAnonymous : kUnseenToken;
  Admission admission = take(anonymous_, "anonymous", address_key_of(kind, request.peer_address));
  admission.unchecked = !token.empty() && admission.taken.allowed;
  return admission;
}

asio::awaitable<RequestLimits::Admission> RequestLimits::check(std::string token, std::string address,
                                                               Admission admission) {
  admission.unchecked = false;
  std::optional<Caller> caller = co_await callers_.check(std::move(token));
  if (caller) co_return admit_known(std::move(*caller), address);
  co_return admission;
}

asio::awaitable<std::optional<Caller>> RequestLimits::whose(std::string token) {
  if (token.empty()) co_return std::nullopt;
  if (auto caller = callers_.known(token)) co_return caller;
  co_return co_await callers_.check(std::move(token));
}

void add_headers(const RequestLimits::Admission& admission, net::Response& response) {
  if (admission.policy.empty()) return;
  const std::string limit = std::to_string(admission.per_minute);
  const std::string remaining = std::to_string(admission.taken.remaining);
  const std::string reset = std::to_string(admission.taken.reset_s);
  std::string policy = "\"";
  policy.append(admission.policy).append("\";q=").append(limit).append(";w=60");
  std::string state = "\"";
  state.append(admission.policy).append("\";r=").append(remaining).append(";t=").append(reset);
  response.set("ratelimit-policy", std::move(policy));
  response.set("ratelimit", std::move(state));
  response.set("ratelimit-limit", limit);
  response.set("ratelimit-remaining", remaining);
  response.set("ratelimit-reset", reset);
}

Error too_often(const RequestLimits::Admission& admission) {
  std::string message = admission.policy == "user"      ? "you ask too often"
                        : admission.policy == "sign-in" ? "too many attempts; try again later"
                                                        : "too many requests from this address";
  return Error{Code::kRateLimited,
               std::move(message),
               {{"limit", std::to_string(admission.per_minute) + " a minute"},
                {"retry_after", std::to_string(admission.taken.reset_s)}}};
}

}  // namespace concord::guard
