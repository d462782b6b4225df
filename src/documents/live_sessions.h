#pragma once
// The live sessions of one shard, of every dialect: signs them in, opens their documents, follows what they may do,
// ends the ones whose time is up. Lives on the shard's reactor.

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "base/mailbox.h"
#include "documents/document_shard.h"
#include "documents/live_session.h"
#include "documents/presence_mirror.h"
#include "documents/read_watch.h"
#include "documents/session_counts.h"
#include "documents/sync_answers.h"
#include "events/journal.h"
#include "identity/identity.h"
#include "net/reconnects.h"

namespace concord::documents {

/// What live sessions of all shards stand on; all of it outlives them.
struct LiveDependencies {
  access::Access& access;
  identity::Identity& identity;
  engines::Bus& bus;
  Clock& clock;
  const Logger& logger;
  net::Reconnects& reconnects;
  ReadWatch* watch;         // null: nobody is told
  events::Journal* events;  // null: nothing is told to programs outside
};

class LiveSessions {
 public:
  /// `mailbox` is the reactor's.
  LiveSessions(DocumentShard& shard, Mailbox& mailbox, const LiveDependencies& on,
               std::shared_ptr<SessionCounts> counts);

  DocumentShard& shard() { return shard_; }
  /// Where what lives on another reactor talks to the sessions.
  Mailbox& mailbox() const { return mailbox_; }
  PresenceMirror& presence() { return presence_; }
  SyncAnswers& answers() { return answers_; }
  net::Reconnects& reconnects() { return reconnects_; }
  /// Null where it has ended.
  LiveSession* find(std::uint64_t number) const {
    const auto found = sessions_.find(number);
    return found == sessions_.end() ? nullptr : found->second.get();
  }

  std::uint64_t next_number() { return next_number_++; }
  /// Owns it from now on, until it is finished.
  LiveSession& add(std::unique_ptr<LiveSession> session);
  /// Signs the session in with `token`; opens its document if that has not happened yet, when it is its turn.
  void sign_in(LiveSession& session, std::string token);
  /// Something was not allowed to it.
  void tell_refusal(const LiveSession& session, const Error& error);
  /// What a session does for some time; it counts itself referred to.
  void spawn(asio::awaitable<void> task) { tasks_.spawn(std::move(task)); }
  /// Frees the session, at the next sweep, if nothing refers to it any more.
  void release(LiveSession& session);

  /// The session is not told everything: `catch_up` is called about once a second.
  /// "joined" or "left", to programs outside; in passing.
  void tell(const LiveSession& session, std::string_view what);
  void lags(const LiveSession& session) { lagging_.insert(session.number()); }
  /// Ends what a sign-in that has ended has open.
  void sign_in_ended(identity::SessionId sign_in);
  /// Ends what a user, and agents of theirs, have open: they may read nothing for a while.
  void locked_out(UserId user);
  /// What principals may do with the document, or with any, has changed: its sessions follow.
  void access_changed(std::optional<DocumentId> document);
  asio::awaitable<void> close();

 private:
  template <class Which>
  void end_each(Which which, net::CloseCode code, std::string_view reason);
  void start_asking();
  asio::awaitable<void> ask_anew();
  asio::awaitable<void> ask_anew(std::uint64_t number);
  void open_next();
  asio::awaitable<void> open(LiveSession& session, std::string token);
  asio::awaitable<void> renew(LiveSession& session, std::string token);
  void could_not_open(LiveSession& session, const Error& error);
  Task<> try_open(LiveSession& session, std::string token);
  Task<> try_renew(LiveSession& session, std::string token);
  Result<> renew(LiveSession& session, const identity::Authenticated& who) const;
  Result<> still_signed_in(const LiveSession& session) const;
  void sweep(std::int64_t now_ns);
  void catch_up(std::int64_t now_ns);

  DocumentShard& shard_;
  Mailbox& mailbox_;
  access::Access& access_;
  identity::Identity& identity_;
  Logger logger_;
  ReadWatch* const watch_;         // null: nobody is told
  events::Journal* const events_;  // null: nothing is told to programs outside
  PresenceMirror presence_;
  net::Reconnects& reconnects_;
  std::shared_ptr<SessionCounts> counts_;  // shared with the other shards' sessions
  TaskScope tasks_;
  std::unordered_map<std::uint64_t, std::unique_ptr<LiveSession>> sessions_;
  std::vector<std::unique_ptr<LiveSession>> finished_;  // freed by the sweep: who finishes one may be in a call of it
  std::uint64_t next_number_ = 1;                       // 0 stands for writes that come from no session
  std::int64_t swept_ns_ = 0;
  struct Waiting {
    LiveSession* session;  // held by its references_
    std::string token;
  };
  std::deque<Waiting> waiting_;  // for their turn to be opened
  std::size_t opening_ = 0;
  SyncAnswers answers_;
  std::set<std::uint64_t> to_ask_;  // sessions whose access is to be asked anew
  bool asking_ = false;
  std::set<std::uint64_t> lagging_;
};

}  // namespace concord::documents
