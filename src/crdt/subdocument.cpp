// Mentions of other documents: which there are, and what a transaction did to them.

#include "crdt/subdocument.h"

#include "crdt/any_codec.h"
#include "crdt/engine.h"
#include "crdt/handle_calls.h"

namespace concord::crdt {
namespace {

SubdocumentOptions read_options(ByteView content) {
  SubdocumentOptions options;
  WireReader in(content);
  ByteView guid;
  Any value;
  if (!in.var_bytes(guid) || !read_any(in, value)) return options;
  options.guid = std::string(as_text(guid));
  if (const Any* gc = value.find("gc")) options.gc = *gc == Any(true);
  if (const Any* load = value.find("autoLoad")) options.auto_load = *load == Any(true);
  if (const Any* meta = value.find("meta")) options.meta = *meta;
  options.should_load = options.auto_load;
  return options;
}

/// As on the wire: the guid, and of the options those that are not the default, in Yjs's order.
Bytes written(const SubdocumentOptions& options) {
  AnyObject members;
  if (!options.gc) members.push_back({"gc", Any(false)});
  if (options.auto_load) members.push_back({"autoLoad", Any(true)});
  if (!options.meta.is_null() && !options.meta.is_undefined()) members.push_back({"meta", options.meta});
  Bytes bytes;
  WireWriter out(bytes);
  out.var_bytes(as_bytes(options.guid));
  write_any(out, Any(std::move(members)));
  return bytes;
}

}  // namespace

// ---- which there are

void Mentions::add(Id id, ByteView content, ChangeRecord* record) {
  const bool load = read_options(content).auto_load;
  table_[{id.client, id.clock}] = load;
  if (record == nullptr) return;
  record->subdocuments_added.push_back(id);
  if (load) record->subdocuments_loaded.push_back(id);
}

void Mentions::remove(Id id, ChangeRecord* record) {
  table_.erase({id.client, id.clock});
  if (record != nullptr) record->subdocuments_removed.push_back(id);
}

void Mentions::load(Id id, ChangeRecord* record) {
  const auto found = table_.find({id.client, id.clock});
  if (found == table_.end() || found->second) return;
  found->second = true;
  if (record != nullptr) record->subdocuments_loaded.push_back(id);
}

// ---- local changes

Result<Id> Editor::list_insert_subdocument(TypeRef list, std::size_t index, const SubdocumentOptions& options) {
  const Bytes content = written(options);
  TRY_VOID(check_room(content.size(), 1));
  TRY(const ListGap gap, list_gap(list, index));
  const ItemRef item = create(list, kNone, gap.left, gap.right, {Kind::kDoc, content, 1, false, 0});
  const Id id = store.items[item].id();
  if (options.should_load) load_subdocument(id);
  return id;
}

Result<Id> Editor::map_set_subdocument(TypeRef map, std::string_view key, const SubdocumentOptions& options) {
  const Bytes content = written(options);
  TRY_VOID(check_room(content.size() + key.size(), 1));
  const std::uint32_t entry = store.entry(map, store.contents.names.intern(key));
  const ItemRef item = create(map, entry, store.entries[entry].tail, kNone, {Kind::kDoc, content, 1, false, 0});
  const Id id = store.items[item].id();
  if (options.should_load) load_subdocument(id);
  return id;
}

// ---- the handle

bool Subdocument::alive() const { return engine_ != nullptr && engine_->mentions.contains({client_, clock_}); }

SubdocumentOptions Subdocument::options() const {
  if (engine_ == nullptr) return {};
  const Store& store = engine_->store;
  const Item& item = store.items[store.find({client_, clock_})];
  if (item.kind() != Kind::kDoc) return {};
  SubdocumentOptions options = read_options(store.bytes_of(item));
  options.should_load = should_load();
  return options;
}

std::string Subdocument::guid() const { return options().guid; }
bool Subdocument::should_load() const { return engine_ != nullptr && engine_->mentions.wants({client_, clock_}); }

Result<> Subdocument::load() {
  if (engine_ == nullptr) return fail(Code::kInvalidArgument, "the handle stands for nothing");
  if (!engine_->in_transaction())
    return fail(Code::kInvalidArgument, "a subdocument can only be loaded inside a transaction");
  if (!alive()) return fail(Code::kInvalidArgument, "the subdocument was deleted");
  engine_->load_subdocument({client_, clock_});
  return {};
}

#define CONCORD_CRDT_MENTION(call)                                                              \
  if (engine_ == nullptr) return fail(Code::kInvalidArgument, "the handle stands for nothing"); \
  TRY_VOID(engine_->writable(*this));                                                           \
  TRY(const Id id, engine_->call);                                                              \
  return engine_->subdocument(id)

Result<Subdocument> Array::insert_subdocument(std::size_t index, const SubdocumentOptions& options) {
  CONCORD_CRDT_MENTION(list_insert_subdocument(type_, index, options));
}
Result<Subdocument> Map::set_subdocument(std::string_view key, const SubdocumentOptions& options) {
  CONCORD_CRDT_MENTION(map_set_subdocument(type_, key, options));
}

// ---- what is told of them

std::vector<Subdocument> Doc::subdocuments() const {
  std::vector<Subdocument> out;
  for (const auto& [id, loaded] : engine_->mentions.table()) out.push_back(engine_->subdocument({id.first, id.second}));
  return out;
}

std::vector<Subdocument> Transaction::subdocuments_added() const {
  std::vector<Subdocument> out;
  for (const Id id : state_.changes.subdocuments_added)
    if (!state_.deletes(id)) out.push_back(engine_.subdocument(id));
  return out;
}
std::vector<Subdocument> Transaction::subdocuments_removed() const {
  std::vector<Subdocument> out;
  for (const Id id : state_.changes.subdocuments_removed)
    if (id.clock < engine_.clock_before(state_, id.client)) out.push_back(engine_.subdocument(id));
  return out;
}
std::vector<Subdocument> Transaction::subdocuments_loaded() const {
  std::vector<Subdocument> out;
  out.reserve(state_.changes.subdocuments_loaded.size());
  for (const Id id : state_.changes.subdocuments_loaded) out.push_back(engine_.subdocument(id));
  return out;
}

}  // namespace concord::crdt
