#pragma once
// How often a caller may ask: by the user who holds the token that is shown, else by the address's household. Counted
// before the request reaches its service. Any reactor.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/metrics.h"
#include "base/task.h"
#include "guard/options.h"
#include "guard/rate_limiter.h"
#include "net/http.h"

namespace concord::guard {

/// Who has shown a token, as far as counting goes.
struct Caller {
  UserId user;                      // of an agent, its owner: they share one rate
  bool visitor = false;             // came by a link of that user: anybody, and counted by the address
  std::shared_ptr<const void> who;  // what `Callers` knows of them, for it alone to read
};

/// Knows whose a token is.
class Callers {
 public:
  virtual ~Callers() = default;
  /// Without waiting: whose it is, where it was checked before and is still good.
  virtual std::optional<Caller> known(std::string_view token) = 0;
  /// nullopt where it is no good.
  virtual asio::awaitable<std::optional<Caller>> check(std::string token) = 0;
};

/// The token that a request shows: in its Authorization header, or as a live session may, in its query.
std::string_view token_of(const net::Request& request);

class RequestLimits {
 public:
  RequestLimits(const Options& options, Callers& callers, Clock& clock, Metrics& metrics);

  /// From now on the rates are the hub's, and not this node's. As RateLimiter::share.
  void share(SharedBuckets& buckets);

  struct Admission {
    std::string_view policy;  // of the rate that was taken from; empty: none holds here
    std::int64_t per_minute = 0;
    RateLimiter::Taken taken;
    std::optional<Caller> caller;
    bool unchecked = false;  // it shows a token that was not seen before: `check` says whose it is
  };
  /// Takes one from the caller's bucket. A token that was not seen before is counted by its address, apart from what
  /// comes without any: who floods with either keeps nobody else there from signing in.
  Admission admit(const net::Request& request, net::Rate rate);
  /// Goes on where `admission` is unchecked: takes one from the bucket of the user whose token it turns out to be.
  asio::awaitable<Admission> check(std::string token, std::string address, Admission admission);
  /// Whose the token is, where it is good; nothing is counted.
  asio::awaitable<std::optional<Caller>> whose(std::string token);

 private:
  Admission take(RateLimiter& limiter, std::string_view policy, const Key& key);
  Admission admit_known(Caller caller, std::string_view address);

  Callers& callers_;
  RateLimiter users_, anonymous_, sign_ins_, polls_;
  Counter &user_refused_, &anonymous_refused_, &sign_in_refused_, &poll_refused_;
};

/// The fields that tell a caller of its rate: RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10)
/// and the three that came before them.
void add_headers(const RequestLimits::Admission& admission, net::Response& response);

/// What a caller over its rate is told: kRateLimited with `retry_after`.
Error too_often(const RequestLimits::Admission& admission);

}  // namespace concord::guard
