#include "documents/version_changes.h"

#include <algorithm>

#include "crdt/attribution.h"
#include "crdt/doc.h"
#include "crdt/snapshot.h"
#include "documents/content.h"

namespace concord::documents {

namespace {

using crdt::Any;
using crdt::AnyObject;
using Kind = VersionChange::Kind;

constexpr std::string_view kMark = "ychange";  // the format under which a Delta of two versions tells what differs

/// The mark of a run that differs. Times are as text, since they have more bits than a number of JSON.
Any mark_of(crdt::ChangeKind kind, crdt::ClientId client, const std::optional<crdt::Credit>& credit) {
  const char* type = kind == crdt::ChangeKind::kAdded ? "added" : "removed";
  AnyObject mark{{"type", Any(type)}, {"user", Any(static_cast<double>(client.value))}};
  if (credit) {
    mark.push_back({"principal", Any(credit->author)});
    mark.push_back({"time", Any(std::to_string(credit->time))});
  }
  return Any(std::move(mark));
}

std::string text_of(const Any& mark, std::string_view member) {
  const Any* found = mark.find(member);
  const auto* text = found != nullptr ? found->as<std::string>() : nullptr;
  return text != nullptr ? *text : std::string();
}

VersionChange change_of(crdt::DeltaOp op) {
  VersionChange out;
  const auto marked = std::ranges::find(op.attributes, kMark, &std::pair<std::string, Any>::first);
  if (marked != op.attributes.end()) {
    out.kind = text_of(marked->second, "type") == "removed" ? Kind::kRemoved : Kind::kAdded;
    out.principal = text_of(marked->second, "principal");
    const std::string time = text_of(marked->second, "time");
    if (!time.empty()) out.time.value = std::stoull(time);
    op.attributes.erase(marked);
  }
  out.content = std::move(op);
  return out;
}

}  // namespace

Result<std::vector<VersionChange>> version_changes(ByteView state, const std::vector<HistoryRecord>& records) {
  crdt::Doc doc({.gc = false});
  if (!state.empty() && !doc.apply_update(state)) return fail(Code::kCorrupt, "the state of a version is not readable");
  const crdt::Snapshot before = doc.snapshot();
  crdt::Attribution authors;
  for (const HistoryRecord& record : records) {
    if (!doc.apply_update(*record.update)) continue;  // it changed nothing then either
    TRY_VOID(authors.add(*record.update, record.principal, record.time.value));
  }
  const crdt::Snapshot after = doc.snapshot();
  const crdt::VersionChanges versions{
      &after, &before, [&authors](crdt::ChangeKind kind, crdt::ClientId client, crdt::Clock clock) {
        const bool added = kind == crdt::ChangeKind::kAdded;
        return mark_of(kind, client, added ? authors.written(client, clock) : authors.deleted(client, clock));
      }};
  std::vector<VersionChange> out;
  for (crdt::DeltaOp& op : doc.text(kContentRoot).to_delta(versions)) out.push_back(change_of(std::move(op)));
  return out;
}

}  // namespace concord::documents
