#pragma once
// Which lines of the audit record are told to programs outside, and what of them: what was done, to whom, by whom;
// never an address, a sign-in or a request. Pure.

#include <optional>
#include <string_view>

#include "base/result.h"
#include "events/event.h"

namespace concord::events {

/// nullopt where the line is not told: what was refused, what is of no concern, what the documents tell themselves.
/// kCorrupt where it is no line of the record.
Result<std::optional<Event>> event_of(std::string_view audit_line);

}  // namespace concord::events
