#include "identity/accounts.h"

#include <algorithm>

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Statement;
using engines::Transaction;

std::string select(std::string_view rest) {
  return "SELECT " + std::string(kAccountColumns) + " FROM identity_users u " + std::string(rest);
}

constexpr std::string_view kAny = "SELECT 1 FROM identity_users LIMIT 1";

std::optional<std::int64_t> time_of(const engines::Value& column) {
  return engines::is_null(column) ? std::nullopt : std::optional(as_integer(column));
}

engines::Value value_of(std::optional<std::int64_t> time_ms) {
  return time_ms ? engines::Value(*time_ms) : engines::Value();
}

/// Of LIKE: whatever contains the text.
std::string pattern_of(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return pattern + "%";
}

Statement verify(UserId id, std::int64_t now_ms) {
  return {"UPDATE identity_users SET verified_ms = $2 WHERE id = $1 AND verified_ms IS NULL", {id.str(), now_ms}};
}

Result<std::optional<Account>> first_of(const Rows& rows) {
  if (rows.empty()) return std::optional<Account>();
  TRY(Account account, account_of(rows.rows.front()));
  return std::optional(std::move(account));
}

}  // namespace

Result<Account> account_of(const engines::Row& columns) {
  const auto id = UserId::parse(as_string(columns[0]));
  const auto role = parse_role(as_string(columns[3]));
  if (!id || !role) return fail(Code::kCorrupt, "a row of the table of users is malformed");
  return Account{.principal = {.id = *id, .name = as_string(columns[2]), .email = as_string(columns[1]), .role = *role},
                 .password_hash = as_string(columns[4]),
                 .created_ms = as_integer(columns[5]),
                 .verified_ms = time_of(columns[6]),
                 .deactivated_ms = time_of(columns[7]),
                 .credentials = as_integer(columns[8]),
                 .has_second_step = as_integer(columns[9]) != 0};
}

Role acting_role(const Account& account, bool guest_until_verified) {
  return guest_until_verified && !account.verified_ms ? Role::kGuest : account.principal.role;
}

bool lacks_second_step(Role role, bool has_second_step, SecondFactorDemand demand) {
  if (has_second_step || demand == SecondFactorDemand::kNobody) return false;
  return demand == SecondFactorDemand::kEverybody || administers(role);
}

Task<bool> Accounts::any() {
  CO_TRY(const Rows rows, co_await tables_.query({std::string(kAny), {}}));
  co_return !rows.empty();
}

Task<bool> Accounts::any(Transaction& transaction) {
  CO_TRY(const Rows rows, co_await transaction.query({std::string(kAny), {}}));
  co_return !rows.empty();
}

Task<bool> Accounts::has_email(Transaction& transaction, std::string email_key) {
  Statement statement{"SELECT 1 FROM identity_users WHERE email_key = $1", {std::move(email_key)}};
  CO_TRY(const Rows rows, co_await transaction.query(std::move(statement)));
  co_return !rows.empty();
}

Task<std::optional<Account>> Accounts::find(UserId id) {
  CO_TRY(const Rows rows, co_await tables_.query({select("WHERE u.id = $1"), {id.str()}}));
  co_return first_of(rows);
}

Task<std::optional<Account>> Accounts::find_by_email(std::string email_key) {
  CO_TRY(const Rows rows, co_await tables_.query({select("WHERE u.email_key = $1"), {std::move(email_key)}}));
  co_return first_of(rows);
}

Task<std::vector<Principal>> Accounts::find_all(std::vector<UserId> ids) {
  constexpr std::size_t kAtOnce = 500;
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  std::vector<Principal> found;
  for (std::size_t from = 0; from < ids.size(); from += kAtOnce) {
    Statement statement{"WHERE u.id IN (", {}};
    for (std::size_t i = from; i < std::min(from + kAtOnce, ids.size()); ++i) {
      statement.sql += (i == from ? "$" : ", $") + std::to_string(i - from + 1);
      statement.arguments.emplace_back(ids[i].str());
    }
    statement.sql = select(statement.sql + ")");
    CO_TRY(const Rows rows, co_await tables_.query(std::move(statement)));
    for (const engines::Row& row : rows.rows) {
      CO_TRY(Account account, account_of(row));
      found.push_back(std::move(account.principal));
    }
  }
  co_return found;
}

Task<std::vector<Account>> Accounts::list(std::optional<UserId> after, std::string text, std::int64_t limit) {
  Statement statement{"WHERE u.id > $1", {after ? after->str() : std::string(), limit}};
  if (!text.empty()) {
    statement.sql += R"( AND (u.email_key LIKE $3 ESCAPE '\' OR LOWER(u.name) LIKE $3 ESCAPE '\'))";
    statement.arguments.emplace_back(pattern_of(text));
  }
  statement.sql = select(statement.sql + " ORDER BY u.id LIMIT $2");
  CO_TRY(const Rows rows, co_await tables_.query(std::move(statement)));
  std::vector<Account> found;
  found.reserve(rows.rows.size());
  for (const engines::Row& row : rows.rows) {
    CO_TRY(Account account, account_of(row));
    found.push_back(std::move(account));
  }
  co_return found;
}

Task<bool> Accounts::set_role(UserId id, Role old_role, Role new_role) {
  Statement statement{"UPDATE identity_users SET role = $1 WHERE id = $2 AND role = $3",
                      {std::string(to_string(new_role)), id.str(), std::string(to_string(old_role))}};
  CO_TRY(const Rows rows, co_await tables_.query(std::move(statement)));
  co_return rows.affected == 1;
}

Task<bool> Accounts::rename(UserId id, std::string name) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"UPDATE identity_users SET name = $2 WHERE id = $1", {id.str(), std::move(name)}}));
  co_return rows.affected == 1;
}

