// What an update would touch. Neither the document nor the update is changed, and no struct is made: what a struct
// touches is told by what it names outside of its update, since whatever it names inside is touched itself. Then the
// integration is played through on the clients' clocks alone, to see whether any of it would wait.

#include "crdt/touched.h"

#include <algorithm>
#include <map>

#include "crdt/doc.h"
#include "crdt/engine.h"
#include "crdt/update_reader.h"

namespace concord::crdt {

namespace {

/// A clock that has to be there first.
struct Needed {
  std::uint64_t client = 0;
  std::uint32_t clock = 0;
};

struct NewStruct {
  std::uint32_t clock = 0;
  std::uint32_t end = 0;
  std::uint32_t first_needed = 0;  // number of its first in the list of all,
  std::uint32_t needed = 0;        // and how many there are
};

/// One client's new structs, in the order of their clocks.
struct Section {
  std::uint64_t client = 0;
  std::uint32_t state = 0;  // as far as has been played
  std::vector<NewStruct> structs;
  std::size_t next = 0;
};

}  // namespace

class TouchedReader {
 public:
  explicit TouchedReader(const Store& store) : store_(store) {}

  template <class Fields>
  Result<Touched> read(UpdateReader<Fields> reader) {
    RawStruct raw;
    std::uint64_t number = 0;
    while (reader.next(raw)) {
      if (number != reader.section()) begin_section(raw.client);
      number = reader.section();
      take(raw);
    }
    end_section();
    if (reader.ok() && listed_twice()) reader.fail("a client is listed twice");
    if (!reader.ok()) return fail(reader.error());
    play();
    std::vector<DeletedRange<std::uint64_t>> ranges;
    DeletedRange<std::uint64_t> range{};
    while (reader.next_deleted(range.client, range.clock, range.length))
      if (range.length > 0) ranges.push_back(range);
    if (!reader.ok()) return fail(reader.error());
    normalize(ranges, std::ranges::less{});  // so that no struct is looked at twice
    for (const auto& one : ranges) take_deleted(one);
    return finish();
  }

  std::optional<std::string_view> root_of(const Item& item) {
    if (item.is_gc()) return std::nullopt;
    return store_.contents.names.at(store_.types[root_of_type(store_.parent_of(item))].name);
  }

 private:
  std::uint32_t state(std::uint64_t client) const {
    const auto number = store_.find_client(client);
    return number ? store_.clients[*number].state : 0;
  }
  const Item* find(std::uint64_t client, std::uint32_t clock) const {
    const auto number = store_.find_client(client);
    if (!number || clock >= store_.clients[*number].state) return nullptr;
    return &store_.items[store_.find({*number, clock})];
  }

  /// Types within types may be many: each is asked for its holder once.
  TypeRef root_of_type(TypeRef type) {
    path_.clear();
    TypeRef root = type;
    while (store_.types[root].item != kNone) {
      if (const std::uint32_t known = roots_of_types_.find(root); known != IdTable::kAbsent) {
        root = known;
        break;
      }
      path_.push_back(root);
      root = store_.parent_of(store_.items[store_.types[root].item]);
    }
    for (const TypeRef passed : path_) roots_of_types_.set(passed, root);
    return root;
  }

  void touch(const Item& item) {
    if (!item.is_gc()) touched_types_.push_back(root_of_type(store_.parent_of(item)));
  }

  void begin_section(std::uint64_t client) {
    end_section();
    open_ = Section{client, state(client), {}, 0};
    listed_.push_back(client);
  }
  void end_section() {
    if (open_ && !open_->structs.empty()) {
      touched_.clients.emplace_back(open_->client);
      if (open_->state > 0) touched_.continued.emplace_back(open_->client);
      sections_.emplace(open_->client, std::move(*open_));
    }
    open_.reset();
  }
  bool listed_twice() {
    std::ranges::sort(listed_);
    return std::ranges::adjacent_find(listed_) != listed_.end();
  }

  void take(const RawStruct& raw) {
    if (raw.kind == Kind::kSkip || raw.end() <= open_->state) return;
    const auto first = static_cast<std::uint32_t>(needed_.size());
    // Of what is known in part, the rest comes behind the known, wherever that is.
    if (raw.clock < open_->state) touch(*find(raw.client, open_->state - 1));
    if (raw.has_origin) name(raw.origin);
    if (raw.has_right_origin) name(raw.right_origin);
    if (raw.has_parent()) {
      if (!raw.parent_is_root)
        name(raw.parent);
      else if (names_.empty() || names_.back() != as_text(raw.root_name))
        names_.emplace_back(as_text(raw.root_name));
    }
    open_->structs.push_back({raw.clock, raw.end(), first, static_cast<std::uint32_t>(needed_.size()) - first});
  }

