#include "kafka/options.h"

#include <algorithm>
#include <array>

#include "engines/option_checks.h"
#include "kafka/frame.h"

namespace concord::kafka {
namespace {

using engines::check_between;
using engines::invalid_option;
using engines::is_port;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::size_t kMaxPrefixBytes = 64;
constexpr std::size_t kMaxTopicBytes = 249;  // as Kafka has it
constexpr std::string_view kScheme = "kafka://";

bool is_broker(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  return colon != std::string_view::npos && colon > 0 && is_port(text.substr(colon + 1)) &&
         text.find_first_of("/@?#\"\\ \t\r\n") == std::string_view::npos;
}

Result<> check_brokers(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at <= text.size(); ++count) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    // What is between the commas may hold a password by mistake: it is not shown.
    if (!is_broker(text.substr(at, comma - at)))
      return invalid_option("KAFKA_BROKERS", "a broker is host:port; several have commas between them", "");
    at = comma + 1;
  }
  if (count > kMaxBrokers) return invalid_option("KAFKA_BROKERS", "at most 32 are named", std::to_string(count));
  return {};
}

bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Result<> check_prefix(std::string_view prefix) {
  if (prefix.size() <= kMaxPrefixBytes && is_topic_name(prefix)) return {};
  return invalid_option("KAFKA_TOPIC_PREFIX", "is 1 to 64 letters, digits, '.', '_' and '-'", prefix);
}

Result<> check_sign_in(const KafkaOptions& options) {
  constexpr std::array<std::string_view, 3> kMechanisms = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
  if (std::ranges::find(kMechanisms, options.mechanism) == kMechanisms.end())
    return invalid_option("KAFKA_SASL_MECHANISM", "is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", options.mechanism);
  if (options.user.empty() != options.password.empty())
    return invalid_option("KAFKA_USER", "goes together with KAFKA_PASSWORD", options.user);
  if (!options.ca_file.empty() && !options.tls)
    return invalid_option("KAFKA_CA_FILE", "is for brokers that speak TLS (KAFKA_TLS)", options.ca_file);
  return {};
}

}  // namespace

Result<> read_url(std::string_view url, KafkaOptions& options) {
  if (!url.starts_with(kScheme))
    return invalid_option("LOG_URL", "is kafka://host:port[,host:port…][/topic-prefix]", "");
  url.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  options.brokers = url.substr(0, slash);
  if (slash + 1 < url.size()) options.topic_prefix = url.substr(slash + 1);
  if (auto brokers = check_brokers(options.brokers); !brokers)
    return invalid_option("LOG_URL", "is kafka://host:port[,host:port…][/topic-prefix]", "");
  return check_prefix(options.topic_prefix);
}

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTopicBytes && std::ranges::all_of(name, is_allowed);
}

Result<> check(const KafkaOptions& options) {
  TRY_VOID(check_brokers(options.brokers));
  TRY_VOID(check_prefix(options.topic_prefix));
  TRY_VOID(check_sign_in(options));
  TRY_VOID(check_between("KAFKA_REPLICAS", options.replicas, 0, 100));
  TRY_VOID(check_between("KAFKA_CALL_TIMEOUT_MS", options.call_timeout_ms, 1, kHourMs));
  TRY_VOID(check_between("KAFKA_MESSAGE_TIMEOUT_MS", options.message_timeout_ms, 1, kHourMs));
  TRY_VOID(check_between("KAFKA_BACKOFF_MOST_MS", options.backoff_most_ms, 1, kHourMs));
  TRY_VOID(check_between("KAFKA_BACKOFF_LEAST_MS", options.backoff_least_ms, 1, options.backoff_most_ms));
  TRY_VOID(check_between("KAFKA_BREAKER_FAILURES", options.breaker_failures, 1, 1'000'000));
  TRY_VOID(check_between("KAFKA_BREAKER_MOST_MS", options.breaker_most_ms, 1, kHourMs));
  TRY_VOID(check_between("KAFKA_BREAKER_LEAST_MS", options.breaker_least_ms, 1, options.breaker_most_ms));
  TRY_VOID(check_between("KAFKA_PIPELINED", static_cast<std::int64_t>(options.pipelined), 1, 100));
  TRY_VOID(check_between("KAFKA_BATCH_BYTES", static_cast<std::int64_t>(options.batch_bytes), 1, kMaxBatchBytes));
  return check_between("KAFKA_READERS", static_cast<std::int64_t>(options.readers), 1, 64);
}

}  // namespace concord::kafka
