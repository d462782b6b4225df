// Updates without a document: the structs of several updates in one order, each once, and gaps told as skips. The rules
// are those of Yjs's updates.js, since the bytes must be the same; the order of sources is kept in a heap, so that
// merging is n log n where Yjs sorts anew for each struct.

#include <algorithm>
#include <optional>

#include "crdt/any_codec.h"
#include "crdt/canonical.h"
#include "crdt/delete_set.h"
#include "crdt/update.h"
#include "crdt/update_reader.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

/// A struct of which the first `offset` units are cut off.
struct Part {
  RawStruct raw;
  std::uint32_t offset = 0;

  std::uint32_t clock() const { return raw.clock + offset; }
  std::uint32_t end() const { return raw.clock + raw.length; }
};

/// Where element `element` of a run of encoded values begins.
std::size_t element_start(Kind kind, ByteView payload, std::uint32_t element) {
  WireReader in(payload);
  ByteView text;
  bool canonical = true;
  for (std::uint32_t i = 0; i < element; ++i) {
    if (kind == Kind::kAny)
      scan_any(in, canonical);
    else
      in.var_bytes(text);
  }
  return in.position();
}

void write_text(WireWriter& out, const RawStruct& raw, std::uint32_t offset) {
  const ByteView text = raw.payload;
  if (offset == 0 || raw.ascii) {
    out.var_bytes(text.subspan(offset));
    return;
  }
  const UnitPosition cut = find_unit(text.data(), text.size(), offset);
  const ByteView rest = text.subspan(cut.inside ? cut.bytes + 4 : cut.bytes);
  out.uint(rest.size() + (cut.inside ? 3 : 0));
  if (cut.inside) out.bytes({kReplacement, 3});
  out.bytes(rest);
}

void write_content(WireWriter& out, const RawStruct& raw, std::uint32_t offset) {
  const auto write_json = [&out](ByteView text) {
    if (json_form(as_text(text)).canonical)
      out.var_bytes(text);
    else
      out.var_bytes(as_bytes(canonical_json(as_text(text))));
  };
  switch (raw.kind) {
    case Kind::kDeleted:
      out.uint(raw.length - offset);
      break;
    case Kind::kString:
      write_text(out, raw, offset);
      break;
    case Kind::kBinary:
      out.var_bytes(raw.payload);
      break;
    case Kind::kEmbed:
      write_json(raw.payload);
      break;
    case Kind::kFormat:
      out.var_bytes(raw.name);
      write_json(raw.payload);
      break;
    case Kind::kType:
      out.uint(raw.type_kind);
      if (raw.type_kind == 3 || raw.type_kind == 5) out.var_bytes(raw.name);
      break;
    case Kind::kAny: {
      const ByteView payload = raw.payload.subspan(element_start(raw.kind, raw.payload, offset));
      out.uint(raw.length - offset);
      if (raw.canonical)
        out.bytes(payload);
      else
        out.bytes(canonical_values(payload));
      break;
    }
    case Kind::kJson:
      out.uint(raw.length - offset);
      out.bytes(canonical_json_elements(raw.payload.subspan(element_start(raw.kind, raw.payload, offset))));
      break;
    case Kind::kDoc:
      out.var_bytes(raw.name);
      out.bytes(canonical_document_options(raw.payload));
      break;
    default:
      break;
  }
}

void write_raw(WireWriter& out, const Part& part) {
  const RawStruct& raw = part.raw;
  if (raw.kind == Kind::kGc || raw.kind == Kind::kSkip) {
    out.byte(static_cast<std::uint8_t>(raw.kind));
    out.uint(raw.length - part.offset);
    return;
  }
  const bool has_origin = raw.has_origin || part.offset > 0;
  out.byte(static_cast<std::uint8_t>(static_cast<unsigned>(raw.kind) | (has_origin ? 0x80U : 0U) |
                                     (raw.has_right_origin ? 0x40U : 0U) | (raw.has_key ? 0x20U : 0U)));
  if (has_origin) {
    out.uint(part.offset > 0 ? raw.client : raw.origin.client);
    out.uint(part.offset > 0 ? part.clock() - 1 : raw.origin.clock);
  }
  if (raw.has_right_origin) {
    out.uint(raw.right_origin.client);
    out.uint(raw.right_origin.clock);
  }
  if (!has_origin && !raw.has_right_origin) {
    out.uint(raw.parent_is_root ? 1 : 0);
    if (raw.parent_is_root) {
      out.var_bytes(raw.root_name);
    } else {
      out.uint(raw.parent.client);
      out.uint(raw.parent.clock);
    }
    if (raw.has_key) out.var_bytes(raw.key);
  }
  write_content(out, raw, part.offset);
}

