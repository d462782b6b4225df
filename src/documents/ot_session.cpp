#include "documents/ot_session.h"

#include <algorithm>
#include <unordered_set>

#include "base/varint.h"
#include "crypto/base64.h"
#include "crypto/random.h"
#include "documents/ot_socket.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMostRecent = 256;
constexpr std::size_t kMostWaiting = 1'000;
constexpr std::size_t kMessageOverhead = 256;
constexpr std::int64_t kPresenceNs = 12'000'000'000;  // others take who is silent for 30 s for gone

std::string_view word_of(net::CloseCode code) {
  switch (code) {
    case net::CloseCode::kUnauthenticated:
      return to_string(Code::kUnauthenticated);
    case net::CloseCode::kPermissionDenied:
      return to_string(Code::kPermissionDenied);
    case net::CloseCode::kNotFound:
      return to_string(Code::kNotFound);
    case net::CloseCode::kTooLarge:
      return to_string(Code::kTooLarge);
    case net::CloseCode::kInvalidPayload:
    case net::CloseCode::kPolicyViolation:
      return to_string(Code::kInvalidArgument);
    case net::CloseCode::kTryAgainLater:
    case net::CloseCode::kGoingAway:
      return to_string(Code::kUnavailable);
    case net::CloseCode::kSlowConsumer:
      return "slow_consumer";
    default:
      return to_string(Code::kInternal);
  }
}

/// Of 32 bits, as a Yjs client's.
std::uint64_t random_presence_id() {
  const auto bytes = crypto::random_array<4>();
  return get_le<std::uint32_t>(bytes.data());
}

std::string random_client() { return crypto::base64url_encode(crypto::random_array<16>()); }

ot_protocol::Cursor moved(ot_protocol::Cursor cursor, const OtChange& change) {
  const std::size_t end = ot::transform_position(cursor.position + cursor.length, change.delta, ot::Priority::kOp);
  cursor.position = ot::transform_position(cursor.position, change.delta, ot::Priority::kOp);
  cursor.length = end - cursor.position;
  cursor.version = change.version;
  return cursor;
}

}  // namespace

OtSession::OtSession(LiveSessions& sessions, std::shared_ptr<OtChannel> channel, const SessionRequest& request,
                     ot_protocol::Join join, AckId ack)
    : LiveSession(sessions, request),
      channel_(std::move(channel)),
      join_(std::move(join)),
      join_ack_(ack),
      presence_id_(random_presence_id()) {
  channel_->session = this;
  if (join_.client.empty()) join_.client = random_client();
}

// What it says.

void OtSession::emit(std::string_view event, std::string argument) {
  const std::size_t size = argument.size() + kMessageOverhead;
  const bool told = channel_->answer(
      size, [event, argument = std::move(argument)](OtSocket& socket) { socket.emit(event, argument); });
  if (!told) end(net::CloseCode::kSlowConsumer, "the client reads too slowly");
}

void OtSession::reply(AckId ack, std::string_view event, const Error& error) {
  if (!ack) return emit(ot_protocol::kRefused, ot_protocol::refused(event, channel_->id, error));
  std::string argument = ot_protocol::failed(error);
  (void)channel_->answer(argument.size(), [ack, argument](OtSocket& socket) { socket.acknowledge(*ack, argument); });
}

void OtSession::close(net::CloseCode code, std::string_view reason) {
  // Said once, and whatever else is on its way: not counted.
  std::string argument =
      ot_protocol::ended(channel_->id, why_.empty() ? word_of(code) : why_, reason, reconnect_in_ms(code));
  channel_->home.post([channel = channel_, argument = std::move(argument)] {
    if (channel->socket == nullptr) return;
    OtSocket& socket = *channel->socket;
    socket.emit(ot_protocol::kEnded, argument);
    socket.forget(channel);
  });
}

// Its life.

void OtSession::opened() {
  ot_ = &OtDocument::of(shard(), live());
  ot_->join(*this, {.principal = who().str(),
                    .client = join_.client,
                    .last_known = join_.last_known_version,
                    .unacknowledged = join_.unacknowledged});
}

void OtSession::could_not_open(const Error& error) {
  why_ = to_string(error.code);
  if (!joined_) reply(std::exchange(join_ack_, std::nullopt), ot_protocol::kJoin, error);
  end(close_code(error), error.message);
}

