#include "shard/membership.h"

#include <charconv>

namespace concord::shard {

namespace {
constexpr std::string_view kPrefix = "node/";
}  // namespace

std::string note_of(const Member& member) { return std::to_string(member.weight) + " " + member.address; }

std::optional<Member> member_of(const engines::Ownership& held) {
  if (!held.name.starts_with(kPrefix)) return std::nullopt;
  Member member{.node = held.name.substr(kPrefix.size())};
  const char* const end = held.note.data() + held.note.size();
  const auto [rest, error] = std::from_chars(held.note.data(), end, member.weight);
  if (error != std::errc() || rest == end || *rest != ' ') return std::nullopt;
  member.address.assign(rest + 1, end);
  return member;
}

Membership::Membership(MembershipOptions options, Reactor& reactor, engines::Coordination& coordination, Logger logger,
                       std::function<void()> changed)
    : options_(std::move(options)),
      reactor_(reactor),
      coordination_(coordination),
      logger_(std::move(logger)),
      changed_(std::move(changed)),
      tasks_(reactor),
      told_(reactor),
      alive_(std::make_shared<Membership*>(this)) {}

Membership::~Membership() { *alive_ = nullptr; }

Task<> Membership::join() {
  auto on_change = [&reactor = reactor_, alive = alive_](const std::string&, const std::optional<engines::Ownership>&) {
    reactor.post([alive] {
      if (*alive != nullptr) (*alive)->told_.notify_all();
    });
  };
  CO_TRY(watch_, co_await coordination_.watch(std::string(kPrefix), std::move(on_change)));
  CO_TRY(held_, co_await coordination_.acquire(name(), options_.self.node, options_.lease_ms, note_of(options_.self)));
  CO_TRY_VOID(co_await look());
  tasks_.spawn(maintain());
  co_return Result<>{};
}

/// The watch is a hint that it is worth while; what is held now is the truth.
Task<> Membership::look() {
  CO_TRY(const auto held, co_await coordination_.list(std::string(kPrefix), options_.max_nodes));
  std::vector<Member> members;
  for (const engines::Ownership& one : held) {
    if (auto member = member_of(one)) members.push_back(std::move(*member));
  }
  if (members == members_) co_return Result<>{};
  members_ = std::move(members);
  logger_.info("nodes of this hub", {{"count", members_.size()}});
  changed_();
  co_return Result<>{};
}

asio::awaitable<void> Membership::maintain() {
  while (!leaving_) {
    co_await told_.wait(options_.lease_ms / 3);
    if (leaving_) break;
    co_await hold_name();
    if (auto looked = co_await look(); !looked)
      logger_.warn("cannot see the nodes of this hub", {{"error", looked.error().message}});
  }
}

asio::awaitable<void> Membership::hold_name() {
  auto held = co_await coordination_.renew(held_, options_.lease_ms);
  if (!held && held.error().code == Code::kFenced && !leaving_) {
    logger_.warn("this node was taken for gone", {{"node", options_.self.node}});
    held = co_await coordination_.acquire(name(), options_.self.node, options_.lease_ms, note_of(options_.self));
  }
  if (held) held_ = std::move(*held);
}

asio::awaitable<void> Membership::leave() {
  leaving_ = true;
  watch_.reset();
  co_await tasks_.close();
  if (auto done = co_await coordination_.release(held_); !done)
    logger_.warn("the others do not know yet that this node goes", {{"error", done.error().message}});
}

}  // namespace concord::shard
