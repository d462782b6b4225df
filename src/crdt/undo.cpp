// The stacks of an undo manager and what goes on them.

#include "crdt/undo.h"

#include <algorithm>

#include "crdt/doc.h"
#include "crdt/undo_step.h"

namespace concord::crdt {

UndoManager::UndoManager(Doc& doc, UndoOptions options) : UndoManager(doc, {}, std::move(options)) {
  whole_document_ = true;
}

UndoManager::UndoManager(Doc& doc, std::vector<SharedType> scope, UndoOptions options)
    : engine_(*doc.engine_), options_(std::move(options)), scope_(std::move(scope)) {
  const std::uint64_t id =
      engine_.observers->add(TransactionObserver([this](const Transaction& transaction) { capture(transaction); }));
  subscription_ = Subscription(engine_.observers, id);
  origin_ = {"undo manager", id};
  add_tracked_origin(origin_);
}

void UndoManager::add_to_scope(const SharedType& type) {
  if (std::ranges::find(scope_, type) == scope_.end()) scope_.push_back(type);
}

void UndoManager::add_tracked_origin(const Origin& origin) {
  remove_tracked_origin(origin);
  options_.tracked_origins.push_back(origin);
}

void UndoManager::remove_tracked_origin(const Origin& origin) { std::erase(options_.tracked_origins, origin); }

bool UndoManager::wants(const Transaction& transaction, const std::vector<SharedType>& changed) const {
  if (options_.capture_transaction && !options_.capture_transaction(transaction)) return false;
  const auto touched = [&](const SharedType& type) { return std::ranges::find(changed, type) != changed.end(); };
  if (!whole_document_ && !std::ranges::any_of(scope_, touched)) return false;
  const Origin& origin = transaction.origin();
  return std::ranges::find(options_.tracked_origins, origin) != options_.tracked_origins.end() ||
         std::ranges::find(options_.tracked_kinds, origin.kind) != options_.tracked_kinds.end();
}

void UndoManager::capture(const Transaction& transaction) {
  std::vector<SharedType> changed = transaction.changed_parents();
  if (!wants(transaction, changed)) return;
  if (undoing_)
    stop_capturing();
  else if (!redoing_)
    clear(false, true);

  StackItem step;
  for (const auto& range : transaction.state().deleted) step.deletions.add(range.client, range.clock, range.length);
  auto written = transaction.state().written;
  std::ranges::sort(written, {}, [this](const auto& one) { return engine_.store.clients[one.client].rank; });
  for (const auto& one : written) step.insertions.add(one.client, one.before, one.after - one.before);

  std::deque<StackItem>& stack = undoing_ ? redo_stack_ : undo_stack_;
  const std::uint64_t now = options_.now_ms ? options_.now_ms() : 0;
  const bool own = undoing_ || redoing_;
  const bool joins = !own && last_change_ms_ > 0 && !stack.empty() &&
                     (now < last_change_ms_ || now - last_change_ms_ < options_.capture_timeout_ms);
  UndoStep(*this).keep(step.deletions, true);
  if (joins) {
    stack.back().deletions.add(step.deletions);
    stack.back().insertions.add(step.insertions);
  } else {
    stack.push_back(std::move(step));
  }
  if (!own) last_change_ms_ = now;

  const auto& callback = joins ? options_.on_updated : options_.on_added;
  const UndoKind kind = undoing_ ? UndoKind::kRedo : UndoKind::kUndo;
  if (own) popped_changes_ = changed;
  if (callback) callback({stack.back(), kind, transaction.origin(), std::move(changed)});
}

Result<Undone> UndoManager::undo() {
  undoing_ = true;
  auto undone = pop(undo_stack_, UndoKind::kUndo);
  undoing_ = false;
  return undone;
}

Result<Undone> UndoManager::redo() {
  redoing_ = true;
  auto redone = pop(redo_stack_, UndoKind::kRedo);
  redoing_ = false;
  return redone;
}

Result<Undone> UndoManager::pop(std::deque<StackItem>& stack, UndoKind kind) {
  if (engine_.in_transaction()) return fail(Code::kInvalidArgument, "nothing can be undone inside a transaction");
  Undone undone;
  popped_changes_.clear();
  engine_.begin(true, &origin_);
  UndoStep step(*this);
  while (!undone.item && !stack.empty()) {
    StackItem top = std::move(stack.back());
    stack.pop_back();
    if (step.take_back(top)) undone.item = std::move(top);
  }
  engine_.commit_local(undone.update);
  if (undone.item && options_.on_popped) options_.on_popped({*undone.item, kind, origin_, std::move(popped_changes_)});
  return undone;
}

void UndoManager::clear(bool undo_stack, bool redo_stack) {
  if (!(undo_stack && can_undo()) && !(redo_stack && can_redo())) return;
  const bool outermost = !engine_.in_transaction();
  if (outermost) engine_.begin(true);
  UndoStep step(*this);
  for (auto* stack : {undo_stack ? &undo_stack_ : nullptr, redo_stack ? &redo_stack_ : nullptr}) {
    if (stack == nullptr) continue;
    for (const StackItem& item : *stack) step.keep(item.deletions, false);
    stack->clear();
  }
  if (options_.on_cleared) options_.on_cleared(undo_stack, redo_stack);
  Bytes none;
  if (outermost) engine_.commit_local(none);
}

}  // namespace concord::crdt
