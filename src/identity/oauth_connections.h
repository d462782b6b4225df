#pragma once
// Which accounts sign in by which providers: the issuer and its subject are the key, so that neither a changed e-mail
// nor a changed name makes somebody else of anybody. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engines/tables.h"
#include "identity/oauth_attempts.h"

namespace concord::identity {

struct OAuthConnection {
  std::string provider;  // its name when it was connected
  std::string email;     // what the provider said then; may be empty
  std::int64_t created_ms = 0;
};

class OAuthConnections {
 public:
  explicit OAuthConnections(engines::Tables& tables) : tables_(tables) {}

  Task<std::optional<UserId>> holder(std::string issuer, std::string subject);
  /// The oldest first.
  Task<std::vector<OAuthConnection>> of(UserId user);

  /// kConflict where that is somebody's already, or the user has one of this issuer or of this provider's name.
  static Task<> connect(engines::Transaction& transaction, UserId user, OAuthProof proof, std::int64_t now_ms);
  /// kNotFound; kConflict where the account has neither a password nor a passkey nor another connection: it
  /// would have no way in.
  static Task<> disconnect(engines::Transaction& transaction, UserId user, std::string provider);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::identity
