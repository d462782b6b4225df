#pragma once
// The routes of two-step sign-in.

#include "identity/second_factor.h"
#include "net/http.h"

namespace concord::identity {

class SecondFactorRoutes {
 public:
  SecondFactorRoutes(const Options& options, Identity& identity, SecondFactor& factors, Passkeys& passkeys)
      : options_(options), identity_(identity), factors_(factors), passkeys_(passkeys) {}

  void add_to(net::Router& router);

 private:
  Task<net::Response> show(net::Request request);
  Task<net::Response> begin_totp(net::Request request);
  Task<net::Response> confirm_totp(net::Request request);
  Task<net::Response> disable_totp(net::Request request);
  Task<net::Response> renew_recovery_codes(net::Request request);
  Task<net::Response> reset(net::Request request);
  Task<net::Response> log_in(net::Request request);

  Task<Acting> acting(const net::Request& request);
  /// Also whoever has to set one up before anything else.
  Task<Acting> setting_up(const net::Request& request);

  const Options& options_;
  Identity& identity_;
  SecondFactor& factors_;
  Passkeys& passkeys_;
};

}  // namespace concord::identity
