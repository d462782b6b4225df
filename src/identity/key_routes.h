#pragma once
// The routes of the keys that sign access tokens: published for whoever verifies them, and renewed.

#include "identity/identity.h"
#include "identity/signing_keys.h"
#include "net/http.h"

namespace concord::identity {

class KeyRoutes {
 public:
  /// `all_refused` is called when a renewal has made every access token worthless.
  KeyRoutes(Dependencies& on, Identity& identity, KeyRing& keys, std::function<void()> renewed)
      : on_(on), identity_(identity), keys_(keys), renewed_(std::move(renewed)) {}

  void add_to(net::Router& router);

 private:
  Task<net::Response> jwks(net::Request request);
  Task<net::Response> renew(net::Request request);

  Dependencies& on_;
  Identity& identity_;
  KeyRing& keys_;
  const std::function<void()> renewed_;
};

}  // namespace concord::identity
