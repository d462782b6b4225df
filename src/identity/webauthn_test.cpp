#include "identity/webauthn.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "identity/authenticator_testing.h"
#include "identity/cbor.h"

namespace concord::identity {
namespace {

using testing::Authenticator;
using webauthn::Expected;

const std::string kChallenge = "Y2hhbGxlbmdl";

Expected expected() { return {.site = *webauthn::site_of(""), .challenge = kChallenge, .user_verified = true}; }

Result<webauthn::Credential> registered(Authenticator& device, const Expected& wanted = expected()) {
  return webauthn::check_registration(wanted, device.client_data("webauthn.create", wanted.challenge),
                                      device.attestation_object());
}

Result<std::uint32_t> asserted(Authenticator& device, const webauthn::Credential& credential,
                               const std::string& type = "webauthn.get", const std::string& challenge = kChallenge) {
  const Bytes client = device.client_data(type, challenge);
  const Bytes data = device.authenticator_data(false);
  return webauthn::check_assertion(expected(), credential, client, data, device.sign(data, client));
}

TEST(Webauthn, takes_a_new_passkey_and_what_it_signs) {
  Authenticator device;
  const auto credential = registered(device);
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->id, device.id);
  EXPECT_EQ(credential->sign_count, 1U);
  EXPECT_EQ(asserted(device, *credential).value(), 2U);
}

TEST(Webauthn, takes_a_key_of_rs256) {
  Authenticator device, other;
  device.rsa = crypto::SigningKey::generate().value();
  other.rsa = crypto::SigningKey::generate().value();
  const auto credential = registered(device);
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(asserted(device, *credential).value(), 2U);
  other.count = 5;
  EXPECT_EQ(asserted(other, *credential).error().code, Code::kPermissionDenied);
  other.rsa.reset();
  EXPECT_EQ(asserted(other, *credential).error().code, Code::kPermissionDenied);
}

TEST(Webauthn, takes_nothing_that_was_made_for_another_site_or_question) {
  Authenticator device;
  const auto credential = registered(device).value();
  EXPECT_EQ(asserted(device, credential, "webauthn.create").error().code, Code::kPermissionDenied);
  EXPECT_EQ(asserted(device, credential, "webauthn.get", "b3RoZXI").error().code, Code::kPermissionDenied);
  const auto with = [&](auto change) {
    Authenticator other;
    change(other);
    return registered(other).error().code;
  };
  for (const char* origin : {"http://localhost.evil.example", "http://evil.example", "https://localhost:80a",
                             "http://localhost:", "http://127.0.0.1:8080", "null", ""})
    EXPECT_EQ(with([&](Authenticator& a) { a.origin = origin; }), Code::kPermissionDenied) << origin;
  EXPECT_EQ(with([](Authenticator& a) { a.rp_id = "evil.example"; }), Code::kPermissionDenied);
  EXPECT_EQ(with([](Authenticator& a) { a.cross_origin = "true"; }), Code::kPermissionDenied);
  EXPECT_EQ(with([](Authenticator& a) { a.flags = 4; }), Code::kPermissionDenied) << "nobody there";
  EXPECT_EQ(with([](Authenticator& a) { a.flags = 1; }), Code::kPermissionDenied) << "not verified";
  EXPECT_EQ(with([](Authenticator& a) { a.flags = 5 + 16; }), Code::kPermissionDenied) << "backed up, and cannot be";
  EXPECT_EQ(with([](Authenticator& a) { a.algorithm = -8; }), Code::kUnsupported);
}

TEST(Webauthn, takes_no_signature_of_another_key_nor_one_that_was_changed) {
  Authenticator device, other;
  const auto credential = registered(device).value();
  EXPECT_EQ(asserted(other, credential).error().code, Code::kPermissionDenied);
  const Bytes client = device.client_data("webauthn.get", kChallenge);
  const Bytes data = device.authenticator_data(false);
  const Bytes signature = device.sign(data, client);
  for (std::size_t i = 0; i < data.size(); ++i) {
    Bytes changed = data;
    changed[i] ^= 2U;
    EXPECT_FALSE(webauthn::check_assertion(expected(), credential, client, changed, signature)) << i;
    EXPECT_FALSE(webauthn::check_assertion(expected(), credential, client, ByteView(data).first(i), signature)) << i;
  }
}

TEST(Webauthn, a_count_that_does_not_grow_is_a_copy_unless_it_is_always_zero) {
  Authenticator device;
  auto credential = registered(device).value();
  credential.sign_count = 7;
  device.count = 6;
  const auto copied = asserted(device, credential);
  EXPECT_EQ(copied.error().code, Code::kPermissionDenied);
  EXPECT_EQ(copied.error().context.back(), (std::pair<std::string, std::string>("reason", webauthn::kCopied)));
  EXPECT_TRUE(asserted(device, credential));
  Authenticator plain;
  plain.counts = false;
  const auto uncounted = registered(plain).value();
  EXPECT_EQ(asserted(plain, uncounted).value(), 0U);
  EXPECT_EQ(asserted(plain, uncounted).value(), 0U);
}

TEST(Webauthn, no_prefix_of_an_attestation_is_one) {
  Authenticator device;
  const Bytes client = device.client_data("webauthn.create", kChallenge);
  const Bytes object = device.attestation_object();
  for (std::size_t i = 0; i < object.size(); ++i)
    EXPECT_EQ(webauthn::check_registration(expected(), client, ByteView(object).first(i)).error().code,
              Code::kInvalidArgument)
        << i;
}

TEST(Webauthn, an_attestation_has_its_three_parts) {
  const auto with = [](const Bytes& object) {
    return webauthn::check_registration(expected(), Authenticator().client_data("webauthn.create", kChallenge), object);
  };
  Authenticator device;
  const Bytes whole = device.attestation_object();
  ASSERT_TRUE(with(whole)) << with(whole).error().message;
  Bytes more = whole;
  more.push_back(0);
  EXPECT_FALSE(with(more)) << "something behind it";
  for (const char* part : {"fmt", "attStmt", "authData"}) {
    Bytes changed = whole;
    const auto at = std::ranges::search(changed, std::string_view(part)).begin();
    *at = 'x';
    EXPECT_EQ(with(changed).error().code, Code::kInvalidArgument) << part;
  }
}

TEST(Webauthn, knows_the_site_by_the_public_address) {
  const auto site = webauthn::site_of("https://Hub.Example.org/");
  ASSERT_TRUE(site);
  EXPECT_EQ(site->rp_id, "hub.example.org");
  EXPECT_EQ(site->origin, "https://hub.example.org");
  EXPECT_EQ(webauthn::site_of("https://hub.example.org:8443")->origin, "https://hub.example.org:8443");
  EXPECT_EQ(webauthn::site_of("https://hub.example.org:8443")->rp_id, "hub.example.org");
  EXPECT_EQ(webauthn::site_of("https://hub.example.org:443")->origin, "https://hub.example.org");
  for (const char* none : {"http://hub.example.org", "https://192.0.2.1", "https://[2001:db8::1]:80", "hub"})
    EXPECT_FALSE(webauthn::site_of(none)) << none;
}

TEST(Cbor, is_bounded) {
  std::size_t size = 0;
  Bytes deep(8, 0x81);
  deep.push_back(0);
  EXPECT_FALSE(cbor::decode(deep, size));
  Bytes many{0x98, 255};
  append(many, Bytes(255));
  EXPECT_TRUE(cbor::decode(many, size));
  EXPECT_FALSE(cbor::decode(Bytes{0x9b, 255, 255, 255, 255, 255, 255, 255, 255}, size));
  EXPECT_FALSE(cbor::decode(Bytes{0x5b, 255, 255, 255, 255, 255, 255, 255, 255}, size));
  for (const int refused : {0x1c, 0x1f, 0x5f, 0x7f, 0x9f, 0xbf, 0xc0, 0xf8, 0xf9, 0xff})
    EXPECT_FALSE(cbor::decode(Bytes{static_cast<std::uint8_t>(refused), 0, 0, 0, 0, 0, 0, 0, 0, 0}, size)) << refused;
  EXPECT_FALSE(cbor::decode(Bytes{0xa2, 1, 0, 1, 0}, size)) << "a key twice";
  EXPECT_EQ(*cbor::decode(Bytes{0x39, 1, 0, 9}, size)->integer(), -257);
  EXPECT_EQ(size, 3U);
}

}  // namespace
}  // namespace concord::identity
