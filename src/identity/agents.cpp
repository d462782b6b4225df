#include "identity/agents.h"

#include <charconv>

#include "base/bytes.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace concord::identity {

using engines::as_integer;
using engines::as_string;
using engines::Row;
using engines::Rows;

namespace {

constexpr std::string_view kColumns =
    "a.id, a.owner, a.name, a.scopes, a.per_minute, a.created_ms, a.expires_ms, a.token_hash, a.link_thing";

Result<AgentRow> agent_of(const Row& row, std::size_t at = 0) {
  const auto id = AgentId::parse(as_string(row[at]));
  const auto owner = UserId::parse(as_string(row[at + 1]));
  auto scopes = decode_scopes(as_string(row[at + 3]));
  if (!id || !owner || !scopes) return fail(Code::kCorrupt, "a row of the table of agents is malformed");
  return AgentRow{.agent = {*id, as_string(row[at + 2]), std::move(*scopes), as_integer(row[at + 4]),
                            !engines::is_null(row[at + 8])},
                  .owner = *owner,
                  .created_ms = as_integer(row[at + 5]),
                  .expires_ms = as_integer(row[at + 6]),
                  .token_hash = as_string(row[at + 7])};
}

std::string select(std::string_view rest) {
  return "SELECT " + std::string(kColumns) + " FROM identity_agents a " + std::string(rest);
}

std::unexpected<Error> changed_meanwhile() { return fail(Code::kConflict, "the agent was changed meanwhile"); }
std::unexpected<Error> no_such_agent() { return fail(Code::kNotFound, "you have no such agent"); }

}  // namespace

/// `permission thing`, a line each: an identifier has no blank and no line feed.
std::string encode_scopes(const std::vector<Scope>& scopes) {
  std::string text;
  for (const Scope& scope : scopes) text += std::string(to_string(scope.most)) + " " + scope.thing + "\n";
  return text;
}

std::optional<std::vector<Scope>> decode_scopes(std::string_view text) {
  std::vector<Scope> scopes;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const std::size_t blank = line.find(' ');
    if (end == std::string_view::npos || blank == std::string_view::npos) return std::nullopt;
    const auto permission = parse_permission(line.substr(0, blank));
    if (!permission) return std::nullopt;
    scopes.push_back({std::string(line.substr(blank + 1)), *permission});
    text.remove_prefix(end + 1);
  }
  return scopes;
}

SessionId session_of(std::string_view token_hash) {
  Uuid uuid{};
  for (std::size_t i = 0; i < uuid.size() && 2 * i + 2 <= token_hash.size(); ++i)
    std::from_chars(token_hash.data() + 2 * i, token_hash.data() + 2 * i + 2, uuid[i], 16);
  return SessionId(uuid);
}

std::string Agents::make_token() {
  return std::string(kAgentTokenPrefix) + crypto::base64url_encode(crypto::random_array<32>());
}

std::string Agents::token_hash(std::string_view token) { return to_hex(crypto::sha256(as_bytes(token))); }

Task<> Agents::create(AgentRow row) {
  CO_TRY(
      const Rows made,
      co_await tables_.query(
          {"INSERT INTO identity_agents (id, owner, name, scopes, per_minute, created_ms, expires_ms, token_hash) "
           "SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT COUNT(*) FROM identity_agents WHERE owner = $2 AND "
           "removed_ms IS NULL AND link_thing IS NULL) < $9",
           {row.agent.id.str(), row.owner.str(), row.agent.name, encode_scopes(row.agent.scopes), row.agent.per_minute,
            row.created_ms, row.expires_ms, row.token_hash, static_cast<std::int64_t>(kMaxAgents)}}));
  if (made.affected == 0)
    co_return fail(Error{Code::kTooLarge, "you have too many agents", {{"limit", std::to_string(kMaxAgents)}}});
  co_return Result<>();
}

Task<> Agents::change(AgentRow row) {
  CO_TRY(const Rows changed,
         co_await tables_.query({"UPDATE identity_agents SET name = $3, scopes = $4, per_minute = $5, expires_ms = $6 "
                                 "WHERE id = $1 AND owner = $2 AND removed_ms IS NULL",
                                 {row.agent.id.str(), row.owner.str(), row.agent.name, encode_scopes(row.agent.scopes),
                                  row.agent.per_minute, row.expires_ms}}));
  if (changed.affected == 0) co_return no_such_agent();
  co_return Result<>();
}

