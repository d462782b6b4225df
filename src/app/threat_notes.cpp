#include "app/threat_notes.h"

namespace concord::app {

bool reads_a_document(const net::Route& route) {
  return route.method == "GET" && route.pattern.starts_with("/documents/{id}") && !route.pattern.ends_with("/share");
}

void note_threat(audit::Audit& audit, const Logger& logger, const guard::Threat& threat) {
  const std::string kind(to_string(threat.kind));
  audit::Event event{.action = "threat." + kind,
                     .target = threat.user,
                     .outcome = audit::Outcome::kRefused,
                     .address = threat.address,
                     .detail = {{"count", std::to_string(threat.count)}}};
  // Whoever tries to sign in is not known; who reads, and who asks, is.
  const bool known = threat.kind == guard::ThreatKind::kMassDownload || threat.kind == guard::ThreatKind::kEnumeration;
  if (known) event.actor = threat.user;
  if (threat.lock) {
    event.detail.emplace_back("lock", threat.lock->id.str());
    event.detail.emplace_back("locked", to_string(threat.lock->kind));
    event.detail.emplace_back("until", format_time(threat.lock->until_ms));
  }
  logger.warn("a threat was seen", {{"kind", kind}, {"user", threat.user}, {"address", threat.address}});
  audit.note(std::move(event));
}

}  // namespace concord::app
