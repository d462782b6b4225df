#include "peer_content.h"

#include <algorithm>

namespace concord::crdt {
namespace {

Any content_of(const Value& value);

Any members_of(const Map& map) {
  AnyObject out;
  for (const std::string& key : map.keys())
    if (const auto value = map.get(key)) set_member(out, key, content_of(*value));
  return Any(std::move(out));
}

Any attributes_of(const std::vector<std::pair<std::string, Value>>& attributes) {
  AnyObject out;
  for (const auto& [name, value] : attributes) set_member(out, name, content_of(value));
  return Any(std::move(out));
}

Any children_of(const XmlFragment& fragment) {
  AnyArray out;
  for (const Value& child : fragment.children()) out.push_back(content_of(child));
  return Any(std::move(out));
}

Any delta_of(const Text& text) {
  std::vector<DeltaOp> delta = text.to_delta();
  for (DeltaOp& op : delta)
    if (op.shared.alive()) op.embed = content_of(op.shared.value());
  return delta_to_any(delta);
}

Any text_of(const char* kind, const Text& text) {
  return Any(
      AnyObject{{"kind", Any(kind)}, {"attributes", attributes_of(text.attributes())}, {"delta", delta_of(text)}});
}

Any content_of(const Any& value) { return value; }
Any content_of(const Text& text) { return text_of("text", text); }
Any content_of(const XmlText& text) { return text_of("xmltext", text); }
Any content_of(const Map& map) { return members_of(map); }
Any content_of(const XmlHook& hook) {
  return Any(AnyObject{{"hook", Any(hook.hook_name())}, {"members", members_of(hook)}});
}
Any content_of(const Array& array) {
  AnyArray out;
  for (std::size_t i = 0, n = array.length(); i < n; ++i)
    if (const auto value = array.get(i)) out.push_back(content_of(*value));
  return Any(std::move(out));
}
Any content_of(const XmlFragment& fragment) { return Any(AnyObject{{"children", children_of(fragment)}}); }
Any content_of(const XmlElement& element) {
  return Any(AnyObject{{"element", Any(element.node_name())},
                       {"attributes", attributes_of(element.attributes())},
                       {"children", children_of(element)}});
}
Any content_of(const Subdocument& subdocument) {
  const SubdocumentOptions options = subdocument.options();
  return Any(AnyObject{{"guid", Any(options.guid)},
                       {"gc", Any(options.gc)},
                       {"autoLoad", Any(options.auto_load)},
                       {"meta", options.meta}});
}
Any content_of(const Value& value) {
  return std::visit([](const auto& held) { return content_of(held); }, value);
}

}  // namespace

Any wanted_of(const Doc& doc) {
  std::vector<std::string> guids;
  for (const Subdocument& subdocument : doc.subdocuments())
    if (subdocument.should_load()) guids.push_back(subdocument.guid());
  std::ranges::sort(guids);
  return Any(AnyArray(guids.begin(), guids.end()));
}

Any content_of(Doc& doc, const SharedType& xml) {
  std::vector<std::string> guids;
  for (const Subdocument& subdocument : doc.subdocuments()) guids.push_back(subdocument.guid());
  std::ranges::sort(guids);
  const Value root = xml.value();
  const auto* element = std::get_if<XmlElement>(&root);
  const std::string string = element != nullptr ? element->to_string() : std::get<XmlFragment>(root).to_string();
  return Any(AnyObject{{"text", content_of(doc.text("text"))},
                       {"map", content_of(doc.map("map"))},
                       {"array", content_of(doc.array("array"))},
                       {"xml", content_of(root)},
                       {"string", Any(string)},
                       {"subdocuments", Any(AnyArray(guids.begin(), guids.end()))}});
}

}  // namespace concord::crdt
