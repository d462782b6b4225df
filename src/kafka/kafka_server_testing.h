#pragma once
// A real Kafka broker for tests: one process on loopback, in a directory that goes with the test. Java and its jars are
// there where tests/kafka/fetch has got them; elsewhere what needs a broker says "not run".

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engines/contract_testing.h"
#include "engines/server_process_testing.h"

namespace concord::kafka::testing {

/// Why there is no broker; empty where there is one to start.
const std::string& no_broker();

/// Throws where the broker does not start. One thread at a time.
class KafkaServer {
 public:
  struct Secure {
    std::string chain_file;  // PEM: the broker's key and certificate
    std::string user;        // who may sign in, by SCRAM-SHA-512 or PLAIN
    std::string password;
  };
  explicit KafkaServer(std::optional<Secure> secure = std::nullopt);

  /// One that the tests of a program share, and leave as it is.
  static KafkaServer& shared();

  /// As KAFKA_BROKERS has it.
  std::string brokers() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The same broker, for who speaks TLS and signs in.
  std::string secure_brokers() const { return "127.0.0.1:" + std::to_string(secure_port_); }
  void pause() { process_->pause(); }
  void resume() { process_->resume(); }
  void kill() { process_->stop(SIGKILL); }
  void start();  // again, on what it had

 private:
  void configure();
  bool serves_soon();

  const std::optional<Secure> secure_;
  engines::testing::TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::uint16_t secure_port_ = 0;
  std::unique_ptr<engines::testing::ServerProcess> process_;
};

}  // namespace concord::kafka::testing

/// In a test's body.
#define CONCORD_NEEDS_KAFKA() \
  if (!::concord::kafka::testing::no_broker().empty()) GTEST_SKIP() << ::concord::kafka::testing::no_broker()
