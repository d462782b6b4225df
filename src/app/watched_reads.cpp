#include "app/watched_reads.h"

#include <utility>

#include "app/token_callers.h"

namespace concord::app {

Result<> WatchedReads::admit(const documents::Reader& reader) {
  if (auto locked = watch_.reading_refusal(reader.address, caller_of(reader.who))) return fail(std::move(*locked));
  return {};
}

void WatchedReads::read(const documents::Reader& reader, std::string_view document) {
  watch_.was_read(document, reader.address, caller_of(reader.who));
}

void WatchedReads::missed(const documents::Reader& reader, std::string_view document) {
  watch_.was_missed(document, reader.address, caller_of(reader.who));
}

void WatchedReads::refused(documents::LiveRefusal refusal) {
  audit_.note({.action = "live_session.refused",
               .actor = std::move(refusal.actor),
               .target = std::move(refusal.document),
               .outcome = audit::Outcome::kRefused,
               .address = std::move(refusal.address),
               .session = std::move(refusal.session),
               .request_id = std::move(refusal.request_id),
               .detail = {{"why", std::move(refusal.error.message)}}});
}

}  // namespace concord::app
