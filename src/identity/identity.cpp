#include "identity/identity.h"

#include <algorithm>
#include <cassert>

#include "identity/access_tokens.h"
#include "identity/account_changes.h"
#include "identity/account_mails.h"
#include "identity/account_removal.h"
#include "identity/account_routes.h"
#include "identity/accounts.h"
#include "identity/agent_routes.h"
#include "identity/agents.h"
#include "identity/ended_sessions.h"
#include "identity/groups.h"
#include "identity/invitations.h"
#include "identity/leaving_routes.h"
#include "identity/migrations.h"
#include "identity/password_hasher.h"
#include "identity/people_routes.h"
#include "identity/routes.h"
#include "identity/second_factor_routes.h"
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
        groups(on.tables, options.require_verified_email),
        agents(on.tables),
        agent_rate(on.clock, 0, options.rate_limit_keys),
        invitations(on.tables),
        factors(on.tables, on.vault),
        tickets(on.tables),
        sessions(on.tables,
                 {.lifetime_ms = options.refresh_token_days * kDayMs, .per_user = options.sessions_per_user}),
        ended(on.clock, options.access_token_seconds * 1000),
        mails(options, on.mailer),
        hasher(options.password_cost, options.hash_threads, options.hash_queue, on.metrics) {}

  const Options options;
  Dependencies on;
  Accounts accounts;
  Groups groups;
  Agents agents;
  guard::RateLimiter agent_rate;
  Invitations invitations;
  SecondFactorStore factors;
  Tickets tickets;
  Sessions sessions;
  EndedSessions ended;
  AccountMails mails;
  PasswordHasher hasher;
  // Made by start, when the keys are known.
  std::unique_ptr<AccessTokens> tokens;
  std::unique_ptr<SignIn> sign_in;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<PeopleRoutes> people;
  std::unique_ptr<AgentRoutes> agent_routes;
  std::unique_ptr<AccountChanges> changes;
  std::unique_ptr<AccountRoutes> account_routes;
  std::unique_ptr<SecondFactor> second_factor;
  std::unique_ptr<SecondFactorRoutes> second_factor_routes;
  std::unique_ptr<AccountRemoval> removal;
  std::unique_ptr<LeavingRoutes> leaving;
  std::unique_ptr<ShareLinks> share_links;
  std::unique_ptr<ShareLinkRoutes> share_link_routes;
  std::vector<std::function<void()>> membership_listeners;

  void membership_changed() {
    tokens->forget_holders();
    for (const auto& listener : membership_listeners) listener();
  }
};

Identity::Identity(Options options, Dependencies dependencies)
    : state_(std::make_unique<State>(std::move(options), std::move(dependencies))) {}

Identity::~Identity() { stop(); }

void Identity::stop() { state_->hasher.stop(); }

Task<> Identity::start() {
  State& s = *state_;
  CO_TRY_VOID(co_await s.on.tables.migrate(migrations()));
  CO_TRY_VOID(co_await s.hasher.start());
  CO_TRY(SigningKeys keys, co_await load_signing_keys(s.on.tables, s.on.blocking, s.on.clock));
  CO_TRY(const bool has_account, co_await s.accounts.any());
  std::optional<std::string> setup_token;
  if (!has_account && s.options.first_account_needs_token) {
    CO_TRY(setup_token, co_await load_setup_token(s.on.tables, s.on.clock));
  }
  s.tokens = std::make_unique<AccessTokens>(s.options, std::move(keys), s.sessions, s.agents, s.ended, s.on.clock,
                                            s.on.metrics);
  const auto agent_changed = [state = &s](std::optional<SessionId> ended) {
    state->membership_changed();
    if (ended) state->ended.add(*ended);
  };
  s.agent_routes = std::make_unique<AgentRoutes>(s.on, *this, s.agents, agent_changed);
  s.share_links = std::make_unique<ShareLinks>(s.options, s.on, s.hasher, agent_changed);
  s.share_link_routes = std::make_unique<ShareLinkRoutes>(*s.share_links);
  s.sign_in = std::make_unique<SignIn>(s.options, s.on, s.accounts, s.invitations, s.factors, s.tickets, s.sessions,
                                       s.ended, s.hasher, *s.tokens, std::move(setup_token), has_account);
  s.changes = std::make_unique<AccountChanges>(s.on, s.accounts, s.ended, s.hasher, *s.sign_in, s.mails,
                                               [state = &s] { state->membership_changed(); });
  s.second_factor = std::make_unique<SecondFactor>(s.options, s.on, s.accounts, s.factors, s.tickets, s.ended,
                                                   *s.sign_in, *s.changes);
  s.second_factor_routes = std::make_unique<SecondFactorRoutes>(s.options, *this, *s.second_factor);
  s.routes = std::make_unique<Routes>(s.options, *this, *s.sign_in, *s.changes, s.accounts, *s.tokens);
  s.people =
      std::make_unique<PeopleRoutes>(s.on, *this, s.accounts, s.groups, [state = &s] { state->membership_changed(); });
  s.removal = std::make_unique<AccountRemoval>(s.on, s.accounts, s.ended, *s.sign_in,
                                               [state = &s] { state->membership_changed(); });
  s.leaving = std::make_unique<LeavingRoutes>(s.options, *this, *s.removal, s.accounts, *s.sign_in, s.groups, s.agents);
  s.account_routes = std::make_unique<AccountRoutes>(s.options, s.on, *this, *s.changes, s.invitations, s.mails);
  co_return Result<>();
}

void Identity::add_routes(net::Router& router) {
  assert(state_->routes != nullptr);
  state_->routes->add_to(router);
  state_->people->add_to(router);
  state_->agent_routes->add_to(router);
  state_->account_routes->add_to(router);
  state_->leaving->add_to(router);
  state_->share_link_routes->add_to(router);
  state_->second_factor_routes->add_to(router);
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

Task<Authenticated> Identity::authenticate(const net::Request& request) {
  return [](Task<Authenticated> authenticating) -> Task<Authenticated> {
    CO_TRY(Authenticated who, co_await std::move(authenticating));
    if (who.agent) co_return fail(Code::kPermissionDenied, "this is for users; an agent may not do it");
    co_return who;
  }(authenticate_any(request));
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
  }(*state_, authenticate_bearer(header.substr(token)));
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
