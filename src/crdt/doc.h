#pragma once
// Doc: one replica of a shared document, compatible to the byte with a Yjs 13.6 Y.Doc. A resource, used from one
// thread at a time. Pure: no I/O, no clock; the client id comes from the caller.
//
//   concord::crdt::Doc doc({.client = ClientId{7}});
//   Text text = doc.text("content");
//   Bytes update = doc.transact([&] { (void)text.insert(0, "hello"); });   // send it to the others
//   TRY(Applied applied, doc.apply_update(bytes_from_a_peer));

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/state_vector.h"
#include "crdt/subdocument.h"
#include "crdt/touched.h"
#include "crdt/transaction.h"
#include "crdt/types.h"
#include "crdt/update_format.h"
#include "crdt/xml.h"

namespace concord::crdt {

struct AbsolutePosition;

struct DocOptions {
  ClientId client{};                               // who local changes are signed by; unique among live sessions
  bool gc = true;                                  // drop the content of what is deleted
  bool clean_formats = false;                      // after a remote change, delete formats that have no effect, as an
                                                   // editor's Y.Text does; a server leaves that to the editors
  std::size_t max_pending_bytes = 64U << 20U;      // bound of what waits for missing updates; beyond it: kTooLarge
  UpdateFormat update_format = UpdateFormat::kV1;  // of the updates that transactions and cleanups give
  std::uint64_t max_run_structs = kMaxRunStructs;  // see update_format.h
};

/// What one apply_update did.
struct Applied {
  bool changed = false;  // the document is not what it was; false for what was known already or only waits
  bool pending = false;  // something is waiting for updates that have not come
  Bytes cleanup;         // what the document changed in answer (clean_formats, observers), for the others; or nothing
};

class Doc {
 public:
  explicit Doc(const DocOptions& options = {});
  ~Doc();
  Doc(Doc&&) noexcept;
  Doc& operator=(Doc&&) noexcept;

  ClientId client() const;

  /// The root type of that name; it exists from the first mention on. A name stands for one type: asking for it as
  /// another kind later gives a handle that reads as empty.
  Text text(std::string_view name);
  Map map(std::string_view name);
  Array array(std::string_view name);
  XmlFragment xml_fragment(std::string_view name);
  XmlElement xml_element(std::string_view name);
  XmlText xml_text(std::string_view name);
  /// The subdocuments that are mentioned now (subdocument.h), in no particular order.
  std::vector<Subdocument> subdocuments() const;

  /// Runs `change()` as one transaction and returns its update, empty where nothing changed. A transaction in a
  /// transaction joins the outer one and returns nothing.
  template <class F>
  Bytes transact(F&& change, const Origin& origin = {}) {
    Bytes update;
    transact_into(update, static_cast<F&&>(change), origin);
    return update;
  }
  /// The same into the caller's buffer, which is cleared first: without an allocation once the buffer has grown.
  template <class F>
  void transact_into(Bytes& update, F&& change, const Origin& origin = {}) {
    const bool outermost = begin(origin);
    change();
    update.clear();
    if (outermost) commit(update);
  }

  /// Applies an update of any origin, whole or not at all. Malformed input is kInvalidArgument and says what and at
  /// which byte; too much waiting for missing updates is kTooLarge. Not inside a transaction.
  Result<Applied> apply_update(ByteView update, const Origin& origin = {}, UpdateFormat format = UpdateFormat::kV1);
  Result<Applied> apply_update(ByteView update, UpdateFormat format) { return apply_update(update, {}, format); }

  /// Calls `observer` after each transaction that changes something and begins while the subscription lives. A document
  /// that is observed is slower: typing takes the general way.
  Subscription observe_transactions(TransactionObserver observer);
  /// Calls `observer` with each update that the document emits, one for each transaction that changed something.
  Subscription observe_updates(UpdateObserver observer);

  StateVector state_vector() const;
  Bytes encode_state_vector() const;
  /// Everything that `since` has not seen, including what is pending; the bytes of Y.encodeStateAsUpdate (V2).
  Bytes encode_state_as_update(const StateVector& since = {}, UpdateFormat format = UpdateFormat::kV1) const;
  bool has_pending() const;
  /// Whether the document holds all that an update brings, structs and deletions, integrated. Fails on a malformed
  /// update as apply_update does. Time linear in the update and in the structs that its deletions span.
  Result<bool> covers(ByteView update, UpdateFormat format = UpdateFormat::kV1) const;
  /// What an update would touch (touched.h). Fails on a malformed update as apply_update does. Time as for `covers`,
  /// but for a factor of the logarithm.
  Result<Touched> touches(ByteView update, UpdateFormat format = UpdateFormat::kV1) const;
  /// The root type that holds the newest struct of a client; nothing where it has none, or it was collected.
  std::optional<std::string> root_last_written(ClientId client) const;

  /// This version, to be read later (snapshot.h).
  Snapshot snapshot() const;
  /// A document that holds what this one held in that version. Fails with kInvalidArgument where this one has not seen
  /// all of it, or collects garbage, so that content may be missing.
  Result<Doc> at(const Snapshot& version, const DocOptions& options = {});

  /// Where a place is now, as Y.createAbsolutePositionFromRelativePosition; nothing where what it names has not come,
  /// was collected, or is a root type that nobody has mentioned. `follow_undone`: what was deleted and brought back by
  /// an undo manager of this document is found where it is now, which others cannot know.
  std::optional<AbsolutePosition> resolve(const RelativePosition& position, bool follow_undone = true) const;

  /// The heap this document holds, near enough for accounting.
  std::size_t memory_bytes() const;
  /// The document as JSON, in bytes (json_size.h). Time linear in the document; nothing is written.
  std::size_t json_bytes() const;
  /// How many units of text, elements and values an update (V1) would delete: each takes at least a byte of that JSON.
  /// 0 where it is malformed.
  std::size_t deletes(ByteView update) const;
  /// Checks every invariant; the first that does not hold, or nothing. For tests: linear in the document.
  std::string validate() const;

 private:
  friend class UndoManager;
  bool begin(const Origin& origin);
  void commit(Bytes& update);

  std::unique_ptr<Engine> engine_;
};

}  // namespace concord::crdt
