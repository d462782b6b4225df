// An etcd that asks who calls: by certificates, or by a user's password.

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "base/waiting_testing.h"
#include "etcd/etcd_node_testing.h"
#include "etcd/etcd_server_testing.h"

namespace concord::etcd {
namespace {

using concord::testing::eventually;
using engines::testing::code_of;
using testing::EtcdServer;
using testing::Node;
using testing::Ownership;

/// An authority, and certificates by it for a server on loopback and for a client.
void make_certificates(const std::string& directory) {
  std::ofstream(directory + "/server.ext") << "subjectAltName=IP:127.0.0.1\n";
  std::ofstream(directory + "/client.ext") << "extendedKeyUsage=clientAuth\n";
  engines::testing::run_to_end({"sh", "-ec", R"(
    cd "$0"
    key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=authority -days 2
    for name in server client; do
      openssl req $key -keyout $name.key -out $name.csr -subj /CN=$name
      openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $name.pem -days 2 -extfile $name.ext
    done
  )",
                                directory});
}

TEST(EtcdSecurity, with_certificates_of_one_authority_both_sides_know_each_other) {
  const engines::testing::TemporaryDirectory directory;
  const engines::testing::TemporaryDirectory others;
  make_certificates(directory.path());
  make_certificates(others.path());
  EtcdServer server({.tls_directory = directory.path()});
  const auto with = [&](const std::string& authority, const std::string& own) {
    EtcdOptions options{.endpoints = server.endpoints(), .call_timeout_ms = 1000};
    options.ca_file = authority + "/ca.pem";
    if (!own.empty()) options.cert_file = own + "/client.pem", options.key_file = own + "/client.key";
    return Node(options);
  };
  Node node = with(directory.path(), directory.path());
  Result<Ownership> held = node.acquire("n", "one");
  ASSERT_TRUE(eventually([&] { return held || (held = node.acquire("n", "one")); })) << held.error().message;
  EXPECT_TRUE(node.renew(*held));
  EXPECT_EQ(code_of(with(directory.path(), "").acquire("n", "one")), Code::kUnavailable);
  EXPECT_EQ(code_of(with(directory.path(), others.path()).acquire("n", "one")), Code::kUnavailable);
  EXPECT_EQ(code_of(with(others.path(), directory.path()).acquire("n", "one")), Code::kUnavailable);
}

class EtcdUsers : public ::testing::Test {
 protected:
  EtcdUsers() {
    post("user/add", R"({"name":"root","password":"rootword"})");
    post("user/grant", R"({"user":"root","role":"root"})");
    post("role/add", R"({"name":"hub"})");
    // From "/concord/" to "/concord0", which is the first key behind all that begin so.
    post("role/grant",
         R"({"name":"hub","perm":{"permType":"READWRITE","key":"L2NvbmNvcmQv","range_end":"L2NvbmNvcmQw"}})");
    post("user/add", R"({"name":"concord","password":"password"})");
    post("user/grant", R"({"user":"concord","role":"hub"})");
    post("enable", "{}");
  }
  void post(const std::string& path, const std::string& json) {
    const std::string answer = server_.post(0, "/v3/auth/" + path, json);
    EXPECT_NE(testing::number_in(answer, "revision"), -1) << path << ": " << answer;
  }
  EtcdOptions as(std::string user, std::string password) const {
    EtcdOptions options{.endpoints = server_.endpoints()};
    options.user = std::move(user);
    options.password = std::move(password);
    return options;
  }

  EtcdServer server_;
};

TEST_F(EtcdUsers, a_user_with_rights_to_the_prefix_can_do_all_that_the_driver_does) {
  Node node(as("concord", "password"));
  testing::Told told;
  const auto watch = node.watch("n", told.callback());
  ASSERT_TRUE(watch) << watch.error().message;
  const Ownership held = node.acquire("n", "one").value();
  EXPECT_TRUE(node.renew(held));
  EXPECT_TRUE(node.renew(held, 30'000)) << "by a lease of another length";
  EXPECT_TRUE(node.acquire("n", "one")) << "again";
  EXPECT_TRUE(node.release(node.acquire("n2", "one").value()));
  EXPECT_TRUE(told.are({"n=one", "n=one", "n2=one", "n2="})) << ::testing::PrintToString(told.changes());
}

TEST_F(EtcdUsers, whom_etcd_does_not_know_or_allow_is_told_so) {
  const auto refused = [&](EtcdOptions options) {
    const Result<Ownership> held = Node(std::move(options)).acquire("n", "one");
    EXPECT_EQ(code_of(held), Code::kUnavailable);
    return held ? std::string() : held.error().message;
  };
  EXPECT_NE(refused(as("concord", "wrong")).find("authentication failed"), std::string::npos);
  EXPECT_NE(refused(as("", "")).find("user name is empty"), std::string::npos);
  EtcdOptions elsewhere = as("concord", "password");
  elsewhere.prefix = "/other/";
  EXPECT_NE(refused(elsewhere).find("permission denied"), std::string::npos);
}

TEST_F(EtcdUsers, a_sign_in_that_etcd_has_forgotten_is_made_again) {
  Node node(as("concord", "password"));
  testing::Told told;
  const auto watch = node.watch("n", told.callback()).value();
  Ownership held = node.acquire("n", "one").value();
  ASSERT_TRUE(told.are({"n=one"}));
  server_.process(0).stop(SIGKILL);
  server_.process(0).start();
  ASSERT_TRUE(eventually([&] { return node.renew(held).has_value(); }));
  EXPECT_TRUE(node.release(held));
  EXPECT_TRUE(told.are({"n=one", "n="})) << ::testing::PrintToString(told.changes());
}

}  // namespace
}  // namespace concord::etcd
