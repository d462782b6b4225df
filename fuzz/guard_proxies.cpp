// What proxies write about who calls, with whatever the caller sent in front of it; and the settings that name proxies.
// The first byte picks one; the rest is its input.
#include <cstdlib>
#include <string>

#include "guard/trusted_proxies.h"

namespace {

using namespace concord;
using guard::ProxyHeader;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string resolved(ProxyHeader header, std::string_view name, std::string value) {
  static const auto kForwarded = guard::TrustedProxies::parse("10.0.0.0/8", ProxyHeader::kForwarded).value();
  static const auto kXForwardedFor = guard::TrustedProxies::parse("10.0.0.0/8", ProxyHeader::kXForwardedFor).value();
  net::Request request;
  request.peer_address = "10.0.0.1";
  request.headers = {{std::string(name), std::move(value)}};
  (header == ProxyHeader::kForwarded ? kForwarded : kXForwardedFor).resolve(request);
  require(guard::Address::parse(request.peer_address).has_value());
  return request.peer_address;
}

/// What the proxy wrote last is believed, whatever stands before it.
void read(ProxyHeader header, std::string_view name, const std::string& sent) {
  const std::string key = header == ProxyHeader::kForwarded ? "for=" : "";
  (void)resolved(header, name, sent);
  require(resolved(header, name, sent + ", " + key + "198.51.100.7") == "198.51.100.7");
  require(resolved(header, name, sent + "," + key + "\"[2001:db8::7]\"") == "2001:db8::7" ||
          header == ProxyHeader::kXForwardedFor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) read(ProxyHeader::kXForwardedFor, "x-forwarded-for", text);
  if (data[0] % 3 == 1) read(ProxyHeader::kForwarded, "forwarded", text);
  if (data[0] % 3 == 2) (void)guard::TrustedProxies::parse(text, ProxyHeader::kForwarded);
  return 0;
}
