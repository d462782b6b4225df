#pragma once
// A real PostgreSQL for tests: a server of the test's own on loopback, from Debian's packages.

#include <memory>
#include <string>
#include <vector>

#include "engines/contract_testing.h"
#include "engines/server_process_testing.h"

namespace concord::postgres::testing {

class PostgresServer {
 public:
  /// Makes a cluster and starts it with settings (name=value); some seconds.
  explicit PostgresServer(std::vector<std::string> settings = {"fsync=off"});
  /// A standby of `primary`, which lets it copy itself.
  PostgresServer(const PostgresServer& primary, const std::string& name);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// One for all tests of the program that leave it as it is.
  static PostgresServer& shared();

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& database) const;
  /// A fresh database, ordered by bytes; its name.
  std::string make_database(const std::string& locale = "C");
  /// Runs statements in psql.
  void run(const std::string& database, const std::string& sql) const;
  /// What one statement gives, in psql's plain form.
  std::string ask(const std::string& database, const std::string& sql) const;

  void start();  // and waits until it takes connections
  void kill();   // as a crash of all its processes
  void stop();   // as an administrator does
  /// All of its processes.
  void pause() const;
  void resume() const;

 private:
  std::vector<std::string> command() const;
  void launch();
  void signal_all(int signal) const;

  engines::testing::TemporaryDirectory directory_;
  std::uint16_t port_;
  std::vector<std::string> settings_;
  std::unique_ptr<engines::testing::ServerProcess> process_;
};

}  // namespace concord::postgres::testing
