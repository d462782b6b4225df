#include "documents/sync_session.h"

#include <algorithm>
#include <utility>

#include "crdt/state_vector.h"
#include "crdt/update.h"
#include "documents/sync_handler.h"
#include "json/object.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMaxOpeningBytes = 8u << 20u;
constexpr std::size_t kMaxTokenBytes = 4096;
constexpr std::int64_t kBurst = 4;  // seconds of the message rate that may come at once

net::CloseCode close_code(const Error& error) {
  switch (error.code) {
    case Code::kUnauthenticated:
      return net::CloseCode::kUnauthenticated;
    case Code::kPermissionDenied:
      return net::CloseCode::kPermissionDenied;
    case Code::kNotFound:
      return net::CloseCode::kNotFound;
    case Code::kTooLarge:
      return net::CloseCode::kTooLarge;
    case Code::kInvalidArgument:
      return net::CloseCode::kInvalidPayload;
    case Code::kRateLimited:
    case Code::kUnavailable:
    case Code::kTimeout:
    case Code::kFenced:
      return net::CloseCode::kTryAgainLater;
    default:
      return net::CloseCode::kInternal;
  }
}

}  // namespace

SyncSession::SyncSession(SyncHandler& handler, net::WebSocket& socket, std::uint64_t number, const SyncRequest& request,
                         std::int64_t now_ns)
    : handler_(handler),
      socket_(&socket),
      opening_(std::make_unique<Opening>()),
      document_(request.document),
      number_(number),
      wants_saved_(request.wants_saved) {
  opening_->deadline_ns = now_ns + handler.shard().limits().sign_in_deadline_ms * 1'000'000;
}

void SyncSession::send(const net::Frame& frame) {
  if (socket_ != nullptr) socket_->send(frame);
}