  void name(const RawId& id) {
    if (const Item* item = find(id.client, id.clock))
      touch(*item);
    else
      needed_.push_back({id.client, id.clock});
  }

  /// Each section goes on until it needs what has not been played; whoever plays that wakes it.
  void play() {
    std::vector<Section*> ready;
    ready.reserve(sections_.size());
    for (auto& [client, section] : sections_) ready.push_back(&section);
    std::multimap<std::pair<std::uint64_t, std::uint32_t>, Section*> waiting;
    while (!ready.empty()) {
      Section& section = *ready.back();
      ready.pop_back();
      for (; section.next < section.structs.size(); ++section.next) {
        const NewStruct& next = section.structs[section.next];
        if (next.clock > section.state) break;  // a gap
        const auto* begin = needed_.data() + next.first_needed;
        const auto* missing = std::find_if(begin, begin + next.needed, [this](const Needed& one) { return !has(one); });
        if (missing != begin + next.needed) {
          waiting.emplace(std::pair(missing->client, missing->clock), &section);
          break;
        }
        section.state = next.end;
      }
      const auto first = waiting.lower_bound({section.client, 0});
      const auto last = waiting.lower_bound({section.client, section.state});
      for (auto woken = first; woken != last; ++woken) ready.push_back(woken->second);
      waiting.erase(first, last);
    }
    touched_.unknown =
        std::ranges::any_of(sections_, [](const auto& one) { return one.second.next < one.second.structs.size(); });
  }

  bool has(const Needed& needed) const {
    const auto found = sections_.find(needed.client);
    return found != sections_.end() && needed.clock < found->second.state;
  }

  void take_deleted(const DeletedRange<std::uint64_t>& range) {
    const std::uint32_t end = range.clock + range.length;
    const std::uint32_t known = state(range.client);
    if (end > known && !has({range.client, end - 1})) touched_.unknown = true;
    if (range.clock >= known) return;
    const ClockIndex& index = store_.clients[*store_.find_client(range.client)].index;
    ClockPosition at = index.find(store_.items.data(), range.clock);
    do {
      const Item& item = store_.items[index.at(at)];
      if (item.clock >= end) break;
      if (!item.deleted()) touch(item);
    } while (index.next(at));
  }

  Touched finish() {
    std::ranges::sort(touched_types_);
    const auto repeated = std::ranges::unique(touched_types_);
    touched_types_.erase(repeated.begin(), repeated.end());
    for (const TypeRef root : touched_types_) names_.emplace_back(store_.contents.names.at(store_.types[root].name));
    std::ranges::sort(names_);
    const auto twice = std::ranges::unique(names_);
    names_.erase(twice.begin(), twice.end());
    touched_.roots = std::move(names_);
    std::ranges::sort(touched_.clients);
    std::ranges::sort(touched_.continued);
    return std::move(touched_);
  }

  const Store& store_;
  IdTable roots_of_types_;
  std::vector<TypeRef> path_;
  std::vector<TypeRef> touched_types_;
  std::vector<std::string> names_;  // of roots that the update names
  std::vector<std::uint64_t> listed_;
  std::optional<Section> open_;
  std::map<std::uint64_t, Section> sections_;
  std::vector<Needed> needed_;
  Touched touched_;
};

Result<Touched> Doc::touches(ByteView update, UpdateFormat format) const {
  TouchedReader reader(engine_->store);
  return format == UpdateFormat::kV1 ? reader.read(UpdateReader<FieldReaderV1>(update))
                                     : reader.read(UpdateReader<FieldReaderV2>(update));
}

std::optional<std::string> Doc::root_last_written(ClientId client) const {
  const Store& store = engine_->store;
  const auto number = store.find_client(client.value);
  if (!number || store.clients[*number].state == 0) return std::nullopt;
  const auto root = TouchedReader(store).root_of(store.items[store.clients[*number].index.last()]);
  return root ? std::optional<std::string>(*root) : std::nullopt;
}

}  // namespace concord::crdt
