#pragma once
// What a browser hands over of a passkey (Web Authentication, level 3), and the checks of its sections 7.1 and 7.2.
// Attestations are not looked at: any authenticator is taken, as "none" says. Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::identity::webauthn {

constexpr std::int64_t kEs256 = -7;
constexpr std::int64_t kRs256 = -257;
constexpr std::size_t kMaxCredentialIdBytes = 1023;

/// Who asks: the site as the browser knows it.
struct Site {
  std::string rp_id;                  // a domain
  std::optional<std::string> origin;  // absent: any port of http://localhost and https://localhost
};
/// Of the hub's public address; of http://localhost where that is not known. nullopt where it is no domain, as an
/// authenticator knows only these.
std::optional<Site> site_of(std::string_view public_url);

/// The key of a passkey, and how often it has signed.
struct Credential {
  Bytes id;
  Bytes public_key;  // a COSE_Key (RFC 9052, 7) as the authenticator wrote it
  std::uint32_t sign_count = 0;
};

/// What is expected of an answer of the browser.
struct Expected {
  Site site;
  std::string challenge;  // base64url, as it was handed out
  bool user_verified = false;
};

/// A new passkey. kInvalidArgument names the field that is malformed; kPermissionDenied where it is of another site,
/// another challenge, or not of a present (or verified) user; kUnsupported for a key of another kind than ES256, RS256.
Result<Credential> check_registration(const Expected& expected, ByteView client_data, ByteView attestation_object);

constexpr std::string_view kCopied = "copied";
/// The new count of signatures. Fails as the above, and kPermissionDenied where the signature is wrong, or the count
/// has not grown: then there may be a copy of the authenticator, and the context has the reason kCopied.
Result<std::uint32_t> check_assertion(const Expected& expected, const Credential& credential, ByteView client_data,
                                      ByteView authenticator_data, ByteView signature);

}  // namespace concord::identity::webauthn
