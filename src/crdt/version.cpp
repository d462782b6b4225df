// Versions of a document: taking a snapshot, and reading as of one. Items are cut where a version ends in their middle,
// inside a transaction which merges them again, because that is what Yjs does and its merging shows in the bytes.

#include <algorithm>

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/engine.h"
#include "crdt/fields_v1.h"
#include "crdt/fields_v2.h"
#include "crdt/fields_v2_writer.h"
#include "crdt/snapshot.h"
#include "crdt/stored_value.h"
#include "crdt/update_reader.h"

namespace concord::crdt {
namespace {

/// A snapshot, with a document's own numbers for clients.
class Version {
 public:
  Version(const Store& store, const Snapshot& snapshot) : ranges_(snapshot.deleted), clients_(store.clients.size()) {
    for (const auto& [client, clock] : snapshot.state.entries())
      if (const auto number = store.find_client(client.value)) clients_[*number].seen = clock;
    for (std::size_t i = 0; i < ranges_.size();) {
      std::size_t end = i;
      while (end < ranges_.size() && ranges_[end].client == ranges_[i].client) ++end;
      if (const auto number = store.find_client(ranges_[i].client.value)) {
        clients_[*number].first = i;
        clients_[*number].last = end;
      }
      i = end;
    }
  }

  bool seen(const Item& item) const { return item.clock < clients_[item.client].seen; }
  bool visible(const Item& item) const { return seen(item) && !deleted(item); }

 private:
  struct Client {
    std::uint32_t seen = 0;
    std::size_t first = 0;  // its ranges
    std::size_t last = 0;
  };

  bool deleted(const Item& item) const {
    const Client& client = clients_[item.client];
    const auto begin = ranges_.begin() + static_cast<std::ptrdiff_t>(client.first);
    const auto end = ranges_.begin() + static_cast<std::ptrdiff_t>(client.last);
    const auto after = std::upper_bound(begin, end, item.clock,
                                        [](std::uint32_t clock, const auto& range) { return clock < range.clock; });
    return after != begin && item.clock - std::prev(after)->clock < std::prev(after)->length;
  }

  const std::vector<DeletedRange<ClientId>>& ranges_;
  std::vector<Client> clients_;
};

/// Collects the text of two versions into one delta, run by run.
class VersionDelta {
 public:
  VersionDelta(const Store& store, const VersionChanges& versions) : store_(store), describe_(versions.describe) {
    if (versions.shown != nullptr) shown_.emplace(store, *versions.shown);
    if (versions.previous != nullptr) previous_.emplace(store, *versions.previous);
  }

  bool shown(const Item& it) const { return shown_ ? shown_->visible(it) : !it.deleted(); }
  bool concerns(const Item& it) const { return shown(it) || (previous_ && previous_->visible(it)); }

  void text(const Item& it) {
    if (shown_ && !shown(it))
      change(ChangeKind::kRemoved, "removed", it);
    else if (previous_ && !previous_->visible(it))
      change(ChangeKind::kAdded, "added", it);
    else if (const auto at = find(kChange); at != attributes_.end()) {
      flush();
      attributes_.erase(at);
    }
    run_.append(as_text(store_.bytes_of(it)));
  }

  void embed(Any value) {
    flush();
    delta_.push_back(DeltaOp::insert_embed(std::move(value), attributes_));
  }

  void format(const Format& format) {
    flush();
    const std::string_view key = store_.contents.names.at(format.key);
    const std::string_view stored = store_.contents.values.at(format.value);
    if (stored == "null") {
      std::erase_if(attributes_, [key](const auto& attribute) { return attribute.first == key; });
      return;
    }
    set(key, read_stored_value(stored));
  }

  std::vector<DeltaOp> take() {
    flush();
    return std::move(delta_);
  }

 private:
  static constexpr std::string_view kChange = "ychange";

  Attributes::iterator find(std::string_view key) {
    return std::ranges::find(attributes_, key, &Attributes::value_type::first);
  }
  void set(std::string_view key, Any value) {
    if (const auto at = find(key); at != attributes_.end())
      at->second = std::move(value);
    else
      attributes_.emplace_back(key, std::move(value));
  }
  void flush() {
    if (!run_.empty()) delta_.push_back(DeltaOp::insert(std::move(run_), attributes_));
    run_.clear();
  }

