#pragma once
// One client's session on one document, whatever dialect it speaks: who it is, what it may do, what waits until it is
// open, what it submits. A small record of the reactor of the document's shard, touched only there; LiveSessions owns
// it until its connection is gone and nothing of its own is on the way to the log.
//
// A dialect derives from it. It calls `sign_in` with the client's token and `receive` with each message of the client;
// it is told by the functions that it overrides.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "documents/document_shard.h"
#include "documents/lag.h"
#include "documents/message_rate.h"
#include "documents/published.h"
#include "documents/session_counts.h"
#include "documents/session_opening.h"
#include "documents/session_request.h"
#include "identity/identity.h"

namespace concord::documents {

class AnnotationQueue;
class LiveSessions;

class LiveSession {
 public:
  LiveSession(LiveSessions& sessions, const SessionRequest& request);
  virtual ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  std::uint64_t number() const { return number_; }
  const identity::Actor& who() const { return who_; }
  identity::SessionId signed_in_by() const { return sign_in_; }
  DocumentId document() const { return document_; }

  /// Of the document, for every session: also for the one that it comes from, which knows it already. Once open. What
  /// the client cannot take is not delivered, and told by `catch_up`.
  void offer(Published& what);
  /// Tells in one piece what was left out, where the client has taken all that was sent, or asked to be told seldom.
  void catch_up(std::int64_t now_ns);
  /// Tells the client why, and lets it go. What it sends from now on is not taken.
  void end(net::CloseCode code, std::string_view reason);

  /// Its connection is gone, or the client has left: it leaves the document, and nothing more is said to it. It is
  /// freed by a later sweep of its owner, not in this call.
  void disconnected();

 protected:
  /// `disconnected` does not come of it in this call.
  virtual void deliver(Published& what) = 0;
  virtual std::size_t unsent_bytes() const { return 0; }  // that were delivered, and its connection has not taken
  /// Updates are left out from now on, also the one that is being told, until `tell_since` tells them in one piece:
  /// since `version`, at which the document had the state vector `had`. Who is there is told after it, if left out.
  virtual void fell_behind() {}
  virtual void tell_since(std::uint64_t version, ByteView had);
  virtual void tell_everyone();
  /// Whether the client wants news now and then only, and no presence.
  void set_passive(bool passive);
  /// As `end`, once; `disconnected` is to follow.
  virtual void close(net::CloseCode code, std::string_view reason) = 0;
  /// The document is there, and the session is among its sessions. What waited is handled next.
  virtual void opened() = 0;
  /// The token was refused, or the document could not be opened.
  virtual void could_not_open(const Error& error) { end(close_code(error), error.message); }
  virtual void handle(ByteView message) = 0;
  /// What the client's document lacks, which has asked. Once open.
  virtual void tell_missing(const crdt::StateVector& /*of_client*/) {}
  /// What the principal may do has changed, and is not nothing. Once open.
  virtual void access_changed(Level before) = 0;
  /// Called every few seconds: once its token ends within half a minute; while it is open. Monotonic time.
  virtual void token_ends_soon(std::int64_t /*now_ns*/) {}
  virtual void look_after(std::int64_t /*now_ns*/) {}
  /// The oldest update that was submitted and not answered yet is durable. Others have it after that, never before.
  virtual void saved() = 0;
  /// An update that `submit` took to be checked is not taken after all.
  virtual void refused(const Error& error) { end(close_code(error), error.message); }

  /// Opens the session, or renews its sign-in.
  void sign_in(std::string token);
  /// `handle` follows, once the session is open; too much before that ends it.
  void receive(ByteView message);
  /// Counts a message; false where there were too many, which ends the session.
  bool within_rate();
  /// Takes an update of the client's to the log and to the others. Refused, with nothing taken: kInvalidArgument,
  /// kPermissionDenied without write access, kTooLarge. What the log refuses later ends the session. `saved` answers.
  /// `may_be_known`: who reconnects sends deletions that everybody knows; they are not logged again.
  /// Of who may comment or suggest only it is checked first, and may be `refused` later; kRateLimited: too many wait.
  Result<> submit(ByteView update, bool may_be_known);
  Result<> check_may_write();  // kPermissionDenied; the first time it is recorded
  /// Takes an awareness update to the others; kInvalidArgument, kTooLarge.
  Result<> submit_awareness(ByteView update);
  /// Tells the client by `tell_missing`, in its turn, what a document with this state vector lacks; kInvalidArgument.
  Result<> answer(ByteView state_vector);
  LiveDocument& live() { return *live_; }
  /// When a client whose session ends for this is to come back, where that helps.
  std::optional<std::int64_t> reconnect_in_ms(net::CloseCode code);
  DocumentShard& shard();
  bool open() const { return opening_ == nullptr; }
  bool signing_in() const { return opening_ && opening_->signing_in; }
  Level access() const { return access_; }
  bool may_write() const { return access_ >= Level::kWrite; }
  bool may_annotate() const { return access_ >= Level::kComment; }

 private:
  friend class AnnotationQueue;
  friend class LiveSessions;
  friend class SyncAnswers;
  void enter(DocumentShard::Live live, const access::Decision& access);
  void set_access(const access::Decision& decision);
  bool access_expired(std::int64_t now_wall_ms) const {
    return access_until_ms_ != 0 && now_wall_ms >= access_until_ms_;
  }
  /// Ends a session that has not signed in by its deadline, or whose token has expired.
  void check_deadline(std::int64_t now_ns, std::int64_t now_wall_ms);
  Result<> take(DocumentShard::Live live, SharedBytes update, bool adds);
  void acknowledge();
  void refuse(const Error& error);
  void answered(const Result<>& outcome);
  Lag& lag();
  void fall_behind();
  bool finished() const { return !connected_ && references_ == 0; }

  LiveSessions& sessions_;
  DocumentShard::Live live_;
  std::unique_ptr<SessionOpening> opening_;       // null once open
  std::unique_ptr<Lag> lag_;                      // null while it is told everything
  std::unique_ptr<AnnotationQueue> annotations_;  // once who may not write has submitted something
  DocumentId document_;
  identity::Actor who_;
  identity::SessionId sign_in_;  // which its token is of
  std::uint64_t number_;
  std::int64_t expires_ms_ = 0;
  std::int64_t access_until_ms_ = 0;  // from then on access_ is asked anew; 0: it stays
  std::uint64_t wrote_as_ = 0;        // the client id of its newest update; 0: none
  SessionCounts::Place place_;        // once its principal is known, until it is disconnected
  MessageRate rate_;
  std::uint32_t references_ = 0;  // coroutines and appends that will come back
  Level access_ = Level::kNone;
  bool connected_ = true;
  bool ended_ = false;
  bool told_refusal_ = false;  // of an update, to the watch: once a session
};

}  // namespace concord::documents
