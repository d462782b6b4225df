#pragma once
// Keeps on the bus who is at the documents of one shard, for whoever asks on any node (presence.h). It looks once a
// second for what has changed, so that nothing waits for it on the way of an edit; of one client it writes something
// else every two seconds at most. A bus that is slow or away is not written to faster than it takes: what changes
// meanwhile waits in the documents, and what it has refused is written again when the client renews it. Lives on the
// shard's reactor.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/async.h"
#include "base/log.h"
#include "documents/document_shard.h"
#include "documents/presence.h"

namespace concord::documents {

class LiveSession;

class PresenceMirror {
 public:
  PresenceMirror(engines::Bus& bus, DocumentShard& shard, Logger logger);

  /// A session has joined its document, or is about to leave it.
  void came(const LiveSession& session);
  void goes(const LiveSession& session);

  /// About once a second.
  void sweep(std::int64_t now_ns);
  /// The bus has all of the document, where it is open here. Fails as the bus does.
  Task<> flush(DocumentId document);
  /// Writes what is left; nothing comes after it.
  asio::awaitable<void> close();

 private:
  struct Write {
    std::string key;
    std::optional<Bytes> value;           // none: it goes
    std::vector<Presence::Visit> visits;  // where these are to be added to what the key has
    std::int64_t ttl_ms = 0;
  };
  /// What has happened since the bus was last told.
  struct Visits {
    std::map<std::string, std::int64_t> last_ms;  // by principal
    std::int64_t since_ns = 0;
    bool sessions_changed = false;
  };

  void note(const LiveSession& session);
  void note_all(LiveDocument& document);
  void collect(LiveDocument& document, std::int64_t now_ns, Awareness::Pace pace);
  void collect_sessions(LiveDocument& document, std::int64_t now_ns);
  void collect_visits(DocumentId document, const Visits& visits);
  void write(Write one);
  asio::awaitable<void> write_all();
  Task<> put(const Write& one);
  void refused(const Error& error);

  engines::Bus& bus_;
  DocumentShard& shard_;
  Logger logger_;
  TaskScope tasks_;
  AsyncEvent written_;
  Counter& writes_;
  Counter& refusals_;
  std::deque<Write> queue_;
  std::unordered_map<DocumentId, Visits, IdHash<DocumentTag>> visits_;
  std::optional<Error> refusal_;  // of the writes since a flush began
  std::int64_t warned_ns_ = 0;
  bool writing_ = false;
};

}  // namespace concord::documents
