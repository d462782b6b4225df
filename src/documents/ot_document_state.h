#pragma once
// The inside of an OtDocument: who has joined and who is about to, what is submitted and not told yet. Internal to it:
// ot_document.cpp is about clients that come and go, ot_submissions.cpp about what they and others write.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "documents/ahead_document.h"
#include "documents/document_shard.h"
#include "documents/ot_document.h"

namespace concord::documents {

class OtDocument::State {
 public:
  State(DocumentShard& shard, LiveDocument& document) : shard_(shard), document_(document) {}

  enum class Phase : std::uint8_t {
    kIdle,      // there is no document ahead
    kBuilding,  // waits until what was submitted before is durable, and remembers what is submitted meanwhile
    kReady,
    kLost,  // the document ahead was given up; waits until everything submitted is answered
  };

  void join(OtClient& client, OtJoin what);
  void leave(OtClient& client);
  Result<> submit(OtClient& client, OtOperation operation);
  std::uint64_t submitted(const engines::LogRecord& record);
  void settled(std::uint64_t ticket, Outcome outcome);
  void annotated();
  void sweep(std::int64_t now_ns);
  const AheadDocument* ahead() const { return ahead_.get(); }

 private:
  static constexpr std::size_t kMaxClientBytes = 64;
  static constexpr std::size_t kMaxRecent = 4096;

  struct Member {
    OtClient* client = nullptr;
    std::string key;
    std::string principal;
    std::string name;
  };
  struct Joiner {
    std::uint64_t ticket = 0;
    OtClient* client = nullptr;
    std::string key;
    OtJoin what;
    bool catching_up = false;
  };
  /// Submitted, and not told to the clients yet.
  struct Pending {
    std::uint64_t ticket = 0;
    engines::LogRecord record;
    std::string key;    // of an OT client's operation; else empty
    OtSource source{};  // likewise
    std::optional<Outcome> outcome{};
    bool nothing = false;  // an operation that came to nothing: it is not in the log
  };
  struct Written {
    std::uint64_t sequence = 0;
    std::uint64_t version = 0;
  };
  struct Mark {
    std::uint64_t version = 0;
    std::string key;
    std::uint64_t sequence = 0;
  };

  /// A client's name among those of its principal: who guesses another's name cannot write under it.
  static std::string key_of(std::string_view principal, std::string_view client);
  void build();
  void built();
  void admit_joiners();
  void admit(Joiner joiner);
  void caught_up(std::uint64_t ticket, Result<OtChange> change);
  static asio::awaitable<void> catch_up(DocumentShard& shard, std::shared_ptr<LiveDocument> live, std::uint64_t ticket,
                                        std::uint64_t version);
  Result<std::vector<OtChange>> missed_since(std::uint64_t version, const Joiner& joiner);
  void enter(const Joiner& joiner, OtJoined joined);

  std::optional<std::uint64_t> known(const std::string& key, std::uint64_t sequence) const;
  void note_written(const Pending& done, std::uint64_t version);
  bool is_member(const OtClient* client) const;
  void advance();
  void tell(const Pending& done, const OtChange& change);
  void acknowledge(const Pending& done, std::uint64_t version);
  void lose(const Error& error);
  void drain_lost();
  void repair();

  DocumentShard& shard_;
  LiveDocument& document_;
  Phase phase_ = Phase::kIdle;
  std::unique_ptr<AheadDocument> ahead_;
  std::vector<Member> members_;
  std::vector<Joiner> joiners_;
  std::deque<Pending> pending_;
  Pending* writing_ = nullptr;  // what `submit` is submitting, until `submitted` has taken it
  std::uint64_t next_ticket_ = 1;

  std::unordered_map<std::string, Written> recent_;  // by key: the newest operation
  std::deque<Mark> marks_;                           // OT clients' operations in the history

  std::vector<engines::LogRecord> refused_;  // that a later one may need, since it was made behind them
  bool needs_repair_ = false;
  std::size_t repairs_under_way_ = 0;
  bool repair_failed_ = false;
  std::int64_t unused_since_ns_ = 0;
};

}  // namespace concord::documents
