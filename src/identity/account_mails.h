#pragma once
// What the hub writes to people about their accounts, and the addresses of the web app's pages that it points to.

#include <cstdint>
#include <string>
#include <string_view>

#include "identity/accounts.h"
#include "identity/invitations.h"
#include "identity/options.h"
#include "mail/mailer.h"

namespace concord::identity {

/// What was changed of that by which an account is signed in.
enum class CredentialChange : std::uint8_t {
  kPassword,
  kPasswordByLink,
  kAppCodesOn,
  kAppCodesOff,
  kRecoveryCodes,
  kPasskeyAdded,
  kPasskeyRemoved,
  kServiceConnected,
  kServiceDisconnected,
  kSecondFactorReset,  // by an admin
};

class AccountMails {
 public:
  /// `mailer` null: no mail is sent.
  AccountMails(const Options& options, mail::Mailer* mailer) : options_(options), mailer_(mailer) {}

  bool on() const { return mailer_ != nullptr; }

  // Queued when they return; kUnavailable where too much waits, kPermissionDenied where no mail is sent.
  Result<> confirm(const Account& account, std::string_view secret);
  Result<> reset(const Account& account, std::string_view secret);
  Result<> invite(const Invitation& invitation, std::string_view secret, std::string_view by);
  /// `address`: where the change came from.
  Result<> changed(const Account& account, CredentialChange change, std::string_view address);

  /// An address of the web app: whole where PUBLIC_URL is set. The secret stands behind a '#', so that no server and no
  /// log sees it.
  std::string link(std::string_view page, std::string_view secret) const;

 private:
  Result<> send(std::string to, std::string subject, std::string text);

  const Options& options_;
  mail::Mailer* const mailer_;
};

}  // namespace concord::identity
