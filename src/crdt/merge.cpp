// Updates without a document: the structs of several updates in one order, each once, and gaps told as skips. The rules
// are those of Yjs's updates.js, since the bytes must be the same; the order of sources is kept in a heap, so that
// merging is n log n where Yjs sorts anew for each struct.

#include <algorithm>
#include <memory>
#include <utility>

#include "crdt/delete_set.h"
#include "crdt/script_sort.h"
#include "crdt/struct_writer.h"
#include "crdt/update.h"
#include "crdt/update_merger.h"
#include "crdt/update_reader.h"

namespace concord::crdt {
namespace {

/// More updates than this are taken in their own order where they compete.
constexpr std::size_t kMaxCompeting = kMaxScriptSort;

template <class Reader>
void read_deleted(UpdateReader<Reader>& reader, IdRanges& ranges) {
  DeletedRange<std::uint64_t> range{};
  while (reader.next_deleted(range.client, range.clock, range.length)) ranges.push_back(range);
}

/// Highest client first, each client's ranges as they came. Where V2 cannot say them so, as the same set in order.
void group_by_client(IdRanges& ranges, UpdateFormat format) {
  std::vector<std::size_t> order(ranges.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return ranges[a].client != ranges[b].client ? ranges[a].client > ranges[b].client : a < b;
  });
  IdRanges grouped;
  grouped.reserve(ranges.size());
  for (const std::size_t i : order) grouped.push_back(ranges[i]);
  ranges.swap(grouped);
  if (format == UpdateFormat::kV1) return;
  const auto in_order = [](const auto& a, const auto& b) {
    return a.client != b.client || a.clock + a.length <= b.clock;
  };
  std::erase_if(ranges, [](const auto& range) { return range.length == 0; });
  for (std::size_t i = 1; i < ranges.size(); ++i)
    if (!in_order(ranges[i - 1], ranges[i])) return normalize(ranges, std::ranges::greater{});
}

/// Takes the delete set over, and puts the update together.
template <class Reader, class Writer>
Result<Bytes> finish(UpdateReader<Reader>& reader, StructWriter<Writer>& writer) {
  IdRanges deleted;
  if (reader.ok()) read_deleted(reader, deleted);
  if (!reader.ok()) return fail(reader.error());
  group_by_client(deleted, Writer::kFormat);
  return writer.finish(deleted);
}

/// Takes the sources in the order of their current structs. Most updates are small: at first only where each begins is
/// noted, and a source is open from when its turn comes until it is used up, so that merging many costs little memory.
template <class Reader, class Writer>
class OrderedMerger : public UpdateMerger<Reader, Writer> {
 public:
  OrderedMerger(std::span<const ByteView> updates, std::uint64_t max_run_structs)
      : updates_(updates), max_run_structs_(max_run_structs) {
    waiting_.reserve(updates.size());
    for (std::size_t i = 0; i < updates.size(); ++i) {
      Source<Reader> source(updates[i], max_run_structs);
      if (source.has)
        waiting_.push_back(entry_of(source, static_cast<std::int64_t>(i), i));
      else
        this->close(source, i);
    }
    const auto sooner = [](const Entry& a, const Entry& b) { return later(b, a); };
    if (!std::ranges::is_sorted(waiting_, sooner)) std::ranges::sort(waiting_, sooner);
  }

  /// False as soon as sources compete that would come in another order in Yjs: then CompetingMerger is to do it.
  bool run() {
    const bool yields = updates_.size() <= kMaxCompeting;
    for (std::size_t next = 0; next < waiting_.size() || !heap_.empty();) {
      if (!heap_.empty() && (next == waiting_.size() || !later(heap_.front(), waiting_[next]))) {
        std::ranges::pop_heap(heap_, later);
        Entry entry = std::move(heap_.back());
        heap_.pop_back();
        if (yields && competes(entry, next)) return false;
        advance(*entry.open, entry.update, &entry.open);
      } else {
        const Entry& entry = waiting_[next++];
        if (yields && competes(entry, next)) return false;
        if constexpr (Reader::kOneStream) {
          Source<Reader> source(updates_[entry.update], max_run_structs_);
          advance(source, entry.update, nullptr);
        } else {
          auto source = std::make_unique<Source<Reader>>(updates_[entry.update], max_run_structs_);
          advance(*source, entry.update, &source);
        }
      }
    }
    this->write_last();
    return true;
  }