  void change(ChangeKind kind, const char* type, const Item& it) {
    const std::uint64_t client = store_.clients[it.client].id;
    if (const auto at = find(kChange); at != attributes_.end()) {
      const Any* user = at->second.find("user");
      const Any* known = at->second.find("type");
      if (user != nullptr && *user == Any(static_cast<double>(client)) && known != nullptr && *known == Any(type))
        return;
    }
    flush();
    set(kChange, describe_ ? describe_(kind, ClientId{client}, it.clock) : Any(AnyObject{{"type", Any(type)}}));
  }

  const Store& store_;
  const DescribeChange& describe_;
  std::optional<Version> shown_;
  std::optional<Version> previous_;
  Attributes attributes_;
  std::string run_;
  std::vector<DeltaOp> delta_;
};

std::unexpected<Error> not_held(std::string_view what) {
  return std::unexpected<Error>(Error{Code::kInvalidArgument, std::string(what), {}}.with("field", "snapshot"));
}

}  // namespace

/// Reads a document as of versions.
class VersionReader {
 public:
  explicit VersionReader(Engine& engine) : engine_(engine), store_(engine.store) {}

  static Snapshot take(const Engine& engine);
  template <class Fields>
  static Result<bool> covers(const Store& store, UpdateReader<Fields> reader);
  Result<Bytes> update_of(const Snapshot& version);
  std::vector<DeltaOp> delta(TypeRef text, const VersionChanges& versions);
  std::vector<Value> values(TypeRef list, const Snapshot& snapshot);
  std::optional<Value> value(TypeRef map, std::string_view key, const Snapshot& snapshot);
  std::vector<std::pair<std::string, Value>> members(TypeRef map, const Snapshot& snapshot);
  std::vector<std::string> keys(TypeRef map, const Snapshot& snapshot);

 private:
  template <class Read>
  void with_cuts(std::initializer_list<const Snapshot*> versions, Read read);
  void cut_at(const Snapshot& version);
  void append_values(const Item& item, std::vector<Value>& out);
  void write_history(FieldWriterV2& out, ClientRef client, std::uint32_t end) const;

