#include "etcd/revoke.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/async.h"
#include "base/reactor.h"
#include "etcd/client.h"

namespace concord::etcd {
namespace {

constexpr std::size_t kMostAtOnce = 64;

struct Revocation {
  std::shared_ptr<Client> client;
  std::vector<LeaseId> leases;
  std::size_t next = 0;
  std::size_t ended = 0;
  std::size_t running = 0;  // coroutines
  Result<> failure = {};    // the last one
};

asio::awaitable<void> revoke_one_after_the_other(Revocation& all) {
  while (all.next < all.leases.size()) {
    const LeaseId lease = all.leases[all.next++];
    const auto revoked = co_await all.client->call(RevokeRequest{lease});
    if (revoked || revoked.error().code == Code::kNotFound) {
      ++all.ended;
    } else {
      all.failure = fail(revoked.error());
    }
  }
}

Task<> revoke_all(Revocation& all, Reactor& reactor) {
  TaskScope tasks(reactor);
  AsyncEvent done(reactor);
  all.running = std::min(kMostAtOnce, all.leases.size());
  const auto work = [](Revocation& them, AsyncEvent& last) -> asio::awaitable<void> {
    co_await revoke_one_after_the_other(them);
    if (--them.running == 0) last.notify_all();
  };
  for (std::size_t i = all.running; i > 0; --i) tasks.spawn(work(all, done));
  while (all.running > 0) co_await done.wait();
  co_await tasks.close();
  if (all.ended == all.leases.size()) co_return Result<>();
  co_return fail(Error{Code::kUnavailable,
                       "etcd: " + all.failure.error().message,
                       {{"left", std::to_string(all.leases.size() - all.ended)}}});
}

}  // namespace

Result<> revoke_leases(EtcdOptions options, std::vector<engines::LeaseId> leases, Clock& clock, IdSource& ids,
                       const Logger& logger, Metrics& metrics) {
  options.max_calls = std::max<std::int64_t>(options.max_calls, kMostAtOnce);
  TRY(auto client, Client::open(std::move(options), clock, ids, logger, metrics));
  Reactors reactors(1);
  reactors.start();
  Revocation all{client, std::move(leases)};
  auto revoked = wait_for(reactors.at(0), revoke_all(all, reactors.at(0)));
  client->close();
  reactors.stop();
  return revoked;
}

}  // namespace concord::etcd