 private:
  struct Entry {
    std::uint64_t client;
    std::uint32_t clock;
    bool gc;
    std::int64_t order;
    std::size_t update;
    std::unique_ptr<Source<Reader>> open;  // where some of it has been taken
  };
  static Entry entry_of(const Source<Reader>& source, std::int64_t order, std::size_t update) {
    const RawStruct& current = source.current;
    return {current.client, current.clock, current.kind == Kind::kGc, order, update, nullptr};
  }

  /// Takes from the source, and puts it back if there is more. `open` owns it, unless it was opened just now.
  void advance(Source<Reader>& source, std::size_t update, std::unique_ptr<Source<Reader>>* open) {
    this->step(source);
    if (!source.has) {
      this->close(source, update);
      // What was read last may be in the reader, and is not written yet.
      if (!Reader::kOneStream && open != nullptr) used_up_.push_back(std::move(*open));
      return;
    }
    auto kept = open != nullptr ? std::move(*open) : std::make_unique<Source<Reader>>(std::move(source));
    // Before its equals, as a stable sort leaves it.
    heap_.push_back(entry_of(*kept, --returned_, update));
    heap_.back().open = std::move(kept);
    std::ranges::push_heap(heap_, later);
  }

  static bool later(const Entry& a, const Entry& b) {
    if (a.client != b.client) return a.client < b.client;
    if (a.clock != b.clock) return a.clock > b.clock;
    return a.order > b.order;
  }

  /// Whether another source is at the same clock, and one of the two has there as GC what the other has as an item.
  /// Those at one clock follow each other, so the next one tells.
  bool competes(const Entry& entry, std::size_t next) const {
    const auto unlike = [&entry](const Entry& other) {
      return other.client == entry.client && other.clock == entry.clock && other.gc != entry.gc;
    };
    return (next < waiting_.size() && unlike(waiting_[next])) || (!heap_.empty() && unlike(heap_.front()));
  }

  std::span<const ByteView> updates_;
  std::vector<Entry> waiting_;  // not begun, in their order
  std::vector<Entry> heap_;     // begun
  std::vector<std::unique_ptr<Source<Reader>>> used_up_;
  std::uint64_t max_run_structs_;
  std::int64_t returned_ = 0;
};

/// The same for few updates, in the very order in which Yjs takes them where a GC and an item compete: Yjs sorts all
/// sources anew for each turn and says of both that they come before the other, so that the order follows from which
/// two are compared. That is known (script_sort.h). A turn costs as much as there are updates.
template <class Reader, class Writer>
class CompetingMerger : public UpdateMerger<Reader, Writer> {
 public:
  CompetingMerger(std::span<const ByteView> updates, std::uint64_t max_run_structs) {
    for (std::size_t i = 0; i < updates.size(); ++i) {
      all_.push_back(std::make_unique<Source<Reader>>(updates[i], max_run_structs));
      if (all_.back()->has)
        turns_.push_back({all_.back().get(), i});
      else
        this->close(*all_.back(), i);
    }
  }

  void run() {
    while (!turns_.empty()) {
      script_sort(turns_, [](const Turn& a, const Turn& b) { return precedes(a.source->current, b.source->current); });
      const Turn& first = turns_.front();
      this->step(*first.source);
      if (first.source->has) continue;
      this->close(*first.source, first.update);
      turns_.erase(turns_.begin());
    }
    this->write_last();
  }

 private:
  struct Turn {
    Source<Reader>* source;
    std::size_t update;
  };

