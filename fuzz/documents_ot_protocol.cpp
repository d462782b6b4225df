// What clients of operational transformation send, and what Yjs clients say of themselves to them. The first byte picks
// the event.
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "documents/ot_delta.h"
#include "documents/ot_protocol.h"
#include "json/elements.h"

namespace {

using namespace concord;
using namespace concord::documents;

void require(bool holds) {
  if (!holds) std::abort();
}

const json::Limits kLimits{.max_bytes = 64u << 10u, .max_values = 2'000, .max_depth = 16};

void check_changes(std::string_view argument) {
  const auto changes = ot_protocol::read_changes(argument, kLimits);
  if (!changes) {
    require(json::check(ot_protocol::failed(changes.error())).has_value());
    return;
  }
  require(changes->version <= ot_protocol::kMaxVersion);
  const std::string again = change_to_json(changes->op);
  const auto read = change_from_json(again);
  require(read && *read == changes->op);
}

void check_presence(std::string_view state) {
  const auto presence = ot_protocol::read_awareness_state(state);
  require(json::check(ot_protocol::presence("doc_1", 1, presence)).has_value());
  require(json::check(ot_protocol::cursor("doc_1", 1, presence)).has_value());
  if (!presence.gone) require(ot_protocol::read_awareness_state(ot_protocol::awareness_state(presence)) == presence);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view argument = as_text(ByteView(data + 1, size - 1));
  switch (data[0]) {
    case 'j': {
      const auto join = ot_protocol::read_join(argument);
      if (join) require(join->client.size() <= ot_protocol::kMaxClientBytes);
      if (!join) require(json::check(ot_protocol::refused("join", "", join.error())).has_value());
      break;
    }
    case 's':
      check_changes(argument);
      break;
    case 'c': {
      const auto moved = ot_protocol::read_cursor(argument);
      if (moved && moved->cursor) require(moved->cursor->version <= ot_protocol::kMaxVersion);
      break;
    }
    case 'p':
      check_presence(argument);
      break;
    default:
      (void)ot_protocol::read_document(argument);
      (void)ot_protocol::read_token(argument);
  }
  return 0;
}
