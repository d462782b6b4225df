#pragma once
// XmlString: what the XML types' toString gives in Yjs, which is what JavaScript makes of each part.

#include <string>

#include "crdt/any.h"
#include "crdt/engine.h"

namespace concord::crdt {

class XmlString {
 public:
  explicit XmlString(Engine& engine) : engine_(engine) {}

  /// Of any shared type; `depth` types are around it.
  std::string of_type(TypeRef type, std::size_t depth) const;

 private:
  std::string of_children(TypeRef type, std::size_t depth) const;
  std::string of_element(TypeRef type, std::size_t depth) const;
  std::string of_text(TypeRef type, std::size_t depth) const;
  std::string of_value(const Value& value, std::size_t depth) const;

  Engine& engine_;
};

/// JavaScript's String(value).
std::string javascript_string(const Any& value);

}  // namespace concord::crdt
