#include "identity/tickets.h"

#include "identity/one_time_secret.h"

namespace concord::identity {

namespace {

using engines::Rows;
using engines::Transaction;

struct NewTicket {
  std::string hash;
  Ticket ticket;
  std::int64_t now_ms = 0;
};

Task<> insert(Transaction& transaction, const NewTicket& made) {
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_tickets WHERE expires_ms <= $1", {made.now_ms}}));
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_tickets WHERE secret_hash IN (SELECT secret_hash FROM identity_tickets WHERE user_id = $1 "
       "ORDER BY expires_ms DESC, secret_hash LIMIT 1000 OFFSET $2)",
       {made.ticket.user.str(), Tickets::kPerUser - 1}}));
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO identity_tickets (secret_hash, user_id, credentials, tries, expires_ms) VALUES ($1, $2, $3, 0, $4)",
       {made.hash, made.ticket.user.str(), made.ticket.credentials, made.now_ms + Tickets::kLifetimeMs}}));
  co_return Result<>();
}

}  // namespace

Task<std::string> Tickets::make(Ticket ticket, std::int64_t now_ms) {
  std::string secret = make_one_time_secret();
  const NewTicket made{one_time_hash(secret), ticket, now_ms};
  const auto body = [&](Transaction& transaction) { return insert(transaction, made); };
  CO_TRY_VOID(co_await tables_.transaction(body));
  co_return secret;
}

Task<std::optional<Ticket>> Tickets::try_once(std::string secret, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"UPDATE identity_tickets SET tries = tries + 1 WHERE secret_hash = $1 AND expires_ms "
                                 "> $2 AND tries < $3 RETURNING user_id, credentials",
                                 {one_time_hash(secret), now_ms, kTries}}));
  if (rows.empty()) co_return std::nullopt;
  const auto user = UserId::parse(engines::as_string(rows.rows.front()[0]));
  if (!user) co_return fail(Code::kCorrupt, "a ticket's user is malformed");
  co_return Ticket{.user = *user, .credentials = engines::as_integer(rows.rows.front()[1])};
}

Task<bool> Tickets::use(std::string secret) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"DELETE FROM identity_tickets WHERE secret_hash = $1", {one_time_hash(secret)}}));
  co_return rows.affected == 1;
}

}  // namespace concord::identity
