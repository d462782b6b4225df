#pragma once
// The XML types: trees of elements, texts and hooks as editors of rich text keep them (Y.XmlFragment and its kind).
// Children are counted from 0. What handles are and when they may change something is said in shared_type.h.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crdt/any.h"
#include "crdt/shared_type.h"
#include "crdt/types.h"

namespace concord::crdt {

/// A list of nodes: the root of a tree, or what an element is beside its name and attributes.
class XmlFragment : public SharedType {
 public:
  static constexpr TypeKind kKind = TypeKind::kXmlFragment;

  std::size_t length() const;
  std::optional<Value> get(std::size_t index) const;
  std::optional<Value> first_child() const;
  std::vector<Value> children() const;
  /// As of a version, under the conditions of Array::values.
  std::vector<Value> children(const Snapshot& version) const;
  /// The nodes below this one that are `wanted`, in document order, as by Yjs's createTreeWalker. Goes down into
  /// elements and fragments.
  std::vector<Value> find(const std::function<bool(const Value&)>& wanted) const;
  /// The elements of that name, whatever their case; as Yjs's querySelector and querySelectorAll, which know no more.
  std::vector<XmlElement> query_selector_all(std::string_view node_name) const;
  std::optional<XmlElement> query_selector(std::string_view node_name) const;
  /// As Yjs's toString, to the character; it escapes nothing. Node names become lower case (ASCII, Latin-1, Greek and
  /// Cyrillic letters). Nodes nested deeper than 500 are left out.
  std::string to_string() const;
  /// The string.
  Any to_json() const;

  /// `name` is for elements and hooks.
  Result<SharedType> insert_type(std::size_t index, TypeKind kind, std::string_view name = {});
  /// Behind `sibling`, a child of this; behind nothing, if that stands for nothing.
  Result<SharedType> insert_type_after(const SharedType& sibling, TypeKind kind, std::string_view name = {});
  Result<XmlElement> insert_element(std::size_t index, std::string_view node_name);
  Result<XmlText> insert_text(std::size_t index);
  Result<XmlHook> insert_hook(std::size_t index, std::string_view hook_name);
  Result<XmlElement> push_element(std::string_view node_name);
  Result<XmlText> push_text();
  /// Fails where index + length is beyond the end; then nothing is erased.
  Result<> erase(std::size_t index, std::size_t length = 1);

 protected:
  friend class Engine;
  using SharedType::SharedType;
};

class XmlElement : public XmlFragment {
 public:
  static constexpr TypeKind kKind = TypeKind::kXmlElement;

  /// "UNDEFINED" for a root, as in Yjs.
  std::string node_name() const;
  std::optional<Value> next_sibling() const;
  std::optional<Value> previous_sibling() const;

  Result<> set_attribute(std::string_view name, const Any& value);
  Result<> remove_attribute(std::string_view name);
  std::optional<Value> attribute(std::string_view name) const;
  bool has_attribute(std::string_view name) const;
  /// In the order in which this replica first saw them.
  std::vector<std::pair<std::string, Value>> attributes() const;
  /// As of a version: as Yjs's getAttributes(snapshot) and typeMapGetSnapshot.
  std::vector<std::pair<std::string, Value>> attributes(const Snapshot& version) const;
  std::optional<Value> attribute(std::string_view name, const Snapshot& version) const;

 private:
  friend class Engine;
  using XmlFragment::XmlFragment;
};

class XmlText : public Text {
 public:
  static constexpr TypeKind kKind = TypeKind::kXmlText;

  std::optional<Value> next_sibling() const;
  std::optional<Value> previous_sibling() const;
  /// As Yjs's toString: formats as tags, in the order of their names, around each run.
  std::string to_string() const;
  Any to_json() const;

 private:
  friend class Engine;
  using Text::Text;
};

/// A node that stands for something else: a map with a name.
class XmlHook : public Map {
 public:
  static constexpr TypeKind kKind = TypeKind::kXmlHook;

  std::string hook_name() const;

 private:
  friend class Engine;
  using Map::Map;
};

}  // namespace concord::crdt
