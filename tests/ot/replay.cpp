// Reads what quill-delta said of random Deltas (differential.mjs) from standard input, works out the same with our
// algebra, and ends with 1 at the first difference.
//
//   record     u32 length of the rest, delta base, a, b, c, other, u32 index, then what quill-delta says:
//              delta base∘a, a∘c, a.transform(b, true), a.transform(b, false), b.transform(a, true),
//              b.transform(a, false), a.invert(base), c.invert(base∘a), u32 1 and base.diff(other), or 0 where it
//              cannot, u32 a.transformPosition(index, true), a.transformPosition(index, false)
//   delta      u32 count, operation*
//   operation  u32 kind: 0 retain, 1 insert, 2 embed, 3 delete; u32 length (retain, delete), units (insert) or
//              string (embed: canonical JSON); u32 count, (string key, string canonical JSON)*
//   string     u32 bytes, UTF-8          units  u32 count, UTF-16LE
//
// Numbers are little-endian. Where quill-delta's difference is another than ours (both are right), ours must lead to
// the same document and be no larger.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ot/delta.h"
#include "ot/diff.h"
#include "ot/utf16.h"

namespace concord::ot {
namespace {

[[noreturn]] void stop(const std::string& what) {
  std::fprintf(stderr, "ot_replay: %s\n", what.c_str());
  std::exit(1);
}

class Reader {
 public:
  explicit Reader(const std::vector<unsigned char>& bytes) : bytes_(bytes) {}

  std::uint32_t number() {
    need(4);
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{bytes_[at_ + i]} << (8 * i);
    at_ += 4;
    return value;
  }
  std::string string() {
    const std::uint32_t length = number();
    need(length);
    std::string out(bytes_.begin() + at_, bytes_.begin() + at_ + length);
    at_ += length;
    return out;
  }
  std::u16string units() {
    const std::uint32_t length = number();
    need(2UL * length);
    std::u16string out;
    for (std::uint32_t i = 0; i < length; ++i, at_ += 2)
      out.push_back(static_cast<char16_t>(bytes_[at_] | bytes_[at_ + 1] << 8U));
    return out;
  }
  /// Pushed one by one: the result must have as many operations as were written, so that what quill-delta makes is
  /// known to be in the normal form.
  Delta delta() {
    Delta out;
    const std::uint32_t count = number();
    for (std::uint32_t i = 0; i < count; ++i) out.push(operation());
    if (out.ops().size() != count) stop("quill-delta has made what is not in normal form");
    return out;
  }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  Op operation() {
    const std::uint32_t kind = number();
    if (kind > 3) stop("a malformed record");
    Op op{.kind = static_cast<OpKind>(kind), .length = 0, .text = {}, .embed = {}, .attributes = {}};
    if (op.kind == OpKind::kInsert) {
      op.text = units();
    } else if (op.kind == OpKind::kEmbed) {
      op.embed = string();
    } else {
      op.length = number();
    }
    for (std::uint32_t left = number(); left > 0; --left) {
      const std::string key = string();
      op.attributes.set(key, string());
    }
    return op;
  }
  void need(std::size_t count) const {
    if (bytes_.size() - at_ < count) stop("a record ends early");
  }

  const std::vector<unsigned char>& bytes_;
  std::size_t at_ = 0;
};

std::string show(const Delta& delta) {
  std::string out = "[";
  for (const Op& op : delta.ops()) {
    static const char* const kNames[] = {"retain ", "insert ", "embed ", "delete "};
    out += out.size() > 1 ? ", " : "";
    out += kNames[static_cast<unsigned>(op.kind)];
    if (op.kind == OpKind::kInsert) {
      out.append("'").append(to_utf8(op.text)).append("'");
    } else {
      out += op.kind == OpKind::kEmbed ? op.embed : std::to_string(op.length);
    }
    for (const auto& [key, value] : op.attributes) out.append(" ").append(key).append("=").append(value);
  }
  return out + "]";
}

std::size_t cost(const Delta& change) {
  std::size_t cost = 0;
  for (const Op& op : change.ops())
    if (op.kind != OpKind::kRetain) cost += op.size();
  return cost;
}

class Case {
 public:
  Case(std::uint64_t number, const std::vector<unsigned char>& record) : number_(number), in_(record) {}

