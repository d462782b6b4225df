#include "etcd/etcd_coordination.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "base/async.h"
#include "base/reactor.h"
#include "etcd/client.h"
#include "etcd/ownership_record.h"
#include "etcd/ownerships.h"
#include "etcd/watch_loop.h"

namespace concord::etcd {
namespace {

using engines::Coordination;
using engines::Epoch;
using engines::Ownership;

constexpr int kMaxTries = 8;  // of a put, where the name changes hands meanwhile

Result<> check_text(std::string_view field, const std::string& text) {
  if (!text.empty() && text.size() <= engines::kMaxOwnershipNameBytes) return {};
  return fail(Error{Code::kInvalidArgument,
                    std::string(field) + " has 1 to 256 bytes",
                    {{"field", std::string(field)},
                     {"limit", std::to_string(engines::kMaxOwnershipNameBytes)},
                     {"value", std::to_string(text.size())}}});
}

Result<> check_note(const std::string& note) {
  if (note.size() <= engines::kMaxOwnershipNoteBytes) return {};
  return fail(Error{Code::kInvalidArgument,
                    "note has at most 1024 bytes",
                    {{"field", "note"},
                     {"limit", std::to_string(engines::kMaxOwnershipNoteBytes)},
                     {"value", std::to_string(note.size())}}});
}

Result<> check_ttl(std::int64_t ttl_ms) {
  if (ttl_ms >= 1) return {};
  return fail(Error{Code::kInvalidArgument,
                    "a lease lasts at least one millisecond",
                    {{"field", "ttl_ms"}, {"limit", "1"}, {"value", std::to_string(ttl_ms)}}});
}

/// For the port an engine that refuses is one that is away.
template <class T>
Result<T> served(Result<T> result) {
  if (!result) result.error().code = Code::kUnavailable;
  return result;
}

std::unexpected<Error> fenced(const Ownership& held) {
  return fail(Code::kFenced, held.owner + " does not hold " + held.name + " any more");
}

struct Lease {
  LeaseId id;
  std::int64_t asked_ns = 0;  // the monotonic time before etcd was asked
  std::int64_t ttl_s = 0;     // as granted

  std::int64_t expires_ns(std::int64_t ttl_ms) const { return asked_ns + std::min(ttl_ms, ttl_s * 1000) * 1'000'000; }
};

Task<Lease> grant(std::shared_ptr<Client> client, std::int64_t ttl_s) {
  Lease lease{client->new_lease(), client->clock().monotonic_ns(), ttl_s};
  if (auto* const witness = client->options().witness) witness->asked_for(lease.id);
  const auto reply = co_await client->call(GrantRequest{lease.id, ttl_s});
  // kConflict: an attempt whose answer was lost has granted it.
  if (!reply && reply.error().code != Code::kConflict) co_return served<Lease>(fail(reply.error()));
  if (reply) lease.ttl_s = reply->ttl_s;
  co_return lease;
}

/// Success also where there is none any more.
Task<> revoke(std::shared_ptr<Client> client, LeaseId lease) {
  const auto revoked = co_await client->call(RevokeRequest{lease});
  if (!revoked && revoked.error().code != Code::kNotFound) co_return fail(revoked.error());
  if (auto* const witness = client->options().witness) witness->ended(lease);
  co_return Result<>();
}

/// Of a lease that holds nothing any more: where this fails it ends by itself.
asio::awaitable<void> drop(std::shared_ptr<Client> client, LeaseId lease) {
  if (lease == LeaseId{}) co_return;
  if (const auto dropped = co_await revoke(client, lease); !dropped)
    client->logger().debug("could not revoke a lease", {{"error", dropped.error().message}});
}

struct Standing {
  KeyValue key;
  OwnershipRecord record;
};

Result<std::optional<Standing>> standing_of(const Client& client, std::optional<KeyValue> key) {
  if (!key) return std::nullopt;
  auto record = decode(client.options().prefix, *key);
  if (!record) return fail(Code::kUnavailable, "etcd: " + key->key + " holds what is no ownership");
  return Standing{std::move(*key), std::move(*record)};
}

Task<std::optional<Standing>> read(std::shared_ptr<Client> client, std::string name) {
  RangeRequest request{.key = key_of(client->options().prefix, name)};
  CO_TRY(RangeReply reply, served(co_await client->call(std::move(request))));
  if (reply.keys.empty()) co_return std::nullopt;
  co_return standing_of(*client, std::move(reply.keys.front()));
}

/// What stands for this very ownership, if it still does.
Task<std::optional<Standing>> read(std::shared_ptr<Client> client, Ownership held) {
  CO_TRY(auto standing, co_await read(std::move(client), std::move(held.name)));
  if (standing && standing->record.epoch != held.epoch) standing.reset();
  co_return standing;
}

Result<> check_free(const std::optional<Standing>& standing, const std::string& owner) {
  if (!standing || standing->record.owner == owner) return {};
  const OwnershipRecord& record = standing->record;
  return fail(Error{Code::kConflict, record.name + " is held by " + record.owner, {{"owner", record.owner}}});
}

struct Taken {
  Revision revision;              // of the put that took it
  std::optional<LeaseId> before;  // which held it until then
};

/// Puts the record with the lease, where nobody else holds the name.
Task<Taken> take(std::shared_ptr<Client> client, OwnershipRecord record, LeaseId lease,
                 std::optional<Standing> standing) {
  PutRequest put{key_of(client->options().prefix, record.name), encode(record), lease, {}};
  for (int tries = 0; tries < kMaxTries; ++tries) {
    put.expected = standing ? standing->key.revision : Revision{};
    CO_TRY(PutReply reply, served(co_await client->call(put)));
    const bool was_put = !reply.put && reply.found && reply.found->lease == lease;  // by one whose answer was lost
    if (reply.put || was_put)
      co_return Taken{was_put ? reply.found->revision : reply.revision,
                      standing ? std::optional(standing->key.lease) : std::nullopt};
    CO_TRY(standing, standing_of(*client, std::move(reply.found)));
    CO_TRY_VOID(check_free(standing, record.owner));
  }
  co_return fail(Code::kUnavailable, record.name + " changes hands all the time; try again");
}

/// Holds the key by a lease of another length; its epoch stays.
Task<Ownership> exchange_lease(std::shared_ptr<Client> client, Ownership held, Standing standing, std::int64_t ttl_ms) {
  standing.record.ttl_s = ttl_s_of(ttl_ms);
  CO_TRY(const Lease lease, co_await grant(client, standing.record.ttl_s));
  PutRequest put{standing.key.key, encode(standing.record), lease.id, standing.key.revision};
  CO_TRY(const PutReply reply, served(co_await client->call(std::move(put))));
  const bool done = reply.put || (reply.found && reply.found->lease == lease.id);
  co_await drop(client, done ? standing.key.lease : lease.id);
  if (!done) co_return fenced(held);
  held.expires_ns = lease.expires_ns(ttl_ms);
  co_return held;
}

/// What goes on beside the calls: a thread for the watches. Shared by the driver and its watches.
struct Background {
  Reactors reactors{1};
  TaskScope tasks{reactors.at(0)};
  std::atomic<std::int64_t> watches = 0;
  std::atomic<bool> probing = false;

