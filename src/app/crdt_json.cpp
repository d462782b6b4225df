#include "app/crdt_json.h"

#include <algorithm>
#include <unordered_set>

#include "crdt/any_json.h"
#include "crdt/any_keys.h"
#include "crdt/update_reader.h"

namespace concord::app {

namespace {

using crdt::Any;

/// The first item of each root's list and of each of its keys names the root.
Result<std::vector<std::string>> root_names(const crdt::Doc& doc) {
  const Bytes update = doc.encode_state_as_update();
  crdt::UpdateReader<crdt::FieldReaderV1> reader(update);
  crdt::RawStruct raw;
  std::vector<std::string> names;
  std::unordered_set<std::string> seen;
  while (reader.next(raw)) {
    if (!raw.has_parent() || !raw.parent_is_root) continue;
    std::string name(as_text(raw.root_name));
    if (seen.insert(name).second) names.push_back(std::move(name));
  }
  if (!reader.ok()) return fail(reader.error());
  return names;
}

Any text_json(const crdt::Text& text) {
  const auto delta = text.to_delta();
  const bool plain = std::ranges::all_of(
      delta, [](const crdt::DeltaOp& op) { return op.kind == crdt::DeltaOp::Kind::kInsert && op.attributes.empty(); });
  return plain ? Any(text.to_string()) : crdt::delta_to_any(delta);
}

bool is_xml_node(const crdt::Value& value) {
  return std::holds_alternative<crdt::XmlFragment>(value) || std::holds_alternative<crdt::XmlElement>(value) ||
         std::holds_alternative<crdt::XmlText>(value) || std::holds_alternative<crdt::XmlHook>(value);
}

Any root_json(crdt::Doc& doc, const std::string& name, std::span<const NamedRoot> known) {
  if (const auto found = std::ranges::find(known, name, &NamedRoot::name); found != known.end()) {
    if (found->kind == RootKind::kText) return text_json(doc.text(name));
    if (found->kind == RootKind::kMap) return doc.map(name).to_json();
    if (found->kind == RootKind::kXml) return doc.xml_fragment(name).to_json();
    return doc.array(name).to_json();
  }
  const crdt::XmlFragment xml = doc.xml_fragment(name);  // asked for first, so that it reads as one
  if (const crdt::Map map = doc.map(name); map.size() > 0) return map.to_json();
  if (const crdt::Text text = doc.text(name); !text.to_string().empty()) return text_json(text);
  const std::vector<crdt::Value> nodes = xml.children();
  if (!nodes.empty()) return std::ranges::all_of(nodes, is_xml_node) ? xml.to_json() : doc.array(name).to_json();
  return Any(crdt::Null{});
}

}  // namespace

Result<std::string> document_json(crdt::Doc& doc, std::span<const NamedRoot> known) {
  TRY(std::vector<std::string> names, root_names(doc));
  for (const NamedRoot& root : known)
    if (std::ranges::find(names, root.name) == names.end()) names.push_back(root.name);
  crdt::AnyObject roots;
  for (const std::string& name : names) roots.push_back({name, root_json(doc, name, known)});
  crdt::order_members(roots);
  return to_json(Any(std::move(roots)));
}

}  // namespace concord::app
