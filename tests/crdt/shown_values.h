#pragma once
// Values of a document in the form in which differential.mjs and history.mjs write them down.

#include "crdt/any.h"
#include "crdt/doc.h"

namespace concord::crdt {

/// Of a node: the names of the one before it, its own, that of the one behind it, of what holds it, and how many that
/// holds.
Any siblings(const Value& node);
/// A shared type reads as its JSON, a subdocument as its guid.
Any plain(const Value& value);

}  // namespace concord::crdt
