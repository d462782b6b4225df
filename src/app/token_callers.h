#pragma once
// Tells the guard whose a token is, by asking identity.

#include <memory>
#include <optional>
#include <string>

#include "guard/request_limits.h"
#include "identity/identity.h"

namespace concord::app {

/// As the guard counts them, without what it leads back to.
inline guard::Caller caller_of(const identity::Authenticated& who) {
  return {.user = who.principal.id, .visitor = who.agent && who.agent->link, .who = {}};
}

class TokenCallers final : public guard::Callers {
 public:
  explicit TokenCallers(identity::Identity& identity) : identity_(identity) {}

  std::optional<guard::Caller> known(std::string_view token) override { return caller(identity_.known_bearer(token)); }
  asio::awaitable<std::optional<guard::Caller>> check(std::string token) override {
    auto who = co_await identity_.authenticate_bearer(token);
    if (!who) co_return std::nullopt;
    co_return caller(std::make_shared<const identity::Authenticated>(std::move(*who)));
  }

  /// Of a caller that one of these named.
  static const identity::Authenticated& authenticated(const guard::Caller& caller) {
    return *static_cast<const identity::Authenticated*>(caller.who.get());
  }

 private:
  static std::optional<guard::Caller> caller(std::shared_ptr<const identity::Authenticated> who) {
    if (!who) return std::nullopt;
    guard::Caller caller = caller_of(*who);
    caller.who = std::move(who);
    return caller;
  }

  identity::Identity& identity_;
};

}  // namespace concord::app
