// Every invariant of a document, in one place. Returns the first that does not hold.

#include "crdt/engine.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

class Validator {
 public:
  explicit Validator(Engine& engine) : store_(engine.store) {}

  std::string run() {
    for (ClientRef c = 0; c < store_.clients.size() && wrong_.empty(); ++c) check_history(c);
    for (TypeRef t = 0; t < store_.types.size() && wrong_.empty(); ++t)
      if (store_.types[t].in_use) check_type(t);
    if (wrong_.empty() && linked_ != found_) complain("items are in no list, or in two", kNone);
    if (const char* wrong = wrong_.empty() ? store_.crowded.validate(store_) : nullptr) complain(wrong, kNone);
    return wrong_;
  }

 private:
  void complain(const char* what, ItemRef item) {
    if (!wrong_.empty()) return;
    wrong_ = what;
    if (item == kNone) return;
    const Item& it = store_.items[item];
    wrong_ += " (client " + std::to_string(store_.clients[it.client].id) + ", clock " + std::to_string(it.clock) + ")";
  }

  /// A client's structs follow each other without gap or overlap and can be found by each of their clocks.
  void check_history(ClientRef c) {
    const ClientRecord& client = store_.clients[c];
    if (client.state == 0) {
      if (!client.index.empty()) complain("a client without state has structs", kNone);
      return;
    }
    std::uint32_t clock = 0;
    ClockPosition at = client.index.begin();
    do {
      const ItemRef item = client.index.at(at);
      const Item& it = store_.items[item];
      if (it.client != c || it.clock != clock || it.length == 0) return complain("a history has a gap", item);
      if (client.index.find(store_.items.data(), it.end() - 1) != at)
        return complain("a struct is not found by its clock", item);
      clock = it.end();
      check_item(item);
    } while (wrong_.empty() && client.index.next(at));
    if (clock != client.state) complain("a client's state is not its history's end", kNone);
  }

  void check_item(ItemRef item) {
    const Item& it = store_.items[item];
    if (it.is_gc()) {
      if (!it.deleted()) complain("a GC struct is not deleted", item);
      return;
    }
    ++linked_;
    if (it.kind() == Kind::kFree || it.kind() == Kind::kSkip) return complain("a freed item is in a history", item);
    if (it.kind() == Kind::kDeleted && !it.deleted()) complain("deleted content in a live item", item);
    if (it.left != kNone && store_.items[it.left].right != item) complain("left and right disagree", item);
    if (it.right != kNone && store_.items[it.right].left != item) complain("right and left disagree", item);
    if (it.kind() == Kind::kString) check_text(item);
    if (it.kind() == Kind::kType) {
      const TypeRecord& type = store_.types[it.content];
      if (!type.in_use || type.item != item) complain("a type does not know its item", item);
    }
    if (it.in_map() && it.right != kNone && !it.deleted()) complain("an overwritten map value lives", item);
  }

  void check_text(ItemRef item) {
    const Item& it = store_.items[item];
    const Span span = store_.span_of(it);
    if (span.offset + std::size_t{span.bytes} > store_.contents.arena_size())
      return complain("a text lies outside the arena", item);
    const TextScan scan = scan_utf8(store_.contents.bytes(span.offset), span.bytes);
    if (!scan.valid || scan.units != it.length) complain("a text has not the length of its item", item);
    if (scan.ascii == it.has(kFlagWide)) complain("a text's ASCII flag is wrong", item);
  }

  void check_type(TypeRef t) {
    const TypeRecord& type = store_.types[t];
    std::uint32_t visible = 0;
    std::size_t count = 0;
    ItemRef before = kNone;
    for (ItemRef item = type.start; item != kNone; item = store_.items[item].right) {
      const Item& it = store_.items[item];
      if (it.left != before || it.in_map() || it.is_gc()) return complain("a list is badly linked", item);
      if (store_.parent_of(it) != t) return complain("an item does not know its type", item);
      before = item;
      visible += it.visible();
      if (++count > store_.items.size()) return complain("a list is a circle", item);
    }
    if (visible != type.length) complain("a type's length is wrong", type.start);
    std::size_t indexed = 0;
    if (const char* wrong = store_.index.validate(type.tree, indexed)) complain(wrong, type.start);
    if (indexed != count) complain("the index holds other items than the list", type.start);
    found_ += count;
    for (std::uint32_t e = type.first_entry; e != kNone; e = store_.entries[e].next) check_entry(t, e);
  }

  void check_entry(TypeRef t, std::uint32_t e) {
    const MapEntry& entry = store_.entries[e];
    if (entry.type != t || store_.find_entry(t, entry.key) != e) return complain("a map entry is misfiled", entry.tail);
    ItemRef before = kNone;
    for (ItemRef item = entry.head; item != kNone; item = store_.items[item].right) {
      if (store_.items[item].left != before || store_.items[item].home != e || !store_.items[item].in_map())
        return complain("a map entry is badly linked", item);
      before = item;
      ++found_;
    }
    if (before != entry.tail) complain("a map entry's last item is wrong", entry.tail);
  }

  Store& store_;
  std::string wrong_;
  std::size_t linked_ = 0;  // items in histories that must be in a list
  std::size_t found_ = 0;   // items in lists
};

}  // namespace

std::string Engine::validate() {
  std::string wrong = Validator(*this).run();
  if (!wrong.empty()) return wrong;
  // What this replica writes itself is looked at when the next update comes.
  const auto state = [this](ClientRef client) { return client == own_ ? 0 : store.clients[client].state; };
  if (const char* waiting = pending_.structs.validate(state)) return waiting;
  if (const char* waiting = pending_.deleted.validate()) return waiting;
  return wrong;
}

}  // namespace concord::crdt
