#pragma once
// Whom comments mention, as far as updates have just said it. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "crdt/update.h"
#include "documents/annotations.h"

namespace concord::documents {

/// Whether an update may make comments that mention somebody: told by its bytes alone.
bool may_mention(ByteView update);

/// What somebody has written, in the clocks of its clients.
struct Written {
  std::string principal;  // who truly wrote it
  std::vector<crdt::UpdateInfo::Client> clients{};
};

struct Mention {
  std::string user;  // a user's identifier, as the comment has it; never who wrote it
  std::string by;    // a principal
  std::string line;  // the first line of the comment, shortened
};

constexpr std::size_t kMaxMentionsTold = 100;
constexpr std::size_t kMaxMentionLine = 200;  // characters

/// Of comments and replies that `written` has made and that are in the document: each user once for each author, in no
/// order; at most kMaxMentionsTold. Time linear in the comments of the document. A comment that is changed later is no
/// new one.
std::vector<Mention> mentions_in(crdt::Doc& doc, std::span<const Written> written);

}  // namespace concord::documents
