#pragma once
// Tells people by mail that a comment mentions them: once for a document and person in some minutes, and so many an
// hour. What is told is what has become durable just now, never what a start replays; where the hub stops before, it is
// not told.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/access.h"
#include "documents/document_shard.h"
#include "documents/mentions.h"
#include "identity/identity.h"

namespace concord::documents {

struct MentionNotice {
  std::string by;        // the name of who mentions; may be empty
  std::string document;  // its name
  std::string page;      // its page in the web app, without the hub's address
  std::string line;      // of the comment
};
/// Tells a user, and whether that is on its way. Any reactor.
using TellMention = std::function<Task<bool>(UserId, MentionNotice)>;

/// How often one is told. Of a node; any thread; forgotten at a restart.
class MentionLimits {
 public:
  static constexpr std::size_t kMostAnHour = 30;  // mails to one person
  static constexpr std::size_t kMostKept = 100'000;

  explicit MentionLimits(std::int64_t every_ms) : every_ns_(every_ms * 1'000'000) {}

  /// Whether the user is to be told of that document now; counts as told. Monotonic time.
  bool take(const std::string& document, const std::string& user, std::int64_t now_ns);

 private:
  struct Hour {
    std::int64_t began_ns = 0;
    std::size_t mails = 0;
  };
  void forget(std::int64_t now_ns);

  const std::int64_t every_ns_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::int64_t> told_;  // when
  std::map<std::string, Hour> hours_;                                 // by user
};

/// Of one shard; lives on its reactor, and outlives its tasks.
class MentionWatch {
 public:
  struct Dependencies {
    access::Access& access;
    identity::Identity& identity;
    DocumentStore& store;
    TellMention tell;
    MentionLimits& limits;
    Logger logger;
  };
  MentionWatch(DocumentShard& shard, Dependencies on) : shard_(shard), on_(std::move(on)) {}
  MentionWatch(const MentionWatch&) = delete;
  MentionWatch& operator=(const MentionWatch&) = delete;

  /// An update that annotates is durable and applied. What follows in the next second is looked at together.
  void annotated(const DocumentShard::Live& live, const engines::LogRecord& record);

 private:
  static constexpr std::size_t kMostWaiting = 256;  // updates of one document
  asio::awaitable<void> look(DocumentShard::Live live);
  Task<> tell(DocumentId document, Mention mention);

  DocumentShard& shard_;
  Dependencies on_;
  std::unordered_map<DocumentId, std::vector<Written>, IdHash<DocumentTag>> waiting_;
};

}  // namespace concord::documents
