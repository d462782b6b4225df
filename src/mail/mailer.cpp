#include "mail/mailer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "crypto/base64.h"
#include "crypto/random.h"
#include "mail/message.h"
#include "mail/smtp.h"

namespace concord::mail {

namespace {

using SteadyClock = std::chrono::steady_clock;

const std::array kSettings{
    Setting{.name = "SMTP_URL",
            .most = 255,
            .meaning = "The mail server, smtp://host:587 or smtps://host; without one the hub sends no mail. Beyond "
                       "this machine the connection has to be encrypted."},
    Setting{.name = "SMTP_USER", .most = 255, .meaning = "Whom the mail server knows the hub as."},
    Setting{.name = "SMTP_PASSWORD", .most = 1024, .meaning = "The password at the mail server.", .secret = true},
    Setting{.name = "MAIL_FROM", .most = 254, .meaning = "The address that mail of the hub comes from."},
};

std::unexpected<Error> bad_setting(std::string_view name, std::string_view problem) {
  return fail(Error{Code::kInvalidArgument, std::string(name) + " " + std::string(problem), {}}.with(
      "field", std::string(name)));
}

Counter& counted(Metrics& metrics, std::string result) {
  return metrics.counter("concord_mail_messages_total",
                         "E-mails: sent, tried in vain and put off, given up, or not taken for a full queue.",
                         {{"result", std::move(result)}});
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

Result<Options> options_from(const Config& config) {
  Options options{.url = config.string("SMTP_URL"),
                  .user = config.string("SMTP_USER"),
                  .password = config.string("SMTP_PASSWORD"),
                  .from = config.string("MAIL_FROM")};
  if (options.url.empty()) return options;
  if (!options.url.starts_with("smtp://") && !options.url.starts_with("smtps://"))
    return bad_setting("SMTP_URL", "must begin with smtp:// or smtps://");
  const bool is_address = fits_header(options.from) && options.from.find('@') != std::string::npos &&
                          options.from.find_first_of(" <>,;\"") == std::string::npos;
  if (!is_address) return bad_setting("MAIL_FROM", "must be the address that mail comes from, since SMTP_URL is set");
  return options;
}

struct Mailer::State {
  struct Waiting {
    Message message;
    SteadyClock::time_point due;
    int tries = 0;
  };

  State(Options o, Metrics& metrics, Logger l)
      : options(std::move(o)),
        logger(std::move(l)),
        sent(counted(metrics, "sent")),
        put_off(counted(metrics, "put_off")),
        given_up(counted(metrics, "given_up")),
        not_taken(counted(metrics, "not_taken")) {}

  void run() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      const auto next = std::ranges::min_element(queue, {}, &Waiting::due);
      if (next == queue.end()) {
        wake.wait(lock);
      } else if (next->due > SteadyClock::now()) {
        wake.wait_until(lock, next->due);
      } else {
        Waiting one = std::move(*next);
        queue.erase(next);
        lock.unlock();
        const bool again = !try_once(one);
        lock.lock();
        if (again) queue.push_back(std::move(one));
      }
    }
  }

  /// Whether it is done with, one way or the other.
  bool try_once(Waiting& one) {
    const std::string id = crypto::base64url_encode(crypto::random_array<16>());
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const Delivered delivered = deliver(
        options, one.message.to,
        encode_message(one.message, options.from, id, std::chrono::duration_cast<std::chrono::seconds>(now).count()),
        stopping);
    if (delivered.outcome == Delivery::kSent) {
      sent.add();
      return true;
    }
    if (stopping) return false;
    if (delivered.outcome == Delivery::kNever || ++one.tries >= options.tries) {
      given_up.add();
      logger.error("an e-mail could not be sent", {{"error", delivered.problem}, {"tries", one.tries}});
      return true;
    }
    put_off.add();
    const auto pause_ms = options.first_retry_ms << (2 * (one.tries - 1));
    logger.warn("an e-mail could not be sent yet", {{"error", delivered.problem}, {"again_in_ms", pause_ms}});
    one.due = SteadyClock::now() + std::chrono::milliseconds(pause_ms);
    return false;
  }

  const Options options;
  Logger logger;
  Counter &sent, &put_off, &given_up, &not_taken;
  std::mutex mutex;
  std::condition_variable wake;
  std::list<Waiting> queue;  // bounded by options.queue, and the one under way
  std::atomic<bool> stopping = false;
  std::thread thread;
};

Mailer::Mailer(Options options, Metrics& metrics, Logger logger)
    : state_(std::make_unique<State>(std::move(options), metrics, std::move(logger))) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Mailer::~Mailer() { stop(); }

Result<> Mailer::send(Message message) {
  if (!fits_header(message.to) || message.to.find_first_of(" <>") != std::string::npos || !fits_header(message.subject))
    return fail(Code::kInvalidArgument, "an e-mail's address or subject cannot stand in a header");
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->queue.size() >= state_->options.queue) {
      state_->not_taken.add();
      return fail(Code::kUnavailable, "too many e-mails wait to be sent; try again later");
    }
    state_->queue.push_back({std::move(message), SteadyClock::now()});
  }
  state_->wake.notify_one();
  return {};
}

void Mailer::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_one();
  if (!state_->thread.joinable()) return;
  state_->thread.join();
  if (!state_->queue.empty())
    state_->logger.warn("e-mails were not sent before the hub stopped", {{"messages", state_->queue.size()}});
}

}  // namespace concord::mail
