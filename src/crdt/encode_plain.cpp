// The plain structs of a document (plain_struct.h), which are nearly all of a text's, become an update in one tight
// loop for each format, with the outcome that write_item() has. A struct is a few words written one over the end of the
// other: how long a number is, and whether there is text, is as good as random, so it decides how far to move and not
// what to do.

#include "crdt/plain_struct.h"
#include "crdt/replica.h"
#include "crdt/word_varuint.h"

namespace concord::crdt {
namespace {

constexpr std::uint32_t kShortText = ColumnBytes::kMost;  // is copied at once

bool is_text(const Item& item) { return item.kind() == Kind::kString; }

bool is_plain(const Item& item) {
  constexpr unsigned kKinds = 1U << static_cast<unsigned>(Kind::kString) | 1U << static_cast<unsigned>(Kind::kDeleted);
  return (kKinds >> item.kind_bits & 1U) != 0 && !item.has(kFlagWide | kFlagInMap) && item.origin().present();
}

std::uint8_t plain_info(const Item& item, bool has_right_origin) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(item.kind()) | (has_right_origin ? 0xc0U : 0x80U));
}

}  // namespace

bool Replica::write_plain(FieldWriterV1& out, ClientRef client, ClockPosition& position) const {
  constexpr std::size_t kChunk = 8192;
  const ClockIndex& index = store.clients[client].index;
  const WrittenClient self(store.clients[client].id);
  const auto put_id = [&](std::uint8_t* to, Id id) {
    to = id.client == client ? self.put(to) : put_varuint(to, store.clients[id.client].id);
    return put_word_varuint(to, id.clock);
  };
  const std::size_t readable = store.contents.arena_size();
  ClockPosition at = position;
  bool more = true;
  bool plain = true;
  while (more && plain) {
    out.rest().fill(kChunk, [&](std::uint8_t* to) {
      for (const std::uint8_t* end = to + kChunk - kPlainStructRoom - kShortText; more && to < end;) {
        const Item it = store.items[index.at(at)];
        plain = is_plain(it) && it.length < kChunk / 2;
        if (!plain || static_cast<std::size_t>(end - to) < it.length) break;
        const Id right = it.right_origin();
        *to++ = plain_info(it, right.present());
        to = put_id(to, it.origin());
        if (right.present()) to = put_id(to, right);
        to = put_word_varuint(to, it.length);
        const std::uint32_t text = is_text(it) ? it.length : 0;
        if (text <= kShortText && std::size_t{it.content} + kShortText <= readable)
          std::memcpy(to, store.contents.bytes(it.content), kShortText);
        else if (text != 0)
          std::memcpy(to, store.contents.bytes(it.content), text);
        to += text;
        more = index.next(at);
      }
      return to;
    });
  }
  position = at;
  return more;
}

bool Replica::write_plain(FieldWriterV2& out, ClientRef client, ClockPosition& position) const {
  const ClockIndex& index = store.clients[client].index;
  const std::uint64_t self = store.clients[client].id;
  const auto id_of = [&](ClientRef other) { return other == client ? self : store.clients[other].id; };
  const std::size_t readable = store.contents.arena_size();
  ClockPosition at = position;
  bool more = true;
  for (; more; more = index.next(at)) {
    const Item it = store.items[index.at(at)];
    if (!is_plain(it)) break;
    const Id origin = it.origin();
    const Id right = it.right_origin();
    out.info(plain_info(it, right.present()));
    out.left_id(id_of(origin.client), origin.clock);
    if (right.present()) out.right_id(id_of(right.client), right.clock);
    const std::uint8_t* text = store.contents.bytes(it.content);
    if (!is_text(it))
      out.length(it.length);
    else if (it.length <= kShortText && std::size_t{it.content} + kShortText <= readable)
      out.short_string(text, it.length);
    else
      out.string({text, it.length}, it.length);
  }
  position = at;
  return more;
}

}  // namespace concord::crdt