void OtSession::joined(OtJoined joined) {
  const bool afresh = std::exchange(joined_, true);
  behind_ = false;
  if (afresh) follow_afresh(joined);
  told_ = joined.version;
  std::string argument =
      ot_protocol::joined(channel_->id, joined, {.client = join_.client, .id = presence_id_, .permission = access()});
  if (const AckId ack = std::exchange(join_ack_, std::nullopt)) {
    const std::size_t size = argument.size();
    (void)channel_->answer(
        size, [ack, argument = std::move(argument)](OtSocket& socket) { socket.acknowledge(*ack, argument); });
  } else {
    emit(ot_protocol::kJoined, std::move(argument));
  }
  if (afresh) return annotated(told_);  // what it was not told either
  tell_presences();
  publish_presence();
}

// A client that reads too slowly.

void OtSession::fell_behind() {
  if (ot_ == nullptr || !joined_) return;  // else the answer to its join tells all
  ot_->leave(*this);
  behind_ = true;
}

/// As if it had joined again.
void OtSession::tell_since(std::uint64_t, ByteView) {
  if (ot_ == nullptr || !behind_) return;  // until `joined`
  shard().metrics().fresh_syncs.add();
  asked_.reset();
  if (!waiting_.empty()) asked_ = waiting_.back().sequence;
  ot_->join(*this, {.principal = who().str(), .client = join_.client, .last_known = told_, .unacknowledged = asked_});
}

/// What it has on its way it sends again, unless that is among what it is told now.
void OtSession::follow_afresh(const OtJoined& joined) {
  recent_.clear();
  if (joined.document) cursor_.reset();
  for (const OtChange& change : joined.missed)
    if (cursor_) cursor_ = moved(*cursor_, change);
  for (const Waiting& one : std::exchange(waiting_, {})) {
    if (!one.ack) continue;
    const bool known = joined.acknowledged && one.sequence == asked_;
    const auto own = std::ranges::find_if(joined.missed, [&one](const OtChange& change) {
      return !change.source.client.empty() && change.source.sequence == one.sequence;
    });
    std::string argument =
        own != joined.missed.end() ? ot_protocol::changes_received(channel_->id, own->version, one.sequence)
        : known                    ? ot_protocol::changes_received(channel_->id, joined.version, one.sequence)
                : ot_protocol::failed(Error{Code::kUnavailable, "the client was behind; send it again", {}});
    (void)channel_->answer(argument.size(),
                           [ack = one.ack, argument](OtSocket& socket) { socket.acknowledge(*ack, argument); });
  }
}

void OtSession::tell_everyone() {
  std::unordered_set<std::uint64_t> here;
  for (const Awareness::Present& one : live().awareness().present()) here.insert(one.client);
  std::vector<std::uint64_t> gone;
  for (const auto& [id, seen] : seen_)
    if (!here.contains(id)) gone.push_back(id);
  for (const std::uint64_t id : gone) tell_presence(id, "null");
  tell_presences();
}

void OtSession::leave() {
  if (ot_ != nullptr) std::exchange(ot_, nullptr)->leave(*this);
  channel_->session = nullptr;
  disconnected();
}

void OtSession::lost(const Error& error) {
  ot_ = nullptr;
  why_ = to_string(error.code);
  if (!joined_) reply(std::exchange(join_ack_, std::nullopt), ot_protocol::kJoin, error);
  end(close_code(error), error.message);
}

void OtSession::access_changed(Level) {
  emit(ot_protocol::kAccessChanged, ot_protocol::access_changed(channel_->id, access()));
}

// Changes.

void OtSession::send_changes(ot_protocol::Changes changes, AckId ack) {
  if (!within_rate()) return;
  const auto refuse = [this, ack](const Error& error) { reply(ack, ot_protocol::kSendChanges, error); };
  if (!joined_ || ot_ == nullptr)
    return refuse(Error{Code::kConflict, "join the document first", {{"field", "document"}}});
  if (auto may = check_may_write(); !may) return refuse(may.error());
  if (waiting_.size() >= kMostWaiting)
    return refuse(
        Error{Code::kRateLimited, "too many operations are on their way", {{"limit", std::to_string(kMostWaiting)}}});
  waiting_.push_back({changes.sequence, ack});  // it may be answered within the call
  if (behind_) return;                          // it sends it again when it is told what it has not seen
  const auto taken =
      ot_->submit(*this, {.version = changes.version, .delta = std::move(changes.op), .sequence = changes.sequence});
  if (taken) return;
  waiting_.pop_back();
  refuse(taken.error());
}

void OtSession::changed(const OtChange& change) {
  follow(change);
  emit(ot_protocol::kReceiveChanges, ot_protocol::receive_changes(channel_->id, change));
}

