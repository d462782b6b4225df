#include "identity/share_links.h"

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "guard/address.h"

namespace concord::identity {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Value;

namespace {

constexpr std::string_view kSecretPrefix = "clk_";

/// Whoever has the secret and knows the password can make it; a new password makes another.
std::string visitor_token(std::string_view secret, std::string_view password_hash) {
  return std::string(kVisitorTokenPrefix) +
         crypto::base64url_encode(crypto::hmac_sha256(as_bytes(secret), as_bytes(password_hash)));
}

std::unexpected<Error> no_such_link() { return fail(Code::kNotFound, "there is no such link, or no longer"); }

std::unexpected<Error> refuse_password(std::string message) {
  return fail(Error{Code::kPermissionDenied, std::move(message), {{"field", "password"}}});
}

}  // namespace

ShareLinks::ShareLinks(const Options& options, Dependencies& dependencies, PasswordHasher& hasher,
                       std::function<void(SessionId)> ended)
    : options_(options),
      on_(dependencies),
      hasher_(hasher),
      ended_(std::move(ended)),
      tries_(on_.clock, options.sign_ins_per_minute, options.rate_limit_keys) {}

Result<> ShareLinks::may_be() const {
  if (options_.share_links) return {};
  return fail(Code::kPermissionDenied, "this hub shares nothing by links");
}

Result<> ShareLinks::take(const std::string& key) {
  const auto wait_s = tries_.try_take(key);
  if (!wait_s) return {};
  return fail(
      Error{Code::kRateLimited, "too many attempts; try again later", {{"retry_after", std::to_string(*wait_s)}}});
}

Task<> ShareLinks::record(std::string action, const ShareLink& link, std::string actor, By by) {
  audit::Event event{.action = std::move(action),
                     .actor = std::move(actor),
                     .target = link.thing,
                     .address = std::move(by.address),
                     .request_id = std::move(by.request_id)};
  event.detail.emplace_back("link", link.id.str());
  event.detail.emplace_back("level", to_string(link.most));
  event.detail.emplace_back("password", link.has_password ? "yes" : "no");
  return on_.audit.record(std::move(event));
}

Task<MadeLink> ShareLinks::make(By by, WantedLink wanted) {
  CO_TRY_VOID(may_be());
  std::string password_hash;
  if (wanted.password) {
    CO_TRY(password_hash, co_await hasher_.hash(std::move(*wanted.password)));
  }
  const std::string secret = std::string(kSecretPrefix) + crypto::base64url_encode(crypto::random_array<32>());
  MadeLink made{{.id = AgentId::make(on_.ids, by.user.slot()),
                 .name = std::move(wanted.name),
                 .thing = std::move(wanted.thing),
                 .most = wanted.most,
                 .has_password = !password_hash.empty(),
                 .made_by = by.user,
                 .created_ms = on_.clock.wall_ms(),
                 .expires_ms = wanted.expires_ms},
                secret};
  const ShareLink& link = made.link;
  CO_TRY(const Rows rows,
         co_await on_.tables.query(
             {"INSERT INTO identity_agents (id, owner, name, scopes, per_minute, created_ms, expires_ms, token_hash, "
              "link_thing, link_hash, link_password) SELECT $1, $2, $3, $4, 0, $5, $6, $7, $8, $9, $10 WHERE (SELECT "
              "COUNT(*) FROM identity_agents WHERE link_thing = $8 AND removed_ms IS NULL) < $11",
              {link.id.str(), link.made_by.str(), link.name, encode_scopes({{link.thing, link.most}}), link.created_ms,
               link.expires_ms, Agents::token_hash(visitor_token(secret, password_hash)), link.thing,
               Agents::token_hash(secret), password_hash, kMaxLinks}}));
  if (rows.affected == 0)
    co_return fail(Error{Code::kTooLarge, "it has too many links", {{"limit", std::to_string(kMaxLinks)}}});
  const std::string maker = by.user.str();
  CO_TRY_VOID(co_await record("link.made", link, maker, std::move(by)));
  co_return made;
}

Result<ShareLinks::Row> ShareLinks::row_of(const engines::Row& columns) {
  const auto id = AgentId::parse(as_string(columns[0]));
  const auto owner = UserId::parse(as_string(columns[1]));
  const auto scopes = decode_scopes(as_string(columns[3]));
  if (!id || !owner || !scopes || scopes->size() != 1)
    return fail(Code::kCorrupt, "a row of the table of links is malformed");
  const std::string password_hash = as_string(columns[8]);
  return Row{{.id = *id,
              .name = as_string(columns[2]),
              .thing = as_string(columns[7]),
              .most = scopes->front().most,
              .has_password = !password_hash.empty(),
              .made_by = *owner,
              .created_ms = as_integer(columns[4]),
              .expires_ms = as_integer(columns[5])},
             as_string(columns[6]),
             password_hash};
}

/// Living ones; `condition` names $2 and so on.
Task<std::vector<ShareLinks::Row>> ShareLinks::find(std::string condition, std::vector<Value> arguments) {
  arguments.insert(arguments.begin(), on_.clock.wall_ms());
  CO_TRY(const Rows rows,
         co_await on_.tables.query({"SELECT id, owner, name, scopes, created_ms, expires_ms, token_hash, link_thing, "
                                    "link_password FROM identity_agents WHERE removed_ms IS NULL AND (expires_ms = 0 "
                                    "OR expires_ms > $1) AND " +
                                        condition + " ORDER BY id",
                                    std::move(arguments)}));
  std::vector<Row> out;
  out.reserve(rows.rows.size());
  for (const engines::Row& columns : rows.rows) {
    CO_TRY(Row row, row_of(columns));
    out.push_back(std::move(row));
  }
  co_return out;
}

Task<std::vector<ShareLink>> ShareLinks::of(std::string thing) {
  CO_TRY(auto rows, co_await find("link_thing = $2", {std::move(thing)}));
  std::vector<ShareLink> out;
  out.reserve(rows.size());
  for (Row& row : rows) out.push_back(std::move(row.link));
  co_return out;
}

Task<> ShareLinks::remove(By by, std::string thing, AgentId id) {
  CO_TRY(const auto rows, co_await find("link_thing = $2 AND id = $3", {std::move(thing), id.str()}));
  if (rows.empty()) co_return no_such_link();
  const Row& row = rows.front();
  CO_TRY(const Rows changed,
         co_await on_.tables.query({"UPDATE identity_agents SET removed_ms = $2, token_hash = id, link_hash = NULL, "
                                    "link_password = '' WHERE id = $1 AND removed_ms IS NULL",
                                    {id.str(), on_.clock.wall_ms()}}));
  if (changed.affected == 0) co_return no_such_link();
  ended_(session_of(row.token_hash));
  const std::string remover = by.user.str();
  co_return co_await record("link.removed", row.link, remover, std::move(by));
}

Task<ShareLinks::Opened> ShareLinks::open(std::string secret, std::optional<std::string> password, By by) {
  CO_TRY_VOID(may_be());
  CO_TRY_VOID(take(guard::address_key(by.address)));
  CO_TRY(auto rows, co_await find("link_hash = $2 AND EXISTS (SELECT 1 FROM identity_users u WHERE u.id = owner AND "
                                  "u.deactivated_ms IS NULL)",
                                  {Agents::token_hash(secret)}));
  if (rows.empty()) co_return no_such_link();
  Row& row = rows.front();
  if (row.link.has_password) {
    if (!password) co_return refuse_password("the link has a password");
    CO_TRY_VOID(take(row.link.id.str()));
    CO_TRY(const bool right, co_await hasher_.verify(std::move(*password), row.password_hash));
    if (!right) {
      audit::Event refused{.action = "link.opened",
                           .actor = row.link.id.str(),
                           .target = row.link.thing,
                           .outcome = audit::Outcome::kRefused,
                           .address = std::move(by.address),
                           .request_id = std::move(by.request_id)};
      on_.audit.note(std::move(refused));
      co_return refuse_password("the password is wrong");
    }
  }
  CO_TRY_VOID(co_await record("link.opened", row.link, row.link.id.str(), std::move(by)));
  std::string token = visitor_token(secret, row.password_hash);
  co_return Opened{std::move(row.link), std::move(token)};
}

}  // namespace concord::identity