Task<bool> Accounts::set_verified(UserId id, std::int64_t now_ms) {
  CO_TRY(const Rows rows, co_await tables_.query(verify(id, now_ms)));
  co_return rows.affected == 1;
}

Task<> Accounts::set_verified(Transaction& transaction, UserId id, std::int64_t now_ms) {
  CO_TRY_VOID(co_await transaction.query(verify(id, now_ms)));
  co_return Result<>();
}

Task<bool> Accounts::set_deactivated(Transaction& transaction, UserId id, std::optional<std::int64_t> deactivated_ms) {
  Statement statement{"UPDATE identity_users SET deactivated_ms = $2, credentials = credentials + 1 WHERE id = $1 AND ",
                      {id.str(), value_of(deactivated_ms)}};
  statement.sql += deactivated_ms ? "deactivated_ms IS NULL" : "deactivated_ms IS NOT NULL AND removing_ms IS NULL";
  CO_TRY(const Rows rows, co_await transaction.query(std::move(statement)));
  co_return rows.affected == 1;
}

Task<bool> Accounts::begin_removal(Transaction& transaction, UserId id, std::int64_t credentials, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await transaction.query({"UPDATE identity_users SET deactivated_ms = $3, removing_ms = $3, credentials = "
                                     "credentials + 1 WHERE id = $1 AND credentials = $2 AND deactivated_ms IS NULL",
                                     {id.str(), credentials, now_ms}}));
  co_return rows.affected == 1;
}

Task<std::vector<UserId>> Accounts::removals_begun() {
  CO_TRY(const Rows rows,
         co_await tables_.query({"SELECT id FROM identity_users WHERE removing_ms IS NOT NULL ORDER BY id", {}}));
  std::vector<UserId> out;
  for (const engines::Row& row : rows.rows) {
    const auto id = UserId::parse(as_string(row[0]));
    if (!id) co_return fail(Code::kCorrupt, "a user's identifier is malformed");
    out.push_back(*id);
  }
  co_return out;
}

Task<bool> Accounts::remove(UserId id) {
  CO_TRY(const Rows gone, co_await tables_.query({"DELETE FROM identity_users WHERE id = $1", {id.str()}}));
  co_return gone.affected == 1;
}

Task<> Accounts::check_way_in(Transaction& transaction, UserId id) {
  CO_TRY(const Rows ways, co_await transaction.query(
                              {"SELECT 1 FROM identity_users WHERE id = $1 AND (password_hash <> '' OR EXISTS "
                               "(SELECT 1 FROM identity_oauth_connections WHERE user_id = $1) OR EXISTS (SELECT 1 "
                               "FROM identity_passkeys WHERE user_id = $1))",
                               {id.str()}}));
  if (!ways.empty()) co_return Result<>();
  co_return fail(Error{Code::kConflict, "it is the only way in to your account: set a password first", {}}.with(
      "reason", "last_way_in"));
}

Task<bool> Accounts::has_others(Transaction& transaction, UserId id) {
  CO_TRY(const Rows rows,
         co_await transaction.query({"SELECT 1 FROM identity_users WHERE id <> $1 LIMIT 1", {id.str()}}));
  co_return !rows.empty();
}

Task<bool> Accounts::set_password(Transaction& transaction, UserId id, std::int64_t credentials, std::string hash) {
  CO_TRY(const Rows rows, co_await transaction.query(
                              {"UPDATE identity_users SET password_hash = $3, credentials = credentials + 1 WHERE "
                               "id = $1 AND credentials = $2",
                               {id.str(), credentials, std::move(hash)}}));
  co_return rows.affected == 1;
}

Task<> Accounts::replace_password(Transaction& transaction, UserId id, std::string hash) {
  CO_TRY(const Rows rows, co_await transaction.query(
                              {"UPDATE identity_users SET password_hash = $2, credentials = credentials + 1 WHERE "
                               "id = $1 AND deactivated_ms IS NULL",
                               {id.str(), std::move(hash)}}));
  if (rows.affected == 0) co_return fail(Code::kConflict, "the account is deactivated");
  co_return Result<>();
}

Task<> Accounts::note_new_credentials(Transaction& transaction, UserId id) {
  CO_TRY_VOID(co_await transaction.query(
      {"UPDATE identity_users SET credentials = credentials + 1 WHERE id = $1", {id.str()}}));
  co_return Result<>();
}

Task<bool> Accounts::may_sign_in(Transaction& transaction, UserId id, std::int64_t credentials) {
  CO_TRY(const Rows rows, co_await transaction.query({"SELECT 1 FROM identity_users WHERE id = $1 AND credentials = $2 "
                                                      "AND deactivated_ms IS NULL",
                                                      {id.str(), credentials}}));
  co_return !rows.empty();
}

Task<> Accounts::insert(Transaction& transaction, Account account, std::string email_key) {
  Statement statement{
      "INSERT INTO identity_users (id, email, email_key, name, role, password_hash, created_ms, verified_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {account.principal.id.str(), account.principal.email, std::move(email_key), account.principal.name,
       std::string(to_string(account.principal.role)), account.password_hash, account.created_ms,
       value_of(account.verified_ms)}};
  CO_TRY_VOID(co_await transaction.query(std::move(statement)));
  co_return Result<>();
}

Task<> Accounts::replace_password_hash(UserId id, std::string old_hash, std::string new_hash) {
  Statement statement{"UPDATE identity_users SET password_hash = $1 WHERE id = $2 AND password_hash = $3",
                      {std::move(new_hash), id.str(), std::move(old_hash)}};
  CO_TRY_VOID(co_await tables_.query(std::move(statement)));
  co_return Result<>();
}

}  // namespace concord::identity
