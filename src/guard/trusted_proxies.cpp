#include "guard/trusted_proxies.h"

#include <algorithm>
#include <optional>

namespace concord::guard {

namespace {

constexpr std::size_t kMaxHops = 64;
constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

/// The parts between separators that stand outside of quotes (RFC 9110, 5.6.4: a backslash quotes within them). Where a
/// quote is never closed no quote counts: who sent it does not hide what a proxy wrote behind it.
std::vector<std::string_view> split_unquoted(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == separator && !quoted) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (quoted) return split(text, separator);
  parts.push_back(text.substr(begin));
  return parts;
}

/// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80".
std::optional<Address> address_of(std::string_view node) {
  if (node.starts_with('[')) return Address::parse(node.substr(1, node.find(']') - 1));
  if (std::ranges::count(node, ':') == 1) node = node.substr(0, node.find(':'));
  return Address::parse(node);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.starts_with('"') && text.ends_with('"');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

}  // namespace

/// What one proxy says of the side it was called from.
struct TrustedProxies::Hop {
  std::optional<Address> from;   // nullopt: it does not say, or hides it
  std::optional<bool> over_tls;  // by Forwarded alone; X-Forwarded-For has a header beside it
};

Result<TrustedProxies> TrustedProxies::parse(std::string_view networks, ProxyHeader header) {
  std::vector<Network> parsed;
  for (const std::string_view part : split(networks, ',')) {
    const std::string_view text = trimmed(part);
    if (text.empty()) continue;
    const auto network = Network::parse(text);
    if (!network)
      return fail(Error{Code::kInvalidArgument,
                        "TRUSTED_PROXIES: \"" + std::string(text) + "\" is no address and no block such as 10.0.0.0/8",
                        {{"field", "TRUSTED_PROXIES"}, {"value", std::string(text)}}});
    parsed.push_back(*network);
  }
  return TrustedProxies(std::move(parsed), header);
}

bool TrustedProxies::trusts(const Address& address) const {
  return std::ranges::any_of(networks_, [&](const Network& network) { return network.contains(address); });
}

/// In the order of the headers, which is that of the way: the last is the nearest proxy's.
std::vector<TrustedProxies::Hop> TrustedProxies::hops_of(const net::Request& request) const {
  std::vector<Hop> hops;
  const std::string_view name = header_ == ProxyHeader::kForwarded ? "forwarded" : "x-forwarded-for";
  for (const net::Header& header : request.headers) {
    if (header.name != name) continue;
    if (header_ == ProxyHeader::kXForwardedFor) {
      for (const std::string_view element : split(header.value, ','))
        hops.push_back({.from = address_of(trimmed(element)), .over_tls = {}});
      continue;
    }
    for (const std::string_view element : split_unquoted(header.value, ',')) {
      Hop& hop = hops.emplace_back();
      for (const std::string_view pair : split_unquoted(element, ';')) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view key = trimmed(pair.substr(0, equals));
        const std::string_view value = unquoted(trimmed(pair.substr(equals + 1)));
        if (same_word(key, "for")) hop.from = address_of(value);
        if (same_word(key, "proto")) hop.over_tls = same_word(value, "https");
      }
    }
  }
  return hops;
}

void TrustedProxies::resolve(net::Request& request) const {
  if (networks_.empty()) return;
  auto at = Address::parse(request.peer_address);
  if (!at || !trusts(*at)) return;
  const std::vector<Hop> hops = hops_of(request);
  if (header_ == ProxyHeader::kXForwardedFor)
    request.secure = same_word(trimmed(request.header("x-forwarded-proto")), "https") || request.secure;
  std::size_t read = 0;
  for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(*at) && read < kMaxHops; ++hop, ++read) {
    if (hop->over_tls) request.secure = *hop->over_tls;
    if (!hop->from) break;  // the last that is known
    at = hop->from;
  }
  request.peer_address = at->str();
}

}  // namespace concord::guard
