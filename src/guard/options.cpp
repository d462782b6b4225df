#include "guard/options.h"

#include <array>

namespace concord::guard {

namespace {

constexpr std::int64_t kMostAMinute = 1'000'000;

Setting a_minute(std::string_view name, std::string_view fallback, std::string_view meaning) {
  return {.name = name,
          .type = SettingType::kInteger,
          .fallback = fallback,
          .least = 0,
          .most = kMostAMinute,
          .meaning = meaning};
}

}  // namespace

std::span<const Setting> settings() {
  constexpr std::int64_t kMostCounted = 10'000;
  static const std::array kRows{
      a_minute("USER_RATE_PER_MINUTE", "1000", "Requests of one user and the user's agents; 0 means without limit."),
      a_minute("ANONYMOUS_RATE_PER_MINUTE", "500",
               "Requests without a good token from one address, of IPv6 from one /64; 0 means without limit. "
               "The files of the web app and health do not count."),
      a_minute("POLL_RATE_PER_MINUTE", "12000",
               "Requests of open Socket.IO sessions from one address, of IPv6 from one /64; 0 means without "
               "limit. They count towards no other rate."),
      a_minute("CONNECTIONS_PER_ADDRESS", "1000",
               "Connections that one address, of IPv6 one /64, may have open, WebSockets included; further "
               "ones are closed at once; 0 means without limit."),
      a_minute("CONNECTIONS_PER_SECOND_PER_ADDRESS", "50",
               "Connections that one address may open a second, each with its TLS handshake; five seconds' "
               "worth at once; 0 means without limit."),
      Setting{.name = "THREAT_FAILURES_PER_10_MINUTES",
              .type = SettingType::kInteger,
              .fallback = "20",
              .least = 0,
              .most = kMostCounted,
              .meaning = "Accounts at which one address fails to sign in, and addresses that fail at one account, from "
                         "which on it is taken for an attack; 0: not watched."},
      Setting{.name = "THREAT_READS_PER_HOUR",
              .type = SettingType::kInteger,
              .fallback = "500",
              .least = 0,
              .most = kMostCounted,
              .meaning =
                  "Different documents that one user reads, from which on it is taken for a mass download; 0: not "
                  "watched."},
      Setting{.name = "THREAT_MISSES_PER_10_MINUTES",
              .type = SettingType::kInteger,
              .fallback = "100",
              .least = 0,
              .most = kMostCounted,
              .meaning = "Things that are not there for which one user or address asks, from which on it is taken for "
                         "guessing; 0: not watched."},
      Setting{.name = "LOCK_MINUTES",
              .type = SettingType::kInteger,
              .fallback = "15",
              .least = 0,
              .most = 10'080,
              .meaning = "How long who is taken for an attacker is locked out; 0: it is only told."},
      Setting{.name = "TRUSTED_PROXIES",
              .most = 4096,
              .meaning = "Addresses and blocks (10.0.0.0/8) of proxies before the hub whose word on who calls is "
                         "believed, separated by commas."},
      Setting{.name = "TRUSTED_PROXY_HEADER",
              .fallback = "x-forwarded-for",
              .meaning = "The header that these proxies write the caller's address to; the other one is not read.",
              .choices = {"x-forwarded-for", "forwarded"}},
  };
  return kRows;
}

Result<Options> options_from(const Config& config) {
  Options options;
  options.user_per_minute = config.integer("USER_RATE_PER_MINUTE");
  options.anonymous_per_minute = config.integer("ANONYMOUS_RATE_PER_MINUTE");
  options.sign_in_per_minute = config.integer("SIGN_IN_RATE_PER_MINUTE");
  options.polls_per_minute = config.integer("POLL_RATE_PER_MINUTE");
  options.connections_per_address = static_cast<std::size_t>(config.integer("CONNECTIONS_PER_ADDRESS"));
  options.connections_per_second = config.integer("CONNECTIONS_PER_SECOND_PER_ADDRESS");
  options.failures_per_10_minutes = config.integer("THREAT_FAILURES_PER_10_MINUTES");
  options.reads_per_hour = config.integer("THREAT_READS_PER_HOUR");
  options.misses_per_10_minutes = config.integer("THREAT_MISSES_PER_10_MINUTES");
  options.lock_minutes = config.integer("LOCK_MINUTES");
  options.keys = static_cast<std::size_t>(config.integer("RATE_LIMIT_KEYS"));
  const bool forwarded = config.string("TRUSTED_PROXY_HEADER") == "forwarded";
  TRY(options.proxies, TrustedProxies::parse(config.string("TRUSTED_PROXIES"),
                                             forwarded ? ProxyHeader::kForwarded : ProxyHeader::kXForwardedFor));
  return options;
}

}  // namespace concord::guard
