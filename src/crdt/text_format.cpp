// Formats of a text. A format item switches one key to a value for everything on its right, until another item of the
// key. So formatting a range puts one item before it and one, with the value in force before, after it; and care is
// taken, as in Yjs, not to leave items that change nothing.

#include <algorithm>
#include <cmath>

#include "crdt/any_json.h"
#include "crdt/any_keys.h"
#include "crdt/editor.h"
#include "crdt/stored_value.h"

namespace concord::crdt {
namespace {

constexpr std::size_t kMaxPadding = 1U << 20U;  // newlines that formatting beyond the end may make real

const Format* find_key(const FormatState& formats, std::uint32_t key) {
  const auto found = std::ranges::find(formats, key, &Format::key);
  return found == formats.end() ? nullptr : &*found;
}

void put(FormatState& formats, std::uint32_t key, std::uint32_t value) {
  const auto found = std::ranges::find(formats, key, &Format::key);
  if (found != formats.end())
    found->value = value;
  else
    formats.push_back({key, value});
}

void erase_key(FormatState& formats, std::uint32_t key) {
  std::erase_if(formats, [key](const Format& format) { return format.key == key; });
}

bool is_nan(const Any& value) {
  const auto* number = value.as<double>();
  return number != nullptr && std::isnan(*number);
}

/// What JavaScript calls the own properties of an object, an array or bytes.
AnyObject members_of(const Any& value) {
  AnyObject members;
  if (const auto* elements = value.as<AnyArray>())
    for (const Any& element : *elements) members.push_back({std::to_string(members.size()), element});
  else if (const auto* bytes = value.as<Bytes>())
    for (const std::uint8_t byte : *bytes) members.push_back({std::to_string(members.size()), Any(byte)});
  else if (const auto* object = value.as<AnyObject>())
    members = *object;
  return members;
}

/// Whether two of those have the same members, none of them compound (lib0's equalFlat).
bool equal_flat(const Any& a, const Any& b) {
  const AnyObject mine = members_of(a);
  const Any theirs(members_of(b));
  return mine.size() == theirs.as<AnyObject>()->size() && std::ranges::all_of(mine, [&](const AnyMember& member) {
           const Any* other = theirs.find(member.name);
           const Any& value = member.value;
           return other != nullptr && *other == value && !value.is_object() && !value.is_array() &&
                  !value.holds<Bytes>() && !is_nan(value);
         });
}

}  // namespace

std::uint32_t Editor::null_value() { return store.contents.values.intern("null"); }

/// By value; compound values that are not the same one level deep (Yjs's equalAttrs).
bool Editor::same_value(std::uint32_t a, std::uint32_t b) const {
  if (a == b) return true;
  const std::string_view left = store.contents.values.at(a);
  const std::string_view right = store.contents.values.at(b);
  if (is_compound_value(left) && is_compound_value(right))
    return equal_flat(read_stored_value(left), read_stored_value(right));
  // Only then may there be two forms of a value that are equal: zero and negative zero.
  if (!stored_as_any(left) && !stored_as_any(right)) return false;
  return !is_compound_value(left) && !is_compound_value(right) && read_stored_value(left) == read_stored_value(right);
}

/// JavaScript lists keys that are array indices first.
void Editor::order_formats(FormatState& formats) const {
  const auto rank = [this](const Format& format) {
    const auto index = array_index(store.contents.names.at(format.key));
    return index ? static_cast<std::uint64_t>(*index) : std::uint64_t{1} << 32U;
  };
  const auto precedes = [&](const Format& a, const Format& b) { return rank(a) < rank(b); };
  for (auto at = formats.begin(); at != formats.end(); ++at)
    std::rotate(std::upper_bound(formats.begin(), at, *at, precedes), at, at + 1);
}

Result<FormatState> Editor::intern_attributes(const Attributes& attributes) {
  FormatState formats;
  for (const auto& [key, value] : attributes) {
    if (value.is_undefined()) continue;
    put(formats, store.contents.names.intern(key), store.contents.new_value(stored_value(value)));
  }
  order_formats(formats);
  return formats;
}

void Editor::set_format(FormatState& formats, const Format& format) const {
  if (store.contents.values.at(format.value) == "null")
    erase_key(formats, format.key);
  else
    put(formats, format.key, format.value);
}

/// The formats in force after `left`.
void Editor::formats_before(TypeRef text, ItemRef left, FormatState& formats) {
  const PositionTree& tree = store.types[text].tree;
  const LeafRef last = store.items[left].home;
  for (LeafRef leaf = store.index.next_with_formats(tree, kNone); leaf != kNone;
       leaf = store.index.next_with_formats(tree, leaf)) {
    if (leaf != last && !store.index.is_before(leaf, last)) break;
    ItemRef item = store.index.first_item(leaf);
    for (std::uint32_t i = 0; i < store.index.leaf_count(leaf); ++i, item = store.items[item].right) {
      const Item& it = store.items[item];
      if (it.kind() == Kind::kFormat && !it.deleted()) set_format(formats, store.contents.format(it.content));
      if (item == left) return;
    }
  }
}

void Editor::step(TextCursor& at) const {
  const Item& it = store.items[at.right];
  if (it.kind() == Kind::kFormat && !it.deleted()) set_format(at.formats, store.contents.format(it.content));
  at.left = at.right;
  at.right = it.right;
}

/// Goes right over what is deleted and over formats that say what is wanted anyway.
void Editor::skip_redundant(TextCursor& at, const FormatState& wanted) {
  while (at.right != kNone) {
    const Item& it = store.items[at.right];
    if (!it.deleted()) {
      if (it.kind() != Kind::kFormat) break;
      const Format& format = store.contents.format(it.content);
      const Format* want = find_key(wanted, format.key);
      if (!same_value(want != nullptr ? want->value : null_value(), format.value)) break;
    }
    step(at);
  }
}

void Editor::create_format(TypeRef text, TextCursor& at, const Format& format) {
  const std::uint32_t number = store.contents.intern_format(format.key, format.value);
  at.right = create(text, kNone, at.left, at.right, {Kind::kFormat, {}, 1, false, number});
  step(at);
}

/// Makes the wanted formats hold from here on; returns what to set again behind.
FormatState Editor::open_formats(TypeRef text, TextCursor& at, const FormatState& wanted) {
  FormatState closing;
  for (const Format& format : wanted) {
    const Format* current = find_key(at.formats, format.key);
    const std::uint32_t now = current != nullptr ? current->value : null_value();
    if (same_value(now, format.value)) continue;
    put(closing, format.key, now);
    create_format(text, at, format);
  }
  return closing;
}

void Editor::close_formats(TypeRef text, TextCursor& at, FormatState closing) {
  while (at.right != kNone) {
    const Item& it = store.items[at.right];
    if (!it.deleted()) {
      if (it.kind() != Kind::kFormat) break;
      const Format format = store.contents.format(it.content);
      const Format* wanted = find_key(closing, format.key);
      if (wanted == nullptr || !same_value(wanted->value, format.value)) break;
      erase_key(closing, format.key);
    }
    step(at);
  }
  for (const Format& format : closing) create_format(text, at, format);
}

Result<> Editor::text_format(TypeRef text, std::size_t index, std::size_t length, const Attributes& attributes) {
  if (length == 0) return {};
  TRY_VOID(check_room(0, 64 + 2 * attributes.size()));
  const std::size_t end = store.types[text].length;
  if (length > end && length - end > kMaxPadding)
    return fail(Error{Code::kInvalidArgument, "the range to format reaches too far beyond the end", {}}
                    .with("field", "length")
                    .with("limit", std::to_string(end + kMaxPadding))
                    .with("value", std::to_string(length)));
  TRY(const FormatState wanted, intern_attributes(attributes));
  TextCursor at = cursor_at(text, index, true);
  if (at.right == kNone) return {};
  format_range(text, at, length, wanted);
  forget_place();
  return {};
}

void Editor::format_range(TypeRef text, TextCursor& at, std::size_t length, const FormatState& wanted) {
  forget_place();
  skip_redundant(at, wanted);
  FormatState closing = open_formats(text, at, wanted);
  while (at.right != kNone) {
    const Item& it = store.items[at.right];
    const bool format_item = it.kind() == Kind::kFormat;
    if (length == 0 && (closing.empty() || !(it.deleted() || format_item))) break;
    if (!it.deleted() && format_item) {
      const Format format = store.contents.format(it.content);
      if (const Format* want = find_key(wanted, format.key)) {
        if (same_value(want->value, format.value)) {
          erase_key(closing, format.key);
        } else {
          if (length == 0) break;
          put(closing, format.key, format.value);
        }
        erase_item(at.right);
      } else {
        put(at.formats, format.key, format.value);
      }
    } else if (!it.deleted()) {
      if (length < it.length) split(at.right, static_cast<std::uint32_t>(length));
      length -= store.items[at.right].length;
    }
    step(at);
  }
  // An editor's text ends in a newline that Yjs does not store; formatting it makes it real.
  if (length > 0) {
    const std::string newlines(length, '\n');
    at.right = create(text, kNone, at.left, at.right,
                      {Kind::kString, as_bytes(newlines), static_cast<std::uint32_t>(length), true, 0});
    step(at);
  }
  close_formats(text, at, std::move(closing));
}

// ---- dropping what changes nothing

/// Between two visible items only the last format of each key counts, and only if it changes something. `start` is
/// where the gap begins, `current` an item in it or behind it up to which `after` is kept right.
void Editor::drop_redundant_formats(ItemRef start, ItemRef current, const FormatState& before, FormatState& after) {
  ItemRef end = start;
  std::vector<std::pair<std::uint32_t, ItemRef>> last;  // of each key
  for (; end != kNone; end = store.items[end].right) {
    const Item& it = store.items[end];
    if (it.countable() && !it.deleted()) break;
    if (it.deleted() || it.kind() != Kind::kFormat) continue;
    const std::uint32_t key = store.contents.format(it.content).key;
    const auto known = std::ranges::find(last, key, &std::pair<std::uint32_t, ItemRef>::first);
    if (known != last.end())
      known->second = end;
    else
      last.emplace_back(key, end);
  }
  const std::uint32_t null = null_value();
  const auto value_in = [null](const FormatState& formats, std::uint32_t key) {
    const Format* format = find_key(formats, key);
    return format != nullptr ? format->value : null;
  };
  bool reached = false;
  for (ItemRef item = start; item != end; item = store.items[item].right) {
    reached = reached || item == current;
    const Item& it = store.items[item];
    if (it.deleted() || it.kind() != Kind::kFormat) continue;
    const Format format = store.contents.format(it.content);
    const std::uint32_t value_before = value_in(before, format.key);
    const auto winner = std::ranges::find(last, format.key, &std::pair<std::uint32_t, ItemRef>::first);
    if (winner->second != item || value_before == format.value) {
      erase_item(item);
      if (!reached && value_in(after, format.key) == format.value && value_before != format.value) {
        if (value_before == null)
          erase_key(after, format.key);
        else
          put(after, format.key, value_before);
      }
    }
    if (!reached && !store.items[item].deleted()) set_format(after, format);
  }
}

/// In the gap around `item` each key needs one format only, the last.
void Editor::drop_duplicate_formats_around(ItemRef item) {
  const auto visible = [this](ItemRef ref) { return store.items[ref].visible() != 0; };
  while (store.items[item].right != kNone && !visible(store.items[item].right)) item = store.items[item].right;
  std::vector<std::uint32_t> keys;
  for (; item != kNone && !visible(item); item = store.items[item].left) {
    const Item& it = store.items[item];
    if (it.deleted() || it.kind() != Kind::kFormat) continue;
    const std::uint32_t key = store.contents.format(it.content).key;
    if (std::ranges::find(keys, key) != keys.end())
      erase_item(item);
    else
      keys.push_back(key);
  }
}

void Editor::clean_formats(TypeRef text) {
  const ItemRef first = store.types[text].start;
  if (first == kNone) return;
  ItemRef start = first;
  FormatState before;
  FormatState now;
  for (ItemRef end = first; end != kNone; end = store.items[end].right) {
    const Item& it = store.items[end];
    if (it.deleted()) continue;
    if (it.kind() == Kind::kFormat) {
      set_format(now, store.contents.format(it.content));
    } else {
      drop_redundant_formats(start, end, before, now);
      before = now;
      start = end;
    }
  }
}

/// Yjs's editors clean up after a remote change that touched a formatted text, in a transaction of its own, which
/// follows `state`. Of texts that got or lost formats all is looked at, of others only what is beside a deletion.
void Editor::clean_formats_after(const TransactionState& state) {
  std::vector<TypeRef> whole;
  const auto want_whole = [&whole](TypeRef text) {
    if (std::ranges::find(whole, text) == whole.end()) whole.push_back(text);
  };
  for (const TransactionState::Written& written : state.written) {
    const ClockIndex& index = store.clients[written.client].index;
    ClockPosition at = index.find(store.items.data(), written.before);
    do {
      const Item& it = store.items[index.at(at)];
      if (it.clock >= written.after) break;
      if (!it.deleted() && it.kind() == Kind::kFormat && !it.in_map()) want_whole(store.parent_of(it));
    } while (index.next(at));
  }
  for (const auto& range : state.deleted) {
    const ClockIndex& index = store.clients[range.client].index;
    ClockPosition at = index.find(store.items.data(), range.clock);
    do {
      const ItemRef item = index.at(at);
      const Item& it = store.items[item];
      if (it.clock >= range.clock + range.length) break;
      if (it.is_gc() || it.in_map()) continue;
      const TypeRef text = store.parent_of(it);
      if (!store.types[text].has_formats || std::ranges::find(whole, text) != whole.end()) continue;
      if (it.kind() == Kind::kFormat)
        want_whole(text);
      else
        drop_duplicate_formats_around(item);
    } while (index.next(at));
  }
  for (const TypeRef text : whole) clean_formats(text);
}

}  // namespace concord::crdt