  Background() { reactors.start(); }

  void spawn(asio::awaitable<void> task) {
    reactors.at(0).post([this, task = std::move(task)]() mutable { tasks.spawn(std::move(task)); });
  }
  void close() {
    const auto closed = wait_for(reactors.at(0), close_tasks());
    reactors.stop();
    (void)closed;
  }

 private:
  Task<> close_tasks() {
    co_await tasks.close();
    co_return Result<>();
  }
};

asio::awaitable<void> follow(std::shared_ptr<WatchLoop> loop) { co_await loop->follow(); }

/// A stream says nothing where nothing changes, and nothing where its member has stopped; a call tells the two apart,
/// and one that fails ends the streams of its member.
asio::awaitable<void> probe(std::shared_ptr<Client> client, const std::atomic<std::int64_t>& watches) {
  while (co_await sleep_ms(client->options().probe_interval_ms)) {
    if (watches == 0) continue;
    // What it says is of no matter, and that it says nothing is logged there.
    (void)co_await client->call(RangeRequest{.key = key_of(client->options().prefix, "")});
  }
}

class HeldWatch final : public engines::Watch {
 public:
  HeldWatch(std::shared_ptr<Background> background, std::shared_ptr<WatchLoop> loop)
      : background_(std::move(background)), loop_(std::move(loop)) {}
  ~HeldWatch() override { stop(); }
  HeldWatch(const HeldWatch&) = delete;
  HeldWatch& operator=(const HeldWatch&) = delete;

  void stop() {
    loop_->stop();
    --background_->watches;
  }

 private:
  std::shared_ptr<Background> background_;
  std::shared_ptr<WatchLoop> loop_;
};

}  // namespace

class EtcdCoordination final : public Coordination {
 public:
  EtcdCoordination(std::shared_ptr<Client> client, Metrics& metrics)
      : client_(std::move(client)), metrics_(metrics), background_(std::make_shared<Background>()) {}
  ~EtcdCoordination() override {
    client_->close();
    background_->close();
  }

