// Updates without a document: the structs of several updates in one order, each once, and gaps told as skips. The rules
// are those of Yjs's updates.js, since the bytes must be the same; the order of sources is kept in a heap, so that
// merging is n log n where Yjs sorts anew for each struct.

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "crdt/delete_set.h"
#include "crdt/struct_writer.h"
#include "crdt/update.h"
#include "crdt/update_reader.h"

namespace concord::crdt {
namespace {

template <class Reader>
void read_deleted(UpdateReader<Reader>& reader, IdRanges& ranges) {
  DeletedRange<std::uint64_t> range{};
  while (reader.next_deleted(range.client, range.clock, range.length)) ranges.push_back(range);
}

/// The same for ranges that will be normalized: people delete one character after the other, to the left or the right.
template <class Reader>
void join_deleted(UpdateReader<Reader>& reader, IdRanges& ranges) {
  DeletedRange<std::uint64_t> range{};
  while (reader.next_deleted(range.client, range.clock, range.length)) {
    const bool any = !ranges.empty() && ranges.back().client == range.client;
    if (any && ranges.back().clock + ranges.back().length == range.clock) {
      ranges.back().length += range.length;
    } else if (any && range.clock + range.length == ranges.back().clock) {
      ranges.back().clock = range.clock;
      ranges.back().length += range.length;
    } else {
      ranges.push_back(range);
    }
  }
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

/// One of the updates that are merged, at its current struct. Skips are passed over.
template <class Reader>
struct Source {
  Source(ByteView update, std::uint64_t max_run_structs) : reader(update, max_run_structs) { next(); }
  void next() {
    do has = reader.next(current);
    while (has && current.kind == Kind::kSkip);
  }
  UpdateReader<Reader> reader;
  RawStruct current;
  bool has = false;
};

/// Takes the sources in the order of their current structs. Most updates are small: at first only where each begins is
/// noted, and a source is open from when its turn comes until it is used up, so that merging many costs little memory.
template <class Reader, class Writer>
class Merger {
 public:
  Merger(std::span<const ByteView> updates, std::uint64_t max_run_structs)
      : updates_(updates), max_run_structs_(max_run_structs) {
    waiting_.reserve(updates.size());
    for (std::size_t i = 0; i < updates.size(); ++i) {
      Source<Reader> source(updates[i], max_run_structs);
      if (source.has)
        waiting_.push_back({source.current.client, source.current.clock, static_cast<std::int64_t>(i), i, {}});
      else
        close(source, i);
    }
    const auto sooner = [](const Entry& a, const Entry& b) { return later(b, a); };
    if (!std::ranges::is_sorted(waiting_, sooner)) std::ranges::sort(waiting_, sooner);
  }

  void run() {
    for (std::size_t next = 0; next < waiting_.size() || !heap_.empty();) {
      if (!heap_.empty() && (next == waiting_.size() || !later(heap_.front(), waiting_[next]))) {
        std::ranges::pop_heap(heap_, later);
        Entry entry = std::move(heap_.back());
        heap_.pop_back();
        advance(*entry.open, entry.update, &entry.open);
      } else {
        const Entry& entry = waiting_[next++];
        if constexpr (Reader::kOneStream) {
          Source<Reader> source(updates_[entry.update], max_run_structs_);
          advance(source, entry.update, nullptr);
        } else {
          auto source = std::make_unique<Source<Reader>>(updates_[entry.update], max_run_structs_);
          advance(*source, entry.update, &source);
        }
      }
    }
    if (writing_) writer_.write(*writing_);
  }

  Result<Bytes> finish() {
    if (error_) return fail(std::move(*error_));
    normalize(deleted_, std::ranges::greater{});
    return writer_.finish(deleted_);
  }

 private:
  struct Entry {
    std::uint64_t client;
    std::uint32_t clock;
    std::int64_t order;
    std::size_t update;
    std::unique_ptr<Source<Reader>> open;  // where some of it has been taken
  };

  /// Takes from the source, and puts it back if there is more. `open` owns it, unless it was opened just now.
  void advance(Source<Reader>& source, std::size_t update, std::unique_ptr<Source<Reader>>* open) {
    step(source);
    if (!source.has) {
      close(source, update);
      // What was read last may be in the reader, and is not written yet.
      if (!Reader::kOneStream && open != nullptr) used_up_.push_back(std::move(*open));
      return;
    }
    auto kept = open != nullptr ? std::move(*open) : std::make_unique<Source<Reader>>(std::move(source));
    // Before its equals, as a stable sort leaves it.
    heap_.push_back({kept->current.client, kept->current.clock, --returned_, update, nullptr});
    heap_.back().open = std::move(kept);
    std::ranges::push_heap(heap_, later);
  }

  /// Reads what is deleted. Of several that are malformed the first is told.
  void close(Source<Reader>& source, std::size_t update) {
    UpdateReader<Reader>& reader = source.reader;
    if (reader.ok()) join_deleted(reader, deleted_);
    if (reader.ok() || update >= failed_) return;
    failed_ = update;
    error_ = reader.error().with("update", std::to_string(update));
  }

  static bool later(const Entry& a, const Entry& b) {
    if (a.client != b.client) return a.client < b.client;
    if (a.clock != b.clock) return a.clock > b.clock;
    return a.order > b.order;
  }

  void take(Source<Reader>& source, const StructPart& part) {
    if (writing_) writer_.write(*writing_);
    writing_ = part;
    source.next();
  }

  /// Takes from the first source what can be written before another must be looked at.
  void step(Source<Reader>& source) {
    const std::uint64_t client = source.current.client;
    if (!writing_) {
      take(source, {source.current, 0});
    } else if (!join(source, client)) {
      return;
    }
    while (source.has && source.current.client == client && source.current.clock == writing_->end())
      take(source, {source.current, 0});
  }

  bool join(Source<Reader>& source, std::uint64_t client) {
    bool moved = false;
    while (source.has && source.current.end() <= writing_->end() && source.current.client >= writing_->raw.client) {
      source.next();
      moved = true;
    }
    if (!source.has || source.current.client != client || (moved && source.current.clock > writing_->end()))
      return false;
    const RawStruct& current = source.current;
    RawStruct& last = writing_->raw;
    const bool skipping = last.kind == Kind::kSkip;
    if (client != last.client) {
      take(source, {current, 0});
    } else if (writing_->end() < current.clock) {
      if (skipping) {
        last.length = current.end() - last.clock;
      } else {
        RawStruct skip;
        skip.kind = Kind::kSkip;
        skip.client = client;
        skip.clock = writing_->end();
        skip.length = current.clock - skip.clock;
        writer_.write(*writing_);
        writing_ = StructPart{skip, 0};
      }
    } else {
      std::uint32_t overlap = writing_->end() - current.clock;
      if (overlap > 0 && skipping) {
        last.length -= overlap;
        overlap = 0;
      }
      if (last.kind == current.kind && last.kind == Kind::kGc)
        last.length += current.length - overlap;
      else
        take(source, {current, overlap});
    }
    return true;
  }

  std::span<const ByteView> updates_;
  std::vector<Entry> waiting_;  // not begun, in their order
  std::vector<Entry> heap_;     // begun
  std::vector<std::unique_ptr<Source<Reader>>> used_up_;
  std::uint64_t max_run_structs_;
  std::int64_t returned_ = 0;
  StructWriter<Writer> writer_;
  std::optional<StructPart> writing_;
  IdRanges deleted_;
  std::optional<Error> error_;
  std::size_t failed_ = std::numeric_limits<std::size_t>::max();
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
  const auto merge = [&]<class Reader, class Writer>() {
    Merger<Reader, Writer> merger(updates, max_run_structs);
    merger.run();
    return merger.finish();
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
