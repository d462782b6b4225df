#pragma once
// The table of agents, and the form of their tokens: "cct_" and 32 random bytes in base64url. Only a token's SHA-256 is
// stored, so it is shown once, when it is made. Links (share_links.h) are rows of it too, found by their tokens and
// identifiers alone. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engines/tables.h"
#include "identity/accounts.h"
#include "identity/principal.h"

namespace concord::identity {

constexpr std::string_view kAgentTokenPrefix = "cct_";

struct AgentRow {
  Agent agent;
  UserId owner;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;  // wall clock; 0: never
  std::string token_hash;
};

/// As the table has them; nullopt where they are malformed.
std::string encode_scopes(const std::vector<Scope>& scopes);
std::optional<std::vector<Scope>> decode_scopes(std::string_view text);

/// What a token of an agent has open is known by.
SessionId session_of(std::string_view token_hash);

class Agents {
 public:
  explicit Agents(engines::Tables& tables) : tables_(tables) {}

  static constexpr std::size_t kMaxAgents = 100;  // of one user
  static constexpr std::size_t kMaxScopes = 64;   // of one agent

  /// A new token, and what is stored of it.
  static std::string make_token();
  static std::string token_hash(std::string_view token);

  /// kTooLarge past kMaxAgents.
  Task<> create(AgentRow row);
  /// Name, scopes, rate and expiry; kNotFound where the owner has no such agent.
  Task<> change(AgentRow row);
  /// kConflict where `row`, as it was found, has another token by now.
  Task<> replace_token(AgentRow row, std::string token_hash);
  /// Likewise. Its name stays known, for what it has written.
  Task<> remove(AgentRow row, std::int64_t now_ms);
  Task<std::optional<AgentRow>> find(UserId owner, AgentId id);
  /// In the order of their making.
  Task<std::vector<AgentRow>> list(UserId owner);

  struct Holder {
    AgentRow row;
    Account owner;
  };
  /// Whose token has this hash, also where it has expired; absent too where the owner is deactivated.
  Task<std::optional<Holder>> find_by_token(std::string token_hash);
  /// Absent where it was removed, has expired at `now_ms`, or its owner is deactivated.
  Task<std::optional<Agent>> find_living(AgentId id, std::int64_t now_ms);
  /// Names of those that exist or did.
  Task<std::vector<std::pair<AgentId, std::string>>> names(std::vector<AgentId> ids);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::identity
