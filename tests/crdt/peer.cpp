// crdt_peer: many documents of our engine behind standard input and output, for tests that let peers in Yjs and peers
// in ours work together (ours.mjs is the other side). A message holds any number of commands; its answer holds theirs
// in order. Ends when standard input does.
//
//   message  u32 little-endian length, command*          answer  u32 little-endian length, answer*
//   command  byte kind, varuint document, fields         answer  byte 0, fields, or byte 1, var_string what failed
//
//   0 create     varuint client, varuint flags: 1 gc, 2 clean formats,      -
//                4 an undo manager of the four roots, each transaction a step,
//                8 its own updates are in V2, 16 its four roots are observed, 32 a
//                changed array is answered (observing.h), 64 the XML root is an
//                element, not a fragment
//   1 random     varuint seed, varuint operations, byte flags: 1 pairs, 2 XML var_bytes update, var_bytes operations
//   2 operations varuint count, operations (operations.h)                   var_bytes update
//   3 apply      byte format, var_bytes update                              byte pending, var_bytes cleanup
//   4 state vector                                                          var_bytes
//   5 encode     byte format, var_bytes state vector                        var_bytes update
//   6 content                                                               any: peer_content.h
//   7 merge      byte format, varuint count, var_bytes updates              var_bytes update
//   8 diff       byte format, var_bytes update, var_bytes state vector      var_bytes update
//   9 vector of  byte format, var_bytes update                              var_bytes state vector
//   10 validate                                                             -
//   11 drop                                                                 -
//   12 lengths                                                              varuint of the text, varuint of the array
//   13 undo      byte 0, or 1 for redo                                      var_bytes update
//   14 convert   byte format, var_bytes update                              var_bytes the update in the other format
//   15 told      what an observed one has told since the last time          any, varuint count, var_bytes updates
//   16 wanted    the subdocuments that are to be loaded                     any: their guids, sorted
//
// A format is 0 for V1 and 1 for V2.

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crdt/any_codec.h"
#include "crdt/doc.h"
#include "crdt/undo.h"
#include "crdt/update.h"
#include "crdt/wire.h"
#include "observing.h"
#include "operations.h"
#include "peer_content.h"
#include "random_operations.h"

namespace concord::crdt {
namespace {

struct Held {
  std::unique_ptr<Doc> doc;
  SharedType xml;                     // the root of that name
  std::unique_ptr<UndoManager> undo;  // these go before their document
  std::unique_ptr<Observing> observing;
};

class Peer {
 public:
  bool serve() {
    Bytes message;
    while (read_message(message)) {
      answer_.assign(4, 0);
      WireReader in(message);
      in_ = &in;
      while (!in.at_end() && command());
      const auto length = static_cast<std::uint32_t>(answer_.size() - 4);
      for (unsigned i = 0; i < 4; ++i) answer_[i] = static_cast<std::uint8_t>(length >> (8 * i));
      if (std::fwrite(answer_.data(), 1, answer_.size(), stdout) != answer_.size() || std::fflush(stdout) != 0)
        return false;
    }
    return true;
  }

 private:
  static bool read_message(Bytes& message) {
    std::uint8_t head[4];
    if (std::fread(head, 1, 4, stdin) != 4) return false;
    message.resize(get_le<std::uint32_t>(head));
    return std::fread(message.data(), 1, message.size(), stdin) == message.size();
  }

  /// False where it failed: what follows in the message is not done.
  bool command() {
    std::uint8_t kind = 0;
    in_->byte(kind);
    const std::size_t begin = answer_.size();
    WireWriter out(answer_);
    out.byte(0);
    Result<> result = run(kind, out);
    if (result && !in_->ok()) result = fail(in_->error("command"));
    if (result) return true;
    answer_.resize(begin);
    out.byte(1);
    out.var_bytes(as_bytes(result.error().message));
    return false;
  }

  Result<std::uint64_t> uint() {
    std::uint64_t value = 0;
    if (!in_->uint(value)) return fail(in_->error("command"));
    return value;
  }
  UpdateFormat format() {
    std::uint8_t value = 0;
    in_->byte(value);
    return value != 0 ? UpdateFormat::kV2 : UpdateFormat::kV1;
  }
  Result<ByteView> bytes() {
    ByteView value;
    if (!in_->var_bytes(value)) return fail(in_->error("command"));
    return value;
  }

  Result<> run(std::uint8_t kind, WireWriter& out) {
    TRY(const std::uint64_t number, uint());
    Held& held = documents_[number];
    std::unique_ptr<Doc>& doc = held.doc;
    if (kind == 0) return create(held);
    if (kind == 7) return merge(out);
    if (kind == 8) return diff(out);
    if (kind == 9) return vector_of(out);
    if (kind == 14) return convert(out);
    if (!doc) return fail(Code::kNotFound, "no such document");
    switch (kind) {
      case 1:
        return random(*doc, out);
      case 2:
        return operations(*doc, out);
      case 3:
        return apply(*doc, out);
      case 4:
        out.var_bytes(doc->encode_state_vector());
        return {};
      case 5:
        return encode(*doc, out);
      case 6:
        write_any(out, content_of(*doc, held.xml));
        return {};
      case 10:
        if (const std::string wrong = doc->validate(); !wrong.empty()) return fail(Code::kInternal, wrong);
        return {};
      case 11:
        documents_.erase(number);
        return {};
      case 13:
        return undo(held, out);
      case 15:
        return told(held, out);
      case 16:
        write_any(out, wanted_of(*doc));
        return {};
      case 12:
        out.uint(doc->text("text").length());
        out.uint(doc->array("array").length());
        return {};
      default:
        return fail(Code::kInvalidArgument, "an unknown command");
    }
  }