/// Writes sections whose number of structs is only known at their end.
class SectionWriter {
 public:
  void write(const Part& part) {
    if (sections_.empty() || sections_.back().client != part.raw.client) {
      sections_.push_back({part.raw.client, 0, body_.size()});
      WireWriter out(body_);
      out.uint(part.raw.client);
      out.uint(part.clock());
    }
    ++sections_.back().structs;
    WireWriter out(body_);
    write_raw(out, part);
  }

  void finish(Bytes& update) const {
    WireWriter out(update);
    out.uint(sections_.size());
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      const std::size_t end = i + 1 < sections_.size() ? sections_[i + 1].begin : body_.size();
      out.uint(sections_[i].structs);
      out.bytes(ByteView(body_).subspan(sections_[i].begin, end - sections_[i].begin));
    }
  }

 private:
  struct Section {
    std::uint64_t client;
    std::uint64_t structs;
    std::size_t begin;
  };
  std::vector<Section> sections_;
  Bytes body_;
};

using Ranges = std::vector<DeletedRange<std::uint64_t>>;

void read_deleted(UpdateReader& reader, Ranges& ranges) {
  DeletedRange<std::uint64_t> range{};
  while (reader.next_deleted(range.client, range.clock, range.length)) ranges.push_back(range);
}

/// Highest client first, each client's ranges as they came.
void group_by_client(Ranges& ranges) {
  std::vector<std::size_t> order(ranges.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return ranges[a].client != ranges[b].client ? ranges[a].client > ranges[b].client : a < b;
  });
  Ranges grouped;
  grouped.reserve(ranges.size());
  for (const std::size_t i : order) grouped.push_back(ranges[i]);
  ranges.swap(grouped);
}

std::uint64_t same_id(std::uint64_t client) { return client; }

/// One of the updates that are merged, at its current struct. Skips are passed over.
struct Source {
  explicit Source(ByteView update) : reader(update) { next(); }
  void next() {
    do has = reader.next(current);
    while (has && current.kind == Kind::kSkip);
  }
  UpdateReader reader;
  RawStruct current;
  bool has = false;
};

class Merger {
 public:
  explicit Merger(std::span<const ByteView> updates) {
    sources_.reserve(updates.size());
    for (const ByteView update : updates) sources_.emplace_back(update);
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (sources_[i].has) heap_.push_back(entry(i, static_cast<std::int64_t>(i)));
    std::ranges::make_heap(heap_, later);
  }

  void run() {
    while (!heap_.empty()) {
      std::ranges::pop_heap(heap_, later);
      Source& source = sources_[heap_.back().source];
      const std::size_t number = heap_.back().source;
      heap_.pop_back();
      step(source);
      // Put back before its equals, as a stable sort leaves it.
      if (source.has) {
        heap_.push_back(entry(number, --returned_));
        std::ranges::push_heap(heap_, later);
      }
    }
    if (writing_) writer_.write(*writing_);
  }

