#pragma once
// What clients of operational transformation and the hub say to each other in Socket.IO events (docs/protocols/ot.md).
// Every event has one argument, an object that names its document. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/level.h"
#include "base/id.h"
#include "base/result.h"
#include "documents/ot_document.h"
#include "json/object.h"

namespace concord::documents::ot_protocol {

constexpr std::string_view kJoin = "join";
constexpr std::string_view kJoined = "joined";  // a join's answer where no acknowledgement was asked for
constexpr std::string_view kLeave = "leave";
constexpr std::string_view kSendChanges = "send-changes";
constexpr std::string_view kChangesReceived = "changes-received";
constexpr std::string_view kReceiveChanges = "receive-changes";
constexpr std::string_view kCursor = "cursor";
constexpr std::string_view kTyping = "typing";
constexpr std::string_view kPresence = "presence";
constexpr std::string_view kAuthenticate = "authenticate";
constexpr std::string_view kCommentsChanged = "comments-changed";
constexpr std::string_view kAccessChanged = "access-changed";
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kEnded = "ended";

constexpr std::size_t kMaxClientBytes = 64;
constexpr std::uint64_t kMaxVersion = (1ULL << 53U) - 1;

/// How a client wants to be seen by others; both may be empty.
struct User {
  std::string name, color;
  bool operator==(const User&) const = default;
};

struct Join {
  DocumentId document;
  std::string token;   // empty: the connection's
  std::string client;  // empty: it has none yet
  std::optional<std::uint64_t> last_known_version, unacknowledged;
  User user;
};

struct Changes {
  DocumentId document;
  std::uint64_t version = 0, sequence = 0;
  ot::Delta op;
};

/// In UTF-16 code units of the document at `version`.
struct Cursor {
  std::uint64_t version = 0;
  std::size_t position = 0, length = 0;
  bool operator==(const Cursor&) const = default;
};

struct CursorMoved {
  DocumentId document;
  std::optional<Cursor> cursor;  // none: it has gone
};

struct Typing {
  DocumentId document;
  bool typing = false;
};

/// kInvalidArgument, or kTooLarge, with the field. `argument` is JSON.
Result<Join> read_join(std::string_view argument);
Result<Changes> read_changes(std::string_view argument, const json::Limits& limits);
Result<CursorMoved> read_cursor(std::string_view argument);
Result<Typing> read_typing(std::string_view argument);
/// Of an event that has nothing but its document.
Result<DocumentId> read_document(std::string_view argument);
/// The token of `auth` or of an authenticate event; empty where there is none.
Result<std::string> read_token(std::string_view argument);

struct Welcome {
  std::string client;
  std::uint64_t id = 0;  // that others know its presence by
  access::Level permission = access::Level::kNone;
};

/// Arguments of events, and of acknowledgements.
std::string joined(std::string_view document, const OtJoined& joined, const Welcome& welcome);
std::string changes_received(std::string_view document, std::uint64_t version, std::uint64_t sequence);
std::string receive_changes(std::string_view document, const OtChange& change);
std::string comments_changed(std::string_view document, std::uint64_t version);
std::string access_changed(std::string_view document, access::Level permission);
/// {"error": {"code", "message", and the error's context}}
std::string failed(const Error& error);
/// The same without an acknowledgement to put it into.
std::string refused(std::string_view event, std::string_view document, const Error& error);
/// `reconnect_in_ms`: where to come back is of use.
std::string ended(std::string_view document, std::string_view code, std::string_view message,
                  std::optional<std::int64_t> reconnect_in_ms);

// Presence is shared with clients that speak y-protocols' awareness: a state is a JSON object, of which `user` and
// `typing` are what all of them show and `ot` a cursor of this dialect.
struct Presence {
  User user;
  std::optional<Cursor> cursor;
  bool typing = false;
  bool gone = false;
  bool operator==(const Presence&) const = default;
};
std::string awareness_state(const Presence& presence);
/// What is not understood is left out.
Presence read_awareness_state(std::string_view state);
/// With `user` null where it is gone.
std::string presence(std::string_view document, std::uint64_t id, const Presence& presence);
/// With `position` null where there is none.
std::string cursor(std::string_view document, std::uint64_t id, const Presence& presence);

}  // namespace concord::documents::ot_protocol
