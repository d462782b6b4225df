#include "documents/session_opening.h"

#include <gtest/gtest.h>

#include <memory>

namespace concord::documents {
namespace {

TEST(SessionOpening, what_one_client_sends_is_bounded) {
  Gauge all;
  SessionOpening opening(all);
  const Bytes half(4u << 20u);
  EXPECT_TRUE(opening.keep(half, 1u << 30u));
  EXPECT_TRUE(opening.keep(half, 1u << 30u));
  EXPECT_EQ(opening.keep(Bytes(1), 1u << 30u).error().code, Code::kTooLarge);
  EXPECT_EQ(opening.messages().size(), 2U);
  EXPECT_EQ(all.value(), 8 << 20);
}

TEST(SessionOpening, what_all_hold_together_is_bounded_and_a_greeting_is_always_taken) {
  constexpr std::size_t kMost = 100'000;
  Gauge all;
  auto first = std::make_unique<SessionOpening>(all);
  SessionOpening second(all);
  EXPECT_TRUE(first->keep(Bytes(90'000), kMost));
  EXPECT_EQ(second.keep(Bytes(10'001), kMost).error().code, Code::kUnavailable);
  EXPECT_TRUE(second.messages().empty()) << "nothing is kept of what was refused";
  EXPECT_TRUE(second.keep(Bytes(10'000), kMost));
  SessionOpening third(all);
  EXPECT_TRUE(third.keep(Bytes(4'096), kMost));
  EXPECT_EQ(third.keep(Bytes(1), kMost).error().code, Code::kUnavailable);
  first.reset();
  EXPECT_EQ(all.value(), 14'096);
  EXPECT_TRUE(third.keep(Bytes(80'000), kMost));
  third.drop();
  EXPECT_EQ(all.value(), 10'000);
}

}  // namespace
}  // namespace concord::documents
