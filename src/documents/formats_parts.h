#pragma once
// What the readers and writers of formats.h share. Internal to them.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crdt/types.h"
#include "documents/formats.h"

namespace concord::documents::formats {

/// Formats of text that stand around it in Markdown. Inline code is not among them: it holds nothing but text.
enum class Span : std::uint8_t { kLink, kBold, kItalic, kStrike, kUnderline, kSub, kSuper };
constexpr std::size_t kSpans = 7;

/// A span as Quill names it, as Markdown's delimiter does (empty where there is none), and as an HTML tag.
struct SpanForm {
  std::string_view attribute;
  std::string_view delimiter;
  std::string_view tag;
  std::string_view alias;  // another tag that is read as the same
};
constexpr std::array<SpanForm, kSpans> kSpanForms{{
    {"link", "", "", ""},
    {"bold", "**", "strong", "b"},
    {"italic", "_", "em", "i"},
    {"strike", "~~", "s", "del"},
    {"underline", "", "u", "ins"},
    {"sub", "", "sub", ""},
    {"super", "", "sup", ""},
}};

/// A piece of a line with one format throughout: text, or an embed.
struct Segment {
  std::string text;
  const crdt::Any* embed = nullptr;
  std::string alt;  // of an image
  std::array<bool, kSpans> spans{};
  std::string link;  // where spans[kLink]
  bool code = false;
};

/// The Markdown of a line without what its block puts before it.
std::string write_inline(std::span<const Segment> segments);

/// What a named (without '&' and ';') or numeric ("#39", "#x27") character reference stands for; nullopt where there is
/// no such name. The names are those of HTML 4 and "apos".
std::optional<std::string> decode_reference(std::string_view name);

/// Parses JSON whose values could not take more memory than a small multiple of its text. Errors have no `field` yet.
Result<crdt::Any> parse_bounded_json(std::string_view json, const DeltaLimits& limits);

/// Whether it is what an operation may insert beside text: an object with one member.
bool is_embed(const crdt::Any& value, const DeltaLimits& limits);

/// Appends an insertion and joins it to the last one where their attributes are the same.
void push_text(std::vector<crdt::DeltaOp>& out, std::string_view text, const crdt::Attributes& attributes);

}  // namespace concord::documents::formats
