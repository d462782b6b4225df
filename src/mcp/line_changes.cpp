#include "mcp/line_changes.h"

#include <optional>
#include <unordered_map>

#include "ot/diff.h"

namespace concord::mcp {

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

/// Stands for each line by one UTF-16 unit that is no surrogate, the same for equal lines, so that the difference of
/// texts becomes one of lines.
class Alphabet {
 public:
  /// Absent where there are more different lines than units.
  std::optional<std::u16string> spell(const std::vector<std::string_view>& lines) {
    std::u16string out;
    out.reserve(lines.size());
    for (const std::string_view line : lines) {
      const auto [at, is_new] = units_.try_emplace(line, static_cast<char16_t>(next_));
      if (is_new && ++next_ == 0xd800) next_ = 0xe000;
      if (next_ > 0xffff) return std::nullopt;
      out.push_back(at->second);
    }
    return out;
  }

 private:
  std::unordered_map<std::string_view, char16_t> units_;
  std::uint32_t next_ = 1;
};

/// Collects changes within the bounds.
class Changes {
 public:
  void add(LineChange change) {
    const std::size_t bytes = change.removed.size() + change.added.size();
    if (out_.changes.size() == kMaxChanges || bytes > left_) {
      out_.cut = true;
      return;
    }
    left_ -= bytes;
    out_.changes.push_back(std::move(change));
  }
  LineChanges take() && { return std::move(out_); }

 private:
  LineChanges out_;
  std::size_t left_ = kMaxChangedBytes;
};

}  // namespace

LineChanges line_changes(std::string_view before, std::string_view after) {
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  Alphabet alphabet;
  const auto old_text = alphabet.spell(old_lines);
  const auto new_text = alphabet.spell(new_lines);
  if (!old_text || !new_text) return {.changes = {}, .cut = true};
  Changes out;
  LineChange pending;
  std::size_t from = 0;
  std::size_t to = 0;
  const auto flush = [&] {
    if (!pending.removed.empty() || !pending.added.empty()) out.add(std::move(pending));
    pending = {};
  };
  const ot::Delta difference = ot::diff(*old_text, *new_text);
  for (const ot::Op& op : difference.ops()) {
    if (op.kind == ot::OpKind::kRetain) {
      flush();
      from += op.length;
      to += op.length;
      continue;
    }
    if (pending.line == 0) pending.line = from + 1;
    if (op.kind == ot::OpKind::kDelete) {
      for (std::size_t i = 0; i < op.length; ++i) pending.removed += old_lines[from++];
    } else {
      for (std::size_t i = 0; i < op.text.size(); ++i) pending.added += new_lines[to++];
    }
  }
  flush();
  return std::move(out).take();
}

}  // namespace concord::mcp
