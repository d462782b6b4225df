#include "link/certificates.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/owned.h"
#include "link/tls.h"
#include "net/x509.h"

namespace concord::link {
namespace {

using Bio = Owned<BIO, BIO_free_all>;
using net::add_extension;
using net::Certificate;
using net::Key;
using net::pem_of;
using net::replace_file;

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

Certificate blank_certificate(EVP_PKEY* key, std::string common_name, std::int64_t days, std::int64_t now_ms) {
  return net::blank_certificate(key, {.common_name = std::move(common_name),
                                      .from_ms = now_ms - kHourMs,  // a clock that is a little behind takes it too
                                      .until_ms = now_ms + days * kDayMs});
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
  files.ca_fingerprint = net::fingerprint_of(issuer);
  return files;
}

}  // namespace concord::link
