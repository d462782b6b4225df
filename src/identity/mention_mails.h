#pragma once
// Tells users by mail that somebody mentions them in a comment. Any reactor.

#include <string>

#include "base/id.h"
#include "base/task.h"
#include "identity/accounts.h"
#include "mail/mailer.h"

namespace concord::identity {

struct MentionMail {
  std::string by;        // the name of who mentions; may be empty
  std::string document;  // its name
  std::string page;      // its page in the web app, without the hub's address
  std::string line;      // of the comment
};

class MentionMails {
 public:
  /// `public_url` is the hub's address, without a slash at its end.
  MentionMails(engines::Tables& tables, mail::Mailer& mailer, std::string public_url)
      : accounts_(tables), mailer_(mailer), public_url_(std::move(public_url)) {}

  /// Whether a mail was queued: none is for who has not confirmed their address, or cannot sign in. kUnavailable where
  /// too much waits.
  Task<bool> tell(UserId user, MentionMail mention);

 private:
  Accounts accounts_;
  mail::Mailer& mailer_;
  const std::string public_url_;
};

}  // namespace concord::identity
