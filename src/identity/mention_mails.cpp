#include "identity/mention_mails.h"

namespace concord::identity {

Task<bool> MentionMails::tell(UserId user, MentionMail mention) {
  CO_TRY(const auto account, co_await accounts_.find(user));
  if (!account || !account->verified_ms || account->deactivated_ms) co_return false;
  std::string text = "Hello " + account->principal.name + ",\n\n" + (mention.by.empty() ? "somebody" : mention.by) +
                     " mentions you in a comment on \"" + mention.document + "\":\n\n    " + mention.line +
                     "\n\nRead it, and answer, here:\n\n" + public_url_ + "/" + mention.page + "\n";
  CO_TRY_VOID(mailer_.send({account->principal.email, "You are mentioned in a comment", std::move(text)}));
  co_return true;
}

}  // namespace concord::identity
