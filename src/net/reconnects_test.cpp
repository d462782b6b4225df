#include "net/reconnects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <vector>

#include "base/varint.h"
#include "net/websocket.h"

namespace concord::net {
namespace {

std::vector<std::int64_t> draw(Reconnects& reconnects, std::size_t count) {
  std::vector<std::int64_t> out(count);
  std::ranges::generate(out, [&] { return reconnects.delay_ms(); });
  std::ranges::sort(out);
  return out;
}

TEST(Reconnects, a_hundred_thousand_are_spread_evenly_over_thirty_seconds) {
  Reconnects reconnects(3'333, 1);
  reconnects.open() = 100'000;
  const auto delays = draw(reconnects, 100'000);
  EXPECT_GE(delays.front(), Reconnects::kLeastMs);
  EXPECT_LE(delays.back(), Reconnects::kLeastMs + 30'003);
  std::vector<std::size_t> of_second(31);
  for (const std::int64_t ms : delays) ++of_second[static_cast<std::size_t>((ms - Reconnects::kLeastMs) / 1000)];
  of_second.pop_back();  // three milliseconds of it
  for (const std::size_t count : of_second) EXPECT_NEAR(static_cast<double>(count), 3'333, 333);
}

TEST(Reconnects, a_few_come_back_within_a_second) {
  Reconnects reconnects(3'333, 1);
  const auto delays = draw(reconnects, 1'000);
  EXPECT_LT(delays.front(), delays.back());
  EXPECT_LT(delays.back(), 1'000);
  EXPECT_EQ(reconnects.delay_s(), 1);
}

TEST(Reconnects, the_reason_ends_with_the_hint_and_fits_a_close_frame) {
  Reconnects reconnects(3'333, 1);
  reconnects.open() = 1'000'000;
  const std::regex hint("(.*); reconnect in ([0-9]+) ms");
  for (const CloseCode code : {CloseCode::kGoingAway, CloseCode::kTryAgainLater, CloseCode::kSlowConsumer}) {
    std::smatch match;
    const std::string said = reconnects.with_hint(code, "the hub is going away");
    ASSERT_TRUE(std::regex_match(said, match, hint)) << said;
    EXPECT_EQ(match[1], "the hub is going away");
    for (const std::string& letter : {std::string("x"), std::string("ä"), std::string("€"), std::string("😀")}) {
      std::string reason;
      while (reason.size() < 130) reason += letter;
      const std::string cut = reconnects.with_hint(code, reason);
      EXPECT_LE(cut.size(), 123U);
      EXPECT_TRUE(is_valid_utf8(cut)) << cut;
      EXPECT_TRUE(std::regex_match(cut, hint)) << cut;
    }
  }
  EXPECT_EQ(reconnects.with_hint(CloseCode::kNotFound, "there is no such document"), "there is no such document");
}

}  // namespace
}  // namespace concord::net
