// Reads Markdown with md4c, whose callbacks say where blocks and spans begin and end.

#include <md4c.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/varint.h"
#include "crdt/any_json.h"
#include "documents/formats.h"
#include "documents/formats_parts.h"

namespace concord::documents {
namespace {

using crdt::Any;
using crdt::DeltaOp;
using formats::Span;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::string decode_entity(std::string_view entity) {
  auto decoded = formats::decode_reference(entity.substr(1, entity.size() - 2));
  return decoded ? std::move(*decoded) : std::string(entity);
}

std::string attribute_text(const MD_ATTRIBUTE& attribute) {
  std::string out;
  for (std::size_t i = 0; attribute.size > 0 && attribute.substr_offsets[i] < attribute.size; ++i) {
    const std::string_view piece(attribute.text + attribute.substr_offsets[i],
                                 attribute.substr_offsets[i + 1] - attribute.substr_offsets[i]);
    switch (attribute.substr_types[i]) {
      case MD_TEXT_ENTITY:
        out += decode_entity(piece);
        break;
      case MD_TEXT_NULLCHAR:
        out += kReplacement;
        break;
      default:
        out += piece;
    }
  }
  return out;
}

/// Undoes what the writer does to the JSON of an embed.
std::string decode_attribute_value(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    const std::size_t end = value.front() == '&' ? value.find(';') : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += value.front();
      value.remove_prefix(1);
    } else {
      out += decode_entity(value.substr(0, end + 1));
      value.remove_prefix(end + 1);
    }
  }
  return out;
}

