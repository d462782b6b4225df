#include "ot/diff.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ot/alignment.h"
#include "ot/op_reader.h"
#include "ot/utf16.h"

namespace concord::ot {
namespace {

constexpr char32_t kFirstEmbed = 0x110000;  // embeds are symbols behind the last code point

Alignment align(std::u32string_view from, std::u32string_view to, const DiffLimits& limits) {
  // The common beginning and end first: most changes are one small place in a large text.
  const auto head = static_cast<std::size_t>(std::ranges::mismatch(from, to).in1 - from.begin());
  std::size_t tail = 0;
  const std::size_t most = std::min(from.size(), to.size()) - head;
  while (tail < most && from[from.size() - 1 - tail] == to[to.size() - 1 - tail]) ++tail;

  Alignment out;
  if (head > 0) out.push_back({0, 0, head});
  const Region middle = Region{from, to, 0, 0}.part(head, from.size() - head - tail, head, to.size() - head - tail);
  if (!middle.from.empty() && !middle.to.empty()) {
    std::uint64_t steps = limits.exact_steps;
    if (!align_exactly(middle, steps, out)) align_coarsely(middle, limits.coarse_steps, out);
  }
  if (tail > 0) out.push_back({from.size() - tail, to.size() - tail, tail});
  return out;
}

std::size_t units(std::u32string_view symbols) {
  std::size_t count = 0;
  for (const char32_t symbol : symbols) count += symbol < kFirstEmbed ? utf16_length(symbol) : 1;
  return count;
}

/// Calls `replaced(from, to)` and `kept(symbols)` in order, with lengths in UTF-16 code units.
template <class Replaced, class Kept>
void walk(std::u32string_view from, std::u32string_view to, const Alignment& alignment, Replaced replaced, Kept kept) {
  std::size_t from_at = 0;
  std::size_t to_at = 0;
  const auto gap = [&](std::size_t from_end, std::size_t to_end) {
    if (from_end > from_at || to_end > to_at)
      replaced(units(from.substr(from_at, from_end - from_at)), units(to.substr(to_at, to_end - to_at)));
  };
  for (const Match& match : alignment) {
    gap(match.from, match.to);
    kept(units(from.substr(match.from, match.length)));
    from_at = match.from + match.length;
    to_at = match.to + match.length;
  }
  gap(from.size(), to.size());
}

/// Gives equal embeds one symbol.
class EmbedSymbols {
 public:
  char32_t of(const std::string& embed) {
    const auto next = static_cast<char32_t>(kFirstEmbed + symbols_.size());
    return symbols_.try_emplace(embed, next).first->second;
  }

 private:
  std::map<std::string, char32_t, std::less<>> symbols_;
};

std::u32string symbols_of(const Delta& document, EmbedSymbols& embeds) {
  std::u32string out;
  for (const Op& op : document.ops()) {
    if (op.kind == OpKind::kEmbed) {
      out.push_back(embeds.of(op.embed));
    } else {
      out += to_code_points(op.text);
    }
  }
  return out;
}

/// What turns `from` into `to`: the values of `to` that differ, "null" for those it lacks.
Attributes attribute_change(const Attributes& from, const Attributes& to) {
  if (from == to) return {};
  Attributes out;
  for (const auto& [key, value] : to) {
    const std::string* old = from.find(key);
    if (old == nullptr || *old != value) out.set(key, value);
  }
  for (const auto& attribute : from)
    if (to.find(attribute.key) == nullptr) out.set(attribute.key, "null");
  return out;
}

}  // namespace

Delta diff(std::u16string_view from, std::u16string_view to, const DiffLimits& limits) {
  const std::u32string ours = to_code_points(from);
  const std::u32string theirs = to_code_points(to);
  Delta out;
  std::size_t at = 0;  // in `to`
  walk(
      ours, theirs, align(ours, theirs, limits),
      [&](std::size_t removed, std::size_t inserted) {
        out.insert(to.substr(at, inserted)).remove(removed);
        at += inserted;
      },
      [&](std::size_t kept) {
        out.retain(kept);
        at += kept;
      });
  return std::move(out.chop());
}

Result<Delta> diff(const Delta& from, const Delta& to, const DiffLimits& limits) {
  if (!from.is_document() || !to.is_document())
    return fail(Code::kInvalidArgument, "a document consists of insertions alone");
  EmbedSymbols embeds;
  const std::u32string ours = symbols_of(from, embeds);
  const std::u32string theirs = symbols_of(to, embeds);
  OpReader old(from.ops());
  OpReader fresh(to.ops());
  Delta out;
  const auto replaced = [&](std::size_t removed, std::size_t inserted) {
    while (inserted > 0) {
      Op piece = fresh.next(inserted);
      inserted -= piece.size();
      out.push(std::move(piece));
    }
    out.remove(removed);
    while (removed > 0) {
      const std::size_t step = std::min(removed, old.left());
      old.skip(step);
      removed -= step;
    }
  };
  const auto kept = [&](std::size_t count) {
    while (count > 0) {
      const std::size_t step = std::min({count, old.left(), fresh.left()});
      out.retain(step, attribute_change(old.current().attributes, fresh.current().attributes));
      old.skip(step);
      fresh.skip(step);
      count -= step;
    }
  };
  walk(ours, theirs, align(ours, theirs, limits), replaced, kept);
  return std::move(out.chop());
}

}  // namespace concord::ot
