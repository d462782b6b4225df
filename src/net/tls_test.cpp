// TLS as clients meet it: which versions, which certificate, and what a change of it does to whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "net/self_signed.h"
#include "net/server_testing.h"
#include "net/socket_testing.h"

namespace concord::net {
namespace {

using testing::Client;
using ::testing::HasSubstr;
using testing::RunningServer;
using testing::TestCertificate;

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::int64_t kNowMs = 1'780'000'000'000;

/// The version that a client which takes at most `most` agrees on with the server, and the certificate it was shown;
/// empty where they agree on none.
struct Met {
  std::string version;
  std::string certificate;  // DER
};

Met meet(std::uint16_t port, int most = TLS1_3_VERSION) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, most);
  SSL_CTX_set_security_level(context, 0);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Met met;
  SSL* ssl = SSL_new(context);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1) {
      met.version = SSL_get_version(ssl);
      X509* certificate = SSL_get1_peer_certificate(ssl);
      unsigned char* bytes = nullptr;
      const int size = i2d_X509(certificate, &bytes);
      met.certificate.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
      OPENSSL_free(bytes);
      X509_free(certificate);
    }
  }
  SSL_free(ssl);
  ::close(fd);
  SSL_CTX_free(context);
  return met;
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "concord-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::unique_ptr<RunningServer> serve(const std::string& certificate, const std::string& key) {
    ServerOptions options;
    options.tls_certificate_file = certificate;
    options.tls_key_file = key;
    auto server = std::make_unique<RunningServer>(options);
    EXPECT_TRUE(server->start());
    server->answers.by_path["/hello"] = [](Request&) { return Response{.body = "hello"}; };
    return server;
  }

  std::filesystem::path folder_;
  const std::vector<std::string> names_{"hub", "hub.local", "localhost", "127.0.0.1", "::1"};
};

TEST_F(TlsTest, versions_before_1_3_are_refused) {
  const TestCertificate certificate;
  const auto server = serve(certificate.certificate_file(), certificate.key_file());
  EXPECT_EQ(meet(server->port()).version, "TLSv1.3");
  EXPECT_EQ(meet(server->port(), TLS1_2_VERSION).version, "");
  EXPECT_EQ(meet(server->port(), TLS1_1_VERSION).version, "");
}

TEST_F(TlsTest, a_new_certificate_is_for_new_connections_and_ends_no_old_one) {
  const TestCertificate first, second;
  std::filesystem::copy_file(first.certificate_file(), path("c"));
  std::filesystem::copy_file(first.key_file(), path("k"));
  const auto server = serve(path("c"), path("k"));
  Client old(server->port(), true);
  EXPECT_EQ(old.get("/hello").body, "hello");
  const Met before = meet(server->port());

  std::filesystem::copy_file(second.certificate_file(), path("c"), std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(server->server->reload_tls());  // with the first one's key
  EXPECT_EQ(meet(server->port()).certificate, before.certificate);
  std::filesystem::copy_file(second.key_file(), path("k"), std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(server->server->reload_tls());
  const Met after = meet(server->port());
  EXPECT_EQ(after.version, "TLSv1.3");
  EXPECT_NE(after.certificate, before.certificate);
  EXPECT_EQ(old.get("/hello").body, "hello");
}

TEST_F(TlsTest, a_self_signed_certificate_serves_and_its_file_is_the_owner_s_alone) {
  const auto made = keep_self_signed(path("tls.pem"), names_, kNowMs);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->made);
  EXPECT_EQ(made->fingerprint.size(), 32U * 3 - 1);
  struct stat status{};
  ASSERT_EQ(::stat(path("tls.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path("tls.pem.new")));
  const auto server = serve(path("tls.pem"), path("tls.pem"));
  EXPECT_EQ(meet(server->port()).version, "TLSv1.3");
}

TEST_F(TlsTest, a_self_signed_certificate_is_kept_until_it_ends_soon_or_a_name_is_new) {
  const auto first = keep_self_signed(path("tls.pem"), names_, kNowMs).value();
  const auto fingerprint_at = [&](std::int64_t days, const std::vector<std::string>& names) {
    return keep_self_signed(path("tls.pem"), names, kNowMs + days * kDayMs).value().fingerprint;
  };
  EXPECT_EQ(fingerprint_at(0, names_), first.fingerprint);
  EXPECT_EQ(fingerprint_at(kSelfSignedDays - kRenewDays - 1, names_), first.fingerprint);
  EXPECT_EQ(fingerprint_at(0, {"localhost"}), first.fingerprint);
  const std::string renewed = fingerprint_at(kSelfSignedDays - kRenewDays, names_);
  EXPECT_NE(renewed, first.fingerprint);
  EXPECT_NE(fingerprint_at(kSelfSignedDays - kRenewDays, {"hub", "192.0.2.7"}), renewed);
}

TEST_F(TlsTest, what_is_no_certificate_is_left_alone) {
  std::ofstream(path("tls.pem")) << "somebody's notes";
  const auto refused = keep_self_signed(path("tls.pem"), names_, kNowMs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr(path("tls.pem")));
  std::string text;
  std::getline(std::ifstream(path("tls.pem")), text);
  EXPECT_EQ(text, "somebody's notes");
  EXPECT_EQ(keep_self_signed(path("absent/tls.pem"), names_, kNowMs).error().code, Code::kUnavailable);
}

TEST_F(TlsTest, this_machine_has_names) {
  const std::vector<std::string> names = names_of_this_machine();
  EXPECT_THAT(names, ::testing::Contains("localhost"));
  EXPECT_THAT(names, ::testing::Contains("127.0.0.1"));
  EXPECT_TRUE(keep_self_signed(path("tls.pem"), names, kNowMs));
}

}  // namespace
}  // namespace concord::net
