#include "documents/session_counts.h"

#include <fmt/format.h>

#include <algorithm>

namespace concord::documents {

namespace {
constexpr std::string_view kSetting = "LIVE_SESSIONS_PER_USER";
}

Result<SessionCounts::Place> SessionCounts::take(const identity::Actor& who) {
  if (most_ == 0) return Place();
  const bool by_link = who.agent && who.agent->link;
  const Uuid& of = by_link ? who.agent->id.uuid() : who.user.uuid();
  const std::lock_guard lock(mutex_);
  std::size_t& open = open_[of];
  if (open < most_) {
    ++open;
    return Place(*this, of);
  }
  return fail(
      Error{Code::kRateLimited,
            fmt::format("too many live sessions: {} are open {}, and at most {} may be", open,
                        by_link ? "by this link" : "for this user", most_),
            {{"setting", std::string(kSetting)}, {"limit", std::to_string(most_)}, {"value", std::to_string(open)}}});
}

void SessionCounts::give_back(const Uuid& of) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(of);
  if (--found->second == 0) open_.erase(found);
}

bool is_too_many_sessions(const Error& error) {
  return error.code == Code::kRateLimited && std::ranges::any_of(error.context, [](const auto& fact) {
           return fact.first == "setting" && fact.second == kSetting;
         });
}

}  // namespace concord::documents
