#pragma once
// The routes of services: admins make them, they fetch their tokens, and may ask whether somebody's token is good.

#include "identity/identity.h"
#include "identity/services.h"
#include "json/writer.h"
#include "net/http.h"

namespace concord::identity {

class ServiceRoutes {
 public:
  ServiceRoutes(const Options& options, Dependencies& on, Identity& identity, Services& services, const KeyRing& keys)
      : options_(options), on_(on), identity_(identity), services_(services), tokens_(options, keys, on.clock) {}

  void add_to(net::Router& router);

 private:
  Task<net::Response> create(net::Request request);
  Task<net::Response> list(net::Request request);
  Task<net::Response> renew_secret(net::Request request);
  Task<net::Response> remove(net::Request request);
  Task<net::Response> issue(net::Request request);
  Task<net::Response> introspect(net::Request request);

  Task<Authenticated> admin(const net::Request& request);
  Task<> record(std::string action, const Authenticated& who, ServiceId service, std::string name,
                const net::Request& request);
  /// Success where the request shows the token of a service that is there, for introspection.
  Task<> require_service(std::string token);
  Task<std::string> told_of(std::string token);

  const Options& options_;
  Dependencies& on_;
  Identity& identity_;
  Services& services_;
  ServiceTokens tokens_;
};

}  // namespace concord::identity