class MarkdownReader {
 public:
  explicit MarkdownReader(std::string_view source)
      : source_(source), most_repeated_(64 * 1024 + 4 * source.size()), most_operations_(50'000 + source.size() / 16) {}

  std::vector<DeltaOp> take() && { return std::move(out_); }

  /// The callbacks return non-zero to stop.
  int enter_block(MD_BLOCKTYPE type, void* detail) {
    switch (type) {
      case MD_BLOCK_QUOTE:
        begin_container({.kind = Container::kQuote});
        break;
      case MD_BLOCK_UL:
      case MD_BLOCK_OL:
        end_loose_line();
        if (!containers_.empty()) containers_.back().filled = true;
        lists_.push_back(type == MD_BLOCK_OL);
        break;
      case MD_BLOCK_LI: {
        const auto* item = static_cast<const MD_BLOCK_LI_DETAIL*>(detail);
        std::string_view list = lists_.back() ? "ordered" : "bullet";
        if (item->is_task != 0) list = item->task_mark == ' ' ? "unchecked" : "checked";
        begin_container({.kind = Container::kItem, .list = list});
        ++depth_;
        break;
      }
      case MD_BLOCK_H:
        begin_block();
        header_ = static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level;
        break;
      case MD_BLOCK_CODE:
        begin_block();
        in_code_ = true;
        code_lines_ = 0;
        language_ = attribute_text(static_cast<const MD_BLOCK_CODE_DETAIL*>(detail)->lang);
        break;
      case MD_BLOCK_HR:
        begin_block();
        append("---");
        end_block();
        break;
      case MD_BLOCK_P:
      case MD_BLOCK_TR:
        begin_block();
        first_cell_ = true;
        break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD:
        if (!first_cell_) append(" | ");
        first_cell_ = false;
        break;
      default:
        break;
    }
    return 0;
  }

  int leave_block(MD_BLOCKTYPE type) {
    switch (type) {
      case MD_BLOCK_QUOTE:
        containers_.pop_back();
        break;
      case MD_BLOCK_UL:
      case MD_BLOCK_OL:
        lists_.pop_back();
        break;
      case MD_BLOCK_LI:
        end_loose_line();
        if (!containers_.back().filled) end_line();
        containers_.pop_back();
        --depth_;
        break;
      case MD_BLOCK_H:
        end_block();
        header_ = 0;
        break;
      case MD_BLOCK_CODE:
        if (open_line_ || code_lines_ == 0) end_line();
        in_code_ = false;
        break;
      case MD_BLOCK_P:
      case MD_BLOCK_TR:
        end_block();
        break;
      default:
        break;
    }
    return check_growth();
  }

  int enter_span(MD_SPANTYPE type, void* detail) {
    if (type == MD_SPAN_A) {
      links_.push_back(attribute_text(static_cast<const MD_SPAN_A_DETAIL*>(detail)->href));
      repeated_ += static_cast<const MD_SPAN_A_DETAIL*>(detail)->title.size + links_.back().size();
    }
    if (type == MD_SPAN_IMG) {
      const auto* image = static_cast<const MD_SPAN_IMG_DETAIL*>(detail);
      repeated_ += image->title.size + image->src.size;
      if (images_++ == 0) image_ = attribute_text(image->src);
    }
    if (type == MD_SPAN_CODE) ++code_;
    if (const auto span = span_of(type)) ++spans_[static_cast<std::size_t>(*span)];
    if (type != MD_SPAN_IMG) restyle();
    return check_growth();
  }

  int leave_span(MD_SPANTYPE type) {
    if (type == MD_SPAN_A) links_.pop_back();
    if (type == MD_SPAN_IMG && --images_ == 0) end_image();
    if (type == MD_SPAN_CODE) --code_;
    if (const auto span = span_of(type)) --spans_[static_cast<std::size_t>(*span)];
    if (type != MD_SPAN_IMG) restyle();
    return check_growth();
  }

  int text(MD_TEXTTYPE type, std::string_view text) {
    switch (type) {
      case MD_TEXT_NULLCHAR:
        append(kReplacement);
        break;
      case MD_TEXT_BR:
        line_break();
        break;
      case MD_TEXT_SOFTBR:
        append(" ");
        break;
      case MD_TEXT_ENTITY:
        append_unbroken(decode_entity(text));
        break;
      case MD_TEXT_HTML:
        html(text);
        break;
      default:
        if (in_code_) {
          code_text(text);
        } else {
          append(text);
        }
    }
    return check_growth();
  }

 private:
  struct Container {
    enum Kind : std::uint8_t { kQuote, kItem };
    Kind kind = kQuote;
    std::string_view list = {};  // an item's kind
    bool filled = false;         // an item: it has a line or a block already
  };

  static std::optional<Span> span_of(MD_SPANTYPE type) {
    switch (type) {
      case MD_SPAN_EM:
        return Span::kItalic;
      case MD_SPAN_STRONG:
        return Span::kBold;
      case MD_SPAN_DEL:
        return Span::kStrike;
      default:
        return std::nullopt;
    }
  }

  /// Non-zero where the result outgrows the text: a reference can repeat its destination any number of times, and every
  /// operation takes room of its own.
  int check_growth() const { return repeated_ > most_repeated_ || out_.size() > most_operations_ ? 1 : 0; }

  void begin_container(Container container) {
    end_loose_line();
    if (!containers_.empty()) containers_.back().filled = true;
    containers_.push_back(container);
  }

  void begin_block() {
    end_loose_line();
    forget_tags();
  }

  /// The line of a tight list's item, which has no paragraph around it.
  void end_loose_line() {
    if (open_line_ || breaks_ > 0) end_block();
    forget_tags();
  }

  /// A tag without its end reaches to the end of its block.
  void forget_tags() {
    html_spans_ = {};
    html_code_ = 0;
    restyle();
  }

  /// Breaks at the end of a block are lines only where there is nothing else, and then one fewer.
  void end_block() {
    for (; breaks_ > 1; --breaks_) end_line();
    breaks_ = 0;
    end_line();
  }

  void end_line() {
    crdt::Attributes attributes;
    Container* inner = containers_.empty() ? nullptr : &containers_.back();
    const double indent = std::min<double>(static_cast<double>(depth_), kMaxIndent);
    if (in_code_) {
      attributes.emplace_back("code-block", language_.empty() ? Any(true) : Any(language_));
    } else if (header_ > 0) {
      attributes.emplace_back("header", Any(static_cast<double>(header_)));
    } else if (inner != nullptr && inner->kind == Container::kQuote) {
      attributes.emplace_back("blockquote", Any(true));
    } else if (inner != nullptr && !inner->filled) {
      attributes.emplace_back("list", Any(inner->list));
      const double nesting = std::min<double>(static_cast<double>(depth_ - 1), kMaxIndent);
      if (nesting > 0) attributes.emplace_back("indent", Any(nesting));
    } else if (inner != nullptr) {
      attributes.emplace_back("indent", Any(indent));
    }
    if (inner != nullptr) inner->filled = true;
    formats::push_text(out_, "\n", attributes);
    joins_ = false;
    open_line_ = false;
    ++code_lines_;
  }

  void line_break() {
    if (images_ > 0) {
      alt_ += ' ';
    } else {
      ++breaks_;
    }
  }

  void flush_breaks() {
    for (; breaks_ > 0; --breaks_) end_line();
  }

  void restyle() {
    stale_ = true;
    joins_ = false;
  }

  const crdt::Attributes& style() {
    if (stale_) {
      style_ = make_style();
      if (code_ + html_code_ > 0) style_.emplace_back("code", Any(true));
      stale_ = false;
    }
    return style_;
  }

  crdt::Attributes make_style() const {
    crdt::Attributes out;
    const auto on = [&](Span span) {
      return spans_[static_cast<std::size_t>(span)] + html_spans_[static_cast<std::size_t>(span)] > 0;
    };
    for (const Span span : {Span::kBold, Span::kItalic, Span::kStrike, Span::kUnderline})
      if (on(span)) out.emplace_back(formats::kSpanForms[static_cast<std::size_t>(span)].attribute, Any(true));
    if (on(Span::kSub) || on(Span::kSuper)) out.emplace_back("script", Any(on(Span::kSub) ? "sub" : "super"));
    if (!links_.empty()) out.emplace_back("link", Any(links_.back()));
    return out;
  }

  void append(std::string_view text) {
    if (images_ > 0) {
      alt_ += text;
      return;
    }
    flush_breaks();
    open_line_ = true;
    if (joins_) {
      out_.back().text += text;
      return;
    }
    if (!links_.empty()) repeated_ += links_.back().size();
    formats::push_text(out_, text, style());
    joins_ = !text.empty();
  }

  /// A line feed here is white space, and ends no line.
  void append_unbroken(std::string text) {
    if (images_ == 0) std::ranges::replace(text, '\n', ' ');
    append(text);
  }

  void append_embed(Any embed, std::string_view alt) {
    if (images_ > 0) return;
    flush_breaks();
    if (!links_.empty()) repeated_ += links_.back().size();
    crdt::Attributes with = make_style();
    if (!alt.empty()) with.emplace_back("alt", Any(alt));
    out_.push_back(DeltaOp::insert_embed(std::move(embed), std::move(with)));
    joins_ = false;
    open_line_ = true;
  }

  void end_image() { append_embed(Any(crdt::AnyObject{{"image", Any(std::move(image_))}}), std::exchange(alt_, {})); }

  /// A line of code comes as its indentation, with tabs made spaces, its text, which lies in the source, and "\n".
  void code_text(std::string_view text) {
    const std::less_equal<const char*> at_or_before;
    if (at_or_before(source_.data(), text.data()) && at_or_before(text.data(), source_.data() + source_.size())) {
      append_code(source_indent(static_cast<std::size_t>(text.data() - source_.data())));
      append_code(text);
    } else if (text == "\n") {
      append_code(std::string(indent_, ' '));
      end_line();
    } else {
      indent_ += text.size();
      return;
    }
    indent_ = 0;
  }

  void append_code(std::string_view text) {
    formats::push_text(out_, text, {});
    open_line_ = true;
  }

  /// The last `indent_` columns before `end` as they are in the source, or as spaces where a tab reaches across.
  std::string source_indent(std::size_t end) const {
    const std::size_t line = source_.substr(0, end).find_last_of("\r\n") + 1;
    std::size_t width = 0;
    for (std::size_t at = line; at < end; ++at) width += source_[at] == '\t' ? 4 - width % 4 : 1;
    std::size_t column = 0;
    std::size_t begin = line;
    for (; begin < end && column + indent_ < width; ++begin) column += source_[begin] == '\t' ? 4 - column % 4 : 1;
    const std::string_view blanks = source_.substr(begin, end - begin);
    const bool exact = column + indent_ == width && blanks.find_first_not_of(" \t") == std::string_view::npos;
    return exact ? std::string(blanks) : std::string(indent_, ' ');
  }

  /// The tags that the writer writes, and their aliases; all others are text.
  void html(std::string_view tag) {
    if (tag == "<br>" || tag == "<br/>" || tag == "<br />") return line_break();
    if (embed_tag(tag)) return;
    const bool closes = tag.starts_with("</");
    const std::size_t begin = closes ? 2 : 1;
    const std::string_view name =
        tag.size() > begin + 1 && tag.ends_with('>') ? tag.substr(begin, tag.size() - begin - 1) : std::string_view();
    std::size_t index = kCodeTag;
    if (name != "code") {
      const auto form = std::ranges::find_if(formats::kSpanForms, [&](const formats::SpanForm& f) {
        return !f.tag.empty() && !name.empty() && (f.tag == name || f.alias == name);
      });
      if (form == formats::kSpanForms.end()) return append_unbroken(std::string(tag));
      index = static_cast<std::size_t>(form - formats::kSpanForms.begin());
    }
    if (closes && count(index) == 0) return append(tag);
    count(index) += closes ? -1U : 1U;
    restyle();
  }

  bool embed_tag(std::string_view tag) {
    constexpr std::string_view kBegin = "<x-embed value=\"";
    constexpr std::string_view kEnd = "\"/>";
    if (!tag.starts_with(kBegin) || !tag.ends_with(kEnd) || tag.size() < kBegin.size() + kEnd.size()) return false;
    const DeltaLimits limits;
    auto embed = formats::parse_bounded_json(
        decode_attribute_value(tag.substr(kBegin.size(), tag.size() - kBegin.size() - kEnd.size())), limits);
    if (!embed || !formats::is_embed(*embed, limits)) return false;
    append_embed(std::move(*embed), {});
    return true;
  }

  static constexpr std::size_t kCodeTag = formats::kSpans;
  unsigned& count(std::size_t index) { return index == kCodeTag ? html_code_ : html_spans_[index]; }

  std::string_view source_;
  std::vector<DeltaOp> out_;
  std::vector<Container> containers_;
  std::vector<bool> lists_;  // whether ordered
  std::size_t depth_ = 0;    // items in each other
  unsigned header_ = 0;
  bool in_code_ = false;
  std::size_t code_lines_ = 0;
  std::size_t indent_ = 0;  // of the line of code that begins
  std::string language_;
  bool first_cell_ = true;
  bool open_line_ = false;  // something stands in the line that has not ended
  std::size_t breaks_ = 0;  // line breaks that nothing has followed yet

  std::array<unsigned, formats::kSpans> spans_{};
  unsigned code_ = 0;
  std::vector<std::string> links_;
  unsigned images_ = 0;  // in each other
  std::string image_;    // the outermost one's address
  std::string alt_;
  std::array<unsigned, formats::kSpans> html_spans_{};  // the same from tags
  unsigned html_code_ = 0;
  crdt::Attributes style_;  // of all these, where not stale_
  bool stale_ = true;
  bool joins_ = false;  // the last operation is text of that style

  std::size_t repeated_ = 0;
  std::size_t most_repeated_;
  std::size_t most_operations_;
};

MarkdownReader& reader(void* context) { return *static_cast<MarkdownReader*>(context); }

}  // namespace