  Task<Ownership> acquire(std::string name, std::string owner, std::int64_t ttl_ms, std::string note) override {
    CO_TRY_VOID(check_text("name", name));
    CO_TRY_VOID(check_text("owner", owner));
    CO_TRY_VOID(check_note(note));
    CO_TRY_VOID(check_ttl(ttl_ms));
    const auto client = client_;  // the driver may be gone when this goes on
    CO_TRY(auto standing, co_await read(client, name));
    CO_TRY_VOID(check_free(standing, owner));
    OwnershipRecord record{name, owner, Epoch{0}, ttl_s_of(ttl_ms), note};
    CO_TRY(const Lease lease, co_await grant(client, record.ttl_s));
    const Result<Taken> taken = co_await take(client, std::move(record), lease.id, std::move(standing));
    // Where nobody knows whether the put came to pass, its lease shall end by itself.
    if (!taken && taken.error().code == Code::kConflict) co_await drop(client, lease.id);
    if (!taken) co_return fail(taken.error());
    if (taken->before) co_await drop(client, *taken->before);
    const Epoch epoch{static_cast<std::uint64_t>(taken->revision.value)};
    co_return Ownership{std::move(name), std::move(owner), epoch, lease.expires_ns(ttl_ms), std::move(note)};
  }

  Task<Ownership> renew(Ownership held, std::int64_t ttl_ms) override {
    CO_TRY_VOID(check_ttl(ttl_ms));
    const auto client = client_;
    // Counted from before the read: it is confirmed by a majority, so whoever leads etcd instead of a member that does
    // not know it yet, and that may answer the renewal all the same, began every lease anew after this time.
    const std::int64_t asked_ns = client->clock().monotonic_ns();
    CO_TRY(auto standing, co_await read(client, held));
    if (!standing) co_return fenced(held);
    if (standing->record.ttl_s != ttl_s_of(ttl_ms))
      co_return co_await exchange_lease(client, std::move(held), std::move(*standing), ttl_ms);
    // The key is gone with its lease, and another has it only when it is gone: so a lease that is alive after the key
    // was read as ours holds it still.
    Lease lease{standing->key.lease, asked_ns};
    CO_TRY(const KeepAliveReply reply, served(co_await client->call(KeepAliveRequest{lease.id})));
    lease.ttl_s = reply.ttl_s;
    if (lease.ttl_s <= 0) co_return fenced(held);
    held.expires_ns = lease.expires_ns(ttl_ms);
    co_return held;
  }

  Task<> release(Ownership held) override {
    const auto client = client_;
    CO_TRY(const auto standing, co_await read(client, std::move(held)));
    if (!standing) co_return Result<>();
    co_return served(co_await revoke(client, standing->key.lease));
  }

  Task<std::optional<Ownership>> owner(std::string name) override {
    if (!check_text("name", name)) co_return std::optional<Ownership>();
    const auto client = client_;
    CO_TRY(const auto standing, co_await read(client, std::move(name)));
    if (!standing) co_return std::optional<Ownership>();
    co_return ownership_of(standing->record);
  }

  Task<std::vector<Ownership>> list(std::string prefix, std::size_t limit) override {
    const auto client = client_;
    Result<Ownerships> read = co_await read_ownerships(client, std::move(prefix), limit);
    if (!read && read.error().code == Code::kTooLarge) co_return fail(read.error());
    CO_TRY(const Ownerships held, served(std::move(read)));
    std::vector<Ownership> listed;
    listed.reserve(held.records.size());
    for (const auto& [name, record] : held.records) listed.push_back(ownership_of(record));
    co_return listed;
  }

  Task<std::unique_ptr<engines::Watch>> watch(std::string prefix, OnChange on_change) override {
    const auto client = client_;
    const auto background = background_;
    auto loop = std::make_shared<WatchLoop>(client, WatchMetrics(metrics_), std::move(prefix), std::move(on_change));
    ++background->watches;
    auto watch = std::make_unique<HeldWatch>(background, loop);
    if (background->watches > client->options().max_watches)
      co_return fail(Error{Code::kUnavailable, "too many watches", {{"limit", "ETCD_MAX_WATCHES"}}});
    CO_TRY_VOID(served(co_await loop->begin()));
    background->spawn(follow(std::move(loop)));
    if (!background->probing.exchange(true)) background->spawn(probe(client, background->watches));
    co_return watch;
  }

 private:
  const std::shared_ptr<Client> client_;  // shared with the calls and watches under way
  Metrics& metrics_;
  const std::shared_ptr<Background> background_;  // shared with the watches
};

Result<std::unique_ptr<Coordination>> open_etcd_coordination(EtcdOptions options, Clock& clock, IdSource& ids,
                                                             const Logger& logger, Metrics& metrics) {
  TRY(auto client, Client::open(std::move(options), clock, ids, logger, metrics));
  return std::make_unique<EtcdCoordination>(std::move(client), metrics);
}

}  // namespace concord::etcd