void SyncSession::end(net::CloseCode code, std::string_view reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

void SyncSession::set_access(const access::Decision& decision) {
  const Level level = decision.level;
  access_until_ms_ = decision.until_ms;
  const bool could_write = std::exchange(access_, level) >= Level::kWrite;
  if (level == Level::kNone) {
    end(net::CloseCode::kNotFound, "the document is not shared with you any more");
  } else if (live_ && could_write && level < Level::kWrite) {
    send(sync_protocol::denied_frame("you may only read this document now"));
  } else if (live_ && !could_write && level >= Level::kWrite) {
    send(sync_protocol::state_vector_frame(live_->state().encode_state_vector()));  // what it has is wanted now
  }
}

void SyncSession::receive(net::Opcode opcode, ByteView payload) {
  if (!within_rate()) {
    end(net::CloseCode::kTryAgainLater, "too many messages; slow down");
    return;
  }
  if (opcode == net::Opcode::kText) {
    receive_text(payload);
    return;
  }
  if (opening_) {
    opening_->bytes += payload.size();
    if (opening_->bytes > kMaxOpeningBytes) {
      end(net::CloseCode::kTooLarge, "too much before the session was open");
      return;
    }
    opening_->messages.push_back(to_bytes(payload));
    return;
  }
  auto message = sync_protocol::parse(payload);
  if (!message) {
    end(close_code(message.error()), message.error().message);
    return;
  }
  dispatch(*message);
}

void SyncSession::receive_text(ByteView payload) {
  auto fields = json::Object::parse(as_text(payload), {.max_bytes = 2 * kMaxTokenBytes});
  if (!fields) {
    end(net::CloseCode::kInvalidPayload, fields.error().message);
    return;
  }
  auto type = fields->text("type", {.least = 1, .most = 32});
  auto token = fields->text("token", {.least = 1, .most = kMaxTokenBytes, .secret = true});
  if (!type || *type != "auth" || !token) {
    end(net::CloseCode::kInvalidPayload, R"(a text message is {"type":"auth","token":"…"})");
    return;
  }
  handler_.sign_in(*this, std::move(*token));
}

void SyncSession::dispatch(const sync_protocol::Message& message) {
  using sync_protocol::Kind;
  switch (message.kind) {
    case Kind::kStateVector: {
      auto since = crdt::decode_state_vector(message.payload);
      if (!since) {
        end(close_code(since.error()), since.error().message);
        return;
      }
      send(sync_protocol::answer_frame(live_->state().encode_state_as_update(*since)));
      return;
    }
    case Kind::kAnswer:
      receive_update(message.payload, true);
      return;
    case Kind::kUpdate:
      receive_update(message.payload, false);
      return;
    case Kind::kAwareness:
      receive_awareness(message.payload);
      return;
    case Kind::kQueryAwareness:
      if (Bytes all = live_->awareness().encode(); !all.empty()) send(sync_protocol::awareness_frame(all));
      return;
  }
}

/// `may_be_known`: who reconnects sends deletions that everybody knows; they are not logged again.
void SyncSession::receive_update(ByteView update, bool may_be_known) {
  DocumentShard& shard = handler_.shard();
  auto info = crdt::describe_update(update);
  if (!info) {
    shard.metrics().refused_updates.add();
    end(close_code(info.error()), info.error().message);
    return;
  }
  if (info->empty() || (may_be_known && live_->state().covers(update))) {
    ++references_;
    shard.shard().barrier([this] { one_saved({}); });
    return;
  }
  if (access_ < Level::kWrite) {
    send(sync_protocol::denied_frame("you may not change this document"));
    end(net::CloseCode::kPermissionDenied, "you may not change this document");
    return;
  }
  if (info->structs > 0) {  // what only deletes may always come: it is the way back below the limit
    if (auto fits = shard.check_size(*live_, update.size()); !fits) {
      shard.metrics().refused_updates.add();
      end(close_code(fits.error()), fits.error().message);
      return;
    }
  }
  ++references_;
  shard.submit(live_, std::make_shared<const Bytes>(to_bytes(update)), {who_.str()}, number_,
               [this](Result<> outcome) { one_saved(std::move(outcome)); });
}

void SyncSession::one_saved(Result<> outcome) {
  --references_;
  if (!outcome) {
    end(close_code(outcome.error()), outcome.error().message);
  } else {
    ++saved_;
    if (wants_saved_) send(sync_protocol::saved_frame(saved_));
  }
  handler_.release(*this);
}

void SyncSession::receive_awareness(ByteView update) {
  auto news = live_->awareness().apply(update, number_);
  if (!news) {
    end(close_code(news.error()), news.error().message);
    return;
  }
  if (!news->empty()) live_->broadcast(sync_protocol::awareness_frame(*news), number_);
}

void SyncSession::opened(DocumentShard::Live live, const access::Decision& access) {
  live_ = std::move(live);
  access_ = access.level;
  access_until_ms_ = access.until_ms;
  live_->join(*this);
  const std::unique_ptr<Opening> opening = std::move(opening_);
  if (access_ >= Level::kWrite) send(sync_protocol::state_vector_frame(live_->state().encode_state_vector()));
  if (Bytes all = live_->awareness().encode(); !all.empty()) send(sync_protocol::awareness_frame(all));
  for (const Bytes& bytes : opening->messages) {
    auto message = sync_protocol::parse(bytes);
    if (!message) {
      end(close_code(message.error()), message.error().message);
      return;
    }
    dispatch(*message);
  }
}

void SyncSession::socket_closed() {
  socket_ = nullptr;
  if (!live_) return;
  live_->leave(*this);
  live_->last_used_ns = handler_.shard().clock().monotonic_ns();
  if (Bytes gone = live_->awareness().remove_session(number_); !gone.empty()) {
    live_->broadcast(sync_protocol::awareness_frame(gone), number_);
  }
  live_.reset();
}

void SyncSession::check_deadline(std::int64_t now_ns, std::int64_t now_wall_ms) {
  if (opening_) {
    if (now_ns > opening_->deadline_ns && !opening_->signing_in) {
      end(net::CloseCode::kUnauthenticated, "no token came in time");
    }
  } else if (now_wall_ms > expires_ms_) {
    end(net::CloseCode::kUnauthenticated, "the access token has expired");
  }
}

bool SyncSession::within_rate() {
  const auto per_second = static_cast<std::int64_t>(handler_.shard().limits().messages_per_second);
  const std::int64_t cost_ns = 1'000'000'000 / per_second;
  const std::int64_t now_ns = handler_.shard().clock().monotonic_ns();
  rate_ns_ = std::max(rate_ns_, now_ns) + cost_ns;
  return rate_ns_ - now_ns <= kBurst * 1'000'000'000;
}

}  // namespace concord::documents
