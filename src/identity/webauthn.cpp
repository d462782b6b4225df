#include "identity/webauthn.h"

#include <algorithm>

#include "crypto/ec_key.h"
#include "crypto/hash.h"
#include "crypto/rsa_key.h"
#include "identity/cbor.h"
#include "json/object.h"

namespace concord::identity::webauthn {

namespace {

// Flags of authenticator data (6.1).
constexpr unsigned kUserPresent = 1;
constexpr unsigned kUserVerified = 4;
constexpr unsigned kMayBeBackedUp = 8;
constexpr unsigned kBackedUp = 16;
constexpr unsigned kAttested = 64;
constexpr unsigned kExtensions = 128;
constexpr std::size_t kHeadBytes = 37;      // hash of the site, flags, count
constexpr std::size_t kAttestedBytes = 18;  // AAGUID, length of the identifier
constexpr std::size_t kMaxClientData = 4096;

std::unexpected<Error> malformed(std::string_view field, std::string_view why) {
  return fail(Error{Code::kInvalidArgument, "'" + std::string(field) + "' is malformed: " + std::string(why), {}}.with(
      "field", std::string(field)));
}

std::unexpected<Error> refused(std::string_view why) {
  return fail(Error{Code::kPermissionDenied, "the passkey was not accepted: " + std::string(why), {}}.with(
      "field", "credential"));
}

bool is_local_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://localhost", "https://localhost"}) {
    if (!origin.starts_with(scheme)) continue;
    const std::string_view rest = origin.substr(scheme.size());
    if (rest.empty()) return true;
    return rest.size() > 1 && rest.size() <= 6 && rest[0] == ':' &&
           std::ranges::all_of(rest.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  }
  return false;
}

Result<> check_client_data(const Expected& expected, std::string_view type, ByteView bytes) {
  auto data = json::Object::parse(as_text(bytes), {.max_bytes = kMaxClientData, .max_values = 64, .max_depth = 4});
  if (!data) return malformed("clientDataJSON", data.error().message);
  const json::TextRule rule{.most = 1024, .any_character = true};
  TRY(const std::string said_type, data->text("type", rule));
  TRY(const std::string challenge, data->text("challenge", rule));
  TRY(const std::string origin, data->text("origin", rule));
  TRY(const auto elsewhere, data->optional_boolean("crossOrigin"));
  if (said_type != type) return refused("it was made for something else");
  if (!crypto::equal_constant_time(as_bytes(challenge), as_bytes(expected.challenge)))
    return refused("it answers another question");
  const bool ours = expected.site.origin ? origin == *expected.site.origin : is_local_origin(origin);
  if (!ours || elsewhere.value_or(false)) return refused("it was made for another site");
  return {};
}

struct AuthenticatorData {
  std::uint32_t sign_count = 0;
  ByteView credential_id, public_key;  // where it is attested
};

std::uint32_t big_endian(ByteView bytes) {
  std::uint32_t out = 0;
  for (const std::uint8_t byte : bytes) out = (out << 8U) | byte;
  return out;
}

/// 6.1: what stands behind the head, to the last byte.
Result<> read_rest(ByteView rest, unsigned flags, AuthenticatorData& out) {
  const std::string_view field = "authenticatorData";
  std::size_t size = 0;
  if ((flags & kAttested) != 0) {
    if (rest.size() < kAttestedBytes) return malformed(field, "it ends early");
    const std::size_t id_bytes = big_endian(rest.subspan(16, 2));
    rest = rest.subspan(kAttestedBytes);
    if (id_bytes == 0 || id_bytes > kMaxCredentialIdBytes || rest.size() < id_bytes)
      return malformed(field, "the identifier's length");
    out.credential_id = rest.first(id_bytes);
    rest = rest.subspan(id_bytes);
    auto key = cbor::decode(rest, size);
    if (!key) return malformed(field, key.error().message);
    out.public_key = rest.first(size);
    rest = rest.subspan(size);
  }
  if ((flags & kExtensions) != 0) {
    auto extensions = cbor::decode(rest, size);
    if (!extensions || extensions->map() == nullptr) return malformed(field, "its extensions");
    rest = rest.subspan(size);
  }
  if (!rest.empty()) return malformed(field, "something stands behind its end");
  return {};
}

Result<AuthenticatorData> check_authenticator_data(const Expected& expected, ByteView bytes, bool attested) {
  if (bytes.size() < kHeadBytes) return malformed("authenticatorData", "it is too short");
  const unsigned flags = bytes[32];
  AuthenticatorData out{.sign_count = big_endian(bytes.subspan(33, 4)), .credential_id = {}, .public_key = {}};
  TRY_VOID(read_rest(bytes.subspan(kHeadBytes), flags, out));
  if (attested && (flags & kAttested) == 0) return malformed("authenticatorData", "there is no key in it");
  const crypto::Sha256 site = crypto::sha256(as_bytes(expected.site.rp_id));
  if (!crypto::equal_constant_time(site, bytes.first(32))) return refused("it was made for another site");
  if ((flags & kUserPresent) == 0) return refused("nobody touched it");
  if ((flags & kBackedUp) != 0 && (flags & kMayBeBackedUp) == 0) return refused("its flags contradict each other");
  if (expected.user_verified && (flags & kUserVerified) == 0) return refused("it did not check who you are");
  return out;
}

const ByteView* bytes_at(const cbor::Value& map, std::int64_t key) {
  const cbor::Value* found = map.find(key);
  return found == nullptr ? nullptr : found->bytes();
}

bool is(const cbor::Value& map, std::int64_t key, std::int64_t wanted) {
  const cbor::Value* found = map.find(key);
  return found != nullptr && found->integer() != nullptr && *found->integer() == wanted;
}

/// A COSE_Key of ES256 (RFC 9053, 7.1.1) or RS256 (RFC 8230, 4).
template <class Use>
Result<bool> with_key(ByteView cose, Use use) {
  std::size_t size = 0;
  auto key = cbor::decode(cose, size);
  if (!key || key->map() == nullptr || size != cose.size()) return malformed("publicKey", "it is no COSE key");
  if (is(*key, 1, 2) && is(*key, 3, kEs256) && is(*key, -1, 1)) {
    const ByteView* x = bytes_at(*key, -2);
    const ByteView* y = bytes_at(*key, -3);
    if (x == nullptr || y == nullptr) return malformed("publicKey", "a coordinate is missing");
    TRY(const auto made, crypto::EcVerifyingKey::from_point(*x, *y));
    return use(made);
  }
  if (is(*key, 1, 3) && is(*key, 3, kRs256)) {
    const ByteView* modulus = bytes_at(*key, -1);
    const ByteView* exponent = bytes_at(*key, -2);
    if (modulus == nullptr || exponent == nullptr) return malformed("publicKey", "a number is missing");
    TRY(const auto made, crypto::VerifyingKey::from_components(*modulus, *exponent));
    return use(made);
  }
  return fail(Code::kUnsupported, "the passkey's key is neither of ES256 nor of RS256");
}

}  // namespace