  Result<> create(Held& held) {
    TRY(const std::uint64_t client, uint());
    TRY(const std::uint64_t flags, uint());
    held.undo.reset();
    held.observing.reset();
    held.doc =
        std::make_unique<Doc>(DocOptions{.client = ClientId{client},
                                         .gc = (flags & 1U) != 0,
                                         .clean_formats = (flags & 2U) != 0,
                                         .update_format = (flags & 8U) != 0 ? UpdateFormat::kV2 : UpdateFormat::kV1});
    Doc& doc = *held.doc;
    held.xml = (flags & 64U) != 0 ? doc.xml_element("xml") : doc.xml_fragment("xml");
    const std::vector<SharedType> roots = {doc.text("text"), doc.map("map"), doc.array("array"), held.xml};
    if ((flags & 4U) != 0) held.undo = std::make_unique<UndoManager>(doc, roots);
    if ((flags & 16U) != 0) held.observing = std::make_unique<Observing>(doc, (flags & 32U) != 0);
    return {};
  }

  Result<> undo(Held& held, WireWriter& out) {
    std::uint8_t redo = 0;
    in_->byte(redo);
    if (!held.undo) return fail(Code::kInvalidArgument, "the document has no undo manager");
    TRY(const Undone undone, redo != 0 ? held.undo->redo() : held.undo->undo());
    out.var_bytes(undone.update);
    return {};
  }

  static Result<> told(Held& held, WireWriter& out) {
    if (!held.observing) return fail(Code::kInvalidArgument, "the document is not observed");
    write_any(out, Any(held.observing->take_told()));
    const std::vector<Bytes> updates = held.observing->take_updates();
    out.uint(updates.size());
    for (const Bytes& update : updates) out.var_bytes(update);
    return {};
  }

  Result<> random(Doc& doc, WireWriter& out) {
    TRY(const std::uint64_t seed, uint());
    TRY(const std::uint64_t count, uint());
    std::uint8_t flags = 0;
    in_->byte(flags);
    const RandomKinds kinds{.pairs = (flags & 1U) != 0, .xml = (flags & 2U) != 0};
    RandomOperations operations(doc, Dice(static_cast<std::uint32_t>(seed)), kinds);
    Result<> result;
    doc.transact_into(update_, [&] { result = operations.perform(count); });
    out.var_bytes(update_);
    out.var_bytes(operations.record());
    return result;
  }

  Result<> operations(Doc& doc, WireWriter& out) {
    TRY(const std::uint64_t count, uint());
    Operations operations(doc, *in_);
    Result<> result;
    doc.transact_into(update_, [&] {
      for (std::uint64_t i = 0; i < count && result; ++i) result = operations.perform();
    });
    out.var_bytes(update_);
    return result;
  }

  Result<> apply(Doc& doc, WireWriter& out) {
    const UpdateFormat form = format();
    TRY(const ByteView update, bytes());
    TRY(const Applied applied, doc.apply_update(update, form));
    out.byte(applied.pending ? 1 : 0);
    out.var_bytes(applied.cleanup);
    return {};
  }

  Result<> encode(const Doc& doc, WireWriter& out) {
    const UpdateFormat form = format();
    TRY(const ByteView encoded, bytes());
    TRY(const StateVector since, decode_state_vector(encoded));
    out.var_bytes(doc.encode_state_as_update(since, form));
    return {};
  }

  Result<> merge(WireWriter& out) {
    const UpdateFormat form = format();
    TRY(std::uint64_t count, uint());
    std::vector<ByteView> updates;
    for (; count > 0; --count) {
      TRY(const ByteView update, bytes());
      updates.push_back(update);
    }
    TRY(const Bytes merged, merge_updates(updates, form));
    out.var_bytes(merged);
    return {};
  }

  Result<> diff(WireWriter& out) {
    const UpdateFormat form = format();
    TRY(const ByteView update, bytes());
    TRY(const ByteView encoded, bytes());
    TRY(const StateVector since, decode_state_vector(encoded));
    TRY(const Bytes rest, diff_update(update, since, form));
    out.var_bytes(rest);
    return {};
  }

  Result<> vector_of(WireWriter& out) {
    const UpdateFormat form = format();
    TRY(const ByteView update, bytes());
    TRY(const Bytes vector, state_vector_of_update(update, form));
    out.var_bytes(vector);
    return {};
  }

  Result<> convert(WireWriter& out) {
    const UpdateFormat form = format();
    TRY(const ByteView update, bytes());
    TRY(const Bytes other,
        convert_update(update, form, form == UpdateFormat::kV1 ? UpdateFormat::kV2 : UpdateFormat::kV1));
    out.var_bytes(other);
    return {};
  }

  std::map<std::uint64_t, Held> documents_;
  WireReader* in_ = nullptr;
  Bytes answer_;
  Bytes update_;
};

}  // namespace
}  // namespace concord::crdt

int main() { return concord::crdt::Peer().serve() ? 0 : 1; }
