#include "app/cluster.h"

#include <algorithm>

#include "app/far_documents.h"
#include "app/place_of.h"
#include "shard/settings.h"

namespace concord::app {

namespace {

constexpr std::int64_t kLookMs = 2'000;  // for what watches have missed
constexpr std::int64_t kSettleMs = 5'000;
constexpr std::int64_t kSettleLookMs = 10;
constexpr std::int64_t kMapMs = 500;  // until a node knows at the latest that a shard was split elsewhere

Task<> ended(asio::awaitable<void> work) {
  co_await std::move(work);
  co_return Result<>{};
}

std::unexpected<Error> wrong(std::string_view setting, const std::string& what) {
  return fail(Error{Code::kInvalidArgument, std::string(setting) + ": " + what, {{"field", std::string(setting)}}});
}

/// Several nodes share what they keep.
Task<std::optional<net::Response>> nothing() { co_return std::nullopt; }

Task<std::optional<net::Response>> when_settled(Slot slot, documents::Documents& documents, Clock& clock) {
  const std::int64_t until_ns = clock.monotonic_ns() + kSettleMs * 1'000'000;
  for (;;) {
    const auto shard = documents.slots().settled(slot);
    if ((shard && documents.holds(*shard)) || clock.monotonic_ns() >= until_ns) break;
    CO_TRY_VOID(co_await sleep_ms(kSettleLookMs));
  }
  co_return std::nullopt;
}

Result<> check_engines(const Config& config) {
  for (const std::string_view setting : {"ETCD_ENDPOINTS", "DATABASE_URL", "REDIS_URL", "S3_ENDPOINT"})
    if (config.string(setting).empty())
      return wrong(setting, "NODE_LISTEN says that the hub has several nodes, which need this engine in common");
  return {};
}

}  // namespace

std::span<const Setting> cluster_settings() {
  static const std::vector<Setting> rows{
      {"ROLES", SettingType::kString, "gateway,shard,worker", 1, 64,
       "What this node does for the hub, with commas between: gateway answers clients, shard serves documents, worker "
       "does jobs of the background."},
      {"NODE_WEIGHT", SettingType::kInteger, "1", 1, 1000,
       "How many of the hub's shards this node takes, beside the weights of the others."},
  };
  return rows;
}

Result<Roles> roles_from(const Config& config) {
  Roles roles{false, false, false};
  std::string_view rest = config.string("ROLES");
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word == "gateway") {
      roles.gateway = true;
    } else if (word == "shard") {
      roles.shard = true;
    } else if (word == "worker") {
      roles.worker = true;
    } else {
      return wrong("ROLES", "\"" + std::string(word) + "\" is none of gateway, shard, worker");
    }
  }
  const bool all = roles.gateway && roles.shard && roles.worker;
  if (!all && config.string("NODE_LISTEN").empty())
    return wrong("ROLES", "a hub of one node does everything; NODE_LISTEN makes it one of several");
  return roles;
}

gateway::Elsewhere wait_for_splits(documents::Documents& documents, Clock& clock) {
  return [&documents, &clock](const net::Route& route, net::Request& request,
                              const std::optional<guard::Caller>& caller) -> Task<std::optional<net::Response>> {
    const auto slot = place_of(route, request, caller, documents.slots());
    const auto shard = slot ? documents.slots().settled(*slot) : std::nullopt;
    if (!slot || (shard && documents.holds(*shard))) return nothing();
    return when_settled(*slot, documents, clock);
  };
}

Result<std::unique_ptr<Cluster>> Cluster::make(const Config& config, Dependencies on) {
  TRY(const Roles roles, roles_from(config));
  TRY(link::LinkOptions links, link::from_config(config, on.node));
  if (!links.enabled) return nullptr;
  TRY_VOID(check_engines(config));
  return std::unique_ptr<Cluster>(new Cluster(std::move(on), std::move(links), roles));
}

Cluster::Cluster(Dependencies on, link::LinkOptions links, Roles roles)
    : on_(std::move(on)),
      roles_(roles),
      reactor_(on_.reactors.at(0)),
      tasks_(reactor_),
      links_(std::move(links), on_.reactors, on_.clock, on_.logger, on_.metrics) {
  on_.documents.live().relay_by({links_, on_.reactors, places(), on_.reconnects, on_.clock});
}

Cluster::~Cluster() = default;

relay::Places Cluster::places() const {
  return {.shard_of = [&slots = on_.documents.slots()](Slot slot) { return slots.settled(slot); },
          .is_here = [&documents = on_.documents](engines::ShardId shard) { return documents.holds(shard); },
          .elsewhere = [this](engines::ShardId shard) -> std::optional<link::Peer> {
            const auto member = directory_ ? directory_->of(shard) : std::nullopt;
            if (!member || member->node == on_.node) return std::nullopt;
            return link::Peer{{member->node}, member->address};
          }};
}

