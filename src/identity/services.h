#pragma once
// Services: programs that speak for nobody, and to each other. The hub vouches for one to another by a token that is
// for that other one alone. They may do nothing here. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "engines/tables.h"
#include "identity/options.h"
#include "identity/signing_keys.h"

namespace concord::identity {

struct ServiceTag {
  static constexpr std::string_view kPrefix = "svc";
};
using ServiceId = Id<ServiceTag>;

struct Service {
  ServiceId id;
  std::string name;
  std::vector<std::string> audiences;  // whom it may speak to, in their order
  std::int64_t created_ms = 0;
};

/// Of the hub itself, for those that ask it whether a token is good.
constexpr std::string_view kIntrospection = "introspection";
constexpr std::size_t kMaxAudienceBytes = 128;

class Services {
 public:
  explicit Services(engines::Tables& tables) : tables_(tables) {}

  static constexpr std::int64_t kMaxServices = 100;
  static constexpr std::size_t kMaxAudiences = 16;  // of one
  static std::vector<engines::Migration> migrations();

  /// Its secret; kTooLarge past kMaxServices.
  Task<std::string> make(Service service);
  /// In the order of their making.
  Task<std::vector<Service>> list();
  Task<std::optional<Service>> find(ServiceId id);
  /// Absent where the secret is another.
  Task<std::optional<Service>> find_by_secret(ServiceId id, std::string secret);
  /// A new secret, in the place of the old one; kNotFound where there is no such service.
  Task<std::string> replace_secret(ServiceId id);
  /// Whether there was one.
  Task<bool> remove(ServiceId id);

 private:
  engines::Tables& tables_;
};

/// JWTs of the type "service+jwt", so that none is taken for a user's, nor a user's for one. They last five minutes.
class ServiceTokens {
 public:
  ServiceTokens(const Options& options, const KeyRing& keys, Clock& clock)
      : issuer_(options.issuer), keys_(keys), clock_(clock) {}

  static constexpr std::int64_t kLifetimeS = 300;

  struct Checked {
    ServiceId service;
    std::string audience;
    std::int64_t expires_ms = 0;
  };
  Result<std::string> issue(const Service& service, std::string_view audience) const;
  /// Whose it is and for whom; whether that service is still there is the caller's to ask. kUnauthenticated with the
  /// context `reason`.
  Result<Checked> check(std::string_view token) const;

 private:
  const std::string issuer_;
  const KeyRing& keys_;
  Clock& clock_;
};

}  // namespace concord::identity
