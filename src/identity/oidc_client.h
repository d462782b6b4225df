#pragma once
// The conversation with an OpenID Connect issuer. Its metadata and keys are kept for an hour; for an ID token by a key
// that is not among them the keys are asked for again, at most once a minute, so that nobody makes the hub ask more.

#include <mutex>
#include <optional>

#include "identity/oauth_client.h"
#include "identity/oidc_metadata.h"

namespace concord::identity {

class OidcClient final : public ProviderClient {
 public:
  static constexpr std::int64_t kKeptMs = 3'600'000;
  static constexpr std::int64_t kKeysAgainMs = 60'000;

  OidcClient(const Provider& provider, AskProvider ask, Clock& clock)
      : provider_(provider), ask_(std::move(ask)), clock_(clock) {}

  Task<std::string> depart(Departure departure) override;
  Task<Profile> arrive(Arrival arrival) override;

 private:
  struct Keys {
    std::shared_ptr<const IssuerKeys> keys;
    bool fresh = false;  // asked for just now
  };
  Task<std::shared_ptr<const OidcMetadata>> metadata();
  /// `again`: also where they are kept still, but for kKeysAgainMs.
  Task<Keys> keys(std::string url, bool again);
  Task<TokenAnswer> exchange(const OidcMetadata& metadata, const Arrival& arrival);
  Task<Profile> check(const OidcMetadata& metadata, const TokenAnswer& tokens, const Arrival& arrival);

  const Provider& provider_;
  const AskProvider ask_;
  Clock& clock_;
  std::mutex mutex_;  // of what follows
  std::shared_ptr<const OidcMetadata> metadata_;
  std::int64_t metadata_ms_ = 0;
  std::shared_ptr<const IssuerKeys> keys_;
  std::optional<std::int64_t> keys_ms_;  // when they were asked for last, on the monotonic clock
};

}  // namespace concord::identity
