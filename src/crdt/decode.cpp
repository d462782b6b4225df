// An update becomes drafts: items with their ids, origins and contents, which are in no list yet. Nothing the document
// shows changes here; where the update turns out malformed, everything taken for it is given back.

#include <algorithm>

#include "crdt/canonical.h"
#include "crdt/engine.h"
#include "crdt/stored_value.h"
#include "crdt/update_reader.h"

namespace concord::crdt {

/// Turns the structs of one update into drafts of one engine.
template <class Fields>
class Decoder {
 public:
  Decoder(Engine& engine, ByteView update, Drafts& drafts, std::uint64_t max_run_structs)
      : store_(engine.store), reader_(update, max_run_structs), drafts_(drafts) {}

  bool run() {
    RawStruct raw;
    PlainStruct plain;
    while (true) {
      if (reader_.next_plain(plain)) {
        if (!take_plain(plain)) return false;
      } else if (!reader_.ok() || !reader_.next(raw)) {
        break;
      } else if (!take(raw)) {
        return false;
      }
    }
    end_section();
    if (!reader_.ok()) return false;
    std::uint64_t client = 0;
    std::uint32_t clock = 0;
    std::uint32_t length = 0;
    while (reader_.next_deleted(client, clock, length)) {
      ClientRef number = 0;
      if (!client_number(client, number)) return false;
      if (length != 0) drafts_.deleted.push_back({number, clock, length});
    }
    return reader_.ok();
  }
  Error error() const { return reader_.error(); }

 private:
  bool client_number(std::uint64_t id, ClientRef& out) {
    if (id == last_id_) {
      out = last_number_;
      return true;
    }
    const auto number = store_.client(id);
    if (!number) return reader_.fail("the document would know more than 262143 clients");
    last_id_ = id;
    out = last_number_ = *number;
    return true;
  }

  void end_section() {
    if (drafts_.sections.empty()) return;
    DraftSection& section = drafts_.sections.back();
    section.count = static_cast<std::uint32_t>(drafts_.items.size()) - section.first;
  }

  bool begin_section(std::uint64_t client) {
    end_section();
    section_ = reader_.section();
    DraftSection section;
    if (!client_number(client, section.client)) return false;
    section.first = static_cast<std::uint32_t>(drafts_.items.size());
    if (drafts_.sections.size() <= kFewSections) {
      for (const DraftSection& other : drafts_.sections)
        if (other.client == section.client) return reader_.fail("a client is listed twice");
    } else {
      if (seen_.size() == 0)
        for (const DraftSection& other : drafts_.sections) seen_.set(other.client, 1);
      if (seen_.find(section.client) != IdTable::kAbsent) return reader_.fail("a client is listed twice");
      seen_.set(section.client, 1);
    }
    if (drafts_.sections.empty()) store_.contents.reserve_bytes(reader_.contents_left());
    drafts_.sections.push_back(section);
    client_ = section.client;
    state_ = store_.clients[client_].state;
    last_differs_ = 1;
    if (const std::size_t count = reader_.structs_left() + 1; count > kFewStructs) {
      store_.items.reserve_more(count);
      drafts_.items.reserve(drafts_.items.size() + count);
    }
    return true;
  }

  bool id_number(const RawId& raw, Id& out) {
    out.clock = raw.clock;
    return client_number(raw.client, out.client);
  }

  bool take(const RawStruct& raw) {
    if (section_ != reader_.section() && !begin_section(raw.client)) return false;
    if (raw.end() <= state_) {
      note_known(raw);
      return true;
    }
    if (!store_.contents.fits(raw.payload.size())) return reader_.fail("the document would hold more than 3.75 GB");
    Id origin;
    Id right_origin;
    if (raw.has_origin && !id_number(raw.origin, origin)) return false;
    if (raw.has_right_origin && !id_number(raw.right_origin, right_origin)) return false;
    std::uint32_t parent = 0;
    if (raw.has_parent() && !take_parent(raw, parent)) return false;

    const ItemRef item = store_.new_item();
    Item& it = store_.items[item];
    it = Item{};
    it.client = client_ & kNoClient;
    it.clock = raw.clock;
    it.length = raw.length;
    it.set_kind(raw.kind);
    it.set_origin(origin);
    it.set_right_origin(right_origin);
    it.left = it.right = kNone;
    it.home = parent;
    if (raw.kind == Kind::kGc) it.set(kFlagDeleted);
    take_content(raw, item);
    drafts_.items.push_back(item);
    last_differs_ = (store_.items[item].kind_bits ^ kText) | (store_.items[item].flags & kFlagWide);
    return true;
  }

