#include "documents/live_dialects.h"

#include <algorithm>
#include <utility>

#include "documents/ot_handler.h"

namespace concord::documents {

namespace {

template <class Owner>
Task<> close_here(Owner& owner) {
  co_await owner.close();
  co_return Result<>{};
}

}  // namespace

LiveDialects::LiveDialects(const std::vector<std::unique_ptr<DocumentShard>>& shards, const shard::SlotTable& slots,
                           const DocumentLimits& limits, const LiveDependencies& on)
    : on_(on), limits_(limits), places_(std::make_shared<LivePlaces>(slots)) {
  const auto counts = std::make_shared<SessionCounts>(limits.sessions_per_user);
  sync_handlers_.reserve(shards.size());
  for (const auto& shard : shards) {
    auto sessions = std::make_shared<LiveSessions>(*shard, places_->mailbox(shard->reactor()), on, counts);
    sync_handlers_.push_back(std::make_shared<SyncHandler>(sessions));
    places_->add(std::move(sessions));
  }
  hocuspocus_handlers_.reserve(places_->mailboxes().size());
  for (const auto& mailbox : places_->mailboxes())
    hocuspocus_handlers_.push_back(std::make_shared<HocuspocusHandler>(places_, *mailbox, limits, on.clock));
}

void LiveDialects::start() {
  for (const auto& handler : hocuspocus_handlers_) handler->reactor().post([handler] { handler->start(); });
}

void LiveDialects::sign_in_ended(identity::SessionId sign_in) {
  for (const auto& sessions : places_->all())
    sessions->shard().reactor().post([sessions, sign_in] { sessions->sign_in_ended(sign_in); });
}

void LiveDialects::locked_out(UserId user) {
  for (const auto& sessions : places_->all())
    sessions->shard().reactor().post([sessions, user] { sessions->locked_out(user); });
}

void LiveDialects::access_changed(std::optional<DocumentId> document) {
  for (const auto& sessions : places_->all()) {
    if (document && places_->of(*document) != sessions) continue;
    sessions->shard().reactor().post([sessions, document] { sessions->access_changed(document); });
  }
}

/// What happened here just now is to be on the bus; what happens elsewhere comes there by itself.
Task<Presence> LiveDialects::presence(DocumentId document) {
  const auto& sessions = places_->of(document);
  CO_TRY_VOID(co_await run_on(sessions->shard().reactor(), sessions->presence().flush(document)));
  co_return co_await read_presence(on_.bus, document, limits_.awareness.max_clients,
                                   on_.clock.wall_ms() - limits_.last_seen_ms);
}

asio::awaitable<void> LiveDialects::close() {
  for (const auto& handler : hocuspocus_handlers_)
    (void)co_await run_on(handler->reactor(), close_here(*handler));  // cannot fail
  for (const auto& sessions : places_->all()) (void)co_await run_on(sessions->shard().reactor(), close_here(*sessions));
  if (relay_) co_await relay_->close();
}

void LiveDialects::relay_by(LiveRelay::Dependencies on) {
  Reactors& reactors = on.reactors;
  for (std::size_t i = 0; i < reactors.size(); ++i)
    relayed_ot_.push_back(std::make_unique<OtHandler>(places_, places_->mailbox(reactors.at(i)), on_.reconnects,
                                                      OtHandler::Clients::kOfOtherNodes));
  relay_ = std::make_unique<LiveRelay>(std::move(on));
  relay_->serve({.sync = [this](engines::ShardId shard) { return sync_handlers_[shard.value]; },
                 .hocuspocus = [this](Reactor& reactor) { return hocuspocus_handler(reactor); },
                 .ot = [this](Reactor& reactor) -> socketio::Handler& { return *relayed_ot_[reactor.index()]; }});
  places_->relay_by(*relay_);
}

const std::shared_ptr<HocuspocusHandler>& LiveDialects::hocuspocus_handler(const Reactor& reactor) const {
  const auto here =
      std::ranges::find_if(hocuspocus_handlers_, [&](const auto& handler) { return &handler->reactor() == &reactor; });
  return here != hocuspocus_handlers_.end() ? *here : hocuspocus_handlers_.front();
}

asio::awaitable<net::Upgrade> LiveDialects::upgrade(SyncRequest request) {
  if (relay_) {
    co_await relay_->until_served(request.session.document);
    if (relay_->is_far(request.session.document)) co_return relay_->upgrade(request);
  }
  const std::size_t index = places_->shard_of(request.session.document).value;
  const auto& sessions = places_->all()[index];
  co_return net::Upgrade{&sessions->shard().reactor(), sync_handlers_[index],
                         std::make_shared<SyncRequest>(std::move(request))};
}

net::Upgrade LiveDialects::upgrade(HocuspocusRequest request) {
  const auto here =
      std::ranges::find_if(hocuspocus_handlers_, [](const auto& handler) { return handler->reactor().is_current(); });
  const auto& handler = here != hocuspocus_handlers_.end() ? *here : hocuspocus_handlers_.front();
  return {&handler->reactor(), handler, std::make_shared<HocuspocusRequest>(std::move(request))};
}

std::unique_ptr<socketio::Handler> LiveDialects::make_ot_handler(Reactor& reactor) {
  return std::make_unique<OtHandler>(places_, places_->mailbox(reactor), on_.reconnects);
}

}  // namespace concord::documents
