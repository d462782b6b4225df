// Replays, on standard input, what peers in Yjs did, and demands the same of our engine: for every operation the same
// update, for every update received the same state, to the byte. Written by differential.mjs; layout of a record:
//
//   u32 little-endian length, then: byte kind, varuint document, fields as each kind reads them (lib0's primitive
//   forms)
//
// Ends with 0 and a line of counts, or with 1 and what differed at which record.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/doc.h"
#include "crdt/relative_position.h"
#include "crdt/snapshot.h"
#include "crdt/undo.h"
#include "crdt/update.h"
#include "crdt/wire.h"
#include "observing.h"
#include "operations.h"
#include "shown_values.h"

namespace concord::crdt {
namespace {

class Replay {
 public:
  int run() {
    std::vector<std::uint8_t> record;
    while (read_record(record)) {
      ++records_;
      WireReader in(record);
      in_ = &in;
      play();
      if (!in.ok() || !in.at_end()) stop("the record is malformed");
    }
    std::printf(
        "%llu records, %llu operations, %llu updates applied, %llu states compared, %llu undone: all the same\n",
        static_cast<unsigned long long>(records_), static_cast<unsigned long long>(operations_),
        static_cast<unsigned long long>(applied_), static_cast<unsigned long long>(compared_),
        static_cast<unsigned long long>(undone_));
    return 0;
  }

 private:
  static bool read_record(std::vector<std::uint8_t>& record) {
    std::uint8_t head[4];
    if (std::fread(head, 1, 4, stdin) != 4) return false;
    record.resize(get_le<std::uint32_t>(head));
    return std::fread(record.data(), 1, record.size(), stdin) == record.size();
  }

  [[noreturn]] void stop(const std::string& what) const {
    std::fprintf(stderr, "record %llu, document %llu: %s\n", static_cast<unsigned long long>(records_),
                 static_cast<unsigned long long>(document_), what.c_str());
    std::exit(1);
  }
  std::uint64_t uint() {
    std::uint64_t value = 0;
    if (!in_->uint(value)) stop("a field is missing");
    return value;
  }
  ByteView bytes() {
    ByteView value;
    if (!in_->var_bytes(value)) stop("a field is missing");
    return value;
  }
  std::string text() { return std::string(as_text(bytes())); }

