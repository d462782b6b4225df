#include "blame.h"

#include "common/measure.h"
#include "crdt/attribution.h"
#include "crdt/doc.h"

namespace concord::bench {

void attribution(const std::vector<Bytes>& updates, std::size_t live_bytes) {
  constexpr std::uint64_t kMinute = 60'000;
  constexpr std::uint64_t kBetweenEdits = 200;
  constexpr int kRuns = 5;
  crdt::Doc doc;
  crdt::Attribution table(kMinute);
  for (std::size_t i = 0; i < updates.size(); ++i)
    if (!doc.apply_update(updates[i]) || !table.add(updates[i], "author", i * kBetweenEdits)) die("attribution failed");
  print("attribution_live_bytes", static_cast<double>(doc.memory_bytes()) - static_cast<double>(live_bytes));
  print("attribution_bytes", static_cast<double>(table.memory_bytes()));
  print("attribution_encoded_bytes", static_cast<double>(table.encode().size()));
  print("attribute_ms", least_of(kRuns, [&] {
          crdt::Attribution again(kMinute);
          for (std::size_t i = 0; i < updates.size(); ++i)
            if (!again.add(updates[i], "author", i * kBetweenEdits)) die("attribution failed");
        }));
  const crdt::Text text = doc.text("text");
  print("blame_ms", least_of(4 * kRuns, [&] {
          std::size_t told = 0;
          for (const crdt::BlameRun& run : crdt::blame(text, table)) told += run.credit ? run.length : 0;
          if (told != text.length()) die("somebody is not told of");
        }));
}

}  // namespace concord::bench
