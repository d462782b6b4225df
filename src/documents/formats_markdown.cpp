// Writes a document as Markdown, line by line.

#include <algorithm>
#include <cmath>
#include <utility>

#include "documents/formats.h"
#include "documents/formats_parts.h"

namespace concord::documents {
namespace {

using crdt::Any;
using crdt::DeltaOp;
using formats::Segment;

enum class Block : std::uint8_t { kNone, kParagraph, kHeading, kQuote, kListItem, kCode };

struct LineForm {
  Block block = Block::kParagraph;
  unsigned level = 0;              // of a heading
  unsigned indent = 0;             // of a list item
  bool ordered = false;            // a list item
  std::string_view task = {};      // a list item's "[x] " or "[ ] "
  std::string_view language = {};  // of code; may be empty
  bool operator==(const LineForm&) const = default;
};

const Any* find(const crdt::Attributes& attributes, std::string_view name) {
  const auto at = std::ranges::find(attributes, name, &std::pair<std::string, Any>::first);
  return at == attributes.end() || at->second.is_null() ? nullptr : &at->second;
}

bool is_set(const crdt::Attributes& attributes, std::string_view name) {
  const Any* value = find(attributes, name);
  const auto* flag = value == nullptr ? nullptr : value->as<bool>();
  return value != nullptr && (flag == nullptr || *flag);
}

std::string_view word(const crdt::Attributes& attributes, std::string_view name) {
  const Any* value = find(attributes, name);
  const auto* text = value == nullptr ? nullptr : value->as<std::string>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

/// A whole number from `least` to `most`; a greater one counts as `most`, anything else as 0.
unsigned number(const crdt::Attributes& attributes, std::string_view name, unsigned most) {
  const Any* value = find(attributes, name);
  const auto* given = value == nullptr ? nullptr : value->as<double>();
  if (given == nullptr || !(*given >= 1)) return 0;
  return static_cast<unsigned>(std::min(std::floor(*given), static_cast<double>(most)));
}

std::string_view language_of(const crdt::Attributes& attributes) {
  constexpr std::size_t kLongest = 64;
  const std::string_view name = word(attributes, "code-block");
  const bool writable = name.size() <= kLongest && std::ranges::all_of(name, [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 std::string_view("+#_.-").contains(c);
                        });
  return writable ? name : std::string_view();
}

LineForm form_of(const crdt::Attributes& attributes) {
  LineForm form;
  if (is_set(attributes, "code-block")) {
    form.block = Block::kCode;
    form.language = language_of(attributes);
  } else if (const std::string_view list = word(attributes, "list"); !list.empty()) {
    form.block = Block::kListItem;
    form.ordered = list == "ordered";
    form.indent = number(attributes, "indent", kMaxIndent);
    if (list == "checked") form.task = "[x] ";
    if (list == "unchecked") form.task = "[ ] ";
  } else if (const unsigned level = number(attributes, "header", 6); level > 0) {
    form.block = Block::kHeading;
    form.level = level;
  } else if (is_set(attributes, "blockquote")) {
    form.block = Block::kQuote;
  }
  return form;
}

Segment segment_of(const DeltaOp& op) {
  Segment segment;
  for (std::size_t i = 1; i < formats::kSpans; ++i)
    segment.spans[i] = is_set(op.attributes, formats::kSpanForms[i].attribute);
  const auto script = [&](formats::Span span, std::string_view value) {
    segment.spans[static_cast<std::size_t>(span)] = word(op.attributes, "script") == value;
  };
  script(formats::Span::kSub, "sub");
  script(formats::Span::kSuper, "super");
  const Any* link = find(op.attributes, "link");
  if (const auto* url = link == nullptr ? nullptr : link->as<std::string>()) {
    segment.spans[static_cast<std::size_t>(formats::Span::kLink)] = true;
    segment.link = *url;
  }
  if (op.kind == DeltaOp::Kind::kEmbed) {
    segment.embed = &op.embed;
    segment.alt = word(op.attributes, "alt");
  } else {
    segment.code = is_set(op.attributes, "code");
  }
  return segment;
}

bool same_format(const Segment& a, const Segment& b) {
  return a.embed == nullptr && b.embed == nullptr && a.spans == b.spans && a.link == b.link && a.code == b.code;
}

/// Where the list items of the levels above stand, so that the next one falls under the right one.
class Lists {
 public:
  void end() { levels_.clear(); }

  /// What goes before the text of an item: the indentation and the markers. A level that was skipped is written as an
  /// item that holds nothing but the next list.
  std::string marker(const LineForm& form) {
    if (levels_.size() > form.indent + 1) levels_.resize(form.indent + 1);
    if (levels_.size() == form.indent + 1) {
      if (levels_.back().ordered == form.ordered) return std::string(levels_.back().column, ' ') + next(levels_.back());
      levels_.pop_back();
    }
    std::string out(levels_.empty() ? 0 : levels_.back().content, ' ');
    while (levels_.size() < form.indent + 1) {
      levels_.push_back({levels_.empty() ? 0 : levels_.back().content, 0, form.ordered, 0});
      out += next(levels_.back());
    }
    return out;
  }

 private:
  struct Level {
    std::size_t column = 0;   // of the marker
    std::size_t content = 0;  // of the text behind it
    bool ordered = false;
    unsigned number = 0;
  };
  static std::string next(Level& level) {
    const std::string marker = level.ordered ? std::to_string(++level.number) + ". " : "- ";
    level.content = level.column + marker.size();
    return marker;
  }

  std::vector<Level> levels_;
};

class MarkdownWriter {
 public:
  std::string write(std::span<const DeltaOp> document) {
    for (const DeltaOp& op : document) {
      if (op.kind == DeltaOp::Kind::kEmbed) {
        line_.push_back(segment_of(op));
      } else if (op.kind == DeltaOp::Kind::kInsert) {
        text(op);
      }
    }
    if (!line_.empty()) end_line({});
    if (last_.block == Block::kCode) end_code();
    return out_.empty() ? std::string() : std::move(out_) + "\n";
  }

 private:
  void text(const DeltaOp& op) {
    const Segment format = segment_of(op);
    const LineForm form = form_of(op.attributes);
    std::string_view rest = op.text;
    for (;;) {
      const std::size_t end = rest.find('\n');
      if (const std::string_view piece = rest.substr(0, end); !piece.empty()) {
        if (line_.empty() || !same_format(line_.back(), format)) line_.push_back(format);
        line_.back().text += piece;
      }
      if (end == std::string_view::npos) return;
      end_line(form);
      rest.remove_prefix(end + 1);
    }
  }

  void end_line(const LineForm& form) {
    if (last_.block == Block::kCode && form != last_) end_code();
    if (form.block != Block::kListItem) lists_.end();
    if (form.block == Block::kCode) {
      code_line(form);
    } else {
      separate(form.block);
      switch (form.block) {
        case Block::kHeading:
          out_ += std::string(form.level, '#') + (line_.empty() ? "" : " ") + formats::write_inline(line_);
          break;
        case Block::kQuote:
          out_ += "> " + content();
          break;
        case Block::kListItem:
          out_ += lists_.marker(form);
          out_ += form.task;
          out_ += content();
          break;
        default:
          out_ += is_break() ? line_.front().text : content();
      }
    }
    line_.clear();
    last_ = form;
  }

  std::string content() const { return line_.empty() ? "<br>" : formats::write_inline(line_); }

  /// A line that is read as a thematic break, and that one is read as.
  bool is_break() const {
    return line_.size() == 1 && same_format(line_.front(), Segment{}) && line_.front().text == "---";
  }

  void separate(Block next) {
    if (last_.block == Block::kNone) return;
    if (last_.block == Block::kListItem && next == Block::kListItem) {
      out_ += "\n";
    } else {
      out_ += last_.block == Block::kQuote && next == Block::kQuote ? "\n>\n" : "\n\n";
    }
  }

  void code_line(const LineForm& form) {
    if (last_ != form) separate(Block::kCode);
    for (const Segment& segment : line_) code_ += segment.text;
    code_ += '\n';
    language_ = form.language;
  }

  void end_code() {
    std::size_t longest = 2;
    std::size_t run = 0;
    for (const char c : code_) {
      run = c == '`' ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    const std::string fence(longest + 1, '`');
    out_ += fence + language_ + "\n" + code_ + fence;
    code_.clear();
  }

  std::string out_;
  std::vector<Segment> line_;
  LineForm last_{.block = Block::kNone};
  Lists lists_;
  std::string code_;
  std::string language_;
};

}  // namespace

std::string to_markdown(std::span<const DeltaOp> document) { return MarkdownWriter().write(document); }

}  // namespace concord::documents
