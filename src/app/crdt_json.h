#pragma once
// A document as one JSON object: each root type by its name, in the order in which the document first mentions them.

#include <span>
#include <string>

#include "base/result.h"
#include "crdt/doc.h"

namespace concord::app {

enum class RootKind : std::uint8_t { kText, kMap, kArray, kXml };

struct NamedRoot {
  std::string name;
  RootKind kind = RootKind::kText;
};

/// What a root is stands nowhere in a document. Those that are named in `known` are that; of the others one with keys
/// is a map, one with characters a text, one whose elements are all XML nodes an XML fragment, any other with elements
/// an array, and one of which nothing is left is null. A text is its Delta where it has formats or embeds, else a
/// string; a fragment is a string.
Result<std::string> document_json(crdt::Doc& doc, std::span<const NamedRoot> known);

}  // namespace concord::app
