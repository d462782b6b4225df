#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/roles.h"

namespace concord::bench {

ServerProcess::ServerProcess(const std::string& role, const std::string& certificate_file,
                             const std::string& key_file) {
  int input[2];
  int output[2];
  if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(input[0], STDIN_FILENO);
    ::dup2(output[1], STDOUT_FILENO);
    ::execl("/proc/self/exe", "bench_net", role.c_str(), certificate_file.c_str(), key_file.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  FILE* said = ::fdopen(output[0], "r");
  unsigned port = 0;
  const bool read = std::fscanf(said, "%u", &port) == 1;
  std::fclose(said);
  if (!read) throw std::runtime_error("the server did not start");
  port_ = static_cast<std::uint16_t>(port);
}

ServerProcess::~ServerProcess() {
  ::close(input_);
  ::waitpid(pid_, nullptr, 0);
}

Certificate::Certificate() {
  char name[] = "/tmp/concord-bench-XXXXXX";
  if (::mkdtemp(name) == nullptr) throw std::runtime_error("no directory for a certificate");
  directory_ = name;
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
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

Certificate::~Certificate() {
  std::remove(certificate_file().c_str());
  std::remove(key_file().c_str());
  ::rmdir(directory_.c_str());
}

}  // namespace concord::bench
