#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "doctor/machine_check.h"

namespace concord::doctor {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Owned = std::unique_ptr<X509, decltype(&X509_free)>;

Bio open_file(const std::string& file) { return {BIO_new_file(file.c_str(), "r"), &BIO_free}; }

std::int64_t unix_ms(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<std::int64_t>(timegm(&parts)) * 1000;
}

bool names(X509* certificate, const std::string& host) {
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

}  // namespace

Certificate read_certificate(const std::string& file, const std::string& key_file, const std::string& host) {
  Certificate found{.file = file, .host = host};
  const Bio bio = open_file(file);
  const X509Owned certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
  if (!certificate) {
    found.problem = bio ? "there is no certificate in it" : "it cannot be read";
    return found;
  }
  const Bio key_bio = open_file(key_file);
  const Key key(key_bio ? PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr) : nullptr, &EVP_PKEY_free);
  if (!key) {
    found.problem = "there is no key to be read in \"" + key_file + "\"";
    return found;
  }
  found.key_fits = X509_check_private_key(certificate.get(), key.get()) == 1;
  found.expires_ms = unix_ms(X509_get0_notAfter(certificate.get()));
  found.names_host = !host.empty() && names(certificate.get(), host);
  return found;
}

}  // namespace concord::doctor
