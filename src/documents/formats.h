#pragma once
// A document's content in the forms that people and programs write it in: a Quill Delta as JSON, Markdown, plain text.
// Pure.
//
// Quill's conventions: a line is the text up to a "\n", whose attributes are the line's (header, list, indent,
// blockquote, code-block); attributes of text are the text's. A document ends with "\n", which a Y.Text may leave out.
//
// Markdown is CommonMark with GitHub's strikethrough, task lists and tables, and a few tags for what it cannot say:
//   header 1…6            #…######                    bold, italic, strike   **, _, ~~ or <strong>, <em>, <s>
//   list bullet, ordered  -, 1.                       underline, script      <u>, <sub>, <sup>
//   list checked, un…     - [x], - [ ]                code, link             `…`, [text](<destination>)
//   indent 1…8 of lists   nesting                     image (with alt)       ![alt](<source>)
//   blockquote            >                           any other embed        <x-embed value="JSON"/>
//   code-block            ``` with the language       an empty line          <br>
// One line of the document is one paragraph, so that no line is lost. Text is escaped so that it reads back as it was;
// other attributes (colours, fonts, alignment, the indent of lines that are no list items) are not written. What does
// not come back: NUL (U+FFFD), a carriage return in a code block (a line break), tabs alone on a line of code (spaces).
// Of Markdown that Quill has no form for, a table's row becomes a line, its cells parted by " | ", a thematic break
// the line "---", and HTML stays as text.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crdt/types.h"

namespace concord::documents {

/// Deepest nesting of lists that Quill shows; more is read and written as this.
constexpr unsigned kMaxIndent = 8;

std::string to_markdown(std::span<const crdt::DeltaOp> document);

/// kInvalidArgument where the text is not UTF-8; kTooLarge where its formats and repeated references would outgrow it
/// by far.
Result<std::vector<crdt::DeltaOp>> from_markdown(std::string_view markdown);

/// The text without formats and embeds.
std::string to_plain_text(std::span<const crdt::DeltaOp> document);
std::vector<crdt::DeltaOp> from_plain_text(std::string_view text);

struct DeltaLimits {
  std::size_t max_bytes = 32u << 20u;  // of the JSON text
  std::size_t max_depth = 16;          // of arrays and objects in each other
  std::size_t max_attributes = 64;     // of one operation
  std::size_t max_name_bytes = 128;    // of an attribute or an embed's kind
};

/// An array of Quill operations, as JSON.stringify prints it.
std::string delta_to_json(std::span<const crdt::DeltaOp> document);

/// A document: an array of {"insert": text or embed, "attributes"?: {…}}. Anything else is kInvalidArgument, over a
/// limit kTooLarge, with the place (such as "content[3].attributes") as context `field`. Values nested or packed so
/// that they would take far more memory than text are kTooLarge too. An attribute that is null says nothing and is left
/// out.
Result<std::vector<crdt::DeltaOp>> delta_from_json(std::string_view json, const DeltaLimits& limits = {});

/// Takes off the last "\n" of `document` where `current` lacks its own and it carries no attributes, so that writing
/// back what was read is no change.
void match_final_newline(std::span<const crdt::DeltaOp> current, std::vector<crdt::DeltaOp>& document);

}  // namespace concord::documents
