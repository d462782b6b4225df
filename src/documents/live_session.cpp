#include "documents/live_session.h"

#include <utility>

#include "crdt/state_vector.h"
#include "crdt/update.h"
#include "documents/annotation_queue.h"
#include "documents/live_sessions.h"

namespace concord::documents {

namespace {
constexpr std::int64_t kRenewAheadMs = 30'000;
}  // namespace

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
      return is_too_many_sessions(error) ? net::CloseCode::kTooManySessions : net::CloseCode::kTryAgainLater;
    case Code::kUnavailable:
    case Code::kTimeout:
    case Code::kFenced:
      return net::CloseCode::kTryAgainLater;
    default:
      return net::CloseCode::kInternal;
  }
}

LiveSession::LiveSession(LiveSessions& sessions, const SessionRequest& request)
    : sessions_(sessions),
      opening_(std::make_unique<SessionOpening>(sessions.shard().metrics().opening_bytes)),
      document_(request.document),
      number_(sessions.next_number()) {
  opening_->address = request.address;
  opening_->request_id = request.request_id;
  opening_->deadline_ns = shard().clock().monotonic_ns() + shard().limits().sign_in_deadline_ms * 1'000'000;
}

LiveSession::~LiveSession() = default;

DocumentShard& LiveSession::shard() { return sessions_.shard(); }

void LiveSession::sign_in(std::string token) { sessions_.sign_in(*this, std::move(token)); }

void LiveSession::end(net::CloseCode code, std::string_view reason) {
  if (!connected_ || std::exchange(ended_, true)) return;
  close(code, reason);
}

void LiveSession::receive(ByteView message) {
  if (ended_) return;
  if (!opening_) {
    handle(message);
    return;
  }
  const auto kept = opening_->keep(message, shard().limits().max_opening_bytes);
  if (kept) return;
  if (kept.error().code == Code::kUnavailable) shard().metrics().opening_refused.add();
  end(close_code(kept.error()), kept.error().message);
}

Result<> LiveSession::answer(ByteView state_vector) {
  TRY(auto of_client, crdt::decode_state_vector(state_vector));
  sessions_.answers().ask(*this, std::move(of_client));
  return {};
}

std::optional<std::int64_t> LiveSession::reconnect_in_ms(net::CloseCode code) {
  if (!net::Reconnects::helps(code)) return std::nullopt;
  return sessions_.reconnects().delay_ms();
}

bool LiveSession::within_rate() {
  if (rate_.allow(shard().clock().monotonic_ns(), shard().limits().messages_per_second)) return true;
  end(net::CloseCode::kTryAgainLater, "too many messages; slow down");
  return false;
}

Result<> LiveSession::submit(ByteView update, bool may_be_known) {
  auto info = crdt::describe_update(update);
  if (!info) {
    shard().metrics().refused_updates.add();
    return fail(std::move(info).error());
  }
  const bool is_checked = !may_write() && may_annotate();
  if (is_checked || (annotations_ && annotations_->busy())) {
    if (!annotations_) annotations_ = std::make_unique<AnnotationQueue>(*this);
    return annotations_->push(update, may_be_known);
  }
  if (info->empty() || (may_be_known && live_->state().covers(update))) {
    acknowledge();
    return {};
  }
  TRY_VOID(check_may_write());
  if (info->clients.size() == 1) wrote_as_ = info->clients.front().client.value;
  return take(live_, std::make_shared<const Bytes>(to_bytes(update)), info->structs > 0);
}

Result<> LiveSession::take(DocumentShard::Live live, SharedBytes update, bool adds) {
  if (adds) {  // what only deletes may always come: it is the way back below the limit
    if (auto fits = shard().check_size(*live, *update); !fits) {
      shard().metrics().refused_updates.add();
      return fits;
    }
  }
  ++references_;
  shard().submit(std::move(live), std::move(update), {who_.str()}, number_,
                 [this](const Result<>& outcome) { answered(outcome); });
  return {};
}

/// What is known already, when all that came before it is answered.
void LiveSession::acknowledge() {
  ++references_;
  shard().shard().barrier([this] { answered({}); });
}

void LiveSession::refuse(const Error& error) {
  shard().metrics().refused_updates.add();
  if (error.code == Code::kPermissionDenied && !std::exchange(told_refusal_, true))
    sessions_.tell_refusal(*this, error);
  if (connected_ && !ended_) refused(error);
}

Result<> LiveSession::check_may_write() {
  if (may_write()) return {};
  Error denied{Code::kPermissionDenied, "you may not change this document", {}};
  if (!std::exchange(told_refusal_, true)) sessions_.tell_refusal(*this, denied);
  return fail(std::move(denied));
}

void LiveSession::answered(const Result<>& outcome) {
  --references_;
  if (!outcome) {
    end(close_code(outcome.error()), outcome.error().message);
  } else if (connected_) {
    saved();
  }
  sessions_.release(*this);
}

Result<> LiveSession::submit_awareness(ByteView update) {
  TRY(Bytes news, live_->awareness().apply(update, number_, shard().clock().monotonic_ns()));
  if (!news.empty()) live_->publish(Published::Kind::kAwareness, std::move(news), number_);
  return {};
}

void LiveSession::enter(DocumentShard::Live live, const access::Decision& access) {
  live_ = std::move(live);
  access_ = access.level;
  access_until_ms_ = access.until_ms;
  live_->join(*this);
  sessions_.presence().came(*this);
  sessions_.tell(*this, "joined");
  const std::unique_ptr<SessionOpening> opening = std::move(opening_);
  opened();
  if (lag_ && lag_->passive) fall_behind();
  for (const Bytes& message : opening->messages()) {
    if (ended_) return;
    handle(message);
  }
}

void LiveSession::set_access(const access::Decision& decision) {
  access_until_ms_ = decision.until_ms;
  const Level before = std::exchange(access_, decision.level);
  if (access_ == Level::kNone) {
    end(net::CloseCode::kNotFound, "the document is not shared with you any more");
  } else if (live_ && !ended_ && access_ != before) {
    access_changed(before);
  }
}

void LiveSession::disconnected() {
  if (!std::exchange(connected_, false)) return;
  shard().metrics().sessions.add(-1);
  place_ = {};
  if (opening_) opening_->drop();
  if (live_) {
    live_->leave(*this);
    sessions_.presence().goes(*this);
    sessions_.tell(*this, "left");
    live_->last_used_ns = shard().clock().monotonic_ns();
    if (Bytes gone = live_->awareness().remove_session(number_); !gone.empty())
      live_->publish(Published::Kind::kAwareness, std::move(gone), number_);
    live_.reset();
  }
  sessions_.release(*this);
}

void LiveSession::check_deadline(std::int64_t now_ns, std::int64_t now_wall_ms) {
  if (opening_) {
    if (now_ns > opening_->deadline_ns && !opening_->signing_in)
      end(net::CloseCode::kUnauthenticated, "no token came in time");
  } else if (now_wall_ms > expires_ms_) {
    end(net::CloseCode::kUnauthenticated, "the access token has expired");
  } else if (now_wall_ms > expires_ms_ - kRenewAheadMs && !ended_) {
    token_ends_soon(now_ns);
  }
  if (open() && !ended_) look_after(now_ns);
}

}  // namespace concord::documents
