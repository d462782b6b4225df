#pragma once
// Subdocuments: documents that are mentioned in another, by their guid. What is here is the mention: guid, options, and
// whether somebody wants its content (load), as far as Yjs's documents show it to each other. The content is a
// document of its own: whoever serves or edits it makes a Doc for the guid, brings it its updates and keeps it; this
// library does no I/O and owns no second document. Transaction::subdocuments_added, _removed and _loaded tell when to.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "crdt/any.h"

namespace concord::crdt {

class Engine;

/// What a mention says of its document; what is not the default goes to the other replicas.
struct SubdocumentOptions {
  std::string guid;
  bool gc = true;
  bool auto_load = false;   // every replica that comes to know it loads it
  Any meta = Null{};        // of the application; null is none
  bool should_load = true;  // here only: the one who mentions it has it loaded
};

/// A mention, as a handle: copied freely, valid as long as its Doc. Empty answers once it was deleted and collected.
class Subdocument {
 public:
  Subdocument() = default;
  bool alive() const;
  std::string guid() const;
  SubdocumentOptions options() const;
  /// Whether its content is wanted here: by `load`, or by its options.
  bool should_load() const;
  /// Wants its content: the running transaction has it among its loaded ones. Does nothing where it was wanted already;
  /// fails outside of a transaction and for one that was deleted.
  Result<> load();
  bool operator==(const Subdocument&) const = default;

 private:
  friend class Engine;
  Subdocument(Engine* engine, std::uint32_t client, std::uint32_t clock)
      : engine_(engine), client_(client), clock_(clock) {}
  Engine* engine_ = nullptr;
  std::uint32_t client_ = 0;  // the item that holds it
  std::uint32_t clock_ = 0;
};

}  // namespace concord::crdt
