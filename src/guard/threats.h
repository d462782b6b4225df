#pragma once
// What attackers do and people do not, counted: so many different things by one, within so long. Time is passed in. One
// thread.

#include <cstdint>
#include <string_view>
#include <vector>

#include "guard/recent_map.h"

namespace concord::guard {

enum class ThreatKind : std::uint8_t {
  kSpraying,      // failed sign-ins at many accounts from one address
  kStuffing,      // failed sign-ins at one account from many addresses
  kTokenReuse,    // a refresh token that was used before
  kMassDownload,  // a user reads very many documents
  kEnumeration,   // somebody asks for many things that are not there
};
constexpr std::size_t kThreatKinds = 5;
std::string_view to_string(ThreatKind kind);

struct ThreatRule {
  std::int64_t least = 0;  // different things; 0: not counted
  std::int64_t within_ms = 0;
};

/// Different things by key. A key's time begins with its first thing; what is not counted up when it ends is forgotten.
class DistinctCounts {
 public:
  /// Beyond `most_keys` the one that was idle longest is forgotten; each takes 8 bytes a thing.
  DistinctCounts(ThreatRule rule, std::size_t most_keys) : rule_(rule), windows_(most_keys) {}

  /// True where `thing` is the one that makes it as many as the rule says; counting then begins anew.
  bool add(const Key& key, const Key& thing, std::int64_t now_ms);

 private:
  struct Window {
    std::int64_t began_ms = 0;
    std::vector<std::size_t> things;  // their hashes, sorted
  };
  const ThreatRule rule_;
  RecentMap<Window> windows_;
};

}  // namespace concord::guard
