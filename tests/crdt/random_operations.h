#pragma once
// RandomOperations: what an author might do to a document, decided by a seed alone. The same kinds of operations as
// actions.mjs does in Yjs, so that the two halves of a test are alike.

#include <cstdint>
#include <span>
#include <vector>

#include "crdt/doc.h"

namespace concord::crdt {

/// mulberry32: small, good enough, and the same in JavaScript (chance.mjs).
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : state_(seed) {}
  /// In [0, 1).
  double random();
  /// In [0, bound); 0 where bound is 0.
  std::size_t below(std::size_t bound);
  bool chance(double probability) { return random() < probability; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  std::uint32_t state_;
};

class RandomOperations {
 public:
  /// With `pairs`, texts contain characters of two code units, which positions then may cut.
  RandomOperations(Doc& doc, Dice& dice, bool pairs) : doc_(doc), dice_(dice), pairs_(pairs) {}

  /// Does `count` operations, inside a transaction. Fails where the document refuses one, which it must not.
  Result<> perform(std::size_t count);

 private:
  Result<> one();
  Value target();
  Result<> on_text(Text text);
  Result<> on_array(Array array);
  Result<> on_map(Map map);
  Result<> delta(Text& text);
  const std::string& word();

  Doc& doc_;
  Dice& dice_;
  bool pairs_;
};

}  // namespace concord::crdt
