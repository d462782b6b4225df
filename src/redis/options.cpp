#include "redis/options.h"

#include <algorithm>
#include <charconv>

namespace concord::redis {
namespace {

constexpr std::size_t kMostEndpoints = 64;
constexpr std::size_t kMostNamespaceBytes = 64;
constexpr std::int64_t kMostDatabase = 65'535;

std::unexpected<Error> wrong(const std::string& what) {
  return fail(Error{Code::kInvalidArgument, "REDIS_URL: " + what, {{"field", "REDIS_URL"}}});
}

std::optional<std::int64_t> number_in(std::string_view text, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > most) return std::nullopt;
  return number;
}

/// Takes what stands before `mark`, with the mark; nullopt where there is none.
std::optional<std::string_view> take_until(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return taken;
}

Result<std::string> percent_decoded(std::string_view name, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2)
      return wrong(std::string(name) + " has a % without two hexadecimal digits behind it");
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return out;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const std::string shown(text);
  Endpoint endpoint;
  std::string_view port;
  if (text.starts_with('[')) {
    text.remove_prefix(1);
    const auto host = take_until(text, ']');
    if (!host) return wrong("\"" + shown + "\" has no ] behind its address");
    endpoint.host = *host;
    if (!text.empty() && !text.starts_with(':'))
      return wrong("\"" + shown + "\" has something else than a port behind its address");
    port = text;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    endpoint.host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (endpoint.host.empty()) return wrong("\"" + shown + "\" names no host");
  if (endpoint.host.size() > 253)
    return wrong("a host has 253 bytes at most, this one " + std::to_string(endpoint.host.size()));
  const bool is_plain = std::ranges::all_of(endpoint.host, [](char c) { return c > ' ' && c < 127 && c != '%'; });
  if (!is_plain) return wrong("\"" + shown + "\" is no host");
  if (port.empty()) return endpoint;
  const auto number = number_in(port.substr(1), 65'535);
  if (!number || *number == 0) return wrong("\"" + shown + "\": a port is a number from 1 to 65535");
  endpoint.port = static_cast<std::uint16_t>(*number);
  return endpoint;
}

Result<> read_credentials(std::string_view text, RedisOptions& options) {
  const std::size_t colon = text.find(':');
  TRY(options.user, percent_decoded("the user", text.substr(0, colon)));
  if (colon == std::string_view::npos) return wrong("a user stands there without a password (user:password@)");
  TRY(options.password, percent_decoded("the password", text.substr(colon + 1)));
  if (options.password.empty()) return wrong("the password is empty; leave user and password away");
  return {};
}

Result<> read_namespace(std::string_view text, RedisOptions& options) {
  TRY(options.name_space, percent_decoded("namespace", text));
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == ':';
  };
  if (options.name_space.empty() || options.name_space.size() > kMostNamespaceBytes ||
      !std::ranges::all_of(options.name_space, is_allowed))
    return wrong(
        "namespace has 1 to 64 letters, digits, dots, colons, hyphens "
        "and underscores");
  return {};
}

Result<> read_query(std::string_view query, RedisOptions& options) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (name == "cluster") {
      if (value != "true" && value != "false") return wrong("cluster is true or false");
      options.cluster = value == "true";
    } else if (name == "namespace") {
      TRY_VOID(read_namespace(value, options));
    } else if (name == "ca" && options.is_tls) {
      TRY(options.ca_file, percent_decoded("ca", value));
      if (options.ca_file.empty()) return wrong("ca names no file");
    } else {
      return wrong(
          "there is no parameter \"" + std::string(name) +
          (options.is_tls ? "\"; there are cluster, namespace and ca" : "\"; there are cluster and namespace"));
    }
  }
  return {};
}

Result<> check_together(RedisOptions& options) {
  if (options.endpoints.size() > 1 && options.cluster == false)
    return wrong("it names several hosts, which are of a Cluster, and cluster=false");
  if (options.endpoints.size() > 1) options.cluster = true;
  if (options.cluster == true && options.database != 0)
    return wrong("a Cluster has database 0 alone, not " + std::to_string(options.database));
  return {};
}

}  // namespace

Result<RedisOptions> parse_redis_url(std::string_view url) {
  RedisOptions options;
  options.is_tls = url.starts_with("rediss://");
  if (!options.is_tls && !url.starts_with("redis://")) return wrong("it begins with redis:// or rediss://");
  std::string_view rest = url.substr(url.find("://") + 3);

  const std::size_t question = std::min(rest.find('?'), rest.size());
  const std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    TRY_VOID(read_credentials(rest.substr(0, at), options));
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view database = rest.substr(std::min(slash + 1, rest.size()));
  rest = rest.substr(0, slash);
  if (!database.empty()) {
    const auto number = number_in(database, kMostDatabase);
    if (!number) return wrong("the database behind the / is a number from 0 to 65535");
    options.database = *number;
  }
  while (true) {
    const auto one = take_until(rest, ',');
    TRY(Endpoint endpoint, parse_endpoint(one.value_or(rest)));
    options.endpoints.push_back(std::move(endpoint));
    if (options.endpoints.size() > kMostEndpoints) return wrong("it names more than 64 hosts");
    if (!one) break;
  }
  TRY_VOID(read_query(query, options));
  TRY_VOID(check_together(options));
  return options;
}

}  // namespace concord::redis
