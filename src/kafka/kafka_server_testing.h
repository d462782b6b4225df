#pragma once
// Real Kafka brokers for tests: one or several on loopback, in a directory that goes with the test. Java and its jars
// are there where tests/kafka/fetch has got them; elsewhere what needs a broker says "not run".

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engines/contract_testing.h"
#include "engines/server_process_testing.h"

namespace concord::kafka::testing {

/// Why there is no broker; empty where there is one to start.
const std::string& no_broker();

/// Throws where a broker does not start. One thread at a time.
class KafkaServer {
 public:
  struct Secure {
    std::string chain_file;  // PEM: the broker's key and certificate
    std::string user;        // who may sign in, by SCRAM-SHA-512 or PLAIN
    std::string password;
  };
  struct Options {
    std::size_t brokers = 1;
    std::optional<Secure> secure;
  };
  explicit KafkaServer(Options options);
  KafkaServer() : KafkaServer(Options()) {}

  /// One that the tests of a program share, and leave as it is.
  static KafkaServer& shared();

  /// As KAFKA_BROKERS has them.
  std::string brokers() const;
  /// The first of them, for who speaks TLS and signs in.
  std::string secure_brokers() const { return "127.0.0.1:" + std::to_string(members_[0].secure_port); }
  std::size_t size() const { return members_.size(); }
  void pause(std::size_t index = 0) { members_[index].process->pause(); }
  void resume(std::size_t index = 0) { members_[index].process->resume(); }
  void kill(std::size_t index = 0) { members_[index].process->stop(SIGKILL); }
  void start(std::size_t index = 0);  // again, on what it had

 private:
  struct Member {
    std::uint16_t port = 0;
    std::uint16_t controller_port = 0;
    std::uint16_t secure_port = 0;
    std::unique_ptr<engines::testing::ServerProcess> process;
  };
  void start_all();
  void configure(std::size_t index);
  bool serves_soon(std::size_t index);
  std::string folder(std::size_t index) const { return directory_.path() + "/" + std::to_string(index); }

  const Options options_;
  engines::testing::TemporaryDirectory directory_;
  std::vector<Member> members_;
};

}  // namespace concord::kafka::testing

/// In a test's body.
#define CONCORD_NEEDS_KAFKA() \
  if (!::concord::kafka::testing::no_broker().empty()) GTEST_SKIP() << ::concord::kafka::testing::no_broker()
