#include "guard/sign_in_delays.h"

#include <algorithm>

namespace concord::guard {

namespace {

constexpr char kPair = 'p';
constexpr char kAddress = 'a';
constexpr char kAccount = 'c';
constexpr char kRelayed = 'd';  // what nodes tell each other: what was, and the three keys of where
constexpr std::int64_t kFreeOfAPair = 5;
constexpr std::int64_t kFreeOfMany = 20;
constexpr std::int64_t kMostOfAnAccountMs = 30'000;
constexpr std::int64_t kFamiliarMs = 30LL * 24 * 3600 * 1000;
constexpr std::int64_t kForgetAddressMs = 3'600'000;  // addresses change hands

std::int64_t now_ms(Clock& clock) { return clock.monotonic_ns() / 1'000'000; }

}  // namespace

SignInDelays::SignInDelays(Clock& clock, std::int64_t most_s, std::size_t most_keys)
    : clock_(clock),
      pairs_({.free = kFreeOfAPair, .most_ms = most_s * 1000}, most_keys),
      addresses_({.free = kFreeOfMany, .most_ms = most_s * 1000 / 3, .forget_ms = kForgetAddressMs}, most_keys),
      accounts_({.free = kFreeOfMany, .most_ms = std::min(most_s * 1000, kMostOfAnAccountMs)}, most_keys),
      familiar_until_ms_(most_keys) {}

bool SignInDelays::familiar(const Key& pair, std::int64_t now) {
  const std::int64_t* until = familiar_until_ms_.find(pair);
  return until != nullptr && now < *until;
}

bool SignInDelays::is_familiar(std::string_view account, std::string_view address) {
  const Key pair = pair_key_of(kPair, account, address);
  const std::lock_guard lock(mutex_);
  return familiar(pair, now_ms(clock_));
}

std::optional<std::int64_t> SignInDelays::begin(std::string_view account, std::string_view address) {
  const Key pair = pair_key_of(kPair, account, address);
  const Key from = address_key_of(kAddress, address);
  const Key to = text_key_of(kAccount, account);
  const std::int64_t now = now_ms(clock_);
  const std::lock_guard lock(mutex_);
  const bool stranger = !familiar(pair, now);
  std::int64_t wait_ms = pairs_.wait_ms(pair, now).value_or(0);
  if (stranger)
    wait_ms = std::max({wait_ms, addresses_.wait_ms(from, now).value_or(0), accounts_.wait_ms(to, now).value_or(0)});
  if (wait_ms > 0) return (wait_ms + 999) / 1000;
  pairs_.begin(pair, now);
  if (stranger) {
    addresses_.begin(from, now);
    accounts_.begin(to, now);
  }
  return std::nullopt;
}

SignInDelays::Place SignInDelays::place_of(std::string_view account, std::string_view address) {
  return {pair_key_of(kPair, account, address), address_key_of(kAddress, address), text_key_of(kAccount, account)};
}

void SignInDelays::note(What what, const Place& place) {
  const std::int64_t now = now_ms(clock_);
  const std::lock_guard lock(mutex_);
  switch (what) {
    case What::kFailed:
      pairs_.failed(place.pair, now);
      addresses_.failed(place.from, now);
      if (!familiar(place.pair, now)) accounts_.failed(place.to, now);
      return;
    case What::kSucceeded:
      addresses_.forgive(place.from, pairs_.failures(place.pair, now));
      pairs_.forgive(place.pair);
      [[fallthrough]];
    case What::kSeen:
      familiar_until_ms_.touch(place.pair, 0) = now + kFamiliarMs;
  }
}

void SignInDelays::note_and_tell(What what, const Place& place) {
  note(what, place);
  if (relay_ == nullptr) return;
  relay_->tell(kRelayed,
               {std::string(1, static_cast<char>(what)), to_text(place.pair), to_text(place.from), to_text(place.to)});
}

void SignInDelays::share(Relay& relay) {
  relay_ = &relay;
  relay.listen(kRelayed, [this](const Relay::Fields& fields) { hear(fields); });
}

void SignInDelays::hear(const Relay::Fields& fields) {
  if (fields.size() != 4 || fields[0].size() != 1) return;
  const auto pair = key_from(fields[1]), from = key_from(fields[2]), to = key_from(fields[3]);
  const What what{fields[0].front()};
  const bool known = what == What::kFailed || what == What::kSucceeded || what == What::kSeen;
  if (known && pair && from && to) note(what, {*pair, *from, *to});
}

void SignInDelays::failed(std::string_view account, std::string_view address) {
  note_and_tell(What::kFailed, place_of(account, address));
}

void SignInDelays::succeeded(std::string_view account, std::string_view address) {
  note_and_tell(What::kSucceeded, place_of(account, address));
}

void SignInDelays::seen(std::string_view account, std::string_view address) {
  note_and_tell(What::kSeen, place_of(account, address));
}

}  // namespace concord::guard
