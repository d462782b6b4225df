#pragma once
// The routes of passkeys.

#include "identity/passkeys.h"
#include "json/object.h"
#include "json/writer.h"
#include "net/http.h"

namespace concord::identity {

/// Field "credential": what PublicKeyCredential holds, bytes as base64url.
Result<PasskeyAnswer> registration_of(const json::Object& body);
Result<PasskeyAnswer> assertion_of(const json::Object& body);

void write_passkey(json::Writer& out, const Passkey& passkey);

class PasskeyRoutes {
 public:
  PasskeyRoutes(const Options& options, Identity& identity, Passkeys& passkeys)
      : options_(options), identity_(identity), passkeys_(passkeys) {}

  void add_to(net::Router& router);

 private:
  Task<net::Response> registration_options(net::Request request);
  Task<net::Response> add(net::Request request);
  Task<net::Response> rename(net::Request request);
  Task<net::Response> remove(net::Request request);
  Task<net::Response> sign_in_options(net::Request request);
  Task<net::Response> sign_in(net::Request request);

  Task<Acting> acting(const net::Request& request);
  /// Also whoever has to set up a second step before anything else.
  Task<Acting> setting_up(const net::Request& request);

  const Options& options_;
  Identity& identity_;
  Passkeys& passkeys_;
};

}  // namespace concord::identity
