#include "documents/ot_document.h"

#include <algorithm>
#include <utility>

#include "documents/content.h"
#include "documents/ot_delta.h"
#include "documents/ot_document_state.h"
#include "documents/write_identity.h"
#include "ot/diff.h"

namespace concord::documents {
namespace {

constexpr std::size_t kHistoryBytes = 16U << 20U;

ot::Delta content_of(crdt::Doc& doc) { return to_ot(doc.text(kContentRoot).to_delta()); }

/// From the text of one encoded document to that of another.
Result<ot::Delta> difference(ByteView from, ByteView to) {
  crdt::Doc before;
  crdt::Doc after;
  TRY_VOID(before.apply_update(from));
  TRY_VOID(after.apply_update(to));
  return ot::diff(content_of(before), content_of(after));
}

}  // namespace

void OtDocument::State::join(OtClient& client, OtJoin what) {
  if (what.client.empty() || what.client.size() > kMaxClientBytes) {
    client.lost(Error{Code::kInvalidArgument, "a client has a name of 1 to 64 bytes", {{"field", "client"}}});
    return;
  }
  std::string key = key_of(what.principal, what.client);
  joiners_.push_back({next_ticket_++, &client, std::move(key), std::move(what)});
  if (phase_ == Phase::kIdle) build();
  if (phase_ == Phase::kReady) admit_joiners();
}

void OtDocument::State::leave(OtClient& client) {
  std::erase_if(members_, [&client](const Member& member) { return member.client == &client; });
  std::erase_if(joiners_, [&client](const Joiner& joiner) { return joiner.client == &client; });
  unused_since_ns_ = shard_.clock().monotonic_ns();
}

/// Clients may leave in the call.
void OtDocument::State::annotated() {
  std::vector<OtClient*> clients;
  clients.reserve(members_.size());
  for (const Member& member : members_) clients.push_back(member.client);
  for (OtClient* client : clients) client->annotated(document_.version());
}

void OtDocument::State::build() {
  if (needs_repair_) return;  // the sweep tries; then it goes on
  phase_ = Phase::kBuilding;
  shard_.shard().barrier([held = document_.weak_from_this()] {
    const auto live = held.lock();
    if (live && live->ot) live->ot->state_->built();
  });
}

/// Everything that was submitted before `build` is in the durable document, and nothing that came after it.
void OtDocument::State::built() {
  if (phase_ != Phase::kBuilding) return;
  Result<std::unique_ptr<AheadDocument>> ahead = fail(Code::kNotFound, "the document was deleted");
  if (!document_.removed) {
    ahead = AheadDocument::make(document_.state().encode_state_as_update(), document_.version(), fresh_client(),
                                kHistoryBytes);
  }
  if (!ahead) {
    phase_ = Phase::kLost;
    for (const Joiner& joiner : std::exchange(joiners_, {})) joiner.client->lost(ahead.error());
    drain_lost();
    return;
  }
  ahead_ = std::move(*ahead);
  for (const Pending& pending : pending_) ahead_->submitted(*pending.record.payload);
  phase_ = Phase::kReady;
  unused_since_ns_ = shard_.clock().monotonic_ns();
  admit_joiners();
}

void OtDocument::State::admit_joiners() {
  for (;;) {
    const auto next = std::ranges::find(joiners_, false, &Joiner::catching_up);
    if (next == joiners_.end() || phase_ != Phase::kReady) return;
    Joiner joiner = std::move(*next);
    joiners_.erase(next);
    admit(std::move(joiner));
  }
}

void OtDocument::State::admit(Joiner joiner) {
  const OtJoin& what = joiner.what;
  const bool done = what.unacknowledged && known(joiner.key, *what.unacknowledged);
  OtJoined joined{.version = ahead_->current(), .document = {}, .missed = {}, .acknowledged = done};
  if (what.last_known && *what.last_known > joined.version) {
    joiner.client->lost(Error{Code::kConflict,
                              "version " + std::to_string(*what.last_known) + " is not known here",
                              {{"field", "last_known_version"},
                               {"oldest_version", std::to_string(ahead_->oldest())},
                               {"current_version", std::to_string(joined.version)}}});
    return;
  }
  if (what.last_known && *what.last_known < ahead_->oldest() && !done) {
    shard_.spawn(catch_up(shard_, document_.shared_from_this(), joiner.ticket, *what.last_known));
    joiner.catching_up = true;
    joiners_.push_back(std::move(joiner));
    return;
  }
  if (what.last_known && *what.last_known >= ahead_->oldest()) {
    auto missed = missed_since(*what.last_known, joiner);
    if (!missed) {
      joiner.client->lost(missed.error());
      return;
    }
    joined.missed = std::move(*missed);
  } else {
    joined.document = content_of(document_.doc());
  }
  enter(joiner, std::move(joined));
}

void OtDocument::State::enter(const Joiner& joiner, OtJoined joined) {
  const auto same = std::ranges::find(members_, joiner.key, &Member::key);
  OtClient* const before = same == members_.end() ? nullptr : same->client;
  if (before != nullptr) members_.erase(same);
  members_.push_back({joiner.client, joiner.key, joiner.what.principal, joiner.what.client});
  joiner.client->joined(std::move(joined));
  if (before != nullptr && before != joiner.client)
    before->lost(Error{Code::kConflict, "the same client has joined again", {{"field", "client"}}});
}

/// The client's own operations alone, what lies between them composed.
Result<std::vector<OtChange>> OtDocument::State::missed_since(std::uint64_t version, const Joiner& joiner) {
  std::vector<OtChange> out;
  const auto step = [&](std::uint64_t to, OtSource source) -> Result<> {
    if (to == version) return {};
    TRY(ot::Delta delta, ahead_->history().between(version, to));
    version = to;
    if (!delta.empty() || !source.client.empty()) out.push_back({to, std::move(delta), std::move(source), {}});
    return {};
  };
  for (const Mark& mark : marks_) {
    if (mark.version <= version || mark.key != joiner.key) continue;
    TRY_VOID(step(mark.version - 1, {}));
    TRY_VOID(step(mark.version, {joiner.what.client, mark.sequence}));
  }
  TRY_VOID(step(ahead_->current(), {}));
  return out;
}

/// For a version that the history does not reach: what has changed since, found by comparing.
asio::awaitable<void> OtDocument::State::catch_up(DocumentShard& shard, std::shared_ptr<LiveDocument> live,
                                                  std::uint64_t ticket, std::uint64_t version) {
  State& self = *live->ot->state_;
  auto then = co_await shard.state_at(live, version);
  if (!then) {
    self.caught_up(ticket, fail(std::move(then).error()));
    co_return;
  }
  OtChange change{.version = live->version(), .delta = {}, .source = {}, .principal = {}};
  const auto now = std::make_shared<const Bytes>(live->state().encode_state_as_update());
  auto delta = co_await shard.pool().run<ot::Delta>([then = *then, now] { return difference(*then, *now); });
  if (!delta) {
    self.caught_up(ticket, fail(std::move(delta).error()));
    co_return;
  }
  change.delta = std::move(*delta);
  self.caught_up(ticket, std::move(change));
}

void OtDocument::State::caught_up(std::uint64_t ticket, Result<OtChange> change) {
  const auto found = std::ranges::find(joiners_, ticket, &Joiner::ticket);
  if (found == joiners_.end()) return;  // has left
  const Joiner joiner = std::move(*found);
  joiners_.erase(found);
  if (!change) {
    Error error = std::move(change).error();
    if (ahead_) error = std::move(error).with("oldest_version", std::to_string(ahead_->oldest()));
    joiner.client->lost(error);
    return;
  }
  // What is in flight may have become durable meanwhile, and be part of what the comparison found.
  const bool fits = phase_ == Phase::kReady && change->version >= ahead_->oldest() &&
                    !(joiner.what.unacknowledged && known(joiner.key, *joiner.what.unacknowledged));
  if (!fits) {
    joiner.client->lost(Error{Code::kUnavailable, "the document has changed meanwhile; try again", {}});
    return;
  }
  auto missed = missed_since(change->version, joiner);
  if (!missed) {
    joiner.client->lost(missed.error());
    return;
  }
  OtJoined joined{.version = ahead_->current(), .document = {}, .missed = std::move(*missed), .acknowledged = false};
  if (!change->delta.empty()) joined.missed.insert(joined.missed.begin(), std::move(*change));
  enter(joiner, std::move(joined));
}

// ---- the outside

OtDocument::OtDocument(DocumentShard& shard, LiveDocument& document)
    : state_(std::make_unique<State>(shard, document)) {}
OtDocument::~OtDocument() = default;

OtDocument& OtDocument::of(DocumentShard& shard, LiveDocument& document) {
  if (!document.ot) document.ot = std::make_unique<OtDocument>(shard, document);
  return *document.ot;
}

void OtDocument::join(OtClient& client, OtJoin what) { state_->join(client, std::move(what)); }
void OtDocument::leave(OtClient& client) { state_->leave(client); }
Result<> OtDocument::submit(OtClient& client, OtOperation operation) {
  return state_->submit(client, std::move(operation));
}
std::uint64_t OtDocument::oldest() const { return state_->ahead() == nullptr ? 0 : state_->ahead()->oldest(); }
std::uint64_t OtDocument::current() const { return state_->ahead() == nullptr ? 0 : state_->ahead()->current(); }
std::uint64_t OtDocument::submitted(const engines::LogRecord& record) { return state_->submitted(record); }
void OtDocument::settled(std::uint64_t ticket, Outcome outcome) { state_->settled(ticket, outcome); }
void OtDocument::annotated() { state_->annotated(); }
void OtDocument::sweep(std::int64_t now_ns) { state_->sweep(now_ns); }

}  // namespace concord::documents
