// Writes the text of a line. Delimiters (**, _, ~~) work only between certain characters (CommonMark 0.31, section 6.2,
// "flanking"); where it is not certain that they would, the span's HTML tag is written, which works everywhere.

#include <algorithm>
#include <utility>

#include "crdt/any_json.h"
#include "documents/formats_parts.h"
#include "ot/utf16.h"

namespace concord::documents::formats {
namespace {

enum class Class : std::uint8_t { kSpace, kPunctuation, kLetter, kUnknown };

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

/// Unknown where a renderer's Unicode tables would have to be asked.
Class class_of(char32_t c) {
  if (c < 0x80) {
    const char ascii = static_cast<char>(c);
    if (is_alnum(ascii)) return Class::kLetter;
    if (is_blank(ascii)) return Class::kSpace;
    return c < 0x20 || c == 0x7f ? Class::kUnknown : Class::kPunctuation;
  }
  struct Range {
    char32_t first;
    char32_t last;
  };
  // Whole runs of letters: Latin, Greek, Cyrillic, Hebrew, Arabic, kana, Han, Hangul.
  static constexpr Range kLetters[] = {{0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x24f},    {0x388, 0x3ff},
                                       {0x400, 0x481},   {0x48a, 0x52f},   {0x5d0, 0x5ea},   {0x620, 0x64a},
                                       {0x3041, 0x3096}, {0x30a1, 0x30fa}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3}};
  const bool letter = std::ranges::any_of(kLetters, [c](Range range) { return c >= range.first && c <= range.last; });
  return letter ? Class::kLetter : Class::kUnknown;
}

Class first_class(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<std::uint8_t>(text[length]) & 0xc0U) == 0x80) ++length;
  return class_of(ot::to_code_points(ot::to_utf16(text.substr(0, length))).front());
}

Class last_class(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<std::uint8_t>(text[begin]) & 0xc0U) == 0x80) --begin;
  return class_of(ot::to_code_points(ot::to_utf16(text.substr(begin))).back());
}

/// Whether the underscore at `at` stands between letters, where it opens and closes nothing.
bool inside_word(std::string_view text, std::size_t at) {
  return at > 0 && at + 1 < text.size() && is_alnum(text[at - 1]) && is_alnum(text[at + 1]);
}

/// Writes text so that it stands for itself.
class TextEscaper {
 public:
  struct Place {
    bool first = false;  // nothing before it in its line
    bool last = false;   // nothing behind it
  };

  TextEscaper(std::string_view text, Place place) : text_(text), place_(place) {}

  std::string escape() {
    out_.reserve(text_.size() + 8);
    for (at_ = 0; at_ < text_.size(); ++at_) put(text_[at_]);
    return std::move(out_);
  }

 private:
  bool at_first() const { return at_ == 0; }
  bool at_last() const { return at_ + 1 == text_.size(); }
  bool ends_before_more() const { return at_last() && !place_.last; }
  char next() const { return at_last() ? '\0' : text_[at_ + 1]; }

  void put(char c) {
    const bool line_begins = at_first() && place_.first;
    const bool line_ends = at_last() && place_.last;
    if (is_blank(c) && (line_begins || line_ends)) return reference(c);
    if (c == '\n' || c == '\r') return reference(c);
    if (c == '`' && at_last()) return reference(c);  // a code span may follow
    if (c == '\0') {
      out_ += "\xef\xbf\xbd";
      return;
    }
    if (needs_backslash(c, line_begins, line_ends)) out_ += '\\';
    out_ += c;
  }

  bool needs_backslash(char c, bool line_begins, bool line_ends) {
    switch (c) {
      case '\\':
      case '`':
      case '*':
      case '[':
      case ']':
      case '<':
      case '~':
        return true;
      case '_':
        return !inside_word(text_, at_);
      case '&':
        return ends_before_more() || is_alnum(next()) || next() == '#';
      case '!':
        return ends_before_more() || next() == '[';
      case '>':
      case '+':
      case '-':
        return line_begins;
      case '#':
        return line_begins || line_ends;
      case '.':
      case ')':
        return place_.first && at_ > 0 && std::ranges::all_of(text_.substr(0, at_), is_digit);
      default:
        return false;
    }
  }

  void reference(char c) { out_ += "&#" + std::to_string(static_cast<unsigned>(c)) + ";"; }

  std::string_view text_;
  Place place_;
  std::size_t at_ = 0;
  std::string out_;
};

/// Nothing is escaped in a code span: neither a line's end nor what would make its line a link reference definition.
bool fits_code_span(std::string_view text) {
  return text.find_first_of(std::string_view("\r\0", 2)) == std::string_view::npos && !text.contains("]:");
}

std::string code_span(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  const bool all_spaces = text.find_first_not_of(' ') == std::string_view::npos;
  const bool padded =
      text.front() == '`' || text.back() == '`' || (text.front() == ' ' && text.back() == ' ' && !all_spaces);
  const std::string_view pad = padded ? " " : "";
  return fence + std::string(pad) + std::string(text) + std::string(pad) + fence;
}

std::string destination(std::string_view url) {
  std::string out = "<";
  for (std::size_t i = 0; i < url.size(); ++i) {
    const char c = url[i];
    if (c == '\0') {
      out += "\xef\xbf\xbd";
    } else if (static_cast<std::uint8_t>(c) < 0x20 || c == '\x7f') {
      out += "&#" + std::to_string(static_cast<unsigned>(c)) + ";";
    } else {
      // Delimiters too: not every reader sees that they stand in a destination.
      const bool special = std::string_view("\\<>&`*~[]!").contains(c) || (c == '_' && !inside_word(url, i));
      if (special) out += '\\';
      out += c;
    }
  }
  // Without brackets where nothing in it could end it.
  const bool plain = !url.empty() && out.size() == url.size() + 1 && std::ranges::all_of(url, [](char c) {
    return is_alnum(c) || std::string_view("-._~:/?#@$+,;=%").contains(c);
  });
  return plain ? std::string(url) : out + ">";
}

