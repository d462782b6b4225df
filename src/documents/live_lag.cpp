// Clients that read more slowly than their document changes, and those that want news only now and then.

#include "documents/live_session.h"
#include "documents/live_sessions.h"

namespace concord::documents {

Lag& LiveSession::lag() {
  if (!lag_) {
    lag_ = std::make_unique<Lag>();
    sessions_.lags(*this);
  }
  return *lag_;
}

void LiveSession::offer(Published& what) {
  using Kind = Published::Kind;
  const DocumentLimits& limits = shard().limits();
  const std::size_t unsent = unsent_bytes();
  if (!lag_ && unsent <= limits.presence_unsent_bytes()) return deliver(what);
  const bool passive = lag_ && lag_->passive;
  if (what.kind() == Kind::kAwareness && (passive || unsent > limits.presence_unsent_bytes())) {
    lag().missed_presence = true;
    shard().metrics().presence_left_out.add();
    return;
  }
  if (what.kind() == Kind::kUpdate && lag_ && lag_->behind) return;
  deliver(what);
  if (what.kind() != Kind::kUpdate || unsent <= limits.max_unsent_bytes) return;
  fall_behind();
  fell_behind();
}

/// From this version of the document on.
void LiveSession::fall_behind() {
  Lag& now = lag();
  now.behind = true;
  now.told = live_->state().encode_state_vector();
  now.version = live_->version();
  now.behind_ns = shard().clock().monotonic_ns();
}

void LiveSession::set_passive(bool passive) {
  if (passive == (lag_ && lag_->passive)) return;
  lag().passive = passive;
  if (!passive) return catch_up(shard().clock().monotonic_ns());
  lag_->missed_presence = true;
  if (live_ && !lag_->behind) fall_behind();  // else it does when it is open
}

void LiveSession::catch_up(std::int64_t now_ns) {
  if (!lag_ || !live_ || ended_) return;
  const DocumentLimits& limits = shard().limits();
  if (const std::size_t unsent = unsent_bytes(); unsent > 0) {
    if (lag_->behind && !lag_->passive && now_ns - lag_->behind_ns > limits.slow_reader_ms * 1'000'000) {
      end(net::CloseCode::kSlowConsumer, "reads too slowly: " + std::to_string(unsent) + " bytes have waited for " +
                                             std::to_string(limits.slow_reader_ms / 1000) + " s");
    }
    return;
  }
  if (lag_->behind) {
    const std::uint64_t version = lag_->version;
    const Bytes had = lag_->told;
    if (lag_->passive && version != live_->version()) fall_behind();
    tell_since(version, had);
    if (!lag_ || ended_) return;
  }
  if (lag_->passive) return;
  const bool missed_presence = lag_->missed_presence;
  lag_.reset();
  if (missed_presence) tell_everyone();
}

void LiveSession::tell_since(std::uint64_t version, ByteView had) {
  if (version == live_->version()) return;
  Published all(Published::Kind::kUpdate, live_->since(version, had), 0);
  shard().metrics().fresh_syncs.add();
  deliver(all);
}

void LiveSession::tell_everyone() {
  Bytes all = live_->awareness().encode();
  if (all.empty()) return;
  Published everyone(Published::Kind::kAwareness, std::make_shared<const Bytes>(std::move(all)), 0);
  deliver(everyone);
}

}  // namespace concord::documents