Task<> Agents::replace_token(AgentRow row, std::string token_hash) {
  CO_TRY(const Rows changed,
         co_await tables_.query({"UPDATE identity_agents SET token_hash = $3 WHERE id = $1 AND token_hash = $2",
                                 {row.agent.id.str(), std::move(row.token_hash), std::move(token_hash)}}));
  if (changed.affected == 0) co_return changed_meanwhile();
  co_return Result<>();
}

Task<> Agents::remove(AgentRow row, std::int64_t now_ms) {
  CO_TRY(const Rows changed,
         co_await tables_.query(
             {"UPDATE identity_agents SET removed_ms = $3, token_hash = id WHERE id = $1 AND token_hash = $2",
              {row.agent.id.str(), std::move(row.token_hash), now_ms}}));
  if (changed.affected == 0) co_return changed_meanwhile();
  co_return Result<>();
}

Task<std::optional<Agent>> Agents::find_living(AgentId id, std::int64_t now_ms) {
  CO_TRY(const Rows found,
         co_await tables_.query({select("WHERE a.id = $1 AND a.removed_ms IS NULL AND (a.expires_ms = "
                                        "0 OR a.expires_ms > $2) AND EXISTS (SELECT 1 FROM identity_users u WHERE "
                                        "u.id = a.owner AND u.deactivated_ms IS NULL)"),
                                 {id.str(), now_ms}}));
  if (found.empty()) co_return std::nullopt;
  CO_TRY(AgentRow row, agent_of(found.rows.front()));
  co_return std::optional(std::move(row.agent));
}

Task<std::optional<AgentRow>> Agents::find(UserId owner, AgentId id) {
  CO_TRY(const Rows found,
         co_await tables_.query(
             {select("WHERE a.id = $1 AND a.owner = $2 AND a.removed_ms IS NULL AND a.link_thing IS NULL"),
              {id.str(), owner.str()}}));
  if (found.empty()) co_return std::nullopt;
  CO_TRY(AgentRow row, agent_of(found.rows.front()));
  co_return std::optional(std::move(row));
}

Task<std::vector<AgentRow>> Agents::list(UserId owner) {
  CO_TRY(const Rows found,
         co_await tables_.query(
             {select("WHERE a.owner = $1 AND a.removed_ms IS NULL AND a.link_thing IS NULL ORDER BY a.id"),
              {owner.str()}}));
  std::vector<AgentRow> out;
  out.reserve(found.rows.size());
  for (const Row& row : found.rows) {
    CO_TRY(AgentRow agent, agent_of(row));
    out.push_back(std::move(agent));
  }
  co_return out;
}

Task<std::optional<Agents::Holder>> Agents::find_by_token(std::string token_hash) {
  CO_TRY(const Rows found,
         co_await tables_.query({"SELECT " + std::string(kAccountColumns) + ", " + std::string(kColumns) +
                                     " FROM identity_agents a JOIN identity_users u ON u.id = a.owner WHERE "
                                     "a.token_hash = $1 AND a.removed_ms IS NULL AND u.deactivated_ms IS NULL",
                                 {std::move(token_hash)}}));
  if (found.empty()) co_return std::nullopt;
  const Row& row = found.rows.front();
  CO_TRY(Account owner, account_of(row));
  CO_TRY(AgentRow agent, agent_of(row, row.size() - 9));
  co_return Holder{std::move(agent), std::move(owner)};
}

Task<std::vector<std::pair<AgentId, std::string>>> Agents::names(std::vector<AgentId> ids) {
  std::vector<std::pair<AgentId, std::string>> out;
  if (ids.empty()) co_return out;
  engines::Statement statement{"SELECT id, name FROM identity_agents WHERE id IN (", {}};
  for (const AgentId id : ids) {
    statement.sql += (statement.arguments.empty() ? "$" : ", $") + std::to_string(statement.arguments.size() + 1);
    statement.arguments.emplace_back(id.str());
  }
  statement.sql += ")";
  CO_TRY(const Rows found, co_await tables_.query(std::move(statement)));
  out.reserve(found.rows.size());
  for (const Row& row : found.rows)
    if (const auto id = AgentId::parse(as_string(row[0]))) out.emplace_back(*id, as_string(row[1]));
  co_return out;
}

}  // namespace concord::identity
