#pragma once
// What the services use to keep what they store unreadable without its owner's key.

#include <memory>
#include <string>

#include "vault/sealed.h"
#include "vault/user_keys.h"

namespace concord::vault {

/// The bytes as they are where there is no sealer.
Bytes seal_with(std::optional<Sealer>& sealer, std::string_view place, Bytes plain);

/// Any reactor.
class Vault {
 public:
  /// `sealing` false: new things are stored as they are; what was sealed is opened still.
  Vault(engines::Blobs& blobs, MasterKeys masters, bool sealing)
      : keys_(blobs, std::move(masters)), sealing_(sealing) {}

  UserKeys& keys() { return keys_; }

  /// Seals with the owner's newest key; nullopt where sealing is off.
  Task<std::optional<Sealer>> sealer(UserId owner);
  /// The plain bytes; what does not begin as sealed bytes do is returned as it is. `opener` is kept by who opens many.
  /// kNotFound where the owner's keys were destroyed, kCorrupt where anything was changed.
  Task<Bytes> open(Opener& opener, std::string place, Bytes bytes);

 private:
  UserKeys keys_;
  const bool sealing_;
};

}  // namespace concord::vault
