#pragma once
// The table that suggestions were kept in before they were kept in the documents themselves: read once, at a start, and
// emptied into them. An edit in it is sealed for the document's owner where sealing was on. Any reactor.

#include <string>
#include <vector>

#include "documents/annotation_service.h"
#include "engines/tables.h"
#include "vault/vault.h"

namespace concord::documents {

class SuggestionStore {
 public:
  SuggestionStore(engines::Tables& tables, vault::Vault& vault) : tables_(tables), vault_(vault) {}

  static std::vector<engines::Migration> migrations();

  /// Moves all that can be into their documents: a row goes when its suggestion is durable there, so that a crash at
  /// any point loses none and doubles none. What cannot be moved (a document that cannot be opened, an edit whose keys
  /// are gone) stays for the next start, and is told.
  Task<> move_into(AnnotationService& documents, Logger& logger);

 private:
  struct Row {
    DocumentId document;
    Suggestion suggestion;
  };
  static constexpr std::int64_t kPage = 100;
  /// In the order of their identifiers; without their edits.
  Task<std::vector<Row>> page(std::string after);
  Task<> move(AnnotationService& documents, Row row);

  engines::Tables& tables_;
  vault::Vault& vault_;
};

}  // namespace concord::documents
