#pragma once
// GET /audit: the record as JSON, or line by line as it stands.

#include "audit/audit.h"
#include "audit/audit_store.h"
#include "net/http.h"

namespace concord::audit {

/// Each reading shows whatever this hub has noted before.
void add_routes(net::Router& router, Audit& audit, AuditStore& store, Audit::MayRead may_read);

}  // namespace concord::audit