  /// The same for a plain struct, of a section that has begun.
  [[gnu::always_inline]] bool take_plain(const PlainStruct& plain) {
    if (plain.end() <= state_) [[unlikely]] {
      if (cuts_may_show()) note_known(raw_of(plain));
      return true;
    }
    const bool text = plain.kind == Kind::kString;
    const std::uint32_t bytes = plain.length * (text ? 1U : 0U);
    if (!store_.contents.fits(bytes)) return reader_.fail("the document would hold more than 3.75 GB");
    if (may_continue_last(plain) && continues_last(plain)) {
      typing_ = std::min(typing_ + 1, kMostTyping);
      if (typing_ > kMostTyping / 2) {
        continue_last(plain);
        return true;
      }
    } else {
      typing_ = std::max(typing_ - (text ? 4 : 0), 0);
    }
    ClientRef origin = client_;
    ClientRef right = kNoClient;
    if (!client_number(plain.origin_client, origin)) return false;
    if (plain.has_right_origin && !client_number(plain.right_client, right)) return false;
    const std::uint32_t content = store_.contents.append_padded(plain.text, bytes);
    const ItemRef item = store_.new_item();
    store_.items[item] = Item{.client = client_ & kNoClient,
                              .origin_client = origin & kNoClient,
                              .right_origin_client = right & kNoClient,
                              .kind_bits = static_cast<std::uint64_t>(plain.kind) & 15U,
                              .flags = 0,
                              .clock = plain.clock,
                              .length = plain.length,
                              .origin_clock = plain.origin_clock,
                              .right_origin_clock = plain.has_right_origin ? plain.right_clock : 0,
                              .left = kNone,
                              .right = kNone,
                              .home = 0,
                              .content = text ? content : 0};
    drafts_.items.push_back(item);
    last_differs_ = static_cast<unsigned>(plain.kind) ^ kText;
    return true;
  }

  static RawStruct raw_of(const PlainStruct& plain) {
    RawStruct raw;
    raw.has_origin = true;
    raw.origin = {plain.origin_client, plain.origin_clock};
    raw.has_right_origin = plain.has_right_origin;
    raw.right_origin = {plain.right_client, plain.right_clock};
    return raw;
  }

  /// False where it is certainly not text that is more of the text before it, which ends where it begins. Each
  /// condition by itself is hard to foretell, that nothing differs is rare, but in what is typed.
  bool may_continue_last(const PlainStruct& plain) const {
    return ((static_cast<unsigned>(plain.kind) ^ kText) | last_differs_ | (plain.origin_clock + 1U - plain.clock)) == 0;
  }
  bool continues_last(const PlainStruct& plain) const {
    const Item& last = store_.items[drafts_.items.back()];
    if (plain.origin_client != store_.clients[last.client].id ||
        last.content + last.length != store_.contents.arena_size())
      return false;
    const Id right = last.right_origin();
    if (!right.present()) return !plain.has_right_origin;
    return plain.has_right_origin && right.clock == plain.right_clock &&
           store_.clients[right.client].id == plain.right_client;
  }

  void continue_last(const PlainStruct& plain) {
    Item& last = store_.items[drafts_.items.back()];
    store_.contents.append_padded(plain.text, plain.length);
    last.length += plain.length;
    if (last.left == kNone) {
      last.left = static_cast<std::uint32_t>(drafts_.joints.size());
      last.right = 0;
    }
    ++last.right;
    drafts_.joints.push_back(plain.clock);
  }

  /// Yjs cuts items at the origins of what it knows already, too. Its transaction ends with joining them again, so the
  /// cut shows only where a surrogate pair was cut and in items that have been redone, which are never joined.
  void note_known(const RawStruct& raw) {
    if (!cuts_may_show()) return;
    const auto note = [this](const RawId& raw_id, bool ends) {
      const auto client = store_.find_client(raw_id.client);
      if (!client || raw_id.clock >= store_.clients[*client].state) return;
      const Id id{*client, raw_id.clock};
      const Item& it = store_.items[store_.find(id)];
      const bool wide = it.kind() == Kind::kString && it.has(kFlagWide);
      if (wide || it.has(kFlagRedone)) drafts_.cuts.push_back({id, ends});
    };
    if (raw.has_origin) note(raw.origin, true);
    if (raw.has_right_origin) note(raw.right_origin, false);
  }

  bool cuts_may_show() const { return store_.contents.has_spans() || !store_.redone.empty(); }

  bool take_parent(const RawStruct& raw, std::uint32_t& out) {
    DraftParent parent;
    if (raw.parent_is_root)
      parent.root = store_.contents.names.intern(as_text(raw.root_name));
    else if (!id_number(raw.parent, parent.id))
      return false;
    if (raw.has_key) parent.key = store_.contents.names.intern(as_text(raw.key));
    drafts_.parents.push_back(parent);
    out = static_cast<std::uint32_t>(drafts_.parents.size());
    return true;
  }

  std::uint32_t span(ByteView bytes) {
    const std::uint32_t offset = store_.contents.append(bytes);
    return store_.contents.new_span({offset, static_cast<std::uint32_t>(bytes.size())});
  }

