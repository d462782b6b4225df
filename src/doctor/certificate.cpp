#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

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

bool names_uri(X509* certificate, const std::string& uri) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_STRING* text = name->d.uniformResourceIdentifier;
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
    if (std::string_view(bytes, static_cast<std::size_t>(ASN1_STRING_length(text))) == uri) return true;
  }
  return false;
}

using Names = bool (*)(X509* certificate, const std::string& name);

Certificate read(const std::string& file, const std::string& key_file, const std::string& name, Names is_named) {
  Certificate found{.file = file, .host = name};
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
  found.names_host = !name.empty() && is_named(certificate.get(), name);
  return found;
}

}  // namespace

Certificate read_certificate(const std::string& file, const std::string& key_file, const std::string& host) {
  return read(file, key_file, host, names);
}

Certificate read_node_certificate(const std::string& file, const std::string& key_file, const std::string& node) {
  return read(file, key_file, node, [](X509* certificate, const std::string& name) {
    return names_uri(certificate, "concord-node:" + name);
  });
}

}  // namespace concord::doctor
