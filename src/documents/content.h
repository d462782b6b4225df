#pragma once
// A document's content as REST reads and writes it: the root text "content", as plain text, Markdown or a Delta. Pure;
// a write is worked out on a copy of the state it was made for, so that the CRDT merges it with whatever came since.

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/doc.h"

namespace concord::documents {

enum class Format : std::uint8_t { kText, kMarkdown, kDelta };

std::string_view to_string(Format format);
std::optional<Format> parse_format(std::string_view word);

/// The root type that editors bind to.
constexpr std::string_view kContentRoot = "content";

/// The content as a JSON value: a string for text and Markdown, an array of operations for a Delta.
std::string render_json(crdt::Doc& doc, Format format);

/// The update, by `client`, that leads from `state` (an encoded document) to `content`, with as few changes as can be;
/// empty where there is nothing to change. For kDelta, `content` is the JSON array. Plain text keeps the formats and
/// embeds of what stays. kInvalidArgument where the content is not of its format; kCorrupt where the state is not
/// readable.
Result<Bytes> edit_update(ByteView state, crdt::ClientId client, Format format, std::string_view content);

}  // namespace concord::documents
