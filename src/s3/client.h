#pragma once
// Calls to one bucket of S3: signed, bounded in number and time, made again where that may help, and refused at once
// while the store does not answer. Any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/task.h"
#include "s3/answers.h"
#include "s3/options.h"
#include "s3/transfers.h"

namespace concord::s3 {

/// One call. Every call may be made more than once on its way, also after it had succeeded and the answer was lost.
struct Call {
  const char* operation = "";  // as metrics name it
  std::string method;
  std::string key;  // without the prefix; the bucket itself where of_bucket
  bool of_bucket = false;
  Fields query;
  Fields headers;  // lower case; besides what signing adds
  Body body;
  std::string payload_sha256 = std::string(kEmptyPayloadSha256);
  std::size_t max_answer_bytes = 64U << 10U;
  bool may_fail_inside = false;  // a status 200 may hold an error (CompleteMultipartUpload)
};

struct Reply {
  int status = 0;
  HttpFields headers;
  Bytes body;
  ErrorAnswer error;  // where the status is none of success

  bool ok() const { return status >= 200 && status < 300; }
  std::string_view header(std::string_view name) const;  // "" where there is none
};

class Client {
 public:
  using Done = std::move_only_function<void(Result<Reply>)>;

  /// kInvalidArgument as check_options says. `clock` and `metrics` outlive it.
  static Result<std::unique_ptr<Client>> make(const S3Options& options, Clock& clock, const Logger& logger,
                                              Metrics& metrics);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// A reply of success, or of status 404, 409, 412 or 416, which the caller judges. All else is an error: kUnavailable
  /// (not reached, no answer in time, too much waiting, the breaker is open, credentials refused), kInternal (a request
  /// that S3 does not take). Cancelling the coroutine does not end the wait.
  Task<Reply> call(Call call);
  /// The same, and the calling thread waits. Not from a reactor.
  Result<Reply> call_now(Call call);
  /// With nobody waiting; what goes wrong is logged.
  void call_and_forget(Call call);

  /// Lets what nobody waits for end, for some seconds at most, then ends all calls. Not from a reactor.
  void stop();

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace concord::s3
