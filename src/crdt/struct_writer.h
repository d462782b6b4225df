#pragma once
// StructWriter: an update written struct by struct from what readers of updates gave, without a document.

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "crdt/delete_set.h"
#include "crdt/fields_v2_writer.h"
#include "crdt/update_reader.h"

namespace concord::crdt {

/// A struct of which the first `offset` units are cut off.
struct StructPart {
  RawStruct raw;
  std::uint32_t offset = 0;

  std::uint32_t clock() const { return raw.clock + offset; }
  std::uint32_t end() const { return raw.clock + raw.length; }
};

/// Ranges of a delete set by client id.
using IdRanges = std::vector<DeletedRange<std::uint64_t>>;

/// Begins a section wherever the client changes. How many structs a section has is known at its end only, so the
/// sections are put together in finish(). `Fields` writes the fields of one format.
template <class Fields>
class StructWriter {
 public:
  StructWriter() : out_(body_) {}
  StructWriter(const StructWriter&) = delete;
  StructWriter& operator=(const StructWriter&) = delete;

  void write(const StructPart& part);
  /// The whole update. `deleted` is in the order to be written, grouped by client; in V2 as write_delete_set demands.
  Bytes finish(const IdRanges& deleted);

 private:
  bool write_plain(const StructPart& part);
  void write_struct(const StructPart& part);
  void write_text(const RawStruct& raw, std::uint32_t offset);
  void write_value(const RawStruct& raw);
  void write_content(const RawStruct& raw, std::uint32_t offset);

  struct Section {
    std::uint64_t client;
    std::uint64_t structs;
    std::size_t begin;
  };
  std::vector<Section> sections_;
  Bytes body_;
  Fields out_;
};

}  // namespace concord::crdt
