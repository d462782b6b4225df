#pragma once
// What a document of the live test holds, as one value that the peers of both engines give (contentOfDoc in peers.mjs).

#include "crdt/any.h"
#include "crdt/doc.h"

namespace concord::crdt {

/// All four roots with all that is in them, the XML root (a fragment or an element) as a string too, and the guids of
/// the subdocuments in order.
Any content_of(Doc& doc, const SharedType& xml);
/// The guids of the subdocuments that are to be loaded, in order.
Any wanted_of(const Doc& doc);

}  // namespace concord::crdt
