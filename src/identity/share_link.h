#pragma once
// A link to a thing, as other parts see it (share_links.h).

#include <cstdint>
#include <optional>
#include <string>

#include "identity/principal.h"

namespace concord::identity {

struct ShareLink {
  AgentId id;  // what is done by the link is recorded under it
  std::string name;
  std::string thing;
  Permission most = Permission::kRead;
  bool has_password = false;
  UserId made_by;
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;  // wall clock; 0: never
};

struct WantedLink {
  std::string thing;
  std::string name;
  Permission most = Permission::kRead;
  std::optional<std::string> password;  // of 1 to kMaxLinkPasswordBytes
  std::int64_t expires_ms = 0;
};
constexpr std::size_t kMaxLinkPasswordBytes = 256;

struct MadeLink {
  ShareLink link;
  std::string secret;  // shown once
};

}  // namespace concord::identity
