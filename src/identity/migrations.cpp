#include "identity/migrations.h"

namespace concord::identity {

namespace {

// Times are milliseconds of the wall clock. `email_key` is the address in lower case. The hashes of sessions
// are described in refresh_token.h. `private_pem`: see signing_keys.cpp.
constexpr const char* kFirst = R"(
CREATE TABLE identity_users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
  password_hash TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE TABLE identity_sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  family_hash TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  refreshed_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  revoked_ms BIGINT
);
CREATE INDEX identity_sessions_by_user ON identity_sessions (user_id, refreshed_ms);
CREATE TABLE identity_keys (
  kid TEXT PRIMARY KEY,
  private_pem TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE TABLE identity_setup (
  only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
  token TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
)";

// Where a session was opened from, for who looks through his own.
constexpr const char* kSessionOrigins = R"(
ALTER TABLE identity_sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE identity_sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
)";

// Two more roles. A column's own CHECK goes with the column.
constexpr const char* kFourRoles = R"(
ALTER TABLE identity_users ADD COLUMN new_role TEXT NOT NULL DEFAULT 'member'
  CHECK (new_role IN ('owner', 'admin', 'member', 'guest'));
UPDATE identity_users SET new_role = role;
ALTER TABLE identity_users DROP COLUMN role;
ALTER TABLE identity_users RENAME COLUMN new_role TO role;
)";

constexpr const char* kGroups = R"(
CREATE TABLE identity_groups (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_ms BIGINT NOT NULL
);
CREATE TABLE identity_group_members (
  group_id TEXT NOT NULL REFERENCES identity_groups (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX identity_group_members_by_user ON identity_group_members (user_id);
)";

// Agents of users. One that was removed keeps its name, and its identifier as a hash that no token has.
constexpr const char* kAgents = R"(
CREATE TABLE identity_agents (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  per_minute BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  removed_ms BIGINT
);
CREATE INDEX identity_agents_by_owner ON identity_agents (owner);
)";

// `credentials` grows with each change of what the account signs in by: a sign-in that read it before does not open a
// session after. The owner is who runs the hub, and needs nobody's word for the address. The secrets of invitations and
// links are kept as their SHA-256.
constexpr const char* kAccountLife = R"(
ALTER TABLE identity_users ADD COLUMN verified_ms BIGINT;
ALTER TABLE identity_users ADD COLUMN deactivated_ms BIGINT;
ALTER TABLE identity_users ADD COLUMN credentials BIGINT NOT NULL DEFAULT 0;
UPDATE identity_users SET verified_ms = created_ms WHERE role = 'owner';
CREATE TABLE identity_invitations (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'member', 'guest')),
  invited_by TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
);
CREATE TABLE identity_links (
  secret_hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('confirm', 'reset')),
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX identity_links_by_user ON identity_links (user_id, purpose);
)";

// Since when an account's removal is under way: it is deactivated as well, and never active again.
constexpr const char* kRemovals = "ALTER TABLE identity_users ADD COLUMN removing_ms BIGINT";

// A link is an agent of who made it (share_links.h). Its token is made from its secret and the hash of its password.
constexpr const char* kShareLinks = R"(
ALTER TABLE identity_agents ADD COLUMN link_thing TEXT;
ALTER TABLE identity_agents ADD COLUMN link_hash TEXT;
ALTER TABLE identity_agents ADD COLUMN link_password TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX identity_agents_by_link ON identity_agents (link_hash);
CREATE INDEX identity_agents_by_link_thing ON identity_agents (link_thing);
)";

// The second step of signing in. `secret`: see second_factor_store.h; `last_step` is that of the newest code that was
// used, `failures` counts wrong ones in a row. The secrets of tickets and the recovery codes are kept as their SHA-256.
constexpr const char* kSecondFactor = R"(
CREATE TABLE identity_totp (
  user_id TEXT PRIMARY KEY REFERENCES identity_users (id) ON DELETE CASCADE,
  secret BYTEA NOT NULL,
  created_ms BIGINT NOT NULL,
  confirmed_ms BIGINT,
  last_step BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  retry_at_ms BIGINT NOT NULL
);
CREATE TABLE identity_recovery_codes (
  user_id TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  code_hash TEXT NOT NULL,
  PRIMARY KEY (user_id, code_hash)
);
CREATE TABLE identity_tickets (
  secret_hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  credentials BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX identity_tickets_by_user ON identity_tickets (user_id);
CREATE INDEX identity_tickets_by_end ON identity_tickets (expires_ms);
)";

// `id` is the SHA-256 of the credential's identifier. A challenge for nobody in particular has no user.
constexpr const char* kPasskeys = R"(
CREATE TABLE identity_passkeys (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  credential_id BYTEA NOT NULL,
  public_key BYTEA NOT NULL,
  sign_count BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  used_ms BIGINT
);
CREATE INDEX identity_passkeys_by_user ON identity_passkeys (user_id);
CREATE TABLE identity_challenges (
  challenge_hash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  user_id TEXT REFERENCES identity_users (id) ON DELETE CASCADE,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX identity_challenges_by_user ON identity_challenges (user_id);
CREATE INDEX identity_challenges_by_end ON identity_challenges (expires_ms);
)";

// Whom providers of identity vouch for. An account that was made by one has no password: its hash is ''. `linking` is
// the user who connects, or '' for a sign-in; states, tickets and the secrets of browsers are kept as their SHA-256.
constexpr const char* kOAuth = R"(
CREATE TABLE identity_oauth_connections (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES identity_users (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  email TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject),
  UNIQUE (user_id, issuer),
  UNIQUE (user_id, provider)
);
CREATE TABLE identity_oauth_attempts (
  state_hash TEXT PRIMARY KEY,
  browser_hash TEXT NOT NULL,
  provider TEXT NOT NULL,
  linking TEXT NOT NULL,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX identity_oauth_attempts_by_browser ON identity_oauth_attempts (browser_hash, expires_ms);
CREATE INDEX identity_oauth_attempts_by_end ON identity_oauth_attempts (expires_ms);
CREATE TABLE identity_oauth_proofs (
  ticket_hash TEXT PRIMARY KEY,
  browser_hash TEXT NOT NULL,
  provider TEXT NOT NULL,
  linking TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT NOT NULL,
  email_verified BIGINT NOT NULL,
  name TEXT NOT NULL,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX identity_oauth_proofs_by_end ON identity_oauth_proofs (expires_ms);
)";

constexpr const char* kEndedSessions = "CREATE INDEX identity_sessions_by_end ON identity_sessions (revoked_ms)";

}  // namespace

std::vector<engines::Migration> migrations() {
  return {{.part = "identity", .version = 1, .sql = kFirst},
          {.part = "identity", .version = 2, .sql = kSessionOrigins},
          {.part = "identity", .version = 3, .sql = kFourRoles},
          {.part = "identity", .version = 4, .sql = kGroups},
          {.part = "identity", .version = 5, .sql = kAgents},
          {.part = "identity", .version = 6, .sql = kAccountLife},
          {.part = "identity", .version = 7, .sql = kRemovals},
          {.part = "identity", .version = 8, .sql = kShareLinks},
          {.part = "identity", .version = 9, .sql = kSecondFactor},
          {.part = "identity", .version = 10, .sql = kPasskeys},
          {.part = "identity", .version = 11, .sql = kOAuth},
          {.part = "identity", .version = 12, .sql = kEndedSessions}};
}

}  // namespace concord::identity
