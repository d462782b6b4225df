#pragma once
// Outgoing e-mail: a bounded queue, sent by SMTP on a thread of its own.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"

namespace concord::mail {

/// The rows this part adds to the table of settings.
std::span<const Setting> settings();

struct Options {
  std::string url;       // smtp://host[:port] or smtps://host[:port]; empty: no mail is sent
  std::string user;      // empty: without signing in
  std::string password;  // of the mail server
  std::string from;      // an address
  std::size_t queue = 1000;
  int tries = 6;
  std::int64_t first_retry_ms = 5'000;  // then four times as long each time
};

/// kInvalidArgument names the setting that is missing or malformed.
Result<Options> options_from(const Config& config);

/// `to` and `subject` are ASCII without control characters, `text` is UTF-8 with line feeds.
struct Message {
  std::string to;
  std::string subject;
  std::string text;
};

class Mailer {
 public:
  Mailer(Options options, Metrics& metrics, Logger logger);
  ~Mailer();  // stops

  /// Queues, and never waits for the server: kUnavailable where the queue is full or the mailer has stopped. Any
  /// thread.
  Result<> send(Message message);
  /// Ends a delivery under way; what is queued is not sent. Not from the mailer's thread.
  void stop();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace concord::mail
