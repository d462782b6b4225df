#include <algorithm>
#include <utility>

#include "crdt/json_size.h"
#include "crypto/hash.h"
#include "documents/ot_document_state.h"
#include "ot/utf16.h"

namespace concord::documents {
namespace {

Result<> check_bounds(const OtOperation& operation) {
  std::size_t values = 0;
  for (const ot::Op& op : operation.delta.ops()) {
    values += op.embed.size();
    for (const auto& [key, value] : op.attributes) values += key.size() + value.size();
  }
  if (operation.delta.ops().size() > OtDocument::kMaxOps || values > OtDocument::kMaxValueBytes)
    return fail(Error{Code::kTooLarge, "the operation has too many parts", {{"field", "op"}}});
  return {};
}

bool adds(const ot::Delta& delta) {
  return std::ranges::any_of(delta.ops(), [](const ot::Op& op) { return op.is_insertion() || !op.attributes.empty(); });
}

/// About what it adds. A format may part runs, and say again what they have.
DocumentSize::Growth growth_of(const ot::Delta& delta) {
  DocumentSize::Growth out{.json = 32, .encoded = 64};
  for (const ot::Op& op : delta.ops()) {
    out.encoded += 32 + 3 * op.text.size() + op.embed.size();
    if (op.kind == ot::OpKind::kDelete) out.deleted += op.length;
    out.json += op.embed.size() + (op.text.empty() ? 0 : crdt::json_string_bytes(ot::to_utf8(op.text)));
    for (const auto& [key, value] : op.attributes) {
      out.encoded += 2 * (key.size() + value.size() + 16);
      out.json += 2 * (key.size() + value.size() + 16);
    }
  }
  return out;
}

}  // namespace

std::string OtDocument::State::key_of(std::string_view principal, std::string_view client) {
  std::string both(principal);
  both += '\0';
  both += client;
  return to_hex(ByteView(crypto::sha256(as_bytes(both))).first(16));
}

bool OtDocument::State::is_member(const OtClient* client) const {
  return std::ranges::find(members_, client, &Member::client) != members_.end();
}

/// The version that an operation has made, where it is durable; of one that is no longer told apart, the current one.
std::optional<std::uint64_t> OtDocument::State::known(const std::string& key, std::uint64_t sequence) const {
  if (const auto found = recent_.find(key); found != recent_.end() && sequence <= found->second.sequence)
    return sequence == found->second.sequence ? found->second.version : ahead_->current();
  if (shard_.shard().has_written(document_.stream(), key, sequence)) return ahead_->current();
  return std::nullopt;
}

void OtDocument::State::note_written(const Pending& done, std::uint64_t version) {
  recent_[done.key] = {done.source.sequence, version};
  marks_.push_back({version, done.key, done.source.sequence});
  while (marks_.front().version <= ahead_->oldest()) marks_.pop_front();
  if (recent_.size() <= kMaxRecent) return;
  std::erase_if(recent_, [this](const auto& one) { return one.second.version <= ahead_->oldest(); });
  if (recent_.size() > kMaxRecent) recent_.clear();  // the shard remembers, too
}

Result<> OtDocument::State::submit(OtClient& client, OtOperation operation) {
  const auto member = std::ranges::find(members_, &client, &Member::client);
  if (member == members_.end() || phase_ != Phase::kReady)
    return fail(Code::kUnavailable, "the client has not joined the document");
  TRY_VOID(check_bounds(operation));
  const std::string key = member->key;
  if (const auto version = known(key, operation.sequence)) {
    client.acknowledged(operation.sequence, *version);
    return {};
  }
  const bool under_way = std::ranges::any_of(pending_, [&](const Pending& pending) {
    return pending.key == key && pending.source.sequence >= operation.sequence;
  });
  if (under_way) return {};
  // What only deletes may always come: it is the way back below the limit.
  if (adds(operation.delta)) {
    DocumentSize::Growth growth = growth_of(operation.delta);
    // Behind others' changes it may find deleted what it deletes.
    if (operation.version < ahead_->current() || !pending_.empty()) growth.deleted = 0;
    TRY_VOID(shard_.check_size(document_, growth));
  }
  Pending pending;
  pending.key = key;
  pending.source = {member->name, operation.sequence};
  pending.record.principal = member->principal;
  auto update = ahead_->write(operation.delta, operation.version);
  if (!update) {
    const Error error = std::move(update).error();
    if (error.code == Code::kInternal) lose(error);
    return fail(error);
  }
  if (update->empty()) {
    pending.nothing = true;
    pending.outcome = Outcome::kKnown;
    pending_.push_back(std::move(pending));
    advance();
    return {};
  }
  writing_ = &pending;
  Author author{pending.record.principal, key, operation.sequence};
  shard_.submit(document_.shared_from_this(), std::make_shared<const Bytes>(std::move(*update)), std::move(author), 0,
                [](const Result<>&) {});  // `settled` answers
  return {};
}

std::uint64_t OtDocument::State::submitted(const engines::LogRecord& record) {
  if (phase_ == Phase::kIdle) return 0;
  Pending pending;
  if (writing_ != nullptr) {
    pending = std::move(*std::exchange(writing_, nullptr));
  } else if (phase_ == Phase::kReady) {
    ahead_->submitted(*record.payload);
  }
  pending.record = record;
  pending.ticket = next_ticket_++;
  pending_.push_back(std::move(pending));
  return pending_.back().ticket;
}

void OtDocument::State::settled(std::uint64_t ticket, Outcome outcome) {
  const auto found = std::ranges::find(pending_, ticket, &Pending::ticket);
  if (found == pending_.end()) return;
  found->outcome = outcome;
  if (phase_ == Phase::kBuilding) {
    // The log has not even taken it: what it takes is answered after `built`.
    pending_.erase(found);
  } else if (phase_ == Phase::kReady && outcome == Outcome::kRefused) {
    lose(Error{Code::kUnavailable, "the log could not be written; try again", {}});
  } else if (phase_ == Phase::kReady) {
    advance();
  } else {
    drain_lost();
  }
}

/// Tells what is answered, in order.
void OtDocument::State::advance() {
  while (phase_ == Phase::kReady && !pending_.empty() && pending_.front().outcome) {
    if (pending_.front().nothing) {
      const Pending done = std::move(pending_.front());
      pending_.pop_front();
      acknowledge(done, ahead_->current());
      continue;
    }
    if (pending_.front().outcome == Outcome::kKnown) {
      // The log has had it before, so that it has changed nothing; unless who sent it gave its name to something else.
      if (!pending_.front().key.empty() || !ahead_->next().empty()) {
        lose(Error{Code::kUnavailable, "a write was sent again as another; try again", {}});
        return;
      }
      ahead_->drop();
      pending_.pop_front();
      continue;
    }
    const Pending done = std::move(pending_.front());
    pending_.pop_front();
    OtChange change{.version = 0, .delta = ahead_->next(), .source = done.source, .principal = done.record.principal};
    ahead_->durable();
    change.version = ahead_->current();
    if (!done.key.empty()) note_written(done, change.version);
    tell(done, change);
  }
}

void OtDocument::State::tell(const Pending& done, const OtChange& change) {
  const std::vector<Member> members = members_;  // who is told may leave, and others with it
  for (const Member& member : members) {
    if (!is_member(member.client)) continue;
    if (!done.key.empty() && member.key == done.key) {
      member.client->acknowledged(change.source.sequence, change.version);
    } else {
      member.client->changed(change);
    }
  }
}

void OtDocument::State::acknowledge(const Pending& done, std::uint64_t version) {
  const auto member = std::ranges::find(members_, done.key, &Member::key);
  if (member != members_.end()) member->client->acknowledged(done.source.sequence, version);
}

void OtDocument::State::lose(const Error& error) {
  phase_ = Phase::kLost;
  ahead_.reset();
  recent_.clear();
  marks_.clear();
  for (const Member& member : std::exchange(members_, {})) member.client->lost(error);
  drain_lost();
}

/// What was submitted behind something that the log refused was made on top of it. Where that is durable all the same,
/// the document cannot take it in before it has the refused one, which is therefore submitted once more.
void OtDocument::State::drain_lost() {
  while (phase_ == Phase::kLost && !pending_.empty() && pending_.front().outcome) {
    const Pending done = std::move(pending_.front());
    pending_.pop_front();
    if (done.nothing) continue;
    if (done.outcome == Outcome::kRefused) refused_.push_back(done.record);
    if (done.outcome == Outcome::kDurable && !refused_.empty()) needs_repair_ = true;
  }
  if (phase_ != Phase::kLost || !pending_.empty()) return;
  phase_ = Phase::kIdle;
  if (needs_repair_) {
    repair();
    return;
  }
  refused_.clear();
  if (!joiners_.empty()) build();
}

/// The CRDT takes in what it knows already as nothing, so that who was refused may send the same again.
void OtDocument::State::repair() {
  repairs_under_way_ = refused_.size();
  repair_failed_ = false;
  const std::vector<engines::LogRecord> records = refused_;
  for (const engines::LogRecord& record : records) {
    shard_.submit(document_.shared_from_this(), record.payload, {record.principal, record.client, record.sequence}, 0,
                  [this](const Result<>& done) {
                    repair_failed_ = repair_failed_ || !done;
                    if (--repairs_under_way_ > 0 || repair_failed_) return;
                    needs_repair_ = false;
                    refused_.clear();
                    if (!joiners_.empty()) build();
                  });
  }
}

void OtDocument::State::sweep(std::int64_t now_ns) {
  if (needs_repair_ && repairs_under_way_ == 0 && phase_ == Phase::kIdle) repair();
  const bool used = !members_.empty() || !joiners_.empty() || !pending_.empty();
  if (phase_ != Phase::kReady || used || now_ns - unused_since_ns_ <= shard_.limits().idle_ms * 1'000'000) return;
  phase_ = Phase::kIdle;
  ahead_.reset();
  recent_.clear();
  marks_.clear();
}

}  // namespace concord::documents
