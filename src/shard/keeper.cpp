#include "shard/keeper.h"

#include <algorithm>
#include <charconv>

#include "shard/assignment.h"
#include "shard/shard_limits.h"

namespace concord::shard {

ShardKeeper::ShardKeeper(KeeperOptions options, const SlotTable& slots, Reactor& reactor,
                         engines::Coordination& coordination, Membership& membership, ShardHost& host, Clock& clock,
                         Logger logger)
    : options_(options),
      slots_(slots),
      reactor_(reactor),
      coordination_(coordination),
      membership_(membership),
      host_(host),
      clock_(clock),
      logger_(std::move(logger)),
      tasks_(reactor),
      told_(reactor),
      alive_(std::make_shared<ShardKeeper*>(this)),
      kept_(kMostShards) {}

ShardKeeper::~ShardKeeper() { *alive_ = nullptr; }

Task<> ShardKeeper::start() {
  auto on_change = [&reactor = reactor_, alive = alive_](const std::string& name,
                                                         const std::optional<engines::Ownership>& now) {
    if (now) return;
    reactor.post([alive, name] {
      if (*alive != nullptr) (*alive)->freed(name);
    });
  };
  CO_TRY(watch_, co_await coordination_.watch(std::string(kOwnershipPrefix), std::move(on_change)));
  tasks_.spawn(run());
  co_return Result<>{};
}

std::size_t ShardKeeper::count() const {
  return static_cast<std::size_t>(std::ranges::count(kept_, true, &Kept::taken));
}

/// A shard that nobody has now need not wait.
void ShardKeeper::freed(const std::string& name) {
  std::uint32_t shard = 0;
  const char* const begin = name.data() + std::min(kOwnershipPrefix.size(), name.size());
  const auto [end, error] = std::from_chars(begin, name.data() + name.size(), shard);
  if (error != std::errc() || shard >= kept_.size()) return;
  kept_[shard].wait_ms = 0;
  kept_[shard].retry_at_ns = 0;
  told_.notify_all();
}

asio::awaitable<void> ShardKeeper::run() {
  while (!stopping_) {
    const std::int64_t wait_ms = look();
    co_await told_.wait(wait_ms);
  }
}

/// Begins what is to be done now; returns how long nothing else is.
std::int64_t ShardKeeper::look() {
  std::vector<Candidate> candidates;
  for (const Member& member : membership_.members()) candidates.push_back({member.node, member.weight});
  const auto self = std::ranges::find(candidates, membership_.self().node, &Candidate::node) - candidates.begin();
  const std::uint32_t shards = slots_.size();
  const std::vector<std::size_t> owners = assign(shards, candidates);
  const std::int64_t now_ns = clock_.monotonic_ns();
  std::int64_t wait_ms = options_.look_ms;
  for (std::uint32_t number = 0; number < shards; ++number) {
    Kept& kept = kept_[number];
    const engines::ShardId shard{number};
    if (kept.busy) continue;
    const bool is_mine = owners[number] == static_cast<std::size_t>(self) && owners[number] != candidates.size();
    const bool is_anothers = !is_mine && owners[number] != candidates.size();
    if (kept.taken && (is_anothers || !host_.holds(shard))) {
      kept.busy = true;
      tasks_.spawn(give(shard));
    } else if (!kept.taken && is_mine && now_ns >= kept.retry_at_ns) {
      kept.busy = true;
      tasks_.spawn(take(shard));
    } else if (!kept.taken && is_mine) {
      wait_ms = std::min(wait_ms, (kept.retry_at_ns - now_ns) / 1'000'000 + 1);
    }
  }
  return wait_ms;
}

asio::awaitable<void> ShardKeeper::take(engines::ShardId shard) {
  const auto taken = co_await host_.take(shard);
  Kept& kept = kept_[shard.value];
  kept.busy = false;
  kept.taken = taken.has_value();
  if (taken) {
    kept.wait_ms = 0;
    logger_.info("took a shard", {{"shard", shard.value}});
  } else {
    const bool is_held = taken.error().code == Code::kConflict;  // its end is told, and may be missed
    kept.wait_ms = std::clamp(2 * kept.wait_ms, options_.retry_ms, is_held ? options_.look_ms : options_.max_retry_ms);
    kept.retry_at_ns = clock_.monotonic_ns() + kept.wait_ms * 1'000'000;
    if (!is_held) logger_.warn("cannot take a shard", {{"shard", shard.value}, {"error", taken.error().message}});
  }
  told_.notify_all();
}

asio::awaitable<void> ShardKeeper::give(engines::ShardId shard) {
  logger_.info(host_.holds(shard) ? "hands over a shard" : "has lost a shard", {{"shard", shard.value}});
  co_await host_.give(shard);
  Kept& kept = kept_[shard.value];
  kept = {};
  told_.notify_all();
}

asio::awaitable<void> ShardKeeper::stop() {
  stopping_ = true;
  watch_.reset();
  told_.notify_all();
  const auto is_busy = [](const Kept& kept) { return kept.busy; };
  while (std::ranges::any_of(kept_, is_busy)) co_await told_.wait();
  for (std::uint32_t number = 0; number < kept_.size(); ++number) {
    if (!kept_[number].taken) continue;
    kept_[number].busy = true;
    tasks_.spawn(give(engines::ShardId{number}));
  }
  while (std::ranges::any_of(kept_, is_busy)) co_await told_.wait();
  co_await tasks_.close();
}

}  // namespace concord::shard