  static bool precedes(const RawStruct& a, const RawStruct& b) {
    if (a.client != b.client) return a.client > b.client;
    if (a.clock != b.clock) return a.clock < b.clock;
    return (a.kind == Kind::kGc) != (b.kind == Kind::kGc);
  }

  std::vector<std::unique_ptr<Source<Reader>>> all_;  // to the end: what was read last may be in the reader
  std::vector<Turn> turns_;                           // those that are not used up
};

/// Without the structs before `since`.
template <class Reader, class Writer>
Result<Bytes> diff(ByteView update, const StateVector& since, std::uint64_t max_run_structs) {
  UpdateReader<Reader> reader(update, max_run_structs);
  StructWriter<Writer> writer;
  RawStruct raw;
  bool has = reader.next(raw);
  while (has) {
    if (raw.kind == Kind::kSkip) {  // a section does not begin with a skip
      has = reader.next(raw);
      continue;
    }
    const std::uint64_t client = raw.client;
    const std::uint32_t known = since.clock(ClientId{client});
    if (raw.end() > known) {
      std::uint32_t offset = known > raw.clock ? known - raw.clock : 0;
      do {
        writer.write({raw, offset});
        offset = 0;
        has = reader.next(raw);
      } while (has && raw.client == client);
    } else {
      while (has && raw.client == client && raw.end() <= known) has = reader.next(raw);
    }
  }
  return finish(reader, writer);
}

/// The same structs in another format.
template <class Reader, class Writer>
Result<Bytes> convert(ByteView update, std::uint64_t max_run_structs) {
  UpdateReader<Reader> reader(update, max_run_structs);
  StructWriter<Writer> writer;
  RawStruct raw;
  std::uint64_t section = 0;
  std::uint64_t client = 0;
  while (reader.next(raw)) {
    if (section != 0 && section != reader.section() && client == raw.client) {  // they would become one section
      reader.fail("a client is listed twice");
      break;
    }
    section = reader.section();
    client = raw.client;
    writer.write({raw, 0});
  }
  return finish(reader, writer);
}

}  // namespace

Result<Bytes> merge_updates(std::span<const ByteView> updates, UpdateFormat format, std::uint64_t max_run_structs) {
  if (updates.size() == 1) {
    TRY_VOID(check_update(updates[0], format, max_run_structs));
    return to_bytes(updates[0]);
  }
  const auto merge = [&]<class Reader, class Writer>() -> Result<Bytes> {
    OrderedMerger<Reader, Writer> merger(updates, max_run_structs);
    if (merger.run()) return merger.finish();
    CompetingMerger<Reader, Writer> competing(updates, max_run_structs);
    competing.run();
    return competing.finish();
  };
  if (format == UpdateFormat::kV1) return merge.template operator()<FieldReaderV1, FieldWriterV1>();
  return merge.template operator()<FieldReaderV2, FieldWriterV2>();
}

Result<Bytes> diff_update(ByteView update, const StateVector& since, UpdateFormat format,
                          std::uint64_t max_run_structs) {
  if (format == UpdateFormat::kV1) return diff<FieldReaderV1, FieldWriterV1>(update, since, max_run_structs);
  return diff<FieldReaderV2, FieldWriterV2>(update, since, max_run_structs);
}

Result<Bytes> convert_update(ByteView update, UpdateFormat from, UpdateFormat to, std::uint64_t max_run_structs) {
  if (from == UpdateFormat::kV1) {
    if (to == UpdateFormat::kV1) return convert<FieldReaderV1, FieldWriterV1>(update, max_run_structs);
    return convert<FieldReaderV1, FieldWriterV2>(update, max_run_structs);
  }
  if (to == UpdateFormat::kV1) return convert<FieldReaderV2, FieldWriterV1>(update, max_run_structs);
  return convert<FieldReaderV2, FieldWriterV2>(update, max_run_structs);
}

}  // namespace concord::crdt
