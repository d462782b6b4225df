#pragma once
// Seeded makers of texts, documents and changes, for tests.

#include <random>
#include <string>

#include "ot/delta.h"

namespace concord::ot::testing {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t bound) { return random() % bound; }

/// A code point of a small alphabet that has one, two, three and four-byte characters, the last a surrogate
/// pair.
inline std::u16string random_text(Random& random, std::size_t most, std::size_t alphabet = 8) {
  static const std::u16string kAlphabet[] = {u"a", u"b", u"\n", u"é", u"界", u"😀", u"c", u"𝄞"};
  std::u16string out;
  for (std::size_t n = below(random, most + 1); n > 0; --n) out += kAlphabet[below(random, alphabet)];
  return out;
}

inline Attributes random_attributes(Random& random, bool with_removals) {
  static const char* const kKeys[] = {"bold", "color", "link"};
  static const char* const kValues[] = {"true", "\"red\"", "\"blue\"", "null"};
  Attributes out;
  if (below(random, 2) == 0) return out;
  for (std::size_t n = below(random, 3); n > 0; --n)
    out.set(kKeys[below(random, 3)], kValues[below(random, with_removals ? 4 : 3)]);
  return out;
}

inline void push_random_insertion(Random& random, Delta& out, bool with_embeds) {
  if (with_embeds && below(random, 5) == 0) {
    out.insert_embed(below(random, 2) == 0 ? R"({"image":"a.png"})" : R"({"image":"b.png"})",
                     random_attributes(random, false));
  } else {
    out.insert(random_text(random, 6), random_attributes(random, false));
  }
}

inline Delta random_document(Random& random, bool with_embeds = true) {
  Delta out;
  for (std::size_t n = below(random, 8); n > 0; --n) push_random_insertion(random, out, with_embeds);
  return out;
}

/// A change for a document of that length. Its places may lie between the two halves of a surrogate pair.
inline Delta random_change(Random& random, std::size_t length, bool with_embeds = true) {
  Delta out;
  while (length > 0 && below(random, 6) != 0) {
    const std::size_t step = 1 + below(random, std::min<std::size_t>(length, 5));
    switch (below(random, 3)) {
      case 0:
        push_random_insertion(random, out, with_embeds);
        break;
      case 1:
        out.retain(step, random_attributes(random, true));
        length -= step;
        break;
      default:
        out.remove(step);
        length -= step;
    }
  }
  if (below(random, 2) == 0) push_random_insertion(random, out, with_embeds);
  return out.chop();
}

}  // namespace concord::ot::testing
