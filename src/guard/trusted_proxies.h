#pragma once
// Who really calls, where proxies stand before the hub. A header of addresses is believed of a proxy that is named in
// the settings and of nobody else: from its end on, as far as it was written by such proxies. What stands before that
// anybody could have sent.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guard/address.h"
#include "net/http.h"

namespace concord::guard {

/// What the proxies write. The other one, which they may pass on as it came, is never believed.
enum class ProxyHeader : std::uint8_t { kXForwardedFor, kForwarded };

class TrustedProxies {
 public:
  TrustedProxies() = default;  // none
  TrustedProxies(std::vector<Network> networks, ProxyHeader header) : networks_(std::move(networks)), header_(header) {}

  /// Blocks separated by commas; kInvalidArgument names the one that is none.
  static Result<TrustedProxies> parse(std::string_view networks, ProxyHeader header);

  /// Puts the client's address into `peer_address`, and whether it came over TLS to the outermost of the proxies into
  /// `secure`, where the request came by a trusted proxy; leaves all others as they are.
  void resolve(net::Request& request) const;
  bool trusts(const Address& address) const;

 private:
  struct Hop;
  std::vector<Hop> hops_of(const net::Request& request) const;

  std::vector<Network> networks_;
  ProxyHeader header_ = ProxyHeader::kXForwardedFor;
};

}  // namespace concord::guard
