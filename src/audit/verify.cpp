#include "audit/verify.h"

#include "audit/audit_store.h"

namespace concord::audit {

namespace {
constexpr std::int64_t kPage = 2000;
}

Result<> Verifier::add(std::string_view line) {
  TRY_VOID(check_.add(line));
  if (known_ && known_->seq == check_.head().seq && known_->hash != check_.head().hash)
    return fail(Code::kCorrupt, "line " + std::to_string(known_->seq) +
                                    " is not the one that was known: it, or one before it, was changed");
  return {};
}

Result<Head> Verifier::finish() const {
  if (known_ && known_->seq > check_.head().seq)
    return fail(Code::kCorrupt, "it ends at line " + std::to_string(check_.head().seq) + ", and line " +
                                    std::to_string(known_->seq) + " was known");
  return check_.head();
}

Task<Head> verify_tables(engines::Tables& tables, Verifier& verifier) {
  AuditStore store(tables);
  // The head is read first: lines that are written meanwhile stand behind it.
  CO_TRY(const Head stored, co_await store.head());
  for (std::uint64_t seq = 0; seq < stored.seq;) {
    CO_TRY(const auto lines, co_await store.after(seq, kPage));
    if (lines.empty()) break;
    for (const Line& line : lines) {
      if (line.seq > stored.seq) break;
      CO_TRY_VOID(verifier.add(line.text));
    }
    seq = lines.back().seq;
  }
  CO_TRY(Head head, verifier.finish());
  if (head != stored)
    co_return fail(Code::kCorrupt, "it ends at line " + std::to_string(head.seq) + ", and " +
                                       std::to_string(stored.seq) + " lines were written");
  co_return head;
}

}  // namespace concord::audit
