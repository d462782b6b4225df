#include "identity/identity.h"

#include <algorithm>
#include <cassert>

#include "changes/changes.h"
#include "guard/other_nodes.h"
#include "identity/access_tokens.h"
#include "identity/account_changes.h"
#include "identity/account_mails.h"
#include "identity/account_notices.h"
#include "identity/account_removal.h"
#include "identity/account_routes.h"
#include "identity/accounts.h"
#include "identity/agent_routes.h"
#include "identity/agents.h"
#include "identity/ended_sessions.h"
#include "identity/groups.h"
#include "identity/invitations.h"
#include "identity/key_routes.h"
#include "identity/leaving_routes.h"
#include "identity/migrations.h"
#include "identity/oauth_routes.h"
#include "identity/passkey_routes.h"
#include "identity/password_hasher.h"
#include "identity/people_routes.h"
#include "identity/routes.h"
#include "identity/second_factor_routes.h"
#include "identity/service_routes.h"
#include "identity/sessions.h"
#include "identity/setup_token.h"
#include "identity/share_link_routes.h"
#include "identity/share_links.h"
#include "identity/sign_in.h"
#include "net/http.h"

namespace concord::identity {

namespace {

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

Task<Authenticated> refused(std::string_view reason, std::string message) { co_return refuse_token(reason, message); }

std::optional<Principal> principal_of(std::optional<Account> account) {
  if (!account) return std::nullopt;
  return std::move(account->principal);
}

Task<Authenticated> for_users(Task<Authenticated> authenticating) {
  CO_TRY(Authenticated who, co_await std::move(authenticating));
  if (who.agent) co_return fail(Code::kPermissionDenied, "this is for users; an agent may not do it");
  co_return who;
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view kBearer = "bearer";
  return scheme.size() == kBearer.size() &&
         std::equal(scheme.begin(), scheme.end(), kBearer.begin(), [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

struct Identity::State {
  State(Options o, Dependencies d)
      : options(std::move(o)),
        on(std::move(d)),
        accounts(on.tables),
        groups(on.tables, options.require_verified_email, options.require_second_factor),
        agents(on.tables),
        agent_rate(on.clock, 0, options.rate_limit_keys),
        invitations(on.tables),
        factors(on.tables, on.vault),
        passkey_store(on.tables),
        tickets(on.tables),
        sessions(on.tables,
                 {.lifetime_ms = options.refresh_token_days * kDayMs, .per_user = options.sessions_per_user}),
        ended(on.clock, options.access_token_seconds * 1000),
        keys(on.tables, on.blocking, on.clock, on.vault,
             {.renew_ms = options.signing_key_days * kDayMs, .token_ms = options.access_token_seconds * 1000}),
        services(on.tables),
        mails(options, on.mailer),
        notices(accounts, mails, on.logger),
        hasher(options.password_cost, options.hash_threads, options.hash_queue, on.metrics) {
    if (on.guards != nullptr) agent_rate.share(on.guards->buckets(), "agent");
  }

  const Options options;
  Dependencies on;
  Accounts accounts;
  Groups groups;
  Agents agents;
  guard::RateLimiter agent_rate;
  Invitations invitations;
  SecondFactorStore factors;
  PasskeyStore passkey_store;
  Tickets tickets;
  Sessions sessions;
  EndedSessions ended;
  KeyRing keys;
  Services services;
  AccountMails mails;
  AccountNotices notices;
  PasswordHasher hasher;
  // Made by start, when the keys are known.
  std::unique_ptr<AccessTokens> tokens;
  std::unique_ptr<KeyRoutes> key_routes;
  std::unique_ptr<ServiceRoutes> service_routes;
  std::unique_ptr<SignIn> sign_in;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<PeopleRoutes> people;
  std::unique_ptr<AgentRoutes> agent_routes;
  std::unique_ptr<AccountChanges> changes;
  std::unique_ptr<AccountRoutes> account_routes;
  std::unique_ptr<Passkeys> passkeys;
  std::unique_ptr<PasskeyRoutes> passkey_routes;
  std::unique_ptr<ProviderHttp> provider_http;  // where there are providers
  std::unique_ptr<OAuthSignIn> oauth;
  std::unique_ptr<OAuthRoutes> oauth_routes;
  std::unique_ptr<SecondFactor> second_factor;
  std::unique_ptr<SecondFactorRoutes> second_factor_routes;
  std::unique_ptr<AccountRemoval> removal;
  std::unique_ptr<LeavingRoutes> leaving;
  std::unique_ptr<ShareLinks> share_links;
  std::unique_ptr<ShareLinkRoutes> share_link_routes;
  std::vector<std::function<void()>> membership_listeners;

  Task<Authenticated> authenticate(const net::Request& request, bool setting_up);

  void membership_changed() {
    membership_heard();
    tell(kAccounts);
  }
  void membership_heard() {
    tokens->forget_holders();
    for (const auto& listener : membership_listeners) listener();
  }
  void keys_changed() {
    tokens->forget_holders();
    tell(kKeys);
  }

  // What nodes tell each other.
  static constexpr const char* kSessions = "identity.session";  // its identifier: it has ended
  static constexpr const char* kAccounts = "identity.accounts";
  static constexpr const char* kKeys = "identity.keys";
  void tell(const char* topic, std::string what = {}) const {
    if (on.changes != nullptr) on.changes->tell(topic, std::move(what));
  }
  void listen_to_others();
  Task<> hear_session(std::optional<std::string> what);
  Task<> hear_accounts();
  Task<> hear_keys();
};

void Identity::State::listen_to_others() {
  if (on.changes == nullptr) return;
  ended.tell_others_by([this](SessionId session) { tell(kSessions, session.str()); });
  on.changes->listen(kSessions, [this](std::optional<std::string> what) { return hear_session(std::move(what)); });
  on.changes->listen(kAccounts, [this](const std::optional<std::string>&) { return hear_accounts(); });
  on.changes->listen(kKeys, [this](const std::optional<std::string>&) { return hear_keys(); });
}

Task<> Identity::State::hear_accounts() {
  sign_in->account_gone();  // it may have been the last one
  membership_heard();
  co_return Result<>();
}

Task<> Identity::State::hear_keys() {
  CO_TRY_VOID(co_await keys.load());
  tokens->forget_holders();
  co_return Result<>();
}

Task<> Identity::State::hear_session(std::optional<std::string> what) {
  if (what) {
    if (const auto session = SessionId::parse(*what)) ended.heard(*session);
    co_return Result<>();
  }
  // Any may have: those whose tokens can be good still, by clocks that differ. Rows that are gone tell nothing; their
  // tokens are refused, for what is known of holders is forgotten as well.
  constexpr std::int64_t kSkewMs = 60'000;
  constexpr std::int64_t kMost = 100'000;
  const std::int64_t since_ms = on.clock.wall_ms() - options.access_token_seconds * 1000 - kSkewMs;
  CO_TRY(const auto gone, co_await sessions.ended_since(since_ms, kMost));
  for (const SessionId session : gone) ended.heard(session);
  tokens->forget_holders();
  co_return Result<>();
}

Identity::Identity(Options options, Dependencies dependencies)
    : state_(std::make_unique<State>(std::move(options), std::move(dependencies))) {}

Identity::~Identity() { stop(); }

void Identity::stop() {
  state_->hasher.stop();
  if (state_->provider_http) state_->provider_http->stop();
}

Task<> Identity::start() {
  State& s = *state_;
  CO_TRY_VOID(co_await s.on.tables.migrate(migrations()));
  CO_TRY_VOID(co_await s.on.tables.migrate(Services::migrations()));
  CO_TRY_VOID(co_await s.hasher.start());
  CO_TRY_VOID(co_await s.keys.load());
  CO_TRY(const bool has_account, co_await s.accounts.any());
  std::optional<std::string> setup_token;
  if (!has_account && s.options.first_account_needs_token) {
    CO_TRY(setup_token, co_await load_setup_token(s.on.tables, s.on.clock));
  }
  s.tokens = std::make_unique<AccessTokens>(s.options, s.keys, s.sessions, s.agents, s.ended, s.on.clock, s.on.metrics);
  s.service_routes = std::make_unique<ServiceRoutes>(s.options, s.on, *this, s.services, s.keys);
  s.key_routes = std::make_unique<KeyRoutes>(s.on, *this, s.keys, [state = &s] { state->keys_changed(); });
  const auto agent_changed = [state = &s](std::optional<SessionId> ended) {
    if (ended) state->ended.add(*ended);  // first: who has signed out is told that, and not that nothing is shared
    state->membership_changed();
  };
  s.agent_routes = std::make_unique<AgentRoutes>(s.on, *this, s.agents, agent_changed);
  s.share_links = std::make_unique<ShareLinks>(s.options, s.on, s.hasher, agent_changed);
  s.share_link_routes = std::make_unique<ShareLinkRoutes>(*s.share_links);
  s.sign_in = std::make_unique<SignIn>(s.options, s.on, s.accounts, s.invitations, s.factors, s.tickets, s.sessions,
                                       s.ended, s.hasher, *s.tokens, std::move(setup_token), has_account);
  s.changes = std::make_unique<AccountChanges>(s.on, s.accounts, s.ended, s.hasher, *s.sign_in, s.mails, s.notices,
                                               [state = &s] { state->membership_changed(); });
  // What an account may do depends on its second step only where one is demanded.
  const auto factors_changed = [state = &s] {
    if (state->options.require_second_factor != SecondFactorDemand::kNobody) state->membership_changed();
  };
  s.passkeys =
      std::make_unique<Passkeys>(s.options, s.on, s.accounts, s.passkey_store, *s.sign_in, s.notices, factors_changed);
  s.passkey_routes = std::make_unique<PasskeyRoutes>(s.options, *this, *s.passkeys);
  s.second_factor = std::make_unique<SecondFactor>(s.options, s.on, s.accounts, s.factors, s.tickets, s.ended,
                                                   *s.sign_in, *s.changes, s.notices, *s.passkeys, factors_changed);
  s.second_factor_routes = std::make_unique<SecondFactorRoutes>(s.options, *this, *s.second_factor, *s.passkeys);
  s.routes = std::make_unique<Routes>(s.options, *this, *s.sign_in, *s.changes, s.accounts, *s.passkeys);
  if (!s.options.providers.empty()) s.provider_http = std::make_unique<ProviderHttp>();
  s.oauth = std::make_unique<OAuthSignIn>(
      s.options, s.on, s.accounts, *s.sign_in, s.notices,
      [http = s.provider_http.get()](ProviderRequest request) { return http->ask(std::move(request)); });
  s.oauth_routes = std::make_unique<OAuthRoutes>(
      s.options, *this, *s.oauth, *s.changes,
      [routes = s.routes.get()](auto signed_in, int status) { return routes->answer(std::move(signed_in), status); });
  s.people = std::make_unique<PeopleRoutes>(s.on, *this, s.accounts, s.factors, s.groups,
                                            [state = &s] { state->membership_changed(); });
  s.removal = std::make_unique<AccountRemoval>(s.on, s.accounts, s.ended, *s.sign_in,
                                               [state = &s] { state->membership_changed(); });
  s.leaving = std::make_unique<LeavingRoutes>(s.options, *this, *s.removal, s.accounts, *s.sign_in, s.groups, s.agents,
                                              s.passkey_store, *s.oauth);
  s.account_routes = std::make_unique<AccountRoutes>(s.options, s.on, *this, *s.changes, s.invitations, s.mails);
  s.listen_to_others();
  co_return Result<>();
}

void Identity::add_routes(net::Router& router) {
  assert(state_->routes != nullptr);
  state_->routes->add_to(router);
  state_->key_routes->add_to(router);
  state_->service_routes->add_to(router);
  state_->people->add_to(router);
  state_->agent_routes->add_to(router);
  state_->account_routes->add_to(router);
  state_->leaving->add_to(router);
  state_->share_link_routes->add_to(router);
  state_->second_factor_routes->add_to(router);
  state_->passkey_routes->add_to(router);
  state_->oauth_routes->add_to(router);
}

std::optional<std::string> Identity::setup_token() const {
  assert(state_->sign_in != nullptr);
  return state_->sign_in->setup_token();
}

void Identity::on_session_ended(std::function<void(SessionId)> ended) { state_->ended.listen(std::move(ended)); }

bool Identity::has_ended(SessionId session) const { return state_->ended.contains(session); }

Task<Authenticated> Identity::authenticate_bearer(std::string_view token) { return state_->tokens->check(token); }

std::shared_ptr<const Authenticated> Identity::known_bearer(std::string_view token) {
  return state_->tokens->known(token);
}

Task<Authenticated> Identity::authenticate(const net::Request& request) { return for_users(authenticate_any(request)); }

Task<Authenticated> Identity::authenticate_setting_up(const net::Request& request) {
  return for_users(state_->authenticate(request, true));
}

Task<Authenticated> Identity::authenticate_any(const net::Request& request) {
  return [](Task<Authenticated> authenticating) -> Task<Authenticated> {
    CO_TRY(Authenticated who, co_await std::move(authenticating));
    if (who.agent && who.agent->link)
      co_return fail(Code::kPermissionDenied, "this needs an account; a link does not let in to it");
    co_return who;
  }(authenticate_visitor(request));
}

Task<Authenticated> Identity::authenticate_visitor(const net::Request& request) {
  return state_->authenticate(request, false);
}

Task<Authenticated> Identity::State::authenticate(const net::Request& request, bool setting_up) {
  const std::string_view header = request.header("authorization");
  if (header.empty()) return refused("missing", "no access token: send it as 'Authorization: Bearer <token>'");
  const auto blank = header.find(' ');
  const auto token = blank == std::string_view::npos ? blank : header.find_first_not_of(' ', blank);
  if (!is_bearer(header.substr(0, blank)) || token == std::string_view::npos)
    return refused("malformed", "the Authorization header is not 'Bearer <token>'");
  return [](State& s, Task<Authenticated> checking) -> Task<Authenticated> {
    CO_TRY(Authenticated who, co_await std::move(checking));
    if (who.agent && who.agent->per_minute > 0) {
      const auto wait_s = s.agent_rate.try_take(who.agent->id.str(), who.agent->per_minute);
      if (wait_s)
        co_return fail(
            Error{Code::kRateLimited,
                  "the agent asks too often",
                  {{"limit", std::to_string(who.agent->per_minute)}, {"retry_after", std::to_string(*wait_s)}}});
    }
    co_return who;
  }(*this, tokens->check(header.substr(token), setting_up));
}

Task<> Identity::require_admin(const net::Request& request) {
  return [](Task<Authenticated> authenticating) -> Task<> {
    CO_TRY(const Authenticated who, co_await std::move(authenticating));
    if (!administers(who.principal.role)) co_return fail(Code::kPermissionDenied, "only an admin may do this");
    co_return Result<>();
  }(authenticate(request));
}

Task<Membership> Identity::membership(UserId id) { return state_->groups.membership(id); }

Task<std::shared_ptr<const Agent>> Identity::living_agent(AgentId id) {
  CO_TRY(auto agent, co_await state_->agents.find_living(id, state_->on.clock.wall_ms()));
  if (!agent) co_return std::shared_ptr<const Agent>();
  co_return std::make_shared<const Agent>(std::move(*agent));
}

void Identity::on_membership_changed(std::function<void()> changed) {
  state_->membership_listeners.push_back(std::move(changed));
}

Task<MadeLink> Identity::make_share_link(By by, WantedLink wanted) {
  return state_->share_links->make(std::move(by), std::move(wanted));
}

Task<std::vector<ShareLink>> Identity::share_links(std::string thing) {
  return state_->share_links->of(std::move(thing));
}

Task<> Identity::remove_share_link(By by, std::string thing, AgentId id) {
  return state_->share_links->remove(std::move(by), std::move(thing), id);
}

Task<std::optional<std::string>> Identity::group_name(GroupId id) {
  CO_TRY(auto group, co_await state_->groups.find(id));
  if (!group) co_return std::nullopt;
  co_return std::move(group->name);
}

void Identity::on_account_removed(std::function<Task<>(UserId)> remove) { state_->removal->listen(std::move(remove)); }

Task<> Identity::look_after_keys() {
  State& s = *state_;
  CO_TRY(const auto made, co_await s.keys.look_after());
  if (!made) co_return Result<>();
  s.tell(State::kKeys);
  co_return co_await s.on.audit.record({.action = "signing_key.made", .target = *made});
}

Task<> Identity::finish_removals() { return state_->removal->finish_all(); }

void Identity::export_documents_by(DocumentsExport documents) {
  state_->leaving->export_documents_by(std::move(documents));
}

Task<std::optional<Principal>> Identity::find_user(UserId id) {
  CO_TRY(auto account, co_await state_->accounts.find(id));
  co_return principal_of(std::move(account));
}

Task<std::optional<Principal>> Identity::find_user_by_email(std::string email) {
  const auto parsed = Email::parse(email);
  if (!parsed) co_return std::optional<Principal>();
  CO_TRY(auto account, co_await state_->accounts.find_by_email(parsed->key));
  co_return principal_of(std::move(account));
}

Task<std::optional<Principal>> Identity::find_user(std::string text) {
  const auto id = UserId::parse(text);
  return id ? find_user(*id) : find_user_by_email(std::move(text));
}

Task<std::map<std::string, std::string>> Identity::names_of(std::vector<std::string> principals) {
  std::vector<UserId> users;
  std::vector<AgentId> agents;
  for (const std::string& principal : principals) {
    if (const auto user = UserId::parse(principal)) users.push_back(*user);
    if (const auto agent = AgentId::parse(principal)) agents.push_back(*agent);
  }
  std::map<std::string, std::string> out;
  CO_TRY(auto people, co_await state_->accounts.find_all(std::move(users)));
  for (Principal& one : people) out.emplace(one.id.str(), std::move(one.name));
  CO_TRY(auto named, co_await state_->agents.names(std::move(agents)));
  for (auto& [id, name] : named) out.emplace(id.str(), std::move(name));
  co_return out;
}

Task<std::vector<Principal>> Identity::find_users(std::vector<UserId> ids) {
  return state_->accounts.find_all(std::move(ids));
}

}  // namespace concord::identity
