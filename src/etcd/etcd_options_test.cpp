#include "etcd/etcd_options.h"

#include <gtest/gtest.h>

#include <functional>

#include "engines/contract_testing.h"
#include "etcd/etcd_coordination.h"

namespace concord::etcd {
namespace {

using engines::testing::code_of;

TEST(EtcdOptions, members_are_separated_by_commas) {
  const auto plain = parse_endpoints("http://10.0.0.1:2379,10.0.0.2:2379,http://[::1]:2379/").value();
  ASSERT_EQ(plain.size(), 3U);
  EXPECT_EQ(plain[0].address, "10.0.0.1:2379");
  EXPECT_EQ(plain[1].address, "10.0.0.2:2379");
  EXPECT_EQ(plain[2].address, "[::1]:2379");
  EXPECT_FALSE(plain[0].secure);
  EXPECT_TRUE(parse_endpoints("https://etcd.example:2379").value().front().secure);
}

TEST(EtcdOptions, what_is_no_member_is_refused) {
  for (const char* text : {"", ",", "host", "host:", ":2379", "host:0", "host:65536", "host:2379x", "http://host",
                           "user@host:1", "host:1/path", "host :1", "host:1,", "http://a:1,https://b:1"})
    EXPECT_EQ(code_of(parse_endpoints(text)), Code::kInvalidArgument) << text;
  std::string many = "h:1";
  for (int i = 0; i < 32; ++i) many += ",h:1";
  EXPECT_EQ(code_of(parse_endpoints(many)), Code::kInvalidArgument);
}

TEST(EtcdOptions, what_does_not_fit_together_is_refused_by_its_name) {
  const auto refused = [](const std::function<void(EtcdOptions&)>& change) {
    EtcdOptions options;
    options.endpoints = "https://localhost:2379";
    EXPECT_TRUE(check(options));
    change(options);
    const Result<> checked = check(options);
    return checked ? std::string("nothing") : checked.error().context.front().second;
  };
  EXPECT_EQ(refused([](EtcdOptions& o) { o.endpoints = ""; }), "ETCD_ENDPOINTS");
  EXPECT_EQ(refused([](EtcdOptions& o) { o.prefix = std::string(257, 'p'); }), "ETCD_PREFIX");
  EXPECT_EQ(refused([](EtcdOptions& o) { o.cert_file = "cert.pem"; }), "ETCD_CERT_FILE");
  EXPECT_EQ(refused([](EtcdOptions& o) { o.endpoints = "h:1", o.ca_file = "ca.pem"; }), "ETCD_ENDPOINTS");
  EXPECT_EQ(refused([](EtcdOptions& o) { o.attempt_timeout_ms = 5001; }), "ETCD_ATTEMPT_TIMEOUT_MS");
  EXPECT_EQ(refused([](EtcdOptions& o) { o.backoff_least_ms = 0; }), "ETCD_BACKOFF_LEAST_MS");
  EXPECT_EQ(refused([](EtcdOptions& o) { o.breaker_failures = 0; }), "ETCD_BREAKER_FAILURES");
  EXPECT_EQ(refused([](EtcdOptions& o) { o.max_calls = 0; }), "ETCD_MAX_CALLS");
}

TEST(EtcdOptions, a_file_that_cannot_be_read_is_refused_when_the_driver_is_opened) {
  engines::testing::DriverContext context;
  EtcdOptions options;
  options.endpoints = "https://localhost:2379";
  options.ca_file = context.directory.path() + "/none.pem";
  const auto opened = open_etcd_coordination(options, context.clock, context.ids, Logger(), context.metrics);
  ASSERT_EQ(code_of(opened), Code::kInvalidArgument);
  EXPECT_EQ(opened.error().context.front().second, "ETCD_CA_FILE");
}

}  // namespace
}  // namespace concord::etcd
