#include "net/target.h"

#include <algorithm>
#include <optional>

#include "base/varint.h"

namespace concord::net {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// A little more than RFC 3986: browsers leave "{|}^`" as they are.
bool is_allowed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
}

std::expected<std::string, std::string> decode_path(std::string_view raw) {
  std::string path;
  path.reserve(raw.size());
  for (std::size_t begin = 1; begin <= raw.size();) {
    const std::size_t end = std::min(raw.find('/', begin), raw.size());
    auto segment = percent_decode(raw.substr(begin, end - begin), false);
    if (!segment) return std::unexpected(std::move(segment).error());
    if (*segment == "." || *segment == "..") return std::unexpected("the path has a \".\" or \"..\" segment");
    if (segment->find('/') != std::string::npos) return std::unexpected("the path has an encoded '/'");
    path += '/';
    path += *segment;
    begin = end + 1;
  }
  if (path.find('\0') != std::string::npos) return std::unexpected("the path has a NUL");
  if (!is_valid_utf8(path)) return std::unexpected("the path is not UTF-8");
  return path;
}

/// Takes "http://authority" off the front of an absolute form.
std::expected<std::string, std::string> take_authority(std::string_view& target) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return std::unexpected("the target does not begin with '/'");
  std::string name(target.substr(0, scheme));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(c | 0x20U); });
  if (name != "http" && name != "https") return std::unexpected("the target's scheme is not http");
  target.remove_prefix(scheme + 3);
  const std::string_view authority = target.substr(0, target.find_first_of("/?"));
  if (authority.empty()) return std::unexpected("the target has no host");
  target.remove_prefix(authority.size());
  return std::string(authority);
}

}  // namespace

std::expected<Fields, std::string> decode_query(std::string_view raw) {
  Fields fields;
  while (!raw.empty()) {
    const std::string_view field = raw.substr(0, raw.find('&'));
    raw.remove_prefix(std::min(field.size() + 1, raw.size()));
    if (field.empty()) continue;
    if (fields.size() == kMaxQueryFields) return std::unexpected("the query has more than 256 fields");
    const std::size_t equals = std::min(field.find('='), field.size());
    auto name = percent_decode(field.substr(0, equals), true);
    if (!name) return std::unexpected(std::move(name).error());
    auto value = percent_decode(field.substr(std::min(equals + 1, field.size())), true);
    if (!value) return std::unexpected(std::move(value).error());
    if (!is_valid_utf8(*name) || !is_valid_utf8(*value)) return std::unexpected("the query is not UTF-8");
    fields.emplace_back(*std::move(name), *std::move(value));
  }
  return fields;
}

std::expected<std::string, std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return std::unexpected("a '%' is not followed by two hexadecimal digits");
      out += static_cast<char>(*high << 4U | *low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::expected<Target, std::string> parse_target(std::string_view target) {
  Target result;
  if (!std::ranges::all_of(target, is_allowed))
    return std::unexpected("the target has a character that must be percent-encoded");
  if (target.find('#') != std::string_view::npos) return std::unexpected("the target has a fragment");
  if (!target.starts_with('/')) {
    auto authority = take_authority(target);
    if (!authority) return std::unexpected(std::move(authority).error());
    result.authority = *std::move(authority);
    if (target.empty() || target.front() == '?') {
      result.path = "/";
    }
  }
  const std::string_view raw_path = target.substr(0, target.find('?'));
  if (raw_path.size() > kMaxPathBytes) return std::unexpected("the path is longer than 4096 bytes");
  if (!raw_path.empty()) {
    auto path = decode_path(raw_path);
    if (!path) return std::unexpected(std::move(path).error());
    result.path = *std::move(path);
  }
  target.remove_prefix(std::min(raw_path.size() + 1, target.size()));
  auto query = decode_query(target);
  if (!query) return std::unexpected(std::move(query).error());
  result.query = *std::move(query);
  return result;
}

}  // namespace concord::net
