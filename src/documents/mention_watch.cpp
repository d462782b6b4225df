#include "documents/mention_watch.h"

#include "crdt/update.h"

namespace concord::documents {

namespace {
constexpr std::int64_t kGatherMs = 1'000;
constexpr std::int64_t kHourNs = 3'600'000'000'000;
}  // namespace

bool MentionLimits::take(const std::string& document, const std::string& user, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (told_.size() >= kMostKept || hours_.size() >= kMostKept) forget(now_ns);
  if (told_.size() >= kMostKept || hours_.size() >= kMostKept) return false;
  const auto [told, first] = told_.try_emplace({document, user}, now_ns);
  if (!first && now_ns - told->second < every_ns_) return false;
  told->second = now_ns;
  Hour& hour = hours_.try_emplace(user, Hour{now_ns, 0}).first->second;
  if (now_ns - hour.began_ns >= kHourNs) hour = {now_ns, 0};
  return ++hour.mails <= kMostAnHour;
}

void MentionLimits::forget(std::int64_t now_ns) {
  std::erase_if(told_, [&](const auto& one) { return now_ns - one.second >= every_ns_; });
  std::erase_if(hours_, [&](const auto& one) { return now_ns - one.second.began_ns >= kHourNs; });
}

void MentionWatch::annotated(const DocumentShard::Live& live, const engines::LogRecord& record) {
  if (!may_mention(*record.payload)) return;
  auto info = crdt::describe_update(*record.payload);
  if (!info) return;
  const auto [found, first] = waiting_.try_emplace(live->id());
  if (found->second.size() < kMostWaiting) found->second.push_back({record.principal, std::move(info->clients)});
  if (first) shard_.spawn(look(live));
}

asio::awaitable<void> MentionWatch::look(DocumentShard::Live live) {
  const Result<> slept = co_await sleep_ms(kGatherMs);
  const auto written = waiting_.extract(live->id());
  if (!slept || live->removed || written.empty()) co_return;
  const std::vector<Mention> mentions = mentions_in(live->doc(), written.mapped());
  for (const Mention& mention : mentions) {
    const auto told = co_await tell(live->id(), mention);
    if (!told)
      on_.logger.warn("nobody was told of a mention",
                      {{"document", live->stream()}, {"user", mention.user}, {"error", told.error().message}});
  }
}

/// Who may not read the document any more, or never could, is not told of it.
Task<> MentionWatch::tell(DocumentId document, Mention mention) {
  const auto user = UserId::parse(mention.user);
  if (!user) co_return Result<>{};
  CO_TRY(const access::Decision decision, co_await on_.access.decide(identity::Actor(*user), document.str()));
  if (decision.level == Level::kNone) co_return Result<>{};
  CO_TRY(const DocumentRow row, co_await on_.store.find(document));
  CO_TRY(auto names, co_await on_.identity.names_of({mention.by}));
  if (!on_.limits.take(document.str(), user->str(), shard_.clock().monotonic_ns())) co_return Result<>{};
  MentionNotice notice{.by = std::move(names[mention.by]),
                       .document = row.name,
                       .page = "d/" + document.str(),
                       .line = std::move(mention.line)};
  CO_TRY(const bool queued, co_await on_.tell(*user, std::move(notice)));
  if (queued) shard_.metrics().mention_mails.add();
  co_return Result<>{};
}

}  // namespace concord::documents
