// What an attribution table says of a list: who wrote what is shown, who deleted what is gone, who changed what between
// two versions.

#include <algorithm>

#include "crdt/attribution.h"
#include "crdt/element.h"

namespace concord::crdt {
namespace {

/// Puts equal neighbours together.
void append(std::vector<DifferenceRun>& runs, const DifferenceRun& run) {
  if (!runs.empty() && runs.back().kind == run.kind && runs.back().credit == run.credit)
    runs.back().length += run.length;
  else
    runs.push_back(run);
}

}  // namespace

std::vector<BlameRun> blame(const SharedType& type, const Attribution& table) {
  std::vector<BlameRun> runs;
  std::size_t index = 0;
  for (const ElementRun& elements : type.elements()) {
    if (elements.deleted) continue;
    table.each_written(elements.client, elements.clock, elements.length,
                       [&](Clock length, const std::optional<Credit>& credit) {
                         if (!runs.empty() && runs.back().credit == credit)
                           runs.back().length += length;
                         else
                           runs.push_back({index, length, credit});
                         index += length;
                       });
  }
  return runs;
}

std::vector<DeletionRun> deletions(const SharedType& type, const Attribution& table) {
  std::vector<DeletionRun> runs;
  std::size_t index = 0;
  for (const ElementRun& elements : type.elements()) {
    if (!elements.deleted) {
      index += elements.length;
      continue;
    }
    Clock clock = elements.clock;
    table.each_deleted(
        elements.client, elements.clock, elements.length, [&](Clock length, const std::optional<Credit>& deleted) {
          table.each_written(elements.client, clock, length, [&](Clock part, const std::optional<Credit>& written) {
            if (!runs.empty() && runs.back().index == index && runs.back().written == written &&
                runs.back().deleted == deleted)
              runs.back().length += part;
            else
              runs.push_back({index, part, written, deleted});
          });
          clock += length;
        });
  }
  return runs;
}

std::vector<DifferenceRun> difference(const SharedType& type, const Attribution& table, const Snapshot& from,
                                      const Snapshot& to) {
  std::vector<DifferenceRun> runs;
  std::size_t index = 0;
  for (const ElementRun& elements : type.elements()) {
    const Clock end = elements.clock + elements.length;
    for (Clock clock = elements.clock; clock < end;) {
      const Snapshot::Stretch before = from.stretch(elements.client, clock);
      const Snapshot::Stretch after = to.stretch(elements.client, clock);
      const Clock stop = std::min({end, before.end, after.end});
      using Kind = DifferenceRun::Kind;
      const Kind kind = !after.visible ? Kind::kRemoved : before.visible ? Kind::kKept : Kind::kAdded;
      const auto take = [&](Clock length, const std::optional<Credit>& credit) {
        append(runs, {kind, index, length, credit});
        if (after.visible) index += length;
      };
      if (after.visible)
        table.each_written(elements.client, clock, stop - clock, take);
      else if (before.visible)
        table.each_deleted(elements.client, clock, stop - clock, take);
      clock = stop;
    }
  }
  return runs;
}

}  // namespace concord::crdt