gateway::Elsewhere Cluster::elsewhere(relay::Requests::Answer answer) {
  auto answer_any = [&documents = on_.documents,
                     answer = std::move(answer)](net::Request request) -> asio::awaitable<net::Response> {
    return [](documents::Documents& all, const relay::Requests::Answer& other,
              net::Request asked) -> asio::awaitable<net::Response> {
      if (auto answered = co_await answer_node(all, asked)) co_return std::move(*answered);
      co_return co_await other(std::move(asked));
    }(documents, answer, std::move(request));
  };
  requests_ = std::make_unique<relay::Requests>(relay::RequestOptions{}, links_, on_.reactors, places(),
                                                std::move(answer_any), on_.clock, on_.metrics);
  far_ = std::make_unique<FarByRequests>(places(), *requests_);
  return [&requests = *requests_, &slots = on_.documents.slots()](
             const net::Route& route, net::Request& request,
             const std::optional<guard::Caller>& caller) -> Task<std::optional<net::Response>> {
    const auto slot = place_of(route, request, caller, slots);
    if (!slot) return nothing();
    return requests.forward(*slot, request);
  };
}

Result<> Cluster::listen() {
  TRY_VOID(links_.start());
  const std::int64_t lease_ms = shard::limits_from(on_.config).lease_ms;
  const auto weight = static_cast<std::uint32_t>(roles_.shard ? on_.config.integer("NODE_WEIGHT") : 0);
  membership_ = std::make_unique<shard::Membership>(
      shard::MembershipOptions{.self = {on_.node, links_.address(), weight}, .lease_ms = lease_ms}, reactor_,
      on_.coordination, on_.logger, [this] {
        directory_->members_changed();
        keeper_->members_changed();
      });
  directory_ = std::make_unique<shard::Directory>(kLookMs, reactor_, on_.coordination, *membership_, on_.logger);
  keeper_ = std::make_unique<shard::ShardKeeper>(shard::KeeperOptions{}, on_.documents.slots(), reactor_,
                                                 on_.coordination, *membership_, on_.documents, on_.clock, on_.logger);
  return {};
}

void Cluster::add_job(std::string name, std::int64_t every_ms, shard::Elected::Job job) {
  if (!roles_.worker) return;
  const std::int64_t lease_ms = shard::limits_from(on_.config).lease_ms;
  jobs_.push_back(std::make_unique<shard::Elected>(
      shard::ElectedOptions{.name = std::move(name), .node = on_.node, .lease_ms = lease_ms, .every_ms = every_ms},
      reactor_, on_.coordination, on_.clock, on_.metrics, on_.logger, std::move(job)));
}

Result<> Cluster::start() {
  TRY_VOID(wait_for(reactor_, on_.documents.start_among_nodes(*far_)));
  TRY_VOID(wait_for(reactor_, membership_->join()));
  joined_ = true;
  TRY_VOID(wait_for(reactor_, directory_->start()));
  TRY_VOID(wait_for(reactor_, keeper_->start()));
  keeps_ = true;
  moves_ = std::make_unique<relay::Moves>(relay::MoveOptions{.shards = shard::kMostShards}, link::NodeName{on_.node},
                                          links_, places(), reactor_, on_.clock, on_.metrics);
  reactor_.post([this] { moves_->start(); });
  reactor_.post([this] { tasks_.spawn(follow_map()); });
  for (const auto& job : jobs_) reactor_.post([&job] { job->start(); });
  return {};
}

void Cluster::stop(std::int64_t deadline_ms) {
  for (const auto& job : jobs_) (void)wait_for(reactor_, ended(job->stop()));
  if (moves_) (void)wait_for(reactor_, ended(moves_->stop()));
  (void)wait_for(reactor_, ended(tasks_.close()));
  if (joined_) (void)wait_for(reactor_, ended(membership_->leave()));
  if (keeps_) (void)wait_for(reactor_, ended(keeper_->stop()));
  if (directory_) (void)wait_for(reactor_, ended(directory_->stop()));
  if (requests_) (void)wait_for(reactor_, ended(requests_->close()));
  (void)wait_for(reactor_, ended(links_.drain(deadline_ms)));
}

/// A shard that is split is another's to take, perhaps.
asio::awaitable<void> Cluster::follow_map() {
  std::uint32_t known = on_.documents.slots().size();
  while (co_await sleep_ms(kMapMs)) {
    if (auto read = co_await on_.documents.slots().refresh(); !read)
      on_.logger.warn("cannot see the map of the shards", {{"error", read.error().message}});
    if (std::exchange(known, on_.documents.slots().size()) != known) keeper_->members_changed();
  }
}

std::optional<std::string> Cluster::node_of(engines::ShardId shard) const {
  if (on_.documents.holds(shard)) return on_.node;
  const auto member = directory_ ? directory_->of(shard) : std::nullopt;
  return member ? std::optional(member->node) : std::nullopt;
}

Result<> Cluster::ready() const {
  const relay::Places where = places();
  for (std::uint32_t i = 0; i < on_.documents.slots().size(); ++i) {
    const engines::ShardId shard{i};
    if (!where.is_here(shard) && !where.elsewhere(shard))
      return fail(Code::kUnavailable, "no node serves shard " + std::to_string(i) + " yet");
  }
  return {};
}

}  // namespace concord::app
