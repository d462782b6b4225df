#pragma once
// Lets the guard watch who reads documents by live sessions and tools, and the audit record have what is refused there.

#include "audit/audit.h"
#include "documents/read_watch.h"
#include "guard/watch.h"

namespace concord::app {

class WatchedReads final : public documents::ReadWatch {
 public:
  WatchedReads(guard::Watch& watch, audit::Audit& audit) : watch_(watch), audit_(audit) {}

  Result<> admit(const documents::Reader& reader) override;
  void read(const documents::Reader& reader, std::string_view document) override;
  void missed(const documents::Reader& reader, std::string_view document) override;
  void refused(documents::LiveRefusal refusal) override;

 private:
  guard::Watch& watch_;
  audit::Audit& audit_;
};

}  // namespace concord::app
