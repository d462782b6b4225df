#pragma once
// Requests of the hub to providers of identity, by libcurl on threads of their own: never on a reactor, and never in
// the way of what else blocks. Bounded in time and size; a redirect is an answer and is not followed.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/reactor.h"
#include "base/task.h"

namespace concord::identity {

struct ProviderRequest {
  std::string url;                  // is_provider_url
  std::optional<std::string> form;  // POSTed as application/x-www-form-urlencoded; absent: a GET
  std::string authorization;        // the value of that header; empty: none
};
struct ProviderAnswer {
  int status = 0;
  std::string body;
};
/// kUnavailable where the provider cannot be reached, or too much waits already; kTimeout; kUnauthenticated with the
/// reason "size" where the answer is too large. Any reactor.
using AskProvider = std::function<Task<ProviderAnswer>(ProviderRequest)>;

class ProviderHttp {
 public:
  struct Limits {
    std::int64_t whole_ms = 10'000;
    std::size_t answer_bytes = 256U << 10U;
    std::size_t threads = 4;
    std::size_t waiting = 64;
  };
  ProviderHttp() : ProviderHttp(Limits()) {}
  explicit ProviderHttp(Limits limits) : limits_(limits), pool_(limits.threads, limits.waiting) {}
  ~ProviderHttp() { stop(); }

  Task<ProviderAnswer> ask(ProviderRequest request);
  /// Ends what is under way. Not from a reactor; before the reactors are destroyed.
  void stop();

 private:
  Result<ProviderAnswer> perform(const ProviderRequest& request) const;

  const Limits limits_;
  std::atomic<bool> stopping_ = false;
  BlockingPool pool_;
};

}  // namespace concord::identity
