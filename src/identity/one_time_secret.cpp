#include "identity/one_time_secret.h"

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace concord::identity {

std::string make_one_time_secret() { return crypto::base64url_encode(crypto::random_array<32>()); }

std::string one_time_hash(std::string_view secret) {
  return crypto::base64url_encode(crypto::sha256(as_bytes(secret)));
}

}  // namespace concord::identity
