#include "shown_values.h"

namespace concord::crdt {
namespace {

Any name_of(const Value& node) {
  if (const auto* element = std::get_if<XmlElement>(&node)) return Any(element->node_name());
  if (const auto* hook = std::get_if<XmlHook>(&node)) return Any(hook->hook_name());
  return Any("");
}

}  // namespace

Any siblings(const Value& node) {
  const auto [before, after, parent] = std::visit(
      [](const auto& handle) -> std::tuple<std::optional<Value>, std::optional<Value>, SharedType> {
        using Handle = std::decay_t<decltype(handle)>;
        if constexpr (std::is_same_v<Handle, XmlElement> || std::is_same_v<Handle, XmlText>)
          return {handle.previous_sibling(), handle.next_sibling(), handle.parent()};
        else if constexpr (std::is_base_of_v<SharedType, Handle>)
          return {std::nullopt, std::nullopt, handle.parent()};
        else
          return {};
      },
      node);
  const Value above = parent.value();
  const auto* element = std::get_if<XmlElement>(&above);
  const std::size_t length = element != nullptr ? element->length() : std::get<XmlFragment>(above).length();
  return Any(AnyArray{before ? name_of(*before) : Any(""), name_of(node), after ? name_of(*after) : Any(""),
                      name_of(above), Any(static_cast<double>(length))});
}

Any plain(const Value& value) {
  return std::visit(
      [](const auto& held) -> Any {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, Any>)
          return held;
        else if constexpr (std::is_same_v<Held, Text>)
          return Any(held.to_string());
        else if constexpr (std::is_same_v<Held, Subdocument>)
          return Any(AnyObject{{"guid", Any(held.guid())}});
        else
          return held.to_json();
      },
      value);
}

}  // namespace concord::crdt
