#pragma once
// How the members of etcd are, as they say it themselves; otherwise as messages.h.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace concord::etcd {

/// What one member says of itself.
struct StatusReply {
  std::string version;
  std::int64_t database_bytes = 0;  // of its file
  std::int64_t used_bytes = 0;      // less than the file where it was compacted
  bool has_leader = false;
  bool is_learner = false;
  std::vector<std::string> errors;
};
struct StatusRequest {
  using Reply = StatusReply;
};

struct MembersReply {
  struct Member {
    std::string name;
    std::vector<std::string> client_urls;
    bool is_learner = false;  // has no vote
  };
  std::vector<Member> members;
};
struct MembersRequest {
  using Reply = MembersReply;
};

struct AlarmsReply {
  std::size_t no_space = 0;  // members
  std::size_t corrupt = 0;
};
struct AlarmsRequest {
  using Reply = AlarmsReply;
};

}  // namespace concord::etcd
