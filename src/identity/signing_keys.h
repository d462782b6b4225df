#pragma once
// The hub's signing keys, kept in the tables so that all its nodes and later starts share them.
//
// A new key is published before it signs, so that whoever keeps the published ones for a while knows it by then; an old
// one verifies until the last token that it signed has expired, and is then forgotten.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/reactor.h"
#include "crypto/jws.h"
#include "engines/tables.h"

namespace concord::vault {
class Vault;
}

namespace concord::identity {

/// The media type that access tokens name (RFC 9068).
constexpr std::string_view kAccessTokenType = "at+jwt";
/// And those of services.
constexpr std::string_view kServiceTokenType = "service+jwt";

/// How long others may keep the published keys: Cache-Control of /.well-known/jwks.json.
constexpr std::int64_t kPublishedForMs = 300'000;

/// That are not forgotten yet; one more is refused.
constexpr std::size_t kMostKeys = 8;

struct SigningKeys {
  crypto::SigningKey signer;
  crypto::TokenVerifier verifier;  // of access tokens; knows them all, as does the other
  crypto::TokenVerifier service_verifier;
  std::string jwks;  // {"keys":[…]}, RFC 7517
};

/// Any reactor.
class KeyRing {
 public:
  struct Ages {
    std::int64_t renew_ms = 0;  // after which a key gets a successor; 0: when asked alone
    std::int64_t token_ms = 0;  // that tokens live
  };
  /// `vault` null: keys are stored as they are.
  KeyRing(engines::Tables& tables, BlockingPool& blocking, Clock& clock, vault::Vault* vault, Ages ages)
      : tables_(tables), blocking_(blocking), clock_(clock), vault_(vault), ages_(ages) {}

  /// Reads the keys. Where there is none, makes one first; of nodes that start together one makes it.
  Task<> load();

  /// Since the first load. Any thread.
  std::shared_ptr<const SigningKeys> current() const;

  /// Gives the newest key a successor when it is due, forgets those that have served, and reads what other nodes did.
  /// The new key's identifier, where one was made.
  Task<std::optional<std::string>> look_after();

  /// Makes a successor now; its identifier. `at_once`: all others are forgotten, and every access token with them, as
  /// when a key was seen by who should not have. kConflict where there are kMostKeys, and others are not to be
  /// forgotten.
  Task<std::string> renew(bool at_once);

 private:
  struct Stored {
    std::string kid;
    crypto::SigningKey key;
    std::int64_t created_ms;
    bool plain;
  };
  Task<std::vector<Stored>> read();
  Task<std::string> stored_form(const crypto::SigningKey& key);
  Task<crypto::SigningKey> from_stored(std::string kid, std::string text);
  /// Nothing where the newest is another than `newest` by then.
  Task<std::optional<std::string>> make(std::string newest, bool alone);
  Task<> seal_plain(const std::vector<Stored>& keys);
  std::size_t signer_of(const std::vector<Stored>& keys) const;

  engines::Tables& tables_;
  BlockingPool& blocking_;
  Clock& clock_;
  vault::Vault* const vault_;
  const Ages ages_;

  mutable std::mutex mutex_;
  std::shared_ptr<const SigningKeys> current_;
};

}  // namespace concord::identity