std::optional<Site> site_of(std::string_view public_url) {
  if (public_url.empty()) return Site{.rp_id = "localhost", .origin = std::nullopt};
  const auto scheme = public_url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const auto path = public_url.find('/', scheme + 3);
  std::string origin(public_url.substr(0, path));
  std::ranges::transform(origin, origin.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  std::string_view host = std::string_view(origin).substr(scheme + 3);
  const bool usual_port = (origin.starts_with("https://") && host.ends_with(":443")) ||
                          (origin.starts_with("http://") && host.ends_with(":80"));
  std::string rp_id(host.substr(0, host.rfind(':')));
  if (usual_port) origin.resize(origin.rfind(':'));
  const bool address = rp_id.empty() || rp_id.front() == '[' ||
                       std::ranges::all_of(rp_id, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  const bool secure = origin.starts_with("https://") || rp_id == "localhost";
  if (address || !secure) return std::nullopt;
  return Site{.rp_id = std::move(rp_id), .origin = std::move(origin)};
}

Result<Credential> check_registration(const Expected& expected, ByteView client_data, ByteView attestation_object) {
  TRY_VOID(check_client_data(expected, "webauthn.create", client_data));
  std::size_t size = 0;
  auto object = cbor::decode(attestation_object, size);
  if (!object) return malformed("attestationObject", object.error().message);
  const cbor::Value* data = object->find("authData");
  const cbor::Value* format = object->find("fmt");
  const cbor::Value* statement = object->find("attStmt");
  if (data == nullptr || data->bytes() == nullptr || format == nullptr || format->text() == nullptr ||
      statement == nullptr || statement->map() == nullptr || size != attestation_object.size())
    return malformed("attestationObject", "it is not of a format, its statement and authenticator data");
  TRY(const AuthenticatorData read, check_authenticator_data(expected, *data->bytes(), true));
  TRY_VOID(with_key(read.public_key, [](const auto&) { return true; }));
  return Credential{
      .id = to_bytes(read.credential_id), .public_key = to_bytes(read.public_key), .sign_count = read.sign_count};
}

Result<std::uint32_t> check_assertion(const Expected& expected, const Credential& credential, ByteView client_data,
                                      ByteView authenticator_data, ByteView signature) {
  TRY_VOID(check_client_data(expected, "webauthn.get", client_data));
  TRY(const AuthenticatorData read, check_authenticator_data(expected, authenticator_data, false));
  Bytes signed_bytes = to_bytes(authenticator_data);
  append(signed_bytes, crypto::sha256(client_data));
  TRY(const bool valid,
      with_key(credential.public_key, [&](const auto& key) { return key.verify(signed_bytes, signature); }));
  if (!valid) return refused("its signature is wrong");
  const bool counts = read.sign_count != 0 || credential.sign_count != 0;
  if (counts && read.sign_count <= credential.sign_count)
    return fail(Error{Code::kPermissionDenied, "the passkey was not accepted: it may have been copied", {}}
                    .with("field", "credential")
                    .with("reason", std::string(kCopied)));
  return read.sign_count;
}

}  // namespace concord::identity::webauthn
