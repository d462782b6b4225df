#pragma once
// What all shared types have in common. A handle is two words, copied freely, valid as long as its Doc.
//
// Reading is allowed at any time. Changing is allowed inside Doc::transact only and fails with kInvalidArgument
// outside of it, on a type that was deleted, on an index beyond the end (Array) and on malformed UTF-8.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "crdt/any.h"

namespace concord::crdt {

class Engine;
class Event;
class Subscription;
struct ElementRun;
struct RelativePosition;
struct Snapshot;
struct VersionChanges;
class Text;
class Map;
class Array;
class XmlFragment;
class XmlElement;
class XmlText;
class XmlHook;
class Subdocument;

/// What a shared type is. The numbers are those of the wire (type references).
enum class TypeKind : std::uint8_t {
  kArray = 0,
  kMap = 1,
  kText = 2,
  kXmlElement = 3,
  kXmlFragment = 4,
  kXmlHook = 5,
  kXmlText = 6,
  kUnknown = 15,  // a root that nobody has asked for yet
};

/// Formats on a run of text, in order of insertion; a null value ends a format.
using Attributes = std::vector<std::pair<std::string, Any>>;

/// What shared types hold: values, shared types of their own, and mentions of other documents. Complete with doc.h.
using Value = std::variant<Any, Text, Map, Array, XmlFragment, XmlElement, XmlText, XmlHook, Subdocument>;

using EventObserver = std::function<void(const Event&)>;
using DeepObserver = std::function<void(std::span<const Event>)>;

/// Any shared type; as such, or as the base of one.
class SharedType {
 public:
  SharedType() = default;
  /// False once the item that holds the type was deleted; root types never are.
  bool alive() const;
  bool operator==(const SharedType&) const = default;
  /// The handle of what it is; undefined where it stands for nothing, or for a root that nobody has named the kind of.
  Value value() const;
  /// The type that holds it; stands for nothing where there is none (a root).
  SharedType parent() const;
  /// A place that stays with its right neighbour (`assoc` negative: the left one), as
  /// Y.createRelativePositionFromTypeIndex; an index beyond the end is the end.
  Result<RelativePosition> position_at(std::size_t index, std::int64_t assoc = 0) const;
  /// What its list holds, in order, what was deleted too; without formats.
  std::vector<ElementRun> elements() const;

  /// Calls `observer` after each transaction that changed this type, or (deep) this type or any that it holds, for as
  /// long as the subscription lives (events.h). Nothing comes of it on a handle that stands for nothing.
  Subscription observe(EventObserver observer) const;
  Subscription observe_deep(DeepObserver observer) const;

 protected:
  friend class Engine;
  SharedType(Engine* engine, std::uint32_t type, std::uint32_t generation)
      : engine_(engine), type_(type), generation_(generation) {}
  Engine* engine_ = nullptr;
  std::uint32_t type_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace concord::crdt
