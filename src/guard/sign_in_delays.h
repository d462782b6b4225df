#pragma once
// How long a further try to sign in has to wait after failed ones. Three delays are kept, each bounded, and none knows
// whether there is such an account: unknown e-mails are treated as known ones.
//
//   an account from an address:        5 failures are free, then 1, 2, 4 … seconds, to the setting's most
//   an address, over all accounts:    20 are free, then the same, to a third of it
//   an account, over all addresses:   20 are free, then the same, to 30 seconds; only for strangers
//
// So who guesses at one account is slowed, who tries many accounts is, and so are many who try one account together.
// An attacker cannot keep the account's own user out for long: an address from which the account was signed in to, or
// its session refreshed, during the last 30 days is no stranger, and waits for failures at this account from there
// alone. From a place that is new the user waits at most 30 seconds at a time, though beside whoever else tries.
//
// A success ends the delay of the account from there and takes its failures from the address's; who fails at other
// accounts does not get free by signing in to one of their own. All is forgotten at a restart. Any thread.
//
// Nodes of a hub tell each other of failures and successes, so that a try counts whichever node it is made at; tries
// that are made at several at once may each be let through before they know of each other.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "guard/failure_delay.h"
#include "guard/relay.h"

namespace concord::guard {

class SignInDelays {
 public:
  /// `most_s`: the longest delay, 0 for none. `most_keys` bounds what is remembered of each kind.
  SignInDelays(Clock& clock, std::int64_t most_s, std::size_t most_keys);

  /// From now on other nodes are told, and heard. Before it is used, and before the relay starts.
  void share(Relay& relay);

  /// Whole seconds (at least 1) that the try has to wait; nullopt: it may be made, and has begun. `account` is the
  /// e-mail's key or whatever else names it, whether there is such an account or not.
  std::optional<std::int64_t> begin(std::string_view account, std::string_view address);
  void failed(std::string_view account, std::string_view address);
  void succeeded(std::string_view account, std::string_view address);
  /// A session of the account was refreshed from there: it is familiar.
  void seen(std::string_view account, std::string_view address);
  /// Whether the account was signed in to from there lately.
  bool is_familiar(std::string_view account, std::string_view address);

 private:
  enum class What : char { kFailed = 'f', kSucceeded = 's', kSeen = 'k' };
  struct Place {
    Key pair, from, to;
  };
  static Place place_of(std::string_view account, std::string_view address);
  void note(What what, const Place& place);
  void note_and_tell(What what, const Place& place);
  void hear(const Relay::Fields& fields);
  bool familiar(const Key& pair, std::int64_t now_ms);

  Clock& clock_;
  Relay* relay_ = nullptr;
  std::mutex mutex_;
  FailureDelay pairs_, addresses_, accounts_;
  RecentMap<std::int64_t> familiar_until_ms_;  // by pair
};

}  // namespace concord::guard
