#pragma once
// The identity service on real tables and real reactors, driven through its routes.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/reactor_testing.h"
#include "engines/directory_blobs.h"
#include "engines/file_system.h"
#include "engines/sqlite_tables.h"
#include "identity/identity.h"
#include "identity/signing_keys.h"
#include "json/object.h"
#include "mail/mailer.h"
#include "net/http.h"
#include "vault/vault_testing.h"

namespace concord::identity::testing {

/// Real time, plus what a test adds. Any thread.
class ShiftedClock final : public Clock {
 public:
  std::int64_t wall_ms() override { return system_.wall_ms() + shift_ms_; }
  std::int64_t monotonic_ns() override { return system_.monotonic_ns() + shift_ms_ * 1'000'000; }
  void advance_ms(std::int64_t ms) { shift_ms_ += ms; }

 private:
  SystemClock system_;
  std::atomic<std::int64_t> shift_ms_{0};
};

/// Keeps every line.
class KeptLines final : public LogSink {
 public:
  void write(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    text_.append(line).append("\n");
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

struct Reply {
  int status = 0;  // what the gateway would answer
  std::string body;
  Error error;  // where the handler failed
  std::vector<net::Header> headers;

  std::string fact(std::string_view name) const {
    for (const auto& [key, value] : error.context)
      if (key == name) return value;
    return "";
  }
  std::string header(std::string_view name) const {
    for (const net::Header& h : headers)
      if (h.name == name) return h.value;
    return "";
  }
  json::Object object() const { return std::move(json::Object::parse(body).value()); }
  std::string text(std::string_view field) const {
    return object().text(field, {.most = 4096, .any_character = true}).value();
  }
  /// A field of the user in a grant.
  std::string user(std::string_view field) const { return object().object("user").value().text(field, {}).value(); }
};

/// A cost that keeps tests quick: 64 KiB, one pass.
inline Options quick_options() {
  Options options;
  options.password_cost = {.memory_kib = 64, .iterations = 1, .parallelism = 1};
  options.hash_threads = 2;
  options.sign_ins_per_minute = 0;
  options.registrations_per_minute = 0;
  return options;
}

class Hub {
 public:
  /// `smtp_url` empty: a hub that sends no mail.
  explicit Hub(Options options = quick_options(), const std::string& smtp_url = "");
  ~Hub();

  /// Ends the service and starts it again on the same tables.
  void restart(Options options);

  /// `path` may have a query.
  Reply call(std::string method, std::string path, std::string body = "", std::string bearer = "");
  /// Many calls at once, spread over the reactors; all begin before one is waited for.
  std::vector<Reply> call_at_once(const std::string& method, const std::string& path,
                                  const std::vector<std::string>& bodies);
  Reply register_account(const std::string& email, const std::string& password = "long enough");
  Reply log_in(const std::string& email, const std::string& password = "long enough");
  Reply refresh(const std::string& token);

  template <class T>
  T run(asio::awaitable<T> task) {
    return concord::testing::run_on(reactors_.at(0), std::move(task));
  }
  engines::Rows sql(std::string statement, std::vector<engines::Value> arguments = {}) {
    return run(tables_->query({std::move(statement), std::move(arguments)})).value();
  }
  std::string metrics_text() const { return metrics_.prometheus_text(); }
  /// The value of one line of the metrics, which begins with `series`; 0 where there is none.
  double metric(const std::string& series) const;

  Identity& identity() { return *identity_; }
  ShiftedClock& clock() { return clock_; }
  engines::Tables& tables() { return *tables_; }
  /// The hub's keys as another node has them, not loaded.
  KeyRing key_ring(KeyRing::Ages ages = {}) { return {*tables_, blocking_, clock_, vault_.get(), ages}; }
  KeptLines& log() { return *log_; }
  const net::Router& router() const { return *router_; }
  std::string peer_address = "192.0.2.1";
  std::vector<net::Header> more_headers;

 private:
  void start(Options options);
  net::Request request(std::string method, std::string path, std::string body, std::string bearer);
  asio::awaitable<Reply> handle(net::Request request);

  const std::filesystem::path folder_;
  ShiftedClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  std::shared_ptr<KeptLines> log_ = std::make_shared<KeptLines>();  // shared with the loggers
  concord::testing::RunningReactors reactors_{2};
  BlockingPool blocking_{2};
  std::unique_ptr<engines::Tables> tables_;
  std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
  std::unique_ptr<engines::Blobs> blobs_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<audit::Audit> audit_;
  std::unique_ptr<mail::Mailer> mailer_;
  std::unique_ptr<Identity> identity_;
  std::unique_ptr<net::Router> router_;
};

}  // namespace concord::identity::testing
