#pragma once
// UndoManager: takes back what some authors did in some shared types, and does it again, whatever others have written
// meanwhile; as Y.UndoManager of Yjs 13.6, with the same updates to the byte.
//
//   UndoManager undo(doc, {text}, {.now_ms = [&] { return clock.now_ms(); }});
//   doc.transact([&] { (void)text.insert(0, "a"); });
//   TRY(Undone undone, undo.undo());            // undone.update goes to the others
//
// What a captured transaction deletes is not collected while it can be brought back. A manager is used on its
// document's thread and must not outlive the document. One difference to Yjs: a transaction that changes nothing is
// never captured, which Yjs does where the scope is a whole document.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/any.h"
#include "crdt/clock_ranges.h"
#include "crdt/events.h"

namespace concord::crdt {

class Doc;

/// One step on a stack: all that was captured within captureTimeout.
struct StackItem {
  /// For the user's own, such as a selection to restore.
  std::map<std::string, Any> meta;
  ClockRanges insertions;
  ClockRanges deletions;
};

/// The stack that an event is about.
enum class UndoKind : std::uint8_t { kUndo, kRedo };

/// What happened to a step.
struct UndoEvent {
  StackItem& item;
  UndoKind kind;
  Origin origin;
  std::vector<SharedType> changed;  // the types that changed and those that hold them
};

/// An item that undoing or redoing is about to delete.
struct UndoTarget {
  ClientId client;
  Clock clock = 0;
  Clock length = 0;
  SharedType parent;
  std::optional<SharedType> type;  // that it holds
};

struct UndoOptions {
  std::uint64_t capture_timeout_ms = 500;
  /// The time of day; without it time stands still and each transaction is a step of its own.
  std::function<std::uint64_t()> now_ms = nullptr;
  /// Transactions of these origins are captured, and of these kinds of origin. What has no origin is Origin{}.
  std::vector<Origin> tracked_origins = {Origin{}};
  std::vector<std::string> tracked_kinds = {};
  std::function<bool(const Transaction&)> capture_transaction = nullptr;
  /// False for what is to stay.
  std::function<bool(const UndoTarget&)> delete_filter = nullptr;
  /// Map values that others have set since are overwritten too.
  bool ignore_remote_map_changes = false;

  std::function<void(const UndoEvent&)> on_added = nullptr;
  std::function<void(const UndoEvent&)> on_updated = nullptr;
  std::function<void(const UndoEvent&)> on_popped = nullptr;
  std::function<void(bool undo_stack, bool redo_stack)> on_cleared = nullptr;
};

/// What an undo or redo did.
struct Undone {
  std::optional<StackItem> item;  // absent where there was nothing to do
  Bytes update;                   // for the others; may be empty
};

class UndoManager {
 public:
  /// Of the whole document.
  explicit UndoManager(Doc& doc, UndoOptions options = {});
  /// Of these types and all within them.
  UndoManager(Doc& doc, std::vector<SharedType> scope, UndoOptions options = {});
  UndoManager(const UndoManager&) = delete;
  UndoManager& operator=(const UndoManager&) = delete;

  void add_to_scope(const SharedType& type);
  void add_tracked_origin(const Origin& origin);
  void remove_tracked_origin(const Origin& origin);

  /// Takes back the last step that still has an effect. Fails with kInvalidArgument inside a transaction.
  Result<Undone> undo();
  Result<Undone> redo();
  bool can_undo() const { return !undo_stack_.empty(); }
  bool can_redo() const { return !redo_stack_.empty(); }
  /// The next change is a step of its own.
  void stop_capturing() { last_change_ms_ = 0; }
  void clear(bool undo_stack = true, bool redo_stack = true);

  /// Oldest first.
  std::deque<StackItem>& undo_stack() { return undo_stack_; }
  std::deque<StackItem>& redo_stack() { return redo_stack_; }
  /// What undo's and redo's own transactions have.
  const Origin& origin() const { return origin_; }

 private:
  friend class UndoStep;
  void capture(const Transaction& transaction);
  bool wants(const Transaction& transaction, const std::vector<SharedType>& changed) const;
  Result<Undone> pop(std::deque<StackItem>& stack, UndoKind kind);

  Engine& engine_;
  UndoOptions options_;
  bool whole_document_ = false;
  std::vector<SharedType> scope_;
  std::deque<StackItem> undo_stack_;
  std::deque<StackItem> redo_stack_;
  bool undoing_ = false;
  bool redoing_ = false;
  std::uint64_t last_change_ms_ = 0;
  std::vector<SharedType> popped_changes_;  // what the running undo or redo has changed
  Origin origin_;
  Subscription subscription_;
};

}  // namespace concord::crdt
