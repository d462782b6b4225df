#pragma once
// A running server for tests: handlers by route, a log that can be read, two reactors.

#include <sys/stat.h>

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/reactor_testing.h"
#include "net/server.h"

namespace concord::net::testing {

/// Answers by path with functions of the request; everything else is 404.
class Answers final : public RequestHandler {
 public:
  using Answer = std::function<Response(Request&)>;
  std::map<std::string, Answer> by_path;
  std::function<asio::awaitable<void>(const Request&)> before;  // awaited before each answer
  std::size_t body_limit = 1u << 20u;

  std::size_t body_limit_bytes(const Request&) const override { return body_limit; }
  asio::awaitable<Response> handle(Request request) override {
    if (before) co_await before(request);
    const auto found = by_path.find(request.path);
    if (found == by_path.end()) {
      Response missing;
      missing.status = 404;
      co_return missing;
    }
    co_return found->second(request);
  }
  Response refuse(int status, std::string detail) override {
    Response response;
    response.status = status;
    response.body = std::move(detail);
    return response;
  }
};

inline Response text_response(std::string body) {
  Response response;
  response.set("content-type", "text/plain");
  response.body = std::move(body);
  return response;
}

/// Keeps the lines that were logged.
class KeptLog final : public LogSink {
 public:
  void write(std::string_view line) override {
    const std::scoped_lock lock(mutex_);
    text_.append(line).append("\n");
  }
  std::string text() const {
    const std::scoped_lock lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// A self-signed certificate for "localhost" and its key, in a directory of their own that is removed at the end.
class TestCertificate {
 public:
  TestCertificate() {
    char name[] = "/tmp/concord-net-XXXXXX";
    directory_ = ::mkdtemp(name);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    FILE* file = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  ~TestCertificate() {
    std::remove(certificate_file().c_str());
    std::remove(key_file().c_str());
    std::remove(directory_.c_str());
  }
  std::string certificate_file() const { return directory_ + "/certificate.pem"; }
  std::string key_file() const { return directory_ + "/key.pem"; }

 private:
  std::string directory_;
};

class RunningServer {
 public:
  explicit RunningServer(ServerOptions options = {}, std::size_t reactor_count = 2)
      : log(std::make_shared<KeptLog>()), reactors(reactor_count), options_(std::move(options)) {}
  ~RunningServer() { stop(); }

  Result<> start() {
    server.emplace(options_, reactors.all(), answers, Logger(log, LogLevel::kDebug, LogFormat::kJson), metrics);
    auto started = server->start();
    if (!started) server.reset();
    return started;
  }
  void stop(std::int64_t deadline_ms = 2'000) {
    if (!server) return;
    concord::testing::run_on(reactors.at(0), server->drain(deadline_ms));
    server.reset();
  }
  std::uint16_t port() const { return server->port(); }

  Answers answers;
  std::shared_ptr<KeptLog> log;
  Metrics metrics;
  concord::testing::RunningReactors reactors;
  std::optional<Server> server;

 private:
  ServerOptions options_;
};

}  // namespace concord::net::testing
