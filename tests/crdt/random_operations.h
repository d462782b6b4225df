#pragma once
// RandomOperations: what an author might do to a document, decided by a seed alone. The same kinds of operations as
// actions.mjs does in Yjs, so that the two halves of a test are alike.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "crdt/doc.h"
#include "crdt/wire.h"

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

struct RandomKinds {
  bool pairs = false;  // texts contain characters of two code units, which positions then may cut
  bool xml = false;    // XML types, types within all types, and subdocuments too
};

class RandomOperations {
 public:
  RandomOperations(Doc& doc, Dice dice, RandomKinds kinds) : doc_(doc), dice_(dice), kinds_(kinds) {}

  /// Does `count` operations, inside a transaction. Fails where the document refuses one, which it must not.
  Result<> perform(std::size_t count);
  /// What was done, as operations.h has it.
  const Bytes& record() const { return record_; }

 private:
  bool one();
  bool on_any(const Value& at);
  Value target(bool into_xml);
  bool step_down(Value& at, bool into_xml);
  void begin(std::uint64_t kind);
  bool on_text(const Text& text);
  bool on_array(const Array& array);
  bool on_map();
  void delta(std::size_t length);
  void text(std::string_view value) { out_.var_bytes(as_bytes(value)); }
  void formats();
  const std::string& word();

  // random_xml.cpp
  bool more();
  Value xml_target();
  bool on_node(const Value& at);
  bool on_fragment(std::size_t length, bool element);
  bool on_attribute();
  bool on_marks(const Text& text);
  bool nest(const Value& at);
  bool nest_in_text(const Text& text);
  void new_type();
  void new_subdocument();
  bool load(const Value& at);

  Doc& doc_;
  Dice dice_;
  RandomKinds kinds_;
  std::uint64_t root_ = 0;
  std::vector<std::variant<std::size_t, std::string>> way_;
  Bytes record_;
  WireWriter out_{record_};
};

}  // namespace concord::crdt
