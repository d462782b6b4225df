#pragma once
// What a write over REST is known by: all that makes it. Sent again, because its answer was lost, it has the same
// client and makes the same update, which changes nothing a second time.

#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/types.h"
#include "documents/content.h"
#include "documents/document_shard.h"

namespace concord::documents {

struct WriteIdentity {
  crdt::ClientId client;
  Author author;
};

WriteIdentity identify(DocumentId id, const std::string& author, Format format, std::string_view content,
                       std::uint64_t version);

/// For a write that is made once and never sent again: nobody has written as it.
crdt::ClientId fresh_client();

}  // namespace concord::documents
