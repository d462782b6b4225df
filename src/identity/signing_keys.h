#pragma once
// The hub's signing keys, kept in the tables so that all its nodes and later starts share them.

#include <string>

#include "base/clock.h"
#include "base/reactor.h"
#include "crypto/jws.h"
#include "engines/tables.h"

namespace concord::identity {

/// The media type that access tokens name (RFC 9068).
constexpr std::string_view kAccessTokenType = "at+jwt";

struct SigningKeys {
  crypto::SigningKey newest;       // signs
  crypto::TokenVerifier verifier;  // knows them all
  std::string jwks;                // {"keys":[…]}, RFC 7517
};

/// Where the tables have no key, makes one first; of nodes that start together one makes it.
Task<SigningKeys> load_signing_keys(engines::Tables& tables, BlockingPool& blocking, Clock& clock);

}  // namespace concord::identity
