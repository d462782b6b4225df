#include "mcp/text_edit.h"

#include "json/object.h"

namespace concord::mcp {

namespace {

/// How often it occurs, without overlap.
std::size_t count(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++out;
  return out;
}

/// Whether it occurs once also where overlaps count: "aa" is at two places of "aaa".
bool is_unique(std::string_view text, std::string_view part) {
  const std::size_t first = text.find(part);
  return first != std::string_view::npos && text.find(part, first + 1) == std::string_view::npos;
}

/// Success where `part` occurs once.
Result<> require_unique(std::string_view field, std::string_view text, std::string_view part) {
  if (part.empty()) return fail(json::field_error(field, "must not be empty"));
  if (!text.contains(part)) return fail(json::field_error(field, "does not occur in the document"));
  if (is_unique(text, part)) return {};
  return fail(json::field_error(field, "occurs more than once: say more of what stands around it"));
}

}  // namespace

Result<std::string> replace_text(std::string_view text, std::string_view from, std::string_view to, bool all) {
  if (from.empty()) return fail(json::field_error("old_text", "must not be empty"));
  const std::size_t times = count(text, from);
  if (!all || times == 0) TRY_VOID(require_unique("old_text", text, from));
  std::string out;
  out.reserve(text.size() - times * from.size() + times * to.size());
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, done)) {
    out.append(text.substr(done, at - done)).append(to);
    done = at + from.size();
  }
  return out.append(text.substr(done));
}

Result<std::string> insert_text(std::string_view text, std::string_view addition, Place place,
                                std::string_view anchor) {
  std::size_t at = place == Place::kEnd ? text.size() : 0;
  if (place == Place::kBefore || place == Place::kAfter) {
    TRY_VOID(require_unique("anchor", text, anchor));
    at = text.find(anchor) + (place == Place::kAfter ? anchor.size() : 0);
  }
  return std::string(text.substr(0, at)).append(addition).append(text.substr(at));
}

}  // namespace concord::mcp