  void take_content(const RawStruct& raw, ItemRef item) {
    Contents& contents = store_.contents;
    std::uint32_t content = 0;
    switch (raw.kind) {
      case Kind::kString:
        if (raw.ascii) {
          content = contents.append(raw.payload);
        } else {
          content = span(raw.payload);
          store_.items[item].set(kFlagWide);
        }
        break;
      case Kind::kBinary:
        content = span(raw.payload);
        break;
      case Kind::kAny:
        content = span(raw.canonical ? ByteView(raw.payload) : ByteView(canonical_values(raw.payload)));
        break;
      case Kind::kJson:
        content = span(canonical_json_elements(raw.payload));
        break;
      case Kind::kEmbed: {
        if (raw.json_value && raw.canonical)
          content = span(raw.payload);
        else
          content = span(as_bytes(stored(raw)));
        break;
      }
      case Kind::kDoc: {
        Bytes bytes;
        WireWriter writer(bytes);
        writer.var_bytes(raw.name);
        writer.bytes(canonical_document_options(raw.payload));
        content = span(bytes);
        break;
      }
      case Kind::kFormat:
        content = take_format(raw);
        break;
      case Kind::kType: {
        const auto kind = static_cast<TypeKind>(raw.type_kind);
        const bool named = kind == TypeKind::kXmlElement || kind == TypeKind::kXmlHook;
        content = store_.new_type(kind, kNone, named ? contents.names.intern(as_text(raw.name)) : kNone);
        break;
      }
      default:
        break;
    }
    store_.items[item].content = content;
  }

  std::uint32_t take_format(const RawStruct& raw) {
    Contents& contents = store_.contents;
    const std::uint32_t key = contents.names.intern(as_text(raw.name));
    if (!raw.json_value || !raw.canonical) return contents.intern_format(key, contents.new_value(stored(raw)));
    const std::string_view text = as_text(raw.payload);
    std::uint32_t value = contents.values.find(text);
    if (value == kNone) value = contents.new_value(text);
    return contents.intern_format(key, value);
  }

  /// The value of an embed or a format as the store keeps it.
  static std::string stored(const RawStruct& raw) {
    return raw.json_value ? stored_value_of_json(as_text(raw.payload)) : stored_value_of_any(raw.payload);
  }

  static constexpr auto kText = static_cast<unsigned>(Kind::kString);
  static constexpr std::size_t kFewSections = 8;
  static constexpr std::size_t kFewStructs = 32;
  static constexpr int kMostTyping = 32;
  // How much of what came last continued what was before it. What a document encodes has long been merged, and where
  // two texts of it could still be one, something else will come between them: only what is typed is worth it.
  int typing_ = 0;
  Store& store_;
  UpdateReader<Fields> reader_;
  Drafts& drafts_;
  std::uint64_t section_ = 0;
  ClientRef client_ = kNoClient;    // of the section
  std::uint32_t state_ = 0;         // how far the client is known
  std::uint64_t last_differs_ = 1;  // 0 where the section's last draft is ASCII text
  std::uint64_t last_id_ = ~std::uint64_t{0};
  ClientRef last_number_ = 0;
  IdTable seen_;
};

void Engine::discard(ItemRef draft) {
  if (store.items[draft].kind() == Kind::kType)
    store.free_type(store.items[draft].content);
  else
    store.free_content(draft);
  store.free_item(draft);
}

Result<> Engine::decode(ByteView update, UpdateFormat format, Drafts& drafts, std::uint64_t max_run_structs) {
  drafts.items.clear();
  drafts.sections.clear();
  drafts.parents.clear();
  drafts.joints.clear();
  drafts.deleted.clear();
  drafts.cuts.clear();
  const std::size_t clients = store.clients.size();
  const std::size_t names = store.contents.names.size();
  const std::size_t values = store.contents.values.size();
  const std::size_t formats = store.contents.formats();
  const std::uint32_t arena = store.contents.arena_size();
  const auto run = [&](auto decoder) -> Result<> {
    if (decoder.run()) return {};
    return fail(decoder.error());
  };
  auto done = format == UpdateFormat::kV1 ? run(Decoder<FieldReaderV1>(*this, update, drafts, max_run_structs))
                                          : run(Decoder<FieldReaderV2>(*this, update, drafts, max_run_structs));
  if (done) return done;
  for (const ItemRef item : drafts.items) {
    if (store.items[item].kind() != Kind::kType) store.contents.undrop(store.span_of(store.items[item]).bytes);
    discard(item);
  }
  store.contents.undo_append(arena);
  store.contents.truncate_formats(formats);
  store.contents.values.truncate(values);
  store.contents.names.truncate(names);
  store.truncate_clients(clients);
  return done;
}

}  // namespace concord::crdt
