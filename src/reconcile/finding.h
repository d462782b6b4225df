#pragma once
// What does not fit together, and what became of it.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace concord::reconcile {

enum class What : std::uint8_t {
  kRowBehind,        // the tables know an older version than the content has: repaired
  kContentBehind,    // the content is older than the version that the tables know: updates are lost
  kSnapshotMissing,  // the history has more than the content: it is built again from there, where that can be
  kUnreadable,       // the stored content fails its check
  kSnapshotsPassed,  // older snapshots beside the newest: removed
  kLogBehind,        // the log ends before what a snapshot holds: its numbering is led past it
  kOrphan,           // content that belongs to no document: removed
};
constexpr std::size_t kWhats = 7;
std::string_view to_string(What what);

struct Finding {
  What what = What::kRowBehind;
  std::string document;  // its identifier
  bool repaired = false;
  std::string detail;  // for people
};

/// Is told of each; any reactor, and must not block.
using Report = std::function<void(const Finding&)>;

}  // namespace concord::reconcile
