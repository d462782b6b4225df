// A broker that speaks TLS and asks who calls.

#include "engines/contract_testing.h"
#include "kafka/kafka_log.h"
#include "kafka/kafka_server_testing.h"

namespace concord::kafka {
namespace {

using engines::Epoch;
using engines::ShardId;
using engines::testing::code_of;
using testing::KafkaServer;

/// A key and a certificate by its own authority, for a broker on loopback.
void make_certificates(const std::string& directory) {
  engines::testing::run_to_end({"sh", "-ec", R"(
    cd "$0"
    key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    echo subjectAltName=IP:127.0.0.1 > server.ext
    openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=authority -days 2
    openssl req $key -keyout server.key -out server.csr -subj /CN=server
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile server.ext
    cat server.key server.pem > chain.pem
  )",
                                directory});
}

TEST(KafkaSecurity, who_knows_the_authority_and_the_password_is_let_in) {
  CONCORD_NEEDS_KAFKA();
  const engines::testing::TemporaryDirectory directory;
  const engines::testing::TemporaryDirectory others;
  make_certificates(directory.path());
  make_certificates(others.path());
  KafkaServer server({.secure = KafkaServer::Secure{directory.path() + "/chain.pem", "concord", "the-password"}});
  SystemClock clock;
  SystemIdSource ids(clock);
  Metrics metrics;
  concord::testing::RunningReactors reactors(1);
  const auto seal = [&](std::string prefix, auto change) {
    KafkaOptions options;
    options.brokers = server.secure_brokers();
    options.topic_prefix = std::move(prefix);
    options.tls = true;
    options.ca_file = directory.path() + "/ca.pem";
    options.user = "concord";
    options.password = "the-password";
    options.call_timeout_ms = 60'000;
    change(options);
    const auto log = open_kafka_log(options, clock, ids, Logger(), metrics).value();
    return code_of(concord::testing::run_on(reactors.at(), log->seal(ShardId{1}, Epoch{1})));
  };
  const auto soon = [](KafkaOptions& options) { options.call_timeout_ms = 1500; };
  EXPECT_EQ(seal("scram", [](KafkaOptions&) {}), std::nullopt);
  EXPECT_EQ(seal("plain", [](KafkaOptions& o) { o.mechanism = "PLAIN"; }), std::nullopt);
  EXPECT_EQ(seal("wrong", [&](KafkaOptions& o) { soon(o), o.password = "another"; }), Code::kUnavailable);
  EXPECT_EQ(seal("nobody", [&](KafkaOptions& o) { soon(o), o.user.clear(), o.password.clear(); }), Code::kUnavailable);
  EXPECT_EQ(seal("others", [&](KafkaOptions& o) { soon(o), o.ca_file = others.path() + "/ca.pem"; }),
            Code::kUnavailable);
  EXPECT_EQ(seal("clear", [&](KafkaOptions& o) { soon(o), o.tls = false, o.ca_file.clear(); }), Code::kUnavailable);
}

}  // namespace
}  // namespace concord::kafka
