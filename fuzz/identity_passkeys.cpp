// What identity reads from strangers of a passkey: CBOR, client data, attestations and assertions. The first byte picks
// one; the rest is its input.
#include <cstdlib>

#include "identity/cbor.h"
#include "identity/webauthn.h"

namespace {

using namespace concord;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kClientData =
    R"({"type":"webauthn.create","challenge":"YQ","origin":"http://localhost","crossOrigin":false})";

identity::webauthn::Expected expected() {
  return {.site = *identity::webauthn::site_of(""), .challenge = "YQ", .user_verified = false};
}

void read_cbor(ByteView bytes) {
  std::size_t size = 0;
  const auto value = identity::cbor::decode(bytes, size);
  if (!value) {
    require(value.error().code == Code::kInvalidArgument);
    return;
  }
  require(size > 0 && size <= bytes.size());
  std::size_t again = 0;
  require(identity::cbor::decode(bytes.first(size), again).has_value() && again == size);
  require(!identity::cbor::decode(bytes.first(size - 1), again));
}

void read_attestation(ByteView bytes) {
  const auto made = identity::webauthn::check_registration(expected(), as_bytes(kClientData), bytes);
  if (!made) return;
  require(!made->id.empty() && made->id.size() <= identity::webauthn::kMaxCredentialIdBytes);
  require(!identity::webauthn::check_assertion(expected(), *made, as_bytes(kClientData), bytes, {}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      read_cbor(bytes);
      break;
    case 1:
      read_attestation(bytes);
      break;
    default:
      (void)identity::webauthn::check_registration(expected(), bytes, {});
      break;
  }
  return 0;
}
