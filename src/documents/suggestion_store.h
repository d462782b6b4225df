#pragma once
// The table of suggestions: edits that somebody proposed and a writer takes or leaves. An edit is an update of the
// CRDT, made against the version that its author saw, and is sealed for the document's owner where sealing is on. Any
// reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "engines/tables.h"
#include "vault/vault.h"

namespace concord::documents {

struct SuggestionTag {
  static constexpr std::string_view kPrefix = "sug";
};
using SuggestionId = Id<SuggestionTag>;

enum class SuggestionState : std::uint8_t { kOpen, kAccepted, kRejected };
std::string_view to_string(SuggestionState state);
std::optional<SuggestionState> parse_suggestion_state(std::string_view word);

struct Suggestion {
  SuggestionId id;
  DocumentId document;
  std::string author;         // the principal's identifier
  std::string message;        // why; may be empty
  std::uint64_t version = 0;  // that the edit was made for
  std::int64_t created_ms = 0;
  SuggestionState state = SuggestionState::kOpen;
  std::string decided_by;  // empty while it is open
  std::int64_t decided_ms = 0;
};

class SuggestionStore {
 public:
  SuggestionStore(engines::Tables& tables, vault::Vault& vault) : tables_(tables), vault_(vault) {}

  static std::vector<engines::Migration> migrations();

  static constexpr std::int64_t kMaxOpen = 200;    // of one document
  static constexpr std::int64_t kMaxListed = 500;  // the newest
  static constexpr std::size_t kMaxMessageBytes = 1000;

  /// kTooLarge past kMaxOpen.
  Task<> create(Suggestion suggestion, UserId owner, Bytes update);
  /// Newest first.
  Task<std::vector<Suggestion>> list(DocumentId document, std::optional<SuggestionState> state);
  /// kNotFound where the document has no such suggestion.
  Task<Suggestion> find(DocumentId document, SuggestionId id);
  Task<Bytes> update(DocumentId document, SuggestionId id);
  /// kConflict where it is no longer open.
  Task<> decide(SuggestionId id, SuggestionState state, std::string by, std::int64_t now_ms);

 private:
  engines::Tables& tables_;
  vault::Vault& vault_;
};

}  // namespace concord::documents
