#include "kafka/position_index.h"

#include <gtest/gtest.h>

namespace concord::kafka {
namespace {

using engines::Position;

Landmark at(std::uint64_t position) {
  return {.position = Position{position}, .offset = static_cast<std::int64_t>(position * 10)};
}

TEST(PositionIndex, the_last_landmark_not_behind_a_position_is_found) {
  PositionIndex index;
  EXPECT_FALSE(index.find(Position{1}));
  for (const std::uint64_t position : {3, 5, 5, 9}) index.add(at(position));
  EXPECT_FALSE(index.find(Position{2}));
  EXPECT_EQ(index.find(Position{4})->position, Position{3});
  EXPECT_EQ(index.find(Position{5})->position, Position{5});
  EXPECT_EQ(index.find(Position{100})->position, Position{9});
}

TEST(PositionIndex, however_many_there_are_few_are_kept_and_all_is_found_from_an_earlier_one) {
  PositionIndex index(16);
  constexpr std::uint64_t kMany = 10'000;
  for (std::uint64_t position = 1; position <= kMany; ++position) index.add(at(position));
  EXPECT_LE(index.size(), 17U);
  EXPECT_GE(index.size(), 8U);
  for (std::uint64_t position = 1; position <= kMany; ++position) {
    const auto found = index.find(Position{position});
    ASSERT_TRUE(found);
    ASSERT_LE(found->position, Position{position});
    ASSERT_LT(position - found->position.value, kMany / 4);
  }
}

TEST(PositionIndex, what_is_removed_is_not_found_any_more) {
  PositionIndex index;
  for (const std::uint64_t position : {3, 5, 9}) index.add(at(position));
  index.drop_before(50);
  EXPECT_FALSE(index.find(Position{4}));
  EXPECT_EQ(index.find(Position{5})->offset, 50);
}

TEST(PositionIndex, one_that_is_needed_is_not_skipped) {
  PositionIndex index(4);
  for (std::uint64_t position = 1; position <= 100; ++position) index.add(at(position));
  index.add(at(101), true);
  EXPECT_EQ(index.find(Position{101})->position, Position{101});
}

}  // namespace
}  // namespace concord::kafka
