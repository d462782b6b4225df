#pragma once
// Making certificates, and keeping them in files: what the hub's own certificate and those of its nodes have in common.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

// OpenSSL's X509 and EVP_PKEY.
struct x509_st;
struct evp_pkey_st;

namespace concord::net {

struct FreeX509 {
  void operator()(x509_st* certificate) const;
  void operator()(evp_pkey_st* key) const;
};
using Certificate = std::unique_ptr<x509_st, FreeX509>;
using Key = std::unique_ptr<evp_pkey_st, FreeX509>;

/// A certificate's subject, by its common name (at most 64 bytes), and when it holds: wall clock.
struct Subject {
  std::string common_name;
  std::int64_t from_ms;
  std::int64_t until_ms;
};

/// Everything but its issuer, its extensions and its signature. Null where OpenSSL fails.
Certificate blank_certificate(evp_pkey_st* key, const Subject& subject);
/// False where OpenSSL fails. `kind` is one of its NID_…, `value` as its configuration files write it.
bool add_extension(x509_st* certificate, x509_st* issuer, int kind, const std::string& value);

/// Of SHA-256: "AB:CD:…".
std::string fingerprint_of(const x509_st* certificate);
std::string pem_of(x509_st* certificate);
std::string pem_of(evp_pkey_st* key);

/// kUnavailable: `what` could not be done with `path`, and why, by errno.
std::unexpected<Error> file_failure(std::string_view what, const std::string& path);
/// Durable; readers find the old file or the new one, whole. kUnavailable as above.
Result<> replace_file(const std::string& path, std::string_view text, mode_t mode);

}  // namespace concord::net
