// What the guard adds to each request: taking one from the caller's bucket, by address and by user, and the fields that
// tell the rate. On one thread, in CPU time. Whose a token is, is identity's to know (bench/identity).
#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "base/clock.h"
#include "common/report.h"
#include "guard/request_limits.h"

namespace {

using namespace concord;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Nanoseconds of one call of `work`, the best of several rounds.
template <class Work>
double best_ns(Work work) {
  constexpr int kRounds = 7;
  constexpr int kCalls = 200'000;
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const double from = cpu_seconds();
    for (int i = 0; i < kCalls; ++i) work(static_cast<std::size_t>(i));
    best = std::min(best, (cpu_seconds() - from) / kCalls * 1e9);
  }
  return best;
}

/// Knows every token at once.
class OneUser final : public guard::Callers {
 public:
  explicit OneUser(UserId user) : caller_{.user = user, .who = nullptr} {}
  std::optional<guard::Caller> known(std::string_view) override { return caller_; }
  asio::awaitable<std::optional<guard::Caller>> check(std::string) override { co_return caller_; }

 private:
  guard::Caller caller_;
};

net::Request from(std::string address, bool with_token) {
  net::Request request;
  request.peer_address = std::move(address);
  request.headers = {{"host", "hub.example"}, {"user-agent", "bench"}, {"accept", "*/*"}};
  if (with_token) request.headers.push_back({"authorization", "Bearer " + std::string(600, 'x')});
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv);
  SystemClock clock;
  SystemIdSource ids(clock);
  Metrics metrics;
  OneUser users(UserId::make(ids, Slot{}));
  guard::RequestLimits limits({.user_per_minute = 1'000'000, .anonymous_per_minute = 1'000'000}, users, clock, metrics);

  const net::Request signed_in = from("192.0.2.1", true);
  const net::Request anonymous = from("192.0.2.1", false);
  std::vector<net::Request> many;
  many.reserve(10'000);
  for (int i = 0; i < 10'000; ++i)
    many.push_back(from("10.1." + std::to_string(i / 200) + "." + std::to_string(i % 200), false));

  report.add({"rate of a user whose token is known",
              best_ns([&](std::size_t) { limits.admit(signed_in, net::Rate::kCaller); }), "ns"});
  report.add({"rate of an address", best_ns([&](std::size_t) { limits.admit(anonymous, net::Rate::kCaller); }), "ns"});
  report.add({"rate of 10,000 addresses in turn",
              best_ns([&](std::size_t i) { limits.admit(many[i % many.size()], net::Rate::kCaller); }), "ns"});
  const guard::RequestLimits::Admission admission = limits.admit(anonymous, net::Rate::kCaller);
  report.add({"the five fields that tell it", best_ns([&](std::size_t) {
                net::Response response;
                guard::add_headers(admission, response);
              }),
              "ns"});
  return report.finish();
}
