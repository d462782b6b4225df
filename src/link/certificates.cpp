#include "link/certificates.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "link/openssl.h"
#include "link/tls.h"

namespace concord::link {
namespace {

using Certificate = Freed<X509, X509_free>;
using Key = Freed<EVP_PKEY, EVP_PKEY_free>;
using Bio = Freed<BIO, BIO_free_all>;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxCommonNameBytes = 48;  // of the 64 that X.509 allows
constexpr mode_t kForAll = 0644;
constexpr mode_t kForOwner = 0600;

struct Authority {
  Certificate certificate;
  Key key;
};

std::unexpected<Error> cannot(std::string_view what, const std::string& path) {
  return fail(Code::kUnavailable, "cannot " + std::string(what) + " " + path + ": " + std::strerror(errno));
}

std::unexpected<Error> not_made(std::string_view what) {
  return fail(Code::kInternal, std::string(what) + " could not be made: " + tls_reason(nullptr));
}

Result<> check_name(const std::string& node) {
  const bool bad = node.empty() || node.size() > kMaxNameBytes || node.front() == '.' || node == "ca" ||
                   std::ranges::any_of(node, [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20; });
  if (!bad) return {};
  return fail(Error{Code::kInvalidArgument,
                    "a node's name is 1 to " + std::to_string(kMaxNameBytes) +
                        " bytes without \"/\", does not begin with \".\" and is not \"ca\"; this is \"" + node + "\"",
                    {{"field", "node"}}});
}

Result<> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return cannot("write", path);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd) != 0) return cannot("write", path);
  return {};
}

/// Readers find the old file or the new one, whole.
Result<> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return cannot("make", beside);
  auto written = write_all(fd, text, beside);
  ::close(fd);
  if (!written) return written;
  if (::rename(beside.c_str(), path.c_str()) != 0) return cannot("replace", path);
  return {};
}

template <class Write>
std::string pem(Write write) {
  const Bio memory(BIO_new(BIO_s_mem()));
  write(memory.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string pem_of(X509* certificate) {
  return pem([certificate](BIO* out) { PEM_write_bio_X509(out, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem([key](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += kDigits[digest[i] >> 4U];
    text += kDigits[digest[i] & 15U];
  }
  return text;
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Freed<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// Everything but its issuer, its extensions and its signature. Null where OpenSSL fails.
Certificate blank_certificate(EVP_PKEY* key, const std::string& common_name, std::int64_t days, std::int64_t now_ms) {
  Certificate certificate(X509_new());
  X509* made = certificate.get();
  std::array<unsigned char, 16> serial{};
  if (made == nullptr || RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7fU) | 0x40U);  // positive, and of this length
  const Freed<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made));
  X509_set_version(made, X509_VERSION_3);
  // A clock that is a little behind takes it too.
  ASN1_TIME_set(X509_getm_notBefore(made), (now_ms - kHourMs) / 1000);
  ASN1_TIME_set(X509_getm_notAfter(made), (now_ms + days * kDayMs) / 1000);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  return certificate;
}

Result<Authority> make_authority(const std::string& certificate_file, const std::string& key_file,
                                 std::int64_t now_ms) {
  Authority made{.certificate = nullptr, .key = Key(EVP_EC_gen("P-256"))};
  if (made.key) made.certificate = blank_certificate(made.key.get(), "Concord nodes", kMaxCertificateDays, now_ms);
  X509* own = made.certificate.get();
  if (own == nullptr) return not_made("an authority");
  X509_set_issuer_name(own, X509_get_subject_name(own));
  const bool sound = add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                     add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                     add_extension(own, own, NID_subject_key_identifier, "hash") &&
                     X509_sign(own, made.key.get(), EVP_sha256()) != 0;
  if (!sound) return not_made("an authority");
  TRY_VOID(replace_file(key_file, pem_of(made.key.get()), kForOwner));
  TRY_VOID(replace_file(certificate_file, pem_of(own), kForAll));
  return made;
}

Result<Authority> load_authority(const std::string& certificate_file, const std::string& key_file) {
  const Bio certificate_pem(BIO_new_file(certificate_file.c_str(), "r"));
  const Bio key_pem(BIO_new_file(key_file.c_str(), "r"));
  if (!certificate_pem || !key_pem)
    return fail(Code::kUnavailable,
                "cannot read " + (certificate_pem ? key_file : certificate_file) + ": " + tls_reason(nullptr));
  Authority loaded{.certificate = Certificate(PEM_read_bio_X509(certificate_pem.get(), nullptr, nullptr, nullptr)),
                   .key = Key(PEM_read_bio_PrivateKey(key_pem.get(), nullptr, nullptr, nullptr))};
  if (!loaded.certificate || !loaded.key || X509_check_private_key(loaded.certificate.get(), loaded.key.get()) != 1)
    return fail(Code::kInvalidArgument,
                certificate_file + " and " + key_file + " are not an authority and its key: " + tls_reason(nullptr));
  return loaded;
}

}  // namespace

Result<NodeCertificate> make_node_certificate(const std::string& directory, const std::string& node, std::int64_t days,
                                              std::int64_t now_ms) {
  TRY_VOID(check_name(node));
  if (days < 1 || days > kMaxCertificateDays)
    return fail(Error{Code::kInvalidArgument,
                      "days are 1 to " + std::to_string(kMaxCertificateDays) + ", not " + std::to_string(days),
                      {{"field", "days"}}});
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure) return fail(Code::kUnavailable, "cannot make " + directory + ": " + failure.message());
  const std::string base = directory + "/";
  NodeCertificate files{
      .ca_file = base + "ca.pem", .certificate_file = base + node + ".pem", .key_file = base + node + ".key"};
  const std::string ca_key_file = base + "ca.key";
  files.made_authority =
      !std::filesystem::exists(files.ca_file, failure) && !std::filesystem::exists(ca_key_file, failure);
  TRY(const Authority authority, files.made_authority ? make_authority(files.ca_file, ca_key_file, now_ms)
                                                      : load_authority(files.ca_file, ca_key_file));
  X509* issuer = authority.certificate.get();
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate =
      key ? blank_certificate(key.get(), node.substr(0, kMaxCommonNameBytes), days, now_ms) : nullptr;
  X509* made = certificate.get();
  if (made == nullptr) return not_made("a certificate");
  X509_set_issuer_name(made, X509_get_subject_name(issuer));
  const bool sound = add_extension(made, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                     add_extension(made, issuer, NID_key_usage, "critical,digitalSignature") &&
                     add_extension(made, issuer, NID_ext_key_usage, "serverAuth,clientAuth") &&
                     add_extension(made, issuer, NID_authority_key_identifier, "keyid") &&
                     add_extension(made, issuer, NID_subject_alt_name, "URI:" + node_uri(node)) &&
                     X509_sign(made, authority.key.get(), EVP_sha256()) != 0;
  if (!sound) return not_made("a certificate");
  TRY_VOID(replace_file(files.key_file, pem_of(key.get()), kForOwner));
  TRY_VOID(replace_file(files.certificate_file, pem_of(made), kForAll));
  files.expires_ms = now_ms + days * kDayMs;
  files.ca_fingerprint = fingerprint_of(issuer);
  return files;
}

}  // namespace concord::link