void OtSession::follow(const OtChange& change) {
  told_ = change.version;
  recent_.push_back(change);
  if (recent_.size() > kMostRecent) recent_.pop_front();
  if (cursor_) cursor_ = moved(*cursor_, change);
}

void OtSession::acknowledged(std::uint64_t sequence, std::uint64_t version) {
  if (version > told_) {  // by an operation that is not among the changes it is told
    told_ = version;
    recent_.clear();
    cursor_.reset();
  }
  std::string argument = ot_protocol::changes_received(channel_->id, version, sequence);
  const auto found = std::ranges::find(waiting_, sequence, &Waiting::sequence);
  if (found != waiting_.end()) {
    const AckId ack = found->ack;
    waiting_.erase(found);
    if (ack)
      (void)channel_->answer(argument.size(),
                             [ack, argument](OtSocket& socket) { socket.acknowledge(*ack, argument); });
  }
  emit(ot_protocol::kChangesReceived, std::move(argument));
}

void OtSession::annotated(std::uint64_t version) {
  emit(ot_protocol::kCommentsChanged, ot_protocol::comments_changed(channel_->id, version));
}

// Presence.

void OtSession::move_cursor(std::optional<ot_protocol::Cursor> cursor) {
  if (!within_rate() || !joined_ || ot_ == nullptr) return;
  if (cursor && cursor->version > told_)
    return reply(std::nullopt, ot_protocol::kCursor,
                 Error{Code::kInvalidArgument, "there is no such version yet", {{"field", "version"}}});
  if (cursor) {
    const std::uint64_t behind = told_ - cursor->version;
    if (behind > recent_.size()) return;
    for (std::size_t i = recent_.size() - behind; i < recent_.size(); ++i) cursor = moved(*cursor, recent_[i]);
  }
  if (cursor == cursor_) return;
  cursor_ = cursor;
  publish_presence();
}

void OtSession::set_typing(bool typing) {
  if (!within_rate() || !joined_ || ot_ == nullptr || typing == typing_) return;
  typing_ = typing;
  publish_presence();
}

void OtSession::look_after(std::int64_t now_ns) {
  if (joined_ && now_ns - presence_told_ns_ > kPresenceNs) publish_presence();
}

void OtSession::publish_presence() {
  presence_told_ns_ = shard().clock().monotonic_ns();
  Bytes update;
  write_varuint(update, 1);
  write_varuint(update, presence_id_);
  write_varuint(update, ++presence_clock_);
  write_var_string(update, ot_protocol::awareness_state({.user = join_.user, .cursor = cursor_, .typing = typing_}));
  (void)submit_awareness(update);  // one too many is not seen
}

void OtSession::deliver(Published& what) {
  if (!joined_ || what.kind() != Published::Kind::kAwareness || what.from() == number()) return;
  VarReader reader(*what.bytes());
  const auto count = reader.uint();
  for (std::uint64_t i = 0; count && i < *count; ++i) {
    const auto id = reader.uint();
    const auto clock = reader.uint();
    const auto state = reader.var_string();
    if (!id || !clock || !state) return;
    tell_presence(*id, *state);
  }
}

/// Those who are there: cursors of other clients of this dialect are kept up to date by their sessions alone.
void OtSession::tell_presences() {
  const Bytes all = live().awareness().encode();
  if (all.empty()) return;
  Published present(Published::Kind::kAwareness, std::make_shared<const Bytes>(all), 0);
  deliver(present);
  for (const LiveSession* session : live().sessions()) {
    const auto* other = dynamic_cast<const OtSession*>(session);
    if (other == nullptr || other == this || !seen_.contains(other->presence_id_) || !other->cursor_) continue;
    emit(ot_protocol::kCursor,
         ot_protocol::cursor(channel_->id, other->presence_id_, {.user = other->join_.user, .cursor = other->cursor_}));
    seen_[other->presence_id_].cursor = true;
  }
}

void OtSession::tell_presence(std::uint64_t id, std::string_view state) {
  const ot_protocol::Presence presence = ot_protocol::read_awareness_state(state);
  std::string user = ot_protocol::presence(channel_->id, id, presence);
  if (presence.gone) {
    if (seen_.erase(id) > 0) emit(ot_protocol::kPresence, std::move(user));
    return;
  }
  Seen& seen = seen_[id];
  if (seen.user != user) {
    seen.user = user;
    emit(ot_protocol::kPresence, std::move(user));
  }
  const bool current = presence.cursor && presence.cursor->version == told_;
  if (current || seen.cursor) emit(ot_protocol::kCursor, ot_protocol::cursor(channel_->id, id, presence));
  seen.cursor = current;
}

}  // namespace concord::documents
