#pragma once
// The check of a whole record.

#include <optional>
#include <string_view>

#include "audit/chain.h"
#include "engines/tables.h"

namespace concord::audit {

class Verifier {
 public:
  /// `known`: a line that was noted earlier and must be there.
  explicit Verifier(std::optional<Head> known) : known_(std::move(known)) {}

  /// The next line; kCorrupt as of ChainCheck, and where it is the known one and has another hash.
  Result<> add(std::string_view line);
  /// Where the record ends; kCorrupt where the known line was never reached.
  Result<Head> finish() const;

 private:
  ChainCheck check_;
  const std::optional<Head> known_;
};

/// All lines of the tables, and that they end where the tables say they do.
Task<Head> verify_tables(engines::Tables& tables, Verifier& verifier);

}  // namespace concord::audit