Result<std::vector<DeltaOp>> from_markdown(std::string_view markdown) {
  const DeltaLimits limits;
  if (markdown.size() > limits.max_bytes)
    return fail(Error{Code::kTooLarge,
                      "the Markdown is too long",
                      {{"field", "content"},
                       {"limit", std::to_string(limits.max_bytes)},
                       {"value", std::to_string(markdown.size())}}});
  if (!is_valid_utf8(markdown))
    return fail(Error{Code::kInvalidArgument, "the Markdown is not UTF-8", {{"field", "content"}}});
  MD_PARSER parser{};
  parser.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTMLBLOCKS;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* context) {
    return reader(context).enter_block(type, detail);
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void*, void* context) { return reader(context).leave_block(type); };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* context) {
    return reader(context).enter_span(type, detail);
  };
  parser.leave_span = [](MD_SPANTYPE type, void*, void* context) { return reader(context).leave_span(type); };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* context) {
    return reader(context).text(type, std::string_view(text, size));
  };
  MarkdownReader context(markdown);
  const int status = md_parse(markdown.data(), static_cast<MD_SIZE>(markdown.size()), &parser, &context);
  if (status > 0)
    return fail(Error{
        Code::kTooLarge, "the Markdown has too many formats and references for its length", {{"field", "content"}}});
  if (status < 0) return fail(Code::kInternal, "the Markdown parser ran out of memory");
  return std::move(context).take();
}

}  // namespace concord::documents