  void check() {
    const Delta base = in_.delta();
    const Delta a = in_.delta();
    const Delta b = in_.delta();
    const Delta c = in_.delta();
    const Delta other = in_.delta();
    const std::uint32_t index = in_.number();
    inputs_ = "\n  base " + show(base) + "\n  a " + show(a) + "\n  b " + show(b) + "\n  c " + show(c);
    const Delta after = in_.delta();
    same("base∘a", after, must(apply_delta(a, base)));
    same("a∘c", in_.delta(), compose(a, c));
    same("a.transform(b, true)", in_.delta(), transform(b, a, Priority::kAgainst));
    same("a.transform(b, false)", in_.delta(), transform(b, a, Priority::kOp));
    same("b.transform(a, true)", in_.delta(), transform(a, b, Priority::kAgainst));
    same("b.transform(a, false)", in_.delta(), transform(a, b, Priority::kOp));
    same("a.invert(base)", in_.delta(), must(invert(a, base)));
    same("c.invert(base∘a)", in_.delta(), must(invert(c, after)));
    check_difference(base, other);
    check_position("position, it first", in_.number(), transform_position(index, a, Priority::kOp));
    check_position("position, insertions first", in_.number(), transform_position(index, a, Priority::kAgainst));
    if (!in_.at_end()) stop("a record is too long");
  }

 private:
  void same(const char* what, const Delta& theirs, const Delta& ours) const {
    if (theirs == ours) return;
    differ(what, show(theirs), show(ours));
  }
  void check_position(const char* what, std::size_t theirs, std::size_t ours) const {
    if (theirs != ours) differ(what, std::to_string(theirs), std::to_string(ours));
  }
  void check_difference(const Delta& base, const Delta& other) {
    const Delta ours = must(diff(base, other));
    same("base with the difference", other, must(apply_delta(ours, base)));
    if (in_.number() == 0) return;
    const Delta theirs = in_.delta();
    same("base with quill-delta's difference", other, must(apply_delta(theirs, base)));
    // Ours never parts a surrogate pair, so that it may cost a unit more for each at both sides.
    std::size_t halves = 0;
    for (const Delta* side : {&base, &other}) {
      for (const Op& op : side->ops())
        halves += static_cast<std::size_t>(
            std::ranges::count_if(op.text, [](char16_t unit) { return unit >= 0xd800 && unit <= 0xdfff; }));
    }
    if (cost(ours) > cost(theirs) + halves) differ("base.diff(other)", show(theirs), show(ours));
  }
  Delta must(Result<Delta> result) const {
    if (!result) stop("case " + std::to_string(number_) + ": " + result.error().message + inputs_);
    return std::move(*result);
  }
  [[noreturn]] void differ(const char* what, const std::string& theirs, const std::string& ours) const {
    stop("case " + std::to_string(number_) + ": " + what + "\n  quill-delta " + theirs + "\n  ours " + ours + inputs_);
  }

  std::uint64_t number_;
  Reader in_;
  std::string inputs_;
};

}  // namespace

int run() {
  std::uint64_t cases = 0;
  std::vector<unsigned char> record;
  unsigned char head[4];
  while (std::fread(head, 1, 4, stdin) == 4) {
    record.assign(head, head + 4);
    record.resize(Reader(record).number());
    if (std::fread(record.data(), 1, record.size(), stdin) != record.size()) stop("the input ends early");
    Case(cases++, record).check();
  }
  if (cases == 0) stop("there was nothing to compare");
  std::printf("%llu cases agree\n", static_cast<unsigned long long>(cases));
  return 0;
}

}  // namespace concord::ot

int main() { return concord::ot::run(); }
