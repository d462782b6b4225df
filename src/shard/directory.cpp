#include "shard/directory.h"

#include <algorithm>
#include <charconv>

#include "shard/shard_limits.h"
#include "shard/shard_map.h"

namespace concord::shard {

namespace {

/// nullopt where the name is no shard's.
std::optional<std::uint32_t> number_of(std::string_view name, std::size_t shards) {
  if (!name.starts_with(kOwnershipPrefix)) return std::nullopt;
  name.remove_prefix(kOwnershipPrefix.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number >= shards) return std::nullopt;
  return number;
}

}  // namespace

Directory::Directory(std::int64_t look_ms, Reactor& reactor, engines::Coordination& coordination,
                     const Membership& membership, Logger logger)
    : look_ms_(look_ms),
      reactor_(reactor),
      coordination_(coordination),
      membership_(membership),
      logger_(std::move(logger)),
      tasks_(reactor),
      alive_(std::make_shared<Directory*>(this)),
      owners_(kMostShards),
      published_(kMostShards) {}

Directory::~Directory() { *alive_ = nullptr; }

Task<> Directory::start() {
  auto on_change = [&reactor = reactor_, alive = alive_](const std::string& name,
                                                         const std::optional<engines::Ownership>& now) {
    reactor.post([alive, name, now] {
      if (*alive != nullptr) (*alive)->owned(name, now);
    });
  };
  CO_TRY(watch_, co_await coordination_.watch(std::string(kOwnershipPrefix), std::move(on_change)));
  CO_TRY_VOID(co_await look());
  tasks_.spawn(look_again());
  co_return Result<>{};
}

asio::awaitable<void> Directory::stop() {
  watch_.reset();
  co_await tasks_.close();
}

void Directory::owned(const std::string& name, const std::optional<engines::Ownership>& now) {
  const auto number = number_of(name, owners_.size());
  if (!number) return;
  ++changes_;
  owners_[*number] = now ? now->owner : std::string();
  publish();
}

/// What a watch has missed. An answer that changes have overtaken is of no use.
Task<> Directory::look() {
  const std::uint64_t before = changes_;
  CO_TRY(const auto held, co_await coordination_.list(std::string(kOwnershipPrefix), owners_.size()));
  if (changes_ != before) co_return Result<>{};
  std::ranges::fill(owners_, std::string());
  for (const engines::Ownership& one : held) {
    if (const auto number = number_of(one.name, owners_.size())) owners_[*number] = one.owner;
  }
  publish();
  co_return Result<>{};
}

asio::awaitable<void> Directory::look_again() {
  while (co_await sleep_ms(look_ms_)) {
    if (auto looked = co_await look(); !looked)
      logger_.warn("cannot see who serves which shard", {{"error", looked.error().message}});
  }
}

void Directory::publish() {
  std::vector<std::optional<Member>> now(owners_.size());
  for (std::size_t i = 0; i < owners_.size(); ++i) {
    const auto found = std::ranges::find(membership_.members(), owners_[i], &Member::node);
    if (!owners_[i].empty() && found != membership_.members().end()) now[i] = *found;
  }
  const std::lock_guard lock(mutex_);
  published_ = std::move(now);
}

std::optional<Member> Directory::of(engines::ShardId shard) const {
  const std::lock_guard lock(mutex_);
  return published_[shard.value];
}

}  // namespace concord::shard
