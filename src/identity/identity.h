#pragma once
// The identity service: accounts, sessions and access tokens.
//
// Constructed and stopped by the composition root. Every call may be made from any reactor once `start` has
// succeeded.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "base/task.h"
#include "identity/options.h"
#include "identity/principal.h"
#include "identity/share_link.h"

namespace concord::changes {
class Changes;
}
namespace concord::engines {
class Tables;
}
namespace concord::guard {
class OtherNodes;
class Watch;
}  // namespace concord::guard
namespace concord::mail {
class Mailer;
}
namespace concord::vault {
class Vault;
}
namespace concord::net {
class Router;
struct Request;
}  // namespace concord::net

namespace concord::identity {

/// The rows this part adds to the table of settings.
std::span<const Setting> settings();

/// What the service lives on; all of it outlives the service. `clock` and `ids` are called from every reactor.
struct Dependencies {
  engines::Tables& tables;
  BlockingPool& blocking;
  Clock& clock;
  IdSource& ids;
  Metrics& metrics;
  Logger logger;
  audit::Audit& audit;
  mail::Mailer* mailer = nullptr;       // null: the hub sends no mail
  vault::Vault* vault = nullptr;        // null: nothing is stored sealed
  guard::Watch* watch = nullptr;        // null: nobody is watched
  changes::Changes* changes = nullptr;  // null: the hub has no other nodes
  guard::OtherNodes* guards = nullptr;  // likewise
};

class Identity {
 public:
  Identity(Options options, Dependencies dependencies);
  ~Identity();  // stops

  /// Migrates the tables, loads or makes the signing keys, and the setup token where one is needed. Before the changes.
  Task<> start();
  /// Ends the hashing threads after what they have begun. Not from a reactor; before those are destroyed.
  void stop();

  /// Adds the routes /auth/… and /.well-known/jwks.json. The service outlives the router.
  void add_routes(net::Router& router);

  /// The one-time token that the first account must show, while there is none and the hub listens beyond loopback.
  std::optional<std::string> setup_token() const;

  /// Who holds this access token: kUnauthenticated with the context `reason` ("missing", "malformed", "key",
  /// "signature", "issuer", "audience", "expired", "not_yet_valid", "session") where it is not valid now. A
  /// token that was checked before costs about a microsecond and does not suspend. The view is read before
  /// the first suspension.
  Task<Authenticated> authenticate_bearer(std::string_view token);
  /// Null unless this token was checked before and is valid still. Does not wait.
  std::shared_ptr<const Authenticated> known_bearer(std::string_view token);
  /// The same as authenticate_bearer, with the token of the request's Authorization header. For what those may do as
  /// well who came by a link; kRateLimited with the context `retry_after` where an agent asks too often.
  Task<Authenticated> authenticate_visitor(const net::Request& request);
  /// For what agents may do as well, within their scopes: who came by a link is kPermissionDenied.
  Task<Authenticated> authenticate_any(const net::Request& request);
  /// For what users alone may do: an agent is kPermissionDenied.
  Task<Authenticated> authenticate(const net::Request& request);
  /// To set up a second step; to who lacks one that is demanded the others are kPermissionDenied (principal.h).
  Task<Authenticated> authenticate_setting_up(const net::Request& request);
  /// Success where the request's token is an owner's or an admin's, else kUnauthenticated or kPermissionDenied.
  Task<> require_admin(const net::Request& request);

  /// `ended` is called, on any thread, for each session that is signed out or revoked, on whichever node: from then on
  /// its tokens are refused, and what it has open is to be closed. After `start`, before the server serves.
  void on_session_ended(std::function<void(SessionId)> ended);
  /// Whether that has happened, while a token of the session could be valid still.
  bool has_ended(SessionId session) const;

  /// kNotFound where there is no such account.
  Task<Membership> membership(UserId id);
  /// The agent as it is now; null where it was removed or has expired.
  Task<std::shared_ptr<const Agent>> living_agent(AgentId id);
  /// `changed` is called, on any thread, after a change of a role, of who is in a group, or of an agent, on whichever
  /// node. After `start`, before the server serves.
  void on_membership_changed(std::function<void()> changed);
  // Links to things, of which identity knows the identifiers alone; whether `by` may share one is the caller's to ask.
  // kTooLarge past the most of one thing; kPermissionDenied where the hub has none; kNotFound where it is not its.
  Task<MadeLink> make_share_link(By by, WantedLink wanted);
  Task<std::vector<ShareLink>> share_links(std::string thing);
  Task<> remove_share_link(By by, std::string thing, AgentId id);

  /// The group's name; absent where there is no such group.
  Task<std::optional<std::string>> group_name(GroupId id);

  /// `remove` takes away what a part keeps of a user whose account goes for good, before the account does; in the
  /// order of registration. It bears being called again. After `start`, before the server serves.
  void on_account_removed(std::function<Task<>(UserId)> remove);
  /// Goes on with removals that a stop cut off; what fails is left to the next start. Once all listeners can work.
  Task<> finish_removals();
  /// Gives the signing key a successor when it is due, and takes up what other nodes did: now and then.
  Task<> look_after_keys();
  /// Where the export of a user's data has their documents from. As on_account_removed.
  void export_documents_by(DocumentsExport documents);

  Task<std::optional<Principal>> find_user(UserId id);
  Task<std::optional<Principal>> find_user_by_email(std::string email);
  /// By identifier or by e-mail, whichever `text` is.
  Task<std::optional<Principal>> find_user(std::string text);
  /// Those that exist, in no order.
  Task<std::vector<Principal>> find_users(std::vector<UserId> ids);
  /// The names of users and agents, by their identifiers; of those that exist, or of agents that did.
  Task<std::map<std::string, std::string>> names_of(std::vector<std::string> principals);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::identity
