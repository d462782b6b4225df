#pragma once
// Links that work once and for a while: one confirms an account's e-mail, one lets its password be set anew. Any
// reactor.

#include <cstdint>
#include <optional>
#include <string>

#include "engines/tables.h"
#include "identity/principal.h"

namespace concord::identity {

enum class LinkPurpose : std::uint8_t { kConfirm, kReset };
std::string_view to_string(LinkPurpose purpose);

class Links {
 public:
  explicit Links(engines::Tables& tables) : tables_(tables) {}

  static constexpr std::int64_t lifetime_ms(LinkPurpose purpose) {
    return (purpose == LinkPurpose::kReset ? 1 : 72) * 3'600'000LL;
  }
  /// Of one user and purpose; the oldest goes for a new one.
  static constexpr std::int64_t kMaxLinks = 3;

  /// The secret of a link, from now on.
  Task<std::string> make(UserId user, LinkPurpose purpose, std::int64_t now_ms);
  /// Whose it is, where it is valid now. Does not use it up.
  Task<std::optional<UserId>> find(std::string secret, LinkPurpose purpose, std::int64_t now_ms);
  /// The same, and uses it up.
  static Task<std::optional<UserId>> use(engines::Transaction& transaction, std::string secret, LinkPurpose purpose,
                                         std::int64_t now_ms);
  /// All of a user's for the purpose go.
  static Task<> drop(engines::Transaction& transaction, UserId user, LinkPurpose purpose);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::identity
