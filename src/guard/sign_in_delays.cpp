#include "guard/sign_in_delays.h"

#include <algorithm>

namespace concord::guard {

namespace {

constexpr char kPair = 'p';
constexpr char kAddress = 'a';
constexpr char kAccount = 'c';
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

void SignInDelays::failed(std::string_view account, std::string_view address) {
  const Key pair = pair_key_of(kPair, account, address);
  const std::int64_t now = now_ms(clock_);
  const std::lock_guard lock(mutex_);
  pairs_.failed(pair, now);
  addresses_.failed(address_key_of(kAddress, address), now);
  if (!familiar(pair, now)) accounts_.failed(text_key_of(kAccount, account), now);
}

void SignInDelays::succeeded(std::string_view account, std::string_view address) {
  const Key pair = pair_key_of(kPair, account, address);
  const std::int64_t now = now_ms(clock_);
  const std::lock_guard lock(mutex_);
  addresses_.forgive(address_key_of(kAddress, address), pairs_.failures(pair, now));
  pairs_.forgive(pair);
  familiar_until_ms_.touch(pair, 0) = now + kFamiliarMs;
}

void SignInDelays::seen(std::string_view account, std::string_view address) {
  const Key pair = pair_key_of(kPair, account, address);
  const std::lock_guard lock(mutex_);
  familiar_until_ms_.touch(pair, 0) = now_ms(clock_) + kFamiliarMs;
}

}  // namespace concord::guard
