#include "identity/account_mails.h"

namespace concord::identity {

namespace {

constexpr std::string_view kUnasked = "\n\nIf you did not expect this, do nothing: nobody gets in without this link.\n";

}  // namespace

std::string AccountMails::link(std::string_view page, std::string_view secret) const {
  return options_.public_url + "/" + std::string(page) + "#" + std::string(secret);
}

Result<> AccountMails::send(std::string to, std::string subject, std::string text) {
  if (mailer_ == nullptr) return fail(Code::kPermissionDenied, "this hub sends no mail; ask one of its admins");
  return mailer_->send({std::move(to), std::move(subject), std::move(text)});
}

Result<> AccountMails::confirm(const Account& account, std::string_view secret) {
  std::string text = "Hello " + account.principal.name + ",\n\nthere is an account with this address at " +
                     options_.public_url +
                     ".\nOpen this link within three days to confirm that the address is yours:"
                     "\n\n" +
                     link("confirm", secret);
  return send(account.principal.email, "Confirm your e-mail address", text.append(kUnasked));
}

Result<> AccountMails::reset(const Account& account, std::string_view secret) {
  std::string text = "Hello " + account.principal.name +
                     ",\n\nsomebody, hopefully you, has asked for a new password at " + options_.public_url +
                     ".\nOpen this link within an hour to set it:\n\n" + link("reset", secret);
  return send(account.principal.email, "Set a new password", text.append(kUnasked));
}

Result<> AccountMails::invite(const Invitation& invitation, std::string_view secret, std::string_view by) {
  std::string text = "Hello,\n\n" + std::string(by) + " invites you to " + options_.public_url +
                     ".\nOpen this link to make your account:\n\n" + link("register", secret);
  return send(invitation.email, "You are invited", text.append("\n"));
}

}  // namespace concord::identity
