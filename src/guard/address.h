#pragma once
// Addresses of the internet protocol, and blocks of them.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace concord::guard {

/// 16 bytes, an IPv4 address as ::ffff:a.b.c.d.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  /// "192.0.2.1", "2001:db8::1"; nullopt for anything else, also with a port, brackets or a zone.
  static std::optional<Address> parse(std::string_view text);
  bool is_v4() const;
  /// What one household or host has: the address itself of IPv4, the /64 that it is in of IPv6.
  Address household() const;
  /// As it is written: IPv4 in four parts, also where it came within IPv6.
  std::string str() const;
  auto operator<=>(const Address&) const = default;
};

/// A block such as 10.0.0.0/8 or 2001:db8::/32.
class Network {
 public:
  /// An address alone is a block of one. nullopt where the prefix is too long, or the address has bits behind it.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const Address& address) const;

 private:
  Address base_;
  unsigned bits_ = 128;  // of the 16 bytes
};

/// Names a client's household: an IPv4 address, or "…/64" of an IPv6 address. What is no address stays as it is.
std::string address_key(std::string_view address);

}  // namespace concord::guard
