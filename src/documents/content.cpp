#include "documents/content.h"

#include <algorithm>
#include <vector>

#include "crdt/any_json.h"
#include "documents/formats.h"
#include "documents/ot_delta.h"
#include "ot/delta.h"
#include "ot/diff.h"
#include "ot/utf16.h"

namespace concord::documents {

namespace {

using crdt::DeltaOp;

/// Where the embeds of a text are, as positions in the document; plain text does not show them, and keeps them.
std::vector<std::size_t> embed_positions(std::span<const DeltaOp> document) {
  std::vector<std::size_t> out;
  std::size_t at = 0;
  for (const DeltaOp& op : document) {
    if (op.kind == DeltaOp::Kind::kEmbed) {
      out.push_back(at++);
    } else {
      at += ot::to_utf16(op.text).size();
    }
  }
  return out;
}

/// Walks the units of a document's text and steps over its embeds, which plain text does not show and a write keeps.
class TextWalk {
 public:
  explicit TextWalk(std::vector<std::size_t> embeds) : embeds_(std::move(embeds)) {}

  /// Where the walk is in the document as it is now.
  std::size_t at() const { return at_; }
  void inserted(std::size_t units) { at_ += units; }

  void retain(std::size_t units) {
    while (units > 0) {
      const std::size_t run = next_run(units);
      at_ += run;
      units -= run;
    }
  }
  Result<> erase(crdt::Text& text, std::size_t units) {
    while (units > 0) {
      const std::size_t run = next_run(units);
      TRY_VOID(text.erase(at_, run));
      units -= run;
    }
    return {};
  }

 private:
  /// Moves past embeds, then past at most `most` units of the original text up to the next embed; returns how many.
  std::size_t next_run(std::size_t most) {
    while (next_embed_ < embeds_.size() && embeds_[next_embed_] == original_) {
      ++next_embed_;
      ++original_;
      ++at_;
    }
    const std::size_t run = next_embed_ == embeds_.size() ? most : std::min(most, embeds_[next_embed_] - original_);
    original_ += run;
    return run;
  }

  std::vector<std::size_t> embeds_;  // positions in the original document, ascending
  std::size_t next_embed_ = 0;
  std::size_t original_ = 0;  // the walk's place in the document as it was
  std::size_t at_ = 0;
};

/// Plain text against plain text; an insertion takes on the formats in force where it stands.
Result<> write_text(crdt::Text text, std::string_view content) {
  const ot::Delta change = ot::diff(ot::to_utf16(text.to_string()), ot::to_utf16(content));
  TextWalk walk(embed_positions(text.to_delta()));
  for (const ot::Op& op : change.ops()) {
    if (op.kind == ot::OpKind::kRetain) {
      walk.retain(op.length);
    } else if (op.kind == ot::OpKind::kDelete) {
      TRY_VOID(walk.erase(text, op.length));
    } else {
      TRY_VOID(text.insert(walk.at(), ot::to_utf8(op.text)));
      walk.inserted(op.text.size());
    }
  }
  return {};
}

Result<> write_delta(crdt::Text text, std::span<const DeltaOp> target) {
  const std::vector<DeltaOp> document = text.to_delta();
  TRY(const ot::Delta change, ot::diff(to_ot(document), to_ot(target)));
  TRY(const std::vector<DeltaOp> operations, from_ot(change));
  return text.apply_delta(operations);
}

}  // namespace

std::string_view to_string(Format format) {
  switch (format) {
    case Format::kText:
      return "text";
    case Format::kMarkdown:
      return "markdown";
    case Format::kDelta:
      break;
  }
  return "delta";
}

std::optional<Format> parse_format(std::string_view word) {
  for (const Format format : {Format::kText, Format::kMarkdown, Format::kDelta})
    if (word == to_string(format)) return format;
  return std::nullopt;
}

std::string render_json(crdt::Doc& doc, Format format) {
  const crdt::Text text = doc.text(kContentRoot);
  if (format == Format::kDelta) return delta_to_json(text.to_delta());
  std::string out;
  crdt::append_json_string(out, format == Format::kText ? text.to_string() : to_markdown(text.to_delta()));
  return out;
}

Result<Bytes> edit_update(ByteView state, crdt::ClientId client, Format format, std::string_view content) {
  crdt::Doc doc({.client = client});
  if (auto loaded = doc.apply_update(state); !loaded) {
    return fail(Code::kCorrupt, "the document's state: " + loaded.error().message);
  }
  std::vector<DeltaOp> target;
  if (format == Format::kDelta) {
    TRY(target, delta_from_json(content));
  } else if (format == Format::kMarkdown) {
    TRY(target, from_markdown(content));
  }
  Result<> written;
  Bytes update = doc.transact([&] {
    crdt::Text text = doc.text(kContentRoot);
    written = format == Format::kText ? write_text(text, content) : write_delta(text, target);
  });
  if (!written) return fail(std::move(written).error());
  return update;
}

}  // namespace concord::documents
