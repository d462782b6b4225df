#pragma once
// What the watch sees, in the words of the services: which routes give a document, and how a threat is recorded.

#include "audit/audit.h"
#include "base/log.h"
#include "guard/watch.h"

namespace concord::app {

/// Its content, a version of it, or a live session.
bool reads_a_document(const net::Route& route);

void note_threat(audit::Audit& audit, const Logger& logger, const guard::Threat& threat);

}  // namespace concord::app
