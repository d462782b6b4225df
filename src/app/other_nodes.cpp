#include "app/other_nodes.h"

namespace concord::app {

namespace {

constexpr const char* kKeysDestroyed = "vault.destroyed";  // the user

}  // namespace

OtherNodes::OtherNodes(engines::Engines& engines, Reactor& reactor, Clock& clock, IdSource& ids, Metrics& metrics,
                       const Logger& logger, vault::Vault& vault)
    : reactor_(reactor),
      vault_(vault),
      changes_({}, {*engines.tables, *engines.bus, clock, ids, metrics, logger}),
      guards_(*engines.bus, reactor, ids, metrics) {
  changes_.listen(kKeysDestroyed, [this](std::optional<std::string> user) { return forget_keys(std::move(user)); });
}

Task<> OtherNodes::start() {
  CO_TRY_VOID(co_await changes_.start(reactor_));
  guards_.relay().start();
  co_return Result<>{};
}

asio::awaitable<void> OtherNodes::stop() {
  co_await changes_.stop();
  co_await guards_.close();
}

void OtherNodes::keys_destroyed(UserId user) { changes_.tell(kKeysDestroyed, user.str()); }

Task<> OtherNodes::forget_keys(std::optional<std::string> user) {
  vault_.keys().forget(user ? UserId::parse(*user) : std::nullopt);
  co_return Result<>{};
}

}  // namespace concord::app