  Engine& engine_;
  Store& store_;
};

Snapshot VersionReader::take(const Engine& engine) {
  const Store& store = engine.store;
  Snapshot snapshot;
  snapshot.state = engine.state_vector();
  for (const auto& range : engine.deleted_ranges(store.clients_in_order()))
    snapshot.deleted.push_back({ClientId{store.clients[range.client].id}, range.clock, range.length});
  return snapshot;
}

void VersionReader::cut_at(const Snapshot& version) {
  const auto cut = [this](ClientId id, std::uint64_t clock) {
    const auto client = store_.find_client(id.value);
    if (client && clock < store_.clients[*client].state)
      engine_.item_starting_at({*client, static_cast<std::uint32_t>(clock)});
  };
  for (const auto& [client, clock] : version.state.entries()) cut(client, clock);
  for (const auto& range : version.deleted) {
    cut(range.client, range.clock);
    cut(range.client, std::uint64_t{range.clock} + range.length);
  }
}

/// Reads while items are cut at the versions' ends; they are merged again with the transaction that is running, or at
/// once.
template <class Read>
void VersionReader::with_cuts(std::initializer_list<const Snapshot*> versions, Read read) {
  const bool outermost = !engine_.active_;
  if (outermost) engine_.begin(true);
  engine_.forget_place();
  for (const Snapshot* version : versions)
    if (version != nullptr) cut_at(*version);
  read();
  Bytes none;
  if (outermost) engine_.commit_local(none);
}

std::vector<DeltaOp> VersionReader::delta(TypeRef text, const VersionChanges& versions) {
  if (versions.shown == nullptr && versions.previous == nullptr) return engine_.text_to_delta(text);
  std::vector<DeltaOp> out;
  with_cuts({versions.shown, versions.previous}, [&] {
    VersionDelta delta(store_, versions);
    for (ItemRef item = store_.types[text].start; item != kNone; item = store_.items[item].right) {
      const Item& it = store_.items[item];
      if (!delta.concerns(it)) continue;
      switch (it.kind()) {
        case Kind::kString:
          delta.text(it);
          break;
        case Kind::kEmbed:
        case Kind::kType:
          delta.embed(engine_.embed_of(it));
          break;
        case Kind::kFormat:
          if (delta.shown(it)) delta.format(store_.contents.format(it.content));
          break;
        default:
          break;
      }
    }
    out = delta.take();
  });
  return out;
}

/// All elements of a list's item.
void VersionReader::append_values(const Item& item, std::vector<Value>& out) {
  if (item.kind() != Kind::kAny && item.kind() != Kind::kJson) {
    out.push_back(engine_.value_of(item, 0));
    return;
  }
  WireReader in(store_.bytes_of(item));
  for (std::uint32_t i = 0; i < item.length; ++i) {
    Any value;
    ByteView text;
    if (item.kind() == Kind::kAny)
      read_any(in, value);
    else if (in.var_bytes(text))
      value = parse_json(as_text(text)).value_or(Any());
    out.emplace_back(std::move(value));
  }
}

std::vector<Value> VersionReader::values(TypeRef list, const Snapshot& snapshot) {
  const Version version(store_, snapshot);
  std::vector<Value> out;
  for (ItemRef item = store_.types[list].start; item != kNone; item = store_.items[item].right) {
    const Item& it = store_.items[item];
    if (it.countable() && version.visible(it)) append_values(it, out);
  }
  return out;
}

std::optional<Value> VersionReader::value(TypeRef map, std::string_view key, const Snapshot& snapshot) {
  const std::uint32_t name = store_.contents.names.find(key);
  const std::uint32_t entry = name != kNone ? store_.find_entry(map, name) : kNone;
  if (entry == kNone) return std::nullopt;
  const Version version(store_, snapshot);
  ItemRef item = store_.entries[entry].tail;
  while (item != kNone && !version.seen(store_.items[item])) item = store_.items[item].left;
  if (item == kNone || !version.visible(store_.items[item]) || !store_.items[item].countable()) return std::nullopt;
  return engine_.value_of(store_.items[item], store_.items[item].length - 1);
}

std::vector<std::pair<std::string, Value>> VersionReader::members(TypeRef map, const Snapshot& snapshot) {
  const Version version(store_, snapshot);
  std::vector<std::pair<std::string, Value>> members;
  for (std::uint32_t e = store_.types[map].first_entry; e != kNone; e = store_.entries[e].next) {
    ItemRef item = store_.entries[e].tail;
    while (item != kNone && !version.seen(store_.items[item])) item = store_.items[item].left;
    if (item == kNone || !version.visible(store_.items[item])) continue;
    const Item& it = store_.items[item];
    members.emplace_back(store_.contents.names.at(store_.entries[e].key), engine_.value_of(it, it.length - 1));
  }
  return members;
}

std::vector<std::string> VersionReader::keys(TypeRef map, const Snapshot& snapshot) {
  std::vector<std::string> keys;
  for (auto& [key, value] : members(map, snapshot)) keys.push_back(std::move(key));
  return keys;
}

/// All that was seen then, and the deletions of then, in V2.
Result<Bytes> VersionReader::update_of(const Snapshot& version) {
  if (engine_.options_.gc)
    return not_held("the document collects garbage, so that a version of it cannot be brought back");
  std::vector<std::pair<ClientRef, std::uint32_t>> wanted;
  for (const auto& [id, clock] : version.state.entries()) {
    if (clock == 0) continue;
    const auto client = store_.find_client(id.value);
    if (!client || clock > store_.clients[*client].state)
      return not_held("the document has not seen all of the snapshot");
    wanted.emplace_back(*client, clock);
  }
  Bytes update;
  FieldWriterV2 out(update);  // in which values are what they were; V1 says those of embeds and formats as JSON
  with_cuts({}, [&] {
    out.rest().uint(wanted.size());
    for (const auto& [client, clock] : wanted) {
      if (clock < store_.clients[client].state) engine_.item_starting_at({client, clock});
      write_history(out, client, clock);
    }
  });
  write_delete_set(out.rest(), version.deleted, [](ClientId client) { return client.value; }, true);
  return out.finish(std::move(update));
}

/// One section: the client's structs from its first to the one before clock `end`.
void VersionReader::write_history(FieldWriterV2& out, ClientRef client, std::uint32_t end) const {
  const ClockIndex& index = store_.clients[client].index;
  const ClockPosition last = index.find(store_.items.data(), end - 1);
  out.rest().uint(index.size() - index.count_from(last) + 1);
  out.client(store_.clients[client].id);
  out.rest().uint(0);
  for (ClockPosition at = index.begin();; index.next(at)) {
    engine_.write_item(out, store_.items[index.at(at)], 0);
    if (at == last) break;
  }
}

// ---- the outside

Snapshot Doc::snapshot() const { return VersionReader::take(*engine_); }
Result<Doc> Doc::at(const Snapshot& version, const DocOptions& options) {
  TRY(const Bytes update, VersionReader(*engine_).update_of(version));
  Doc doc(options);
  TRY_VOID(doc.apply_update(update, UpdateFormat::kV2));
  return doc;
}

template <class Fields>
Result<bool> VersionReader::covers(const Store& store, UpdateReader<Fields> reader) {
  RawStruct raw;
  bool covered = true;
  while (reader.next(raw)) {
    if (raw.kind == Kind::kSkip || !covered) continue;
    const auto client = store.find_client(raw.client);
    covered = client && raw.end() <= store.clients[*client].state;
  }
  std::vector<DeletedRange<ClientRef>> ranges;
  std::uint64_t id = 0;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  while (reader.ok() && reader.next_deleted(id, clock, length)) {
    if (length == 0 || !covered) continue;
    const auto client = store.find_client(id);
    covered = client && clock + length <= store.clients[*client].state;
    if (covered) ranges.push_back({*client, clock, length});
  }
  if (!reader.ok()) return fail(reader.error());
  if (!covered) return false;

  normalize(ranges, std::ranges::less{});  // so that no struct is looked at twice
  return std::ranges::all_of(ranges, [&store](const auto& range) {
    const ClockIndex& index = store.clients[range.client].index;
    ClockPosition at = index.find(store.items.data(), range.clock);
    do {
      const Item& it = store.items[index.at(at)];
      if (it.clock >= range.clock + range.length) break;
      if (!it.deleted()) return false;
    } while (index.next(at));
    return true;
  });
}

Result<bool> Doc::covers(ByteView update, UpdateFormat format) const {
  return format == UpdateFormat::kV1 ? VersionReader::covers(engine_->store, UpdateReader<FieldReaderV1>(update))
                                     : VersionReader::covers(engine_->store, UpdateReader<FieldReaderV2>(update));
}

std::vector<DeltaOp> Text::to_delta(const VersionChanges& versions) const {
  return alive() ? VersionReader(*engine_).delta(type_, versions) : std::vector<DeltaOp>();
}
std::vector<Value> Array::values(const Snapshot& version) const {
  return alive() ? VersionReader(*engine_).values(type_, version) : std::vector<Value>();
}
std::optional<Value> Map::get(std::string_view key, const Snapshot& version) const {
  return alive() ? VersionReader(*engine_).value(type_, key, version) : std::nullopt;
}
std::vector<Value> XmlFragment::children(const Snapshot& version) const {
  return alive() ? VersionReader(*engine_).values(type_, version) : std::vector<Value>();
}
std::optional<Value> XmlElement::attribute(std::string_view name, const Snapshot& version) const {
  return alive() ? VersionReader(*engine_).value(type_, name, version) : std::nullopt;
}
std::vector<std::pair<std::string, Value>> XmlElement::attributes(const Snapshot& version) const {
  return alive() ? VersionReader(*engine_).members(type_, version) : std::vector<std::pair<std::string, Value>>();
}
std::vector<std::string> Map::keys(const Snapshot& version) const {
  return alive() ? VersionReader(*engine_).keys(type_, version) : std::vector<std::string>();
}

}  // namespace concord::crdt
