#include "identity/access_tokens.h"

#include "crypto/base64.h"
#include "crypto/claims.h"
#include "crypto/random.h"
#include "identity/share_links.h"

namespace concord::identity {

namespace {

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

Counter& checks(Metrics& metrics, std::string result) {
  return metrics.counter(
      "concord_identity_token_checks_total",
      "Access tokens checked: found among those checked before, verified (of a session that is known, "
      "or with a look into the tables), or refused.",
      {{"result", std::move(result)}});
}

/// Under which the cache knows who has a session, whatever its tokens are.
crypto::Sha256 session_key(SessionId session) { return crypto::sha256(as_bytes("session " + session.str())); }

std::unexpected<Error> second_step_wanted() {
  return fail(
      Error{Code::kPermissionDenied, "this hub asks for a second step of signing in: set one up first", {}}.with(
          "reason", "second_factor_required"));
}

Task<Authenticated> ready(std::shared_ptr<const Authenticated> holder, bool setting_up) {
  if (holder->must_set_up && !setting_up) co_return second_step_wanted();
  co_return *holder;
}

}  // namespace

std::unexpected<Error> refuse_token(std::string_view reason, std::string message) {
  return fail(Error{Code::kUnauthenticated, std::move(message), {}}.with("reason", std::string(reason)));
}

AccessTokens::AccessTokens(const Options& options, const KeyRing& keys, Sessions& sessions, Agents& agents,
                           const EndedSessions& ended, Clock& clock, Metrics& metrics)
    : issuer_(options.issuer),
      audience_(options.audience),
      lifetime_s_(options.access_token_seconds),
      guests_until_verified_(options.require_verified_email),
      demand_(options.require_second_factor),
      share_links_(options.share_links),
      keys_(keys),
      sessions_(sessions),
      agents_(agents),
      ended_(ended),
      clock_(clock),
      cached_(checks(metrics, "cached")),
      of_known_session_(checks(metrics, "session")),
      cold_(checks(metrics, "cold")),
      refused_(checks(metrics, "refused")),
      cache_(options.token_cache_entries,
             metrics.gauge("concord_identity_token_cache_entries", "Checked access tokens that are remembered.")) {}

Result<std::string> AccessTokens::issue(UserId user, SessionId session) const {
  const std::int64_t now_s = clock_.wall_ms() / 1000;
  const crypto::Claims claims{.issuer = issuer_,
                              .subject = user.str(),
                              .audience = audience_,
                              .expires_s = now_s + lifetime_s_,
                              .issued_s = now_s,
                              .not_before_s = now_s,
                              .token_id = crypto::base64url_encode(crypto::random_array<16>()),
                              .session_id = session.str()};
  return crypto::sign_compact(keys_.current()->signer, kAccessTokenType, crypto::encode_claims(claims));
}

Result<AccessTokens::Verified> AccessTokens::verify(std::string_view token) const {
  TRY(const std::string payload, keys_.current()->verifier.verify(token));
  TRY(const crypto::Claims claims, crypto::parse_claims(payload));
  TRY_VOID(crypto::check_claims(claims, {.issuer = issuer_, .audience = audience_, .now_s = clock_.wall_ms() / 1000}));
  const auto user = UserId::parse(claims.subject);
  const auto session = SessionId::parse(claims.session_id);
  if (!user || !session) return refuse_token("malformed", "the token's claims are malformed: they name no user");
  return Verified{*user, *session, claims.expires_s * 1000};
}

std::shared_ptr<const Authenticated> AccessTokens::known(std::string_view token) {
  if (token.size() > crypto::kMaxTokenBytes) return nullptr;
  auto holder = cache_.find(crypto::sha256(as_bytes(token)), clock_.wall_ms());
  if (holder && ended_.contains(holder->session)) return nullptr;
  return holder;
}

Task<Authenticated> AccessTokens::check(std::string_view token, bool setting_up) {
  if (token.size() > crypto::kMaxTokenBytes)
    token = token.substr(0, crypto::kMaxTokenBytes + 1);  // refused by its length
  const crypto::Sha256 digest = crypto::sha256(as_bytes(token));
  if (auto holder = cache_.find(digest, clock_.wall_ms()); holder && !ended_.contains(holder->session)) {
    cached_.add();
    return ready(std::move(holder), setting_up);
  }
  if (token.starts_with(kAgentTokenPrefix) || token.starts_with(kVisitorTokenPrefix))
    return check_agent(std::string(token), digest);
  return check_cold(std::string(token), digest, setting_up);
}

/// Of an agent, or of a link. A live session of one without end lasts a day, and may be opened again.
Task<Authenticated> AccessTokens::check_agent(std::string token, crypto::Sha256 digest) {
  const std::uint64_t generation = cache_.generation();
  CO_TRY(auto found, co_await agents_.find_by_token(Agents::token_hash(token)));
  if (!found || (found->row.agent.link && !share_links_)) {
    refused_.add();
    co_return refuse_token("agent", "no agent or link has this token, or no longer");
  }
  const std::int64_t now_ms = clock_.wall_ms();
  const std::int64_t expires_ms = found->row.expires_ms == 0 ? now_ms + kDayMs : found->row.expires_ms;
  if (expires_ms <= now_ms) {
    refused_.add();
    co_return refuse_token("expired", "the agent's token has expired");
  }
  if (!found->row.agent.link && lacks_second_step(found->owner.principal.role, found->owner.has_second_step, demand_)) {
    refused_.add();
    co_return second_step_wanted();
  }
  found->owner.principal.role = acting_role(found->owner, guests_until_verified_);
  auto holder = std::make_shared<const Authenticated>(
      Authenticated{.principal = std::move(found->owner.principal),
                    .expires_ms = expires_ms,
                    .session = session_of(found->row.token_hash),
                    .agent = std::make_shared<const Agent>(std::move(found->row.agent))});
  cache_.put(digest, holder, generation);
  cold_.add();
  co_return *holder;
}

Task<Authenticated> AccessTokens::check_cold(std::string token, crypto::Sha256 digest, bool setting_up) {
  const auto verified = verify(token);
  if (!verified) {
    refused_.add();
    co_return fail(verified.error());
  }
  const std::uint64_t generation = cache_.generation();
  const crypto::Sha256 session = session_key(verified->session);
  if (const auto known = cache_.find(session, clock_.wall_ms());
      known && known->principal.id == verified->user && !ended_.contains(verified->session)) {
    auto holder = std::make_shared<Authenticated>(*known);
    holder->expires_ms = verified->expires_ms;
    cache_.put(digest, holder, generation);
    of_known_session_.add();
    co_return co_await ready(std::move(holder), setting_up);
  }
  CO_TRY(std::optional<Account> account, co_await sessions_.account_of_living(verified->user, verified->session));
  if (!account) {
    refused_.add();
    co_return refuse_token("session", "the token's session has ended; sign in again");
  }
  const bool lacks = lacks_second_step(account->principal.role, account->has_second_step, demand_);
  account->principal.role = acting_role(*account, guests_until_verified_);
  auto holder = std::make_shared<const Authenticated>(
      Authenticated{std::move(account->principal), verified->expires_ms, verified->session, nullptr, lacks});
  cache_.put(digest, holder, generation);
  // Until a token after the next: `ended_` knows of an ended session for as long as any of its tokens could be good.
  auto next = std::make_shared<Authenticated>(*holder);
  next->expires_ms += 2 * lifetime_s_ * 1000;
  cache_.put(session, std::move(next), generation);
  cold_.add();
  co_return co_await ready(std::move(holder), setting_up);
}

}  // namespace concord::identity
