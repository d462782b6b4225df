#include "link/tls.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <ctime>
#include <optional>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/owned.h"

namespace concord::link {
namespace {

bool stands_for_itself(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// What a URI of our scheme names; nullopt where it is another, or badly encoded.
std::optional<std::string> name_in(std::string_view uri) {
  if (!uri.starts_with(kNodeScheme)) return std::nullopt;
  uri.remove_prefix(kNodeScheme.size());
  std::string name;
  while (!uri.empty()) {
    if (uri.front() != '%') {
      name += uri.front();
      uri.remove_prefix(1);
      continue;
    }
    unsigned value = 0;
    if (uri.size() < 3 || std::from_chars(uri.data() + 1, uri.data() + 3, value, 16).ptr != uri.data() + 3)
      return std::nullopt;
    name += static_cast<char>(value);
    uri.remove_prefix(3);
  }
  return name;
}

std::vector<std::string> names_in(const X509* certificate) {
  std::vector<std::string> names;
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(all.get(), i);
    if (one->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = one->d.uniformResourceIdentifier;
    const auto name = name_in(
        {reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), static_cast<std::size_t>(ASN1_STRING_length(uri))});
    if (name && !name->empty()) names.push_back(*name);
  }
  return names;
}

std::unexpected<Error> does_not_load(std::string_view setting, const std::string& file) {
  return fail(Error{Code::kInvalidArgument,
                    std::string(setting) + ": " + file + " does not load: " + tls_reason(nullptr),
                    {{"field", std::string(setting)}}});
}

/// Whether others of this hub would take it, as both sides of a connection.
Result<> check_own(SSL_CTX* context, const std::string& file, const std::string& node) {
  X509* own = SSL_CTX_get0_certificate(context);
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  for (const int purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT}) {
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(context, &chain);
    if (!check || X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context), own, chain) != 1)
      return fail(Code::kInternal, "a certificate cannot be checked: " + tls_reason(nullptr));
    X509_STORE_CTX_set_purpose(check.get(), purpose);
    if (X509_verify_cert(check.get()) != 1)
      return fail(Error{Code::kInvalidArgument,
                        "NODE_CERTIFICATE: other nodes would not take " + file + ": " +
                            X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get())),
                        {{"field", "NODE_CERTIFICATE"}}});
    X509_STORE_CTX_cleanup(check.get());
  }
  std::string named;
  for (const std::string& name : names_in(own)) {
    if (name == node) return {};
    named.append(named.empty() ? "\"" : ", \"").append(name).append("\"");
  }
  return fail(Error{Code::kInvalidArgument,
                    "NODE_CERTIFICATE: " + file + " names " + (named.empty() ? "no node" : named) +
                        ", and this one is \"" + node + "\" (NODE_NAME)",
                    {{"field", "NODE_CERTIFICATE"}}});
}

}  // namespace

std::string node_uri(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri(kNodeScheme);
  for (const char c : name) {
    if (stands_for_itself(c)) {
      uri += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    uri.append(1, '%').append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
  }
  return uri;
}

std::string tls_reason(const ssl_st* session) {
  if (session != nullptr) {
    const long verified = SSL_get_verify_result(session);
    if (verified != X509_V_OK) {
      ERR_clear_error();
      return std::string("its certificate was turned down: ") + X509_verify_cert_error_string(verified);
    }
  }
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "for a reason that is not known";
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  if (const char* reason = ERR_reason_error_string(code); reason != nullptr) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::load(const std::string& ca_file,
                                                             const std::string& certificate_file,
                                                             const std::string& key_file, const std::string& node) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  if (context == nullptr) return fail(Code::kInternal, "TLS cannot be set up: " + tls_reason(nullptr));
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity(context));
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) return does_not_load("NODE_CA", ca_file);
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1)
    return does_not_load("NODE_CERTIFICATE", certificate_file);
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return does_not_load("NODE_KEY", key_file);
  TRY_VOID(check_own(context, certificate_file, node));
  tm ends{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &ends) == 1)
    identity->ends_ms_ = static_cast<std::int64_t>(::timegm(&ends)) * 1000;
  return identity;
}

TlsIdentity::~TlsIdentity() { SSL_CTX_free(context_); }

ssl_st* TlsIdentity::make_session() const { return SSL_new(context_); }

std::vector<std::string> node_names_of_peer(ssl_st* session) {
  const Owned<X509, X509_free> certificate(SSL_get1_peer_certificate(session));
  return certificate ? names_in(certificate.get()) : std::vector<std::string>();
}

}  // namespace concord::link
