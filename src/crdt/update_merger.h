#pragma once
// UpdateMerger: what Y.mergeUpdates does with the update whose turn it is. Whose turn it is, is for its heirs
// (merge.cpp).

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "crdt/delete_set.h"
#include "crdt/struct_writer.h"
#include "crdt/update_reader.h"

namespace concord::crdt {

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

template <class Reader, class Writer>
class UpdateMerger {
 public:
  Result<Bytes> finish() {
    if (error_) return fail(std::move(*error_));
    normalize(deleted_, std::ranges::greater{});
    return writer_.finish(deleted_);
  }

 protected:
  void take(Source<Reader>& source, const StructPart& part) {
    if (writing_) writer_.write(*writing_);
    writing_ = part;
    source.next();
  }

  /// Takes from the source whose turn it is what can be written before another must be looked at.
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

  /// The last of what was taken.
  void write_last() {
    if (writing_) writer_.write(*writing_);
  }

  /// Reads what is deleted. Of several that are malformed the first is told.
  void close(Source<Reader>& source, std::size_t update) {
    UpdateReader<Reader>& reader = source.reader;
    if (reader.ok()) join_deleted(reader, deleted_);
    if (reader.ok() || update >= failed_) return;
    failed_ = update;
    error_ = reader.error().with("update", std::to_string(update));
  }

 private:
  /// The same for ranges that will be normalized: people delete one character after the other, to the left or the
  /// right.
  static void join_deleted(UpdateReader<Reader>& reader, IdRanges& ranges) {
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

  StructWriter<Writer> writer_;
  std::optional<StructPart> writing_;
  IdRanges deleted_;
  std::optional<Error> error_;
  std::size_t failed_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace concord::crdt
