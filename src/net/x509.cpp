#include "net/x509.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/owned.h"

namespace concord::net {
namespace {

template <class Write>
std::string pem(Write write) {
  const Owned<BIO, BIO_free_all> memory(BIO_new(BIO_s_mem()));
  write(memory.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

Result<> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return file_failure("write", path);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return file_failure("write", path);
  return {};
}

}  // namespace

void FreeX509::operator()(x509_st* certificate) const { X509_free(certificate); }
void FreeX509::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Certificate blank_certificate(EVP_PKEY* key, const Subject& subject) {
  Certificate certificate(X509_new());
  X509* made = certificate.get();
  std::array<unsigned char, 16> serial{};
  if (made == nullptr || RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7fU) | 0x40U);  // positive, and of this length
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made));
  X509_set_version(made, X509_VERSION_3);
  ASN1_TIME_set(X509_getm_notBefore(made), subject.from_ms / 1000);
  ASN1_TIME_set(X509_getm_notAfter(made), subject.until_ms / 1000);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(subject.common_name.data()),
                             static_cast<int>(subject.common_name.size()), -1, 0);
  return certificate;
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(std::size_t{size} * 3);
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += kDigits[digest[i] >> 4U];
    text += kDigits[digest[i] & 15U];
  }
  return text;
}

std::string pem_of(X509* certificate) {
  return pem([certificate](BIO* out) { PEM_write_bio_X509(out, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem([key](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::unexpected<Error> file_failure(std::string_view what, const std::string& path) {
  return fail(Code::kUnavailable, "cannot " + std::string(what) + " " + path + ": " + std::strerror(errno));
}

Result<> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return file_failure("make", beside);
  auto written = write_all(fd, text, beside);
  ::close(fd);
  if (!written) return written;
  if (::rename(beside.c_str(), path.c_str()) != 0) return file_failure("replace", path);
  return {};
}

}  // namespace concord::net
