#include "postgres/options.h"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <ranges>

namespace concord::postgres {
namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (const auto part : std::views::split(list, ',')) parts.emplace_back(part.begin(), part.end());
  return parts;
}

/// The one of a list that goes with the index-th host: there is one for each, or one for all.
std::string part_of(const std::vector<std::string>& parts, std::size_t index) {
  if (parts.empty()) return {};
  return parts[parts.size() == 1 ? 0 : index];
}

Result<std::map<std::string, std::string>> parse(const std::string& url) {
  const auto bad = [] { return fail(Code::kInvalidArgument, "the URL of PostgreSQL cannot be read"); };
  if (!url.starts_with("postgres://") && !url.starts_with("postgresql://")) return bad();
  char* words = nullptr;  // which may repeat the password
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &words);
  PQfreemem(words);
  if (options == nullptr) return bad();
  std::map<std::string, std::string> given;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) given.emplace(option->keyword, option->val);
  }
  PQconninfoFree(options);
  return given;
}

/// What holds for each of our connections.
std::string settings_of(const PoolOptions& options) {
  std::string isolation;
  for (const char c : options.isolation) isolation += c == ' ' ? std::string("\\ ") : std::string(1, c);
  return " -c default_transaction_isolation=" + isolation +
         " -c statement_timeout=" + std::to_string(options.statement_timeout_ms) +
         " -c lock_timeout=" + std::to_string(options.lock_timeout_ms) +
         " -c idle_in_transaction_session_timeout=" + std::to_string(options.idle_in_transaction_ms) +
         " -c client_connection_check_interval=2000 -c TimeZone=UTC -c standard_conforming_strings=on";
}

}  // namespace

Result<std::vector<Keywords>> servers_of(const PoolOptions& options) {
  TRY(auto given, parse(options.url));
  const std::vector<std::string> hosts = split(given["host"]);
  const std::vector<std::string> addresses = split(given["hostaddr"]);
  const std::vector<std::string> ports = split(given["port"]);
  const std::size_t count = std::max({hosts.size(), addresses.size(), std::size_t{1}});
  for (const auto* parts : {&hosts, &addresses, &ports}) {
    if (parts->size() > 1 && parts->size() != count)
      return fail(Code::kInvalidArgument, "the URL of PostgreSQL does not name as many ports as hosts");
  }
  for (const char* ours : {"host", "hostaddr", "port", "client_encoding"}) given.erase(ours);
  given["options"] += settings_of(options);
  given.try_emplace("target_session_attrs", "read-write");
  given.try_emplace("fallback_application_name", "concord");
  // A machine that is gone without a word is found out in half a minute.
  given.try_emplace("keepalives_idle", "15");
  given.try_emplace("keepalives_interval", "5");
  given.try_emplace("keepalives_count", "3");
  given["client_encoding"] = "UTF8";

  std::vector<Keywords> servers;
  for (std::size_t i = 0; i < count; ++i) {
    Keywords server(given.begin(), given.end());
    const auto add = [&server](const char* name, std::string value) {
      if (!value.empty()) server.emplace_back(name, std::move(value));
    };
    add("host", part_of(hosts, i));
    add("hostaddr", part_of(addresses, i));
    add("port", part_of(ports, i));
    servers.push_back(std::move(server));
  }
  return servers;
}

}  // namespace concord::postgres
