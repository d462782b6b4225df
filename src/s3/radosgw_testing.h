#pragma once
// A Ceph cluster of one monitor and one object store in memory, and its S3 gateway, on loopback: from Debian's
// packages, in a directory of the test's. It checks signatures, hashes of contents and preconditions.

#include <optional>
#include <string>

#include "engines/contract_testing.h"
#include "engines/server_process_testing.h"
#include "net/server_testing.h"
#include "s3/client.h"

namespace concord::s3::testing {

/// Throws with the names of the packages where they are not installed, and with what the servers printed where they do
/// not start.
class RadosGateway {
 public:
  /// One for the whole program, started where it is first asked for, by the test's own thread.
  static RadosGateway& shared();

  RadosGateway();

  /// Of the bucket "tests", below a prefix of the caller's.
  S3Options options(std::string key_prefix = "") const;
  /// The same by https, with its certificate in ca_file.
  S3Options tls_options(std::string key_prefix = "") const;
  engines::testing::ServerProcess& server() { return *gateway_; }
  /// Starts it where it does not run, and waits until it answers.
  void ensure_running();

 private:
  void write_configuration();
  void start_cluster();
  void start_gateway();
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  [[noreturn]] void give_up(const std::string& what);

  engines::testing::TemporaryDirectory directory_;
  net::testing::TestCertificate certificate_;
  std::uint16_t monitor_port_ = 0;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  std::optional<engines::testing::ServerProcess> monitor_;
  std::optional<engines::testing::ServerProcess> object_store_;
  std::optional<engines::testing::ServerProcess> gateway_;
};

/// A client of its own, with a clock and metrics, for what a test looks at behind the driver's back.
class PlainClient {
 public:
  explicit PlainClient(const S3Options& options);

  Result<Reply> call(Call call) { return client_->call_now(std::move(call)); }
  /// How many uploads below the prefix are unfinished; throws where that is not answered.
  std::size_t unfinished_uploads(const std::string& prefix);

 private:
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<Client> client_;
};

}  // namespace concord::s3::testing
