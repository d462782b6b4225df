#include "documents/live_relay.h"

#include "base/async.h"
#include "base/varint.h"
#include "json/writer.h"

namespace concord::documents {

namespace {

constexpr std::int64_t kWaitMs = 5'000;
constexpr std::string_view kSync = "sync";
constexpr std::string_view kHocuspocus = "hocuspocus";
constexpr std::string_view kOt = "ot";
constexpr std::uint8_t kWantsSaved = 1;
constexpr std::uint8_t kWantsAccess = 2;

Bytes encode(const SyncRequest& request) {
  Bytes out;
  out.push_back(
      static_cast<std::uint8_t>((request.wants_saved ? kWantsSaved : 0) | (request.wants_access ? kWantsAccess : 0)));
  for (const std::string& text :
       {request.session.document.str(), request.session.address, request.session.request_id, request.token})
    write_var_string(out, text);
  return out;
}

Result<SyncRequest> decode_sync(ByteView bytes) {
  VarReader in(bytes);
  SyncRequest request;
  TRY(const std::uint8_t wants, in.byte());
  request.wants_saved = (wants & kWantsSaved) != 0;
  request.wants_access = (wants & kWantsAccess) != 0;
  TRY(const ByteView document, in.var_bytes());
  TRY(const ByteView address, in.var_bytes());
  TRY(const ByteView request_id, in.var_bytes());
  TRY(const ByteView token, in.var_bytes());
  const auto id = DocumentId::parse(as_text(document));
  if (!id) return fail(Code::kInvalidArgument, "a node asks for a session on no document");
  request.session = {*id, std::string(as_text(address)), std::string(as_text(request_id))};
  request.token = as_text(token);
  return request;
}

Bytes encode(const HocuspocusRequest& request) {
  Bytes out;
  write_var_string(out, request.address);
  write_var_string(out, request.request_id);
  return out;
}

Result<HocuspocusRequest> decode_hocuspocus(ByteView bytes) {
  VarReader in(bytes);
  TRY(const ByteView address, in.var_bytes());
  TRY(const ByteView request_id, in.var_bytes());
  return HocuspocusRequest{std::string(as_text(address)), std::string(as_text(request_id)), true};
}

std::string auth_of(std::string_view token) {
  json::Writer out;
  out.begin_object().field("token", token).end();
  return std::move(out).take();
}

Task<> close_here(relay::FarSockets& sockets, relay::Credits& credits) {
  co_await sockets.close();
  co_await credits.close();
  co_return Result<>{};
}

}  // namespace

struct LiveRelay::OnReactor {
  OnReactor(link::Links& links, Reactor& on, const relay::Places& places)
      : reactor(on), sockets(links, on, places), credits(on), whole(std::make_shared<relay::FarHandler>(sockets)) {}

  Reactor& reactor;
  relay::FarSockets sockets;
  relay::Credits credits;                    // of Socket.IO
  std::shared_ptr<relay::FarHandler> whole;  // shared with the upgrades under way
};

LiveRelay::LiveRelay(Dependencies on) : on_(std::move(on)) {
  for (std::size_t i = 0; i < on_.reactors.size(); ++i)
    on_reactors_.push_back(std::make_shared<OnReactor>(on_.links, on_.reactors.at(i), on_.places));
}

/// Of one that is far: it is known then, and wherever it goes meanwhile, who is asked for it there refuses.
engines::ShardId LiveRelay::known_shard(DocumentId document) const {
  return on_.places.shard_of(document.slot()).value_or(engines::ShardId{UINT32_MAX});
}

bool LiveRelay::is_far(DocumentId document) const {
  const auto shard = on_.places.shard_of(document.slot());
  return shard && !on_.places.is_here(*shard) && on_.places.elsewhere(*shard);
}

std::optional<link::Peer> LiveRelay::peer_of(DocumentId document) const {
  const auto shard = on_.places.shard_of(document.slot());
  return shard ? on_.places.elsewhere(*shard) : std::nullopt;
}

asio::awaitable<void> LiveRelay::until_served(DocumentId document) {
  (void)co_await relay::until_served(on_.places, document.slot(), kWaitMs, on_.clock);
}

net::Upgrade LiveRelay::upgrade(const SyncRequest& request) {
  Reactor& reactor = relay::current_reactor(on_.reactors);
  auto state =
      std::make_shared<relay::FarRequest>(std::string(kSync), known_shard(request.session.document), encode(request));
  return {&reactor, here(reactor).whole, std::move(state)};
}

std::shared_ptr<relay::FarSocket> LiveRelay::open(Reactor& home, DocumentId document, const HocuspocusRequest& request,
                                                  net::WebSocket& client, relay::FarSocket::Ended ended,
                                                  relay::FarSocket::Sent sent) {
  return here(home).sockets.open(kHocuspocus, known_shard(document), encode(request), client, std::move(ended),
                                 std::move(sent));
}

std::shared_ptr<relay::FarEvents> LiveRelay::open(DocumentId document, std::string_view token, socketio::Socket& client,
                                                  relay::FarEvents::Ended ended) {
  return relay::FarEvents::open(on_.links, on_.places, here(client.reactor()).credits, std::string(kOt),
                                known_shard(document), auth_of(token), client, std::move(ended));
}

void LiveRelay::serve(Takers takers) {
  relay::serve_sockets(on_.links, std::string(kSync), on_.places,
                       [this, handler_of = std::move(takers.sync)](engines::ShardId shard, ByteView opening,
                                                                   Reactor&) -> std::optional<relay::Taker> {
                         auto request = decode_sync(opening);
                         if (!request || on_.places.shard_of(request->session.document.slot()) != shard)
                           return std::nullopt;
                         return relay::Taker{handler_of(shard), std::make_shared<SyncRequest>(std::move(*request))};
                       });
  relay::serve_sockets(on_.links, std::string(kHocuspocus), on_.places,
                       [handler_of = std::move(takers.hocuspocus)](engines::ShardId, ByteView opening,
                                                                   Reactor& reactor) -> std::optional<relay::Taker> {
                         auto request = decode_hocuspocus(opening);
                         if (!request) return std::nullopt;
                         return relay::Taker{handler_of(reactor),
                                             std::make_shared<HocuspocusRequest>(std::move(*request))};
                       });
  relay::serve_events(on_.links, std::string(kOt), on_.places, std::move(takers.ot));
}

asio::awaitable<void> LiveRelay::close() {
  for (const auto& one : on_reactors_)
    (void)co_await run_on(one->reactor, close_here(one->sockets, one->credits));  // cannot fail
}

}  // namespace concord::documents
