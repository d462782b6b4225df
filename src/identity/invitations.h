#pragma once
// Invitations to make an account: one secret each, which works once. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engines/tables.h"
#include "identity/email.h"
#include "identity/principal.h"

namespace concord::identity {

struct InvitationTag {
  static constexpr std::string_view kPrefix = "inv";
};
using InvitationId = Id<InvitationTag>;

struct Invitation {
  InvitationId id;
  std::string email;  // whom it is for; empty: whoever shows it
  Role role = Role::kMember;
  UserId invited_by;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;
};

class Invitations {
 public:
  explicit Invitations(engines::Tables& tables) : tables_(tables) {}

  static constexpr std::int64_t kMaxInvitations = 1000;  // that have not expired

  /// What the invited person shows; kTooLarge past kMaxInvitations. Those that have expired go.
  Task<std::string> make(Invitation invitation);
  /// The newest first; also those that have expired and have not gone yet.
  Task<std::vector<Invitation>> list();
  /// Whether there was one.
  Task<bool> revoke(InvitationId id);

  /// kPermissionDenied with the field "invitation" where it was used or revoked, has expired, or who made it is no
  /// admin any more; with the field "email" where it is for somebody else.
  Task<> check(std::string secret, Email email, std::int64_t now_ms);
  /// The same, and uses it up.
  static Task<Invitation> use(engines::Transaction& transaction, std::string secret, Email email, std::int64_t now_ms);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::identity
