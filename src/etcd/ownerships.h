#pragma once
// All ownerships under a prefix, as they stood at one revision.

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "etcd/client.h"
#include "etcd/ownership_record.h"

namespace concord::etcd {

struct Ownerships {
  std::map<std::string, OwnershipRecord> records;  // by name
  Revision revision;
};

/// Read page by page. kTooLarge where they are more than `limit`; what is no ownership is passed over with a warning.
Task<Ownerships> read_ownerships(std::shared_ptr<Client> client, std::string name_prefix, std::size_t limit);

}  // namespace concord::etcd
