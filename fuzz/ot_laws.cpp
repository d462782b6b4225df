// A document and three changes, read from any bytes: TP1 with both priorities, composing as applying one after the
// other, composing in either grouping, and taking a change back.

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "ot/delta.h"

namespace {

using namespace concord;
using namespace concord::ot;

class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}

  Delta document() {
    Delta out;
    for (unsigned count = byte() % 8; count > 0; --count) insertion(out, false);
    return out;
  }
  /// A change of a document of that length.
  Delta change(std::size_t length) {
    Delta out;
    for (unsigned count = byte() % 12; count > 0; --count) {
      const unsigned kind = byte() % 4;
      if (kind == 0) {
        insertion(out, true);
        continue;
      }
      const std::size_t step = std::min<std::size_t>(length, byte() % 8);
      length -= step;
      if (kind == 1) {
        out.remove(step);
      } else {
        out.retain(step, kind == 2 ? attributes(true) : Attributes());
      }
    }
    return std::move(out.chop());
  }

 private:
  unsigned byte() {
    if (bytes_.empty()) return 0;
    const unsigned value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  void insertion(Delta& out, bool removals) {
    const unsigned kind = byte();
    if (kind % 5 == 0) {
      out.insert_embed(kind % 2 == 0 ? "1" : "2", attributes(removals));
    } else {
      std::u16string text;
      for (unsigned left = kind % 6; left > 0; --left) text.push_back(static_cast<char16_t>('a' + byte() % 4));
      out.insert(text, attributes(removals));
    }
  }
  /// A removal in a document says nothing, and is not made.
  Attributes attributes(bool removals) {
    static const char* const kValues[] = {"1", "2", "3", "null"};
    Attributes out;
    const unsigned which = byte();
    if (which % 2 == 0) return out;
    out.set("k", kValues[which / 2 % (removals ? 4 : 3)]);
    if (which / 8 % 2 != 0) out.set("l", kValues[which / 16 % (removals ? 4 : 3)]);
    return out;
  }

  ByteView bytes_;
};

Delta must(Result<Delta> delta) {
  if (!delta) std::abort();
  return std::move(*delta);
}

void require(bool holds) {
  if (!holds) std::abort();
}

void converge(const Delta& document, const Delta& a, const Delta& b, Priority priority) {
  const Priority other = priority == Priority::kOp ? Priority::kAgainst : Priority::kOp;
  const Delta one = must(apply_delta(transform(b, a, priority), must(apply_delta(a, document))));
  require(one == must(apply_delta(transform(a, b, other), must(apply_delta(b, document)))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(ByteView(data, size));
  const Delta document = input.document();
  const Delta a = input.change(document.target_length());
  const Delta b = input.change(document.target_length());
  converge(document, a, b, Priority::kOp);
  converge(document, a, b, Priority::kAgainst);

  const Delta after = must(apply_delta(a, document));
  const Delta c = input.change(after.target_length());
  const Delta end = must(apply_delta(c, after));
  require(must(apply_delta(compose(a, c), document)) == end);
  const Delta d = input.change(end.target_length());
  require(compose(compose(a, c), d) == compose(a, compose(c, d)));
  return 0;
}