  Result<Bytes> finish() {
    Ranges deleted;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      UpdateReader& reader = sources_[i].reader;
      if (reader.ok()) read_deleted(reader, deleted);
      if (!reader.ok()) return fail(reader.error().with("update", std::to_string(i)));
    }
    normalize(deleted, std::ranges::greater{});
    Bytes update;
    writer_.finish(update);
    WireWriter out(update);
    write_delete_set(out, deleted, same_id);
    return update;
  }

 private:
  struct Entry {
    std::uint64_t client;
    std::uint32_t clock;
    std::int64_t order;
    std::size_t source;
  };
  Entry entry(std::size_t source, std::int64_t order) const {
    return {sources_[source].current.client, sources_[source].current.clock, order, source};
  }
  static bool later(const Entry& a, const Entry& b) {
    if (a.client != b.client) return a.client < b.client;
    if (a.clock != b.clock) return a.clock > b.clock;
    return a.order > b.order;
  }

  void take(Source& source, const Part& part) {
    if (writing_) writer_.write(*writing_);
    writing_ = part;
    source.next();
  }

  /// Takes from the first source what can be written before another must be looked at.
  void step(Source& source) {
    const std::uint64_t client = source.current.client;
    if (!writing_) {
      take(source, {source.current, 0});
    } else if (!join(source, client)) {
      return;
    }
    while (source.has && source.current.client == client && source.current.clock == writing_->end())
      take(source, {source.current, 0});
  }

  bool join(Source& source, std::uint64_t client) {
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
        writing_ = Part{skip, 0};
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

  std::vector<Source> sources_;
  std::vector<Entry> heap_;
  std::int64_t returned_ = 0;
  SectionWriter writer_;
  std::optional<Part> writing_;
};

}  // namespace

Result<UpdateInfo> describe_update(ByteView update) {
  UpdateReader reader(update);
  UpdateInfo info;
  RawStruct raw;
  std::uint64_t section = 0;
  while (reader.next(raw)) {
    if (section != reader.section()) info.clients.push_back({ClientId{raw.client}, raw.clock, raw.clock});
    section = reader.section();
    info.clients.back().to = raw.end();
    ++info.structs;
  }
  DeletedRange<std::uint64_t> range{};
  if (reader.ok())
    while (reader.next_deleted(range.client, range.clock, range.length)) ++info.deleted_ranges;
  if (!reader.ok()) return fail(reader.error());
  std::vector<ClientId> seen;
  seen.reserve(info.clients.size());
  for (const UpdateInfo::Client& client : info.clients) seen.push_back(client.client);
  std::ranges::sort(seen);
  if (std::ranges::adjacent_find(seen) != seen.end()) {
    reader.fail("a client is listed twice");
    return fail(reader.error());
  }
  return info;
}

Result<> check_update(ByteView update) {
  TRY_VOID(describe_update(update));
  return {};
}

Result<Bytes> merge_updates(std::span<const ByteView> updates) {
  if (updates.size() == 1) {
    TRY_VOID(check_update(updates[0]));
    return to_bytes(updates[0]);
  }
  Merger merger(updates);
  merger.run();
  return merger.finish();
}

Result<Bytes> diff_update(ByteView update, const StateVector& since) {
  UpdateReader reader(update);
  SectionWriter writer;
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
  Ranges deleted;
  if (reader.ok()) read_deleted(reader, deleted);
  if (!reader.ok()) return fail(reader.error());
  group_by_client(deleted);
  Bytes out;
  writer.finish(out);
  WireWriter wire(out);
  write_delete_set(wire, deleted, same_id);
  return out;
}

Result<Bytes> state_vector_of_update(ByteView update) {
  UpdateReader reader(update);
  Bytes body;
  WireWriter out(body);
  std::uint64_t count = 0;
  RawStruct raw;
  std::uint64_t client = 0;
  std::uint32_t state = 0;
  bool stopped = true;
  const auto flush = [&] {
    if (state == 0) return;
    ++count;
    out.uint(client);
    out.uint(state);
  };
  bool first = true;
  while (reader.next(raw)) {
    if (first || raw.client != client) {
      if (!first) flush();
      first = false;
      client = raw.client;
      state = 0;
      stopped = raw.clock != 0;
    }
    if (raw.kind == Kind::kSkip) stopped = true;
    if (!stopped) state = raw.end();
  }
  if (!first) flush();
  std::uint64_t deleted_client = 0;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  if (reader.ok())
    while (reader.next_deleted(deleted_client, clock, length)) {
    }
  if (!reader.ok()) return fail(reader.error());
  Bytes encoded;
  WireWriter head(encoded);
  head.uint(count);
  head.bytes(body);
  return encoded;
}

}  // namespace concord::crdt