  void expect(ByteView expected, ByteView got, const char* what) const {
    if (std::ranges::equal(expected, got)) return;
    stop(std::string(what) + " differs\n  yjs  " + to_hex(expected) + "\n  ours " + to_hex(got));
  }
  void expect(const std::string& expected, const std::string& got, const char* what) const {
    if (expected != got) stop(std::string(what) + " differs\n  yjs  " + expected + "\n  ours " + got);
  }
  void expect_any(const Any& got, const char* what) {
    const ByteView expected = bytes();
    Bytes ours;
    WireWriter out(ours);
    write_any(out, got);
    if (std::ranges::equal(expected, ours)) return;
    WireReader in(expected);
    Any theirs;
    read_any(in, theirs);
    stop(std::string(what) + " differs\n  yjs  " + to_json(theirs) + "\n  ours " + to_json(got));
  }
  template <class T>
  T must(Result<T> result, const char* what) const {
    if (!result) stop(std::string(what) + ": " + result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }
  void sound(const Doc& doc) const {
    if (const std::string wrong = doc.validate(); !wrong.empty()) stop("an invariant is broken: " + wrong);
  }

  void play() {
    std::uint8_t kind = 0;
    in_->byte(kind);
    document_ = uint();
    switch (kind) {
      case 0:
        return create();
      case 1:
        return transact();
      case 2:
        return apply();
      case 3:
        return compare();
      case 4:
        return diff();
      case 5:
        return merge();
      case 6:
        return cut();
      case 7:
        return state_vector();
      case 8:
        return convert();
      case 40:
        return observed();
      case 41:
        return compare_xml();
      case 20:
        return take_snapshot();
      case 21:
        return read_text_version();
      case 22:
        return read_version();
      case 23:
        return restore_version();
      case 24:
        return contains();
      case 25:
        return take_position();
      case 26:
        return resolve_position();
      case 27:
        return read_xml_version();
      case 30:
        return create_undo_manager();
      case 31:
        now_ms_ = uint();
        return;
      case 32:
        return go_back();
      case 33:
        return clear_undo_manager();
      case 34:
        return undo_manager().stop_capturing();
      default:
        stop("an unknown kind of record");
    }
  }

  Doc& doc() {
    const auto found = docs_.find(document_);
    if (found == docs_.end()) stop("no such document");
    return *found->second;
  }

  void create() {
    const std::uint64_t client = uint();
    const std::uint64_t flags = uint();
    managers_.erase(document_);
    origins_.erase(document_);
    formats_[document_] = (flags & 4U) != 0 ? UpdateFormat::kV2 : UpdateFormat::kV1;
    docs_[document_] = std::make_unique<Doc>(DocOptions{.client = ClientId{client},
                                                        .gc = (flags & 1U) != 0,
                                                        .clean_formats = (flags & 2U) != 0,
                                                        .update_format = formats_[document_]});
    if ((flags & 2U) != 0) {
      (void)doc().text("text");
      (void)doc().map("map");
      (void)doc().array("array");
      (void)doc().xml_fragment("xml");
    }
    observing_.erase(document_);
    if ((flags & 8U) != 0) observing_.emplace(document_, std::make_unique<Observing>(doc(), (flags & 16U) != 0));
  }

  void compare_xml() {
    const XmlFragment xml = doc().xml_fragment("xml");
    expect(text(), xml.to_string(), "the XML");
    AnyArray elements;
    for (const XmlElement& element : xml.query_selector_all("div")) elements.push_back(Any(element.to_string()));
    expect(text(), to_json(Any(std::move(elements))), "the elements of a name");
    AnyArray nodes;
    for (const Value& node : xml.find([](const Value&) { return true; })) nodes.push_back(siblings(node));
    expect(text(), to_json(Any(std::move(nodes))), "the neighbours of nodes");
    std::vector<std::string> guids;
    for (const Subdocument& subdocument : doc().subdocuments()) guids.push_back(subdocument.guid());
    std::ranges::sort(guids);
    AnyArray sorted(guids.begin(), guids.end());
    expect(text(), to_json(Any(std::move(sorted))), "the subdocuments");
  }

  void observed() {
    Observing& observing = *observing_.at(document_);
    expect_any(Any(observing.take_told()), "what observers were told");
    const std::vector<Bytes> updates = observing.take_updates();
    if (uint() != updates.size()) stop("there are more or less updates: " + std::to_string(updates.size()));
    for (const Bytes& update : updates) expect(bytes(), update, "an emitted update");
  }

  void transact() {
    const std::uint64_t count = uint();
    Operations operations(doc(), *in_);
    const Bytes update = doc().transact([&] {
      for (std::uint64_t i = 0; i < count; ++i) must(operations.perform(), "an operation");
    });
    operations_ += count;
    expect(bytes(), update, "the update of a transaction");
    sound(doc());
  }

  void apply() {
    const ByteView update = bytes();
    const Applied applied = must(doc().apply_update(update, origins_[document_], formats_[document_]), "apply_update");
    expect(bytes(), applied.cleanup, "the cleanup after an update");
    ++applied_;
    sound(doc());
  }

  void compare() {
    ++compared_;
    expect(bytes(), doc().encode_state_vector(), "the state vector");
    expect(bytes(), doc().encode_state_as_update(), "the encoded state");
    expect(bytes(), doc().encode_state_as_update({}, UpdateFormat::kV2), "the state encoded in V2");
    expect(text(), to_json(delta_to_any(doc().text("text").to_delta())), "the delta of the text");
    expect_any(doc().map("map").to_json(), "the map");
    expect_any(doc().array("array").to_json(), "the array");
    expect(text(), doc().text("text").to_string(), "the text");
  }

  void diff() {
    const StateVector since = must(decode_state_vector(bytes()), "decode_state_vector");
    expect(bytes(), doc().encode_state_as_update(since), "the diff of a document");
    expect(bytes(), doc().encode_state_as_update(since, UpdateFormat::kV2), "the diff of a document in V2");
  }

  UpdateFormat format() { return uint() == 0 ? UpdateFormat::kV1 : UpdateFormat::kV2; }

  void merge() {
    const UpdateFormat in = format();
    std::vector<ByteView> updates;
    for (std::uint64_t count = uint(); count > 0; --count) updates.push_back(bytes());
    expect(bytes(), must(merge_updates(updates, in), "merge_updates"), "the merged update");
  }

  void cut() {
    const UpdateFormat in = format();
    const ByteView update = bytes();
    const StateVector since = must(decode_state_vector(bytes()), "decode_state_vector");
    expect(bytes(), must(diff_update(update, since, in), "diff_update"), "the diff of an update");
  }

  void convert() {
    const UpdateFormat from = format();
    const UpdateFormat to = from == UpdateFormat::kV1 ? UpdateFormat::kV2 : UpdateFormat::kV1;
    const ByteView update = bytes();
    expect(bytes(), must(convert_update(update, from, to), "convert_update"), "the converted update");
  }

  void state_vector() {
    const UpdateFormat in = format();
    const ByteView update = bytes();
    expect(bytes(), must(state_vector_of_update(update, in), "state_vector_of_update"),
           "the state vector of an update");
  }

  // ---- the past

  void take_snapshot() {
    const Snapshot snapshot = doc().snapshot();
    const ByteView v1 = bytes();
    const ByteView v2 = bytes();
    expect(v1, encode_snapshot(snapshot), "the snapshot");
    expect(v2, encode_snapshot(snapshot, UpdateFormat::kV2), "the snapshot in V2");
    if (must(decode_snapshot(v1), "decode_snapshot") != snapshot) stop("a decoded snapshot is another");
    if (must(decode_snapshot(v2, UpdateFormat::kV2), "decode_snapshot") != snapshot) stop("as V2 it is another");
  }

  Snapshot snapshot() { return must(decode_snapshot(bytes()), "decode_snapshot"); }
  std::optional<Snapshot> version() { return uint() != 0 ? std::optional(snapshot()) : std::nullopt; }

  void read_text_version() {
    const std::optional<Snapshot> shown = version();
    const std::optional<Snapshot> previous = version();
    const DescribeChange describers[] = {
        nullptr,
        [](ChangeKind kind, ClientId client, Clock) {
          return Any(AnyObject{{"user", Any(static_cast<double>(client.value))}, {"type", type_of(kind)}});
        },
        [](ChangeKind kind, ClientId client, Clock clock) {
          const AnyArray at{Any(static_cast<double>(client.value)), Any(static_cast<double>(clock))};
          return Any(AnyObject{{"type", type_of(kind)}, {"at", Any(at)}});
        }};
    const DescribeChange& describe = describers[uint() % 3];
    const VersionChanges versions{shown ? &*shown : nullptr, previous ? &*previous : nullptr, describe};
    expect(text(), to_json(delta_to_any(doc().text("text").to_delta(versions))), "the delta of versions");
    sound(doc());
  }
  static Any type_of(ChangeKind kind) { return Any(kind == ChangeKind::kAdded ? "added" : "removed"); }

  void read_version() {
    const std::optional<Snapshot> at = version();
    if (!at) stop("a version is missing");
    AnyArray values;
    for (const Value& value : doc().array("array").values(*at)) values.push_back(plain(value));
    expect_any(Any(values), "the array of a version");
    const Map map = doc().map("map");
    AnyObject members;
    for (const std::string& key : map.keys(*at)) {
      const auto value = map.get(key, *at);
      if (!value) stop("a key without value");
      set_member(members, key, plain(*value));
    }
    expect_any(Any(members), "the map of a version");
  }
  void read_xml_version() {
    const std::optional<Snapshot> at = version();
    if (!at) stop("a version is missing");
    const XmlFragment xml = doc().xml_fragment("xml");
    AnyArray nodes;
    for (const Value& node : xml.children(*at)) nodes.push_back(plain(node));
    expect_any(Any(nodes), "the XML of a version");
    const auto elements = xml.find([](const Value& node) { return std::holds_alternative<XmlElement>(node); });
    if (uint() != elements.size()) stop("there are more or less elements");
    for (const Value& node : elements) {
      const auto& element = std::get<XmlElement>(node);
      AnyObject attributes;
      AnyArray values;
      for (const auto& [name, value] : element.attributes(*at)) {
        set_member(attributes, name, plain(value));
        const auto alone = element.attribute(name, *at);
        if (!alone) stop("an attribute without value");
        values.push_back(plain(*alone));
      }
      expect_any(Any(attributes), "the attributes of a version");
      expect_any(Any(values), "each attribute of a version");
    }
  }
  void restore_version() {
    const Snapshot at = snapshot();
    const bool gc = uint() != 0;
    const Doc restored = must(doc().at(at, DocOptions{.gc = gc}), "at");
    expect(bytes(), restored.encode_state_as_update(), "the document of a version");
    expect(bytes(), restored.encode_state_as_update({}, UpdateFormat::kV2), "the document of a version in V2");
    sound(restored);
    sound(doc());
  }

  void contains() {
    const Snapshot at = snapshot();
    const ByteView update = bytes();
    const Bytes v2 = must(convert_update(update, UpdateFormat::kV1, UpdateFormat::kV2), "convert_update");
    const bool contained = uint() != 0;
    const bool covered = uint() != 0;
    for (const auto& [form, format] : {std::pair(update, UpdateFormat::kV1), {ByteView(v2), UpdateFormat::kV2}}) {
      if (must(snapshot_contains_update(at, form, format), "contains") != contained)
        stop("a snapshot contains otherwise");
      if (must(doc().covers(form, format), "covers") != covered) stop("a document covers otherwise");
    }
  }

  void take_position() {
    const Value target = must(Operations(doc(), *in_).target(), "a target");
    const auto index = static_cast<std::size_t>(uint());
    const ByteView assoc = bytes();
    WireReader in(assoc);
    Any number;
    read_any(in, number);
    const SharedType& type = *std::visit(
        [](const auto& at) -> const SharedType* {
          if constexpr (std::is_base_of_v<SharedType, std::decay_t<decltype(at)>>) return &at;
          std::abort();
        },
        target);
    const auto position = must(type.position_at(index, static_cast<std::int64_t>(*number.as<double>())), "position_at");
    const ByteView encoded = bytes();
    expect(encoded, encode_relative_position(position), "the relative position");
    const std::string json = text();
    expect(json, to_json(relative_position_to_json(position)), "the relative position in JSON");
    auto decoded = must(decode_relative_position(encoded), "decode_relative_position");
    if (decoded.item) decoded.type = position.type, decoded.root = position.root;
    if (decoded != position) stop("a decoded position is another");
  }

  void create_undo_manager() {
    const std::uint64_t scope = uint();
    UndoOptions options;
    options.now_ms = [this] { return now_ms_; };
    options.capture_timeout_ms = uint();
    options.ignore_remote_map_changes = uint() != 0;
    if (uint() != 0) options.delete_filter = [](const UndoTarget& target) { return !target.type; };
    origins_[document_] = uint() != 0 ? Origin{"remote"} : Origin{};
    std::vector<SharedType> types;
    if ((scope & 1U) != 0) types.push_back(doc().text("text"));
    if ((scope & 2U) != 0) types.push_back(doc().map("map"));
    if ((scope & 4U) != 0) types.push_back(doc().array("array"));
    managers_[document_] = scope == 8 ? std::make_unique<UndoManager>(doc(), std::move(options))
                                      : std::make_unique<UndoManager>(doc(), types, std::move(options));
  }
  UndoManager& undo_manager() {
    if (!managers_.contains(document_)) stop("no such undo manager");
    return *managers_[document_];
  }

  void go_back() {
    UndoManager& manager = undo_manager();
    const Undone undone = must(uint() != 0 ? manager.redo() : manager.undo(), "undo");
    expect(bytes(), undone.update, "the update of an undo");
    if (undone.item.has_value() != (uint() != 0)) stop("something else is undone");
    if (manager.undo_stack().size() != uint()) stop("the undo stack has another size");
    if (manager.redo_stack().size() != uint()) stop("the redo stack has another size");
    ++undone_;
    sound(doc());
  }

  void clear_undo_manager() {
    const std::uint64_t which = uint();
    undo_manager().clear((which & 1U) != 0, (which & 2U) != 0);
    sound(doc());
  }

  void resolve_position() {
    const Any json = must(parse_json(text()), "a position");
    const RelativePosition position = must(relative_position_from_json(json), "a position");
    const auto found = doc().resolve(position, uint() != 0);
    const std::uint64_t state = uint();
    if (found.has_value() != (state != 0)) stop(found ? "a position is found" : "a position is not found");
    if (!found) return;
    if (found->type.alive() != (state == 2)) stop("a position's type lives otherwise");
    const std::uint64_t index = uint();
    if (found->index != index)
      stop("a position is at " + std::to_string(found->index) + ", not " + std::to_string(index));
    const std::string type = text();
    if (state == 2)
      expect(type, to_json(relative_position_to_json(must(found->type.position_at(0, -1), "position_at"))), "the type");
  }

  WireReader* in_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<Observing>> observing_;
  std::map<std::uint64_t, std::unique_ptr<Doc>> docs_;
  std::map<std::uint64_t, std::unique_ptr<UndoManager>> managers_;
  std::map<std::uint64_t, Origin> origins_;  // of what comes to each document
  std::uint64_t now_ms_ = 1000;
  std::uint64_t undone_ = 0;
  std::map<std::uint64_t, UpdateFormat> formats_;
  std::uint64_t document_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t compared_ = 0;
};

}  // namespace
}  // namespace concord::crdt

int main() { return concord::crdt::Replay().run(); }
