#pragma once
// HTTP requests by libcurl on one thread of their own: connections are kept and used again. Knows nothing of S3.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"

namespace concord::s3 {

using HttpFields = std::vector<std::pair<std::string, std::string>>;  // names in lower case

/// Bytes that are sent; the owner keeps them.
struct Body {
  SharedBytes owner;
  ByteView bytes;
};

struct HttpRequest {
  std::string method;
  std::string url;
  HttpFields headers;
  Body body;
  std::size_t max_answer_bytes = 0;
  std::int64_t timeout_ms = 0;
};

/// Why there is no whole answer.
enum class HttpFailure : std::uint8_t {
  kNone,
  kUnreachable,  // not resolved, refused, no connection in time: nothing was sent
  kBroken,       // the connection ended in the middle
  kTimeout,      // no answer in time, or nothing moved for too long
  kUntrusted,    // the server's certificate does not hold
  kTooLarge,     // more than max_answer_bytes
  kStopped,
};

struct HttpOutcome {
  HttpFailure failure = HttpFailure::kNone;
  std::string problem;  // for people, where there is a failure
  int status = 0;
  HttpFields headers;  // at most 16 KiB of them
  Bytes body;
  bool connected_anew = false;
};

struct TransferOptions {
  std::int64_t connections = 32;
  std::int64_t connect_timeout_ms = 3000;
  std::int64_t stalled_timeout_s = 10;
  std::string ca_file;
};

class Transfers {
 public:
  using Done = std::move_only_function<void(HttpOutcome)>;

  Transfers(TransferOptions options, Clock& clock);
  ~Transfers();  // stops
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  /// Runs `work` on the thread; false once it stops. Any thread.
  bool post(std::move_only_function<void()> work);
  /// The thread alone. `done` is called there, later.
  void start(HttpRequest request, Done done);
  /// The thread alone. Runs `work` there when the clock's monotonic milliseconds are `at_ms`, or never where it stops
  /// first.
  void run_at(std::int64_t at_ms, std::move_only_function<void()> work);
  /// Ends the thread; what is under way ends in kStopped. Not from the thread.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::s3
