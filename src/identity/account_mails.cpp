#include "identity/account_mails.h"

#include <cstdlib>

namespace concord::identity {

namespace {

constexpr std::string_view kUnasked = "\n\nIf you did not expect this, do nothing: nobody gets in without this link.\n";

struct Words {
  std::string_view subject, sentence;
};

Words words_of(CredentialChange change) {
  switch (change) {
    case CredentialChange::kPassword:
      return {"Your password was changed", "the password of your account was changed"};
    case CredentialChange::kPasswordByLink:
      return {"Your password was set anew", "the password of your account was set anew, by a link"};
    case CredentialChange::kAppCodesOn:
      return {"Codes of an app are on", "your account now asks for a code of an authenticator app"};
    case CredentialChange::kAppCodesOff:
      return {"Codes of an app are off", "your account no longer asks for a code of an authenticator app"};
    case CredentialChange::kRecoveryCodes:
      return {"You have new recovery codes",
              "new recovery codes were made for your account; those before no longer work"};
    case CredentialChange::kPasskeyAdded:
      return {"A passkey was added", "a passkey was added to your account"};
    case CredentialChange::kPasskeyRemoved:
      return {"A passkey was removed", "a passkey was removed from your account"};
    case CredentialChange::kServiceConnected:
      return {"Another service signs you in", "an account at another service was connected to yours and signs you in"};
    case CredentialChange::kServiceDisconnected:
      return {"Another service no longer signs you in", "an account at another service was disconnected from yours"};
    case CredentialChange::kSecondFactorReset:
      return {"Two-step sign-in was taken off",
              "an admin took two-step sign-in off your account: its password alone signs in"};
  }
  std::abort();
}

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

Result<> AccountMails::changed(const Account& account, CredentialChange change, std::string_view address) {
  const auto [subject, sentence] = words_of(change);
  std::string text =
      "Hello " + account.principal.name + ",\n\n" + std::string(sentence) + ".\nThat was at " + options_.public_url +
      ", from the address " + std::string(address) +
      ".\n\nIf it was you, there is nothing to do. If not, set another password at once and end your other "
      "sign-ins:\n\n" +
      options_.public_url + "/account";
  return send(account.principal.email, std::string(subject),
              text.append("\n\nIf you cannot sign in any more, ask an admin of the hub.\n"));
}

Result<> AccountMails::invite(const Invitation& invitation, std::string_view secret, std::string_view by) {
  std::string text = "Hello,\n\n" + std::string(by) + " invites you to " + options_.public_url +
                     ".\nOpen this link to make your account:\n\n" + link("register", secret);
  return send(invitation.email, "You are invited", text.append("\n"));
}

}  // namespace concord::identity