std::string embed_tag(const crdt::Any& embed) {
  std::string out = "<x-embed value=\"";
  for (const char c : crdt::to_json(embed)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '`':
        out += "&#96;";
        break;
      default:
        out += c;
    }
  }
  return out + "\"/>";
}

/// What stands in a line, in order: written text, and where spans begin and end.
struct Piece {
  enum class Kind : std::uint8_t { kText, kOpen, kClose };
  Kind kind = Kind::kText;
  Span span = Span::kLink;
  std::size_t partner = 0;  // of an opening: its close, and the other way round
  std::string text;         // for a link's close: its destination
  bool markup = false;      // a text that is code or an embed
};

class InlineWriter {
 public:
  explicit InlineWriter(std::span<const Segment> segments) : segments_(segments) {}

  std::string write() {
    lay_out(0, segments_.size(), {});
    choose_delimiters();
    std::string out;
    for (const Piece& piece : pieces_) out += piece.text;
    return out;
  }

 private:
  bool shares(std::size_t one, std::size_t other, std::size_t span) const {
    const Segment& a = segments_[one];
    const Segment& b = segments_[other];
    return b.spans[span] && (span != static_cast<std::size_t>(Span::kLink) || a.link == b.link);
  }

  /// Nests the spans of [begin, end): what lasts longest goes outside.
  void lay_out(std::size_t begin, std::size_t end, std::array<bool, kSpans> open) {
    for (std::size_t at = begin; at < end;) {
      std::size_t longest = at;
      std::size_t chosen = kSpans;
      for (std::size_t span = 0; span < kSpans; ++span) {
        if (open[span] || !segments_[at].spans[span]) continue;
        std::size_t until = at + 1;
        while (until < end && shares(at, until, span)) ++until;
        if (until > longest) {
          longest = until;
          chosen = span;
        }
      }
      if (chosen == kSpans) {
        leaf(at++);
        continue;
      }
      const std::size_t opening = pieces_.size();
      pieces_.push_back({Piece::Kind::kOpen, static_cast<Span>(chosen), 0, {}, true});
      auto inner = open;
      inner[chosen] = true;
      lay_out(at, longest, inner);
      pieces_[opening].partner = pieces_.size();
      pieces_.push_back({Piece::Kind::kClose, static_cast<Span>(chosen), opening, {}, true});
      if (static_cast<Span>(chosen) == Span::kLink) {
        pieces_[opening].text = "[";
        pieces_.back().text = "](" + destination(segments_[at].link) + ")";
      }
      at = longest;
    }
  }

  void leaf(std::size_t index) {
    const Segment& segment = segments_[index];
    Piece piece;
    piece.markup = segment.code || segment.embed != nullptr;
    if (segment.embed != nullptr) {
      piece.text = embed(segment);
    } else if (segment.code && fits_code_span(segment.text)) {
      piece.text = code_span(segment.text);
    } else {
      piece.text = TextEscaper(segment.text, {index == 0, index + 1 == segments_.size()}).escape();
      if (segment.code) piece.text = "<code>" + piece.text + "</code>";
    }
    pieces_.push_back(std::move(piece));
  }

  static std::string embed(const Segment& segment) {
    const crdt::Any* image = segment.embed->find("image");
    const auto* source = image == nullptr ? nullptr : image->as<std::string>();
    const auto* members = segment.embed->as<crdt::AnyObject>();
    if (source == nullptr || members->size() != 1) return embed_tag(*segment.embed);
    return "![" + TextEscaper(segment.alt, {true, true}).escape() + "](" + destination(*source) + ")";
  }

  void choose_delimiters() {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      Piece& opening = pieces_[i];
      if (opening.kind != Piece::Kind::kOpen || opening.span == Span::kLink) continue;
      Piece& close = pieces_[opening.partner];
      const SpanForm& form = kSpanForms[static_cast<std::size_t>(opening.span)];
      if (!form.delimiter.empty() && works(i, opening.partner, opening.span)) {
        opening.text = form.delimiter;
        close.text = form.delimiter;
      } else {
        opening.text = "<" + std::string(form.tag) + ">";
        close.text = "</" + std::string(form.tag) + ">";
      }
    }
  }

  /// The character before a piece and the one behind it. All markup is punctuation, and a line's ends count as space.
  Class before(std::size_t piece) const {
    if (piece == 0) return Class::kSpace;
    return pieces_[piece - 1].markup ? Class::kPunctuation : last_class(pieces_[piece - 1].text);
  }
  Class behind(std::size_t piece) const {
    if (piece + 1 == pieces_.size()) return Class::kSpace;
    return pieces_[piece + 1].markup ? Class::kPunctuation : first_class(pieces_[piece + 1].text);
  }

  bool works(std::size_t open, std::size_t close, Span span) const {
    return flanks(behind(open), before(open), span) && flanks(before(close), behind(close), span);
  }

  /// Whether a delimiter with these characters on its inner and its outer side certainly does its work.
  static bool flanks(Class inner, Class outer, Span span) {
    const bool apart = outer == Class::kSpace || outer == Class::kPunctuation;
    if (inner == Class::kLetter) return apart || (span == Span::kBold && outer == Class::kLetter);
    return inner == Class::kPunctuation && apart && span != Span::kStrike;
  }

  std::span<const Segment> segments_;
  std::vector<Piece> pieces_;
};

}  // namespace

std::string write_inline(std::span<const Segment> segments) { return InlineWriter(segments).write(); }

}  // namespace concord::documents::formats
