#include "shard/shard_map.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"
#include "base/reactor_testing.h"
#include "engines/embedded_testing.h"
#include "shard/slot_table.h"

namespace concord::shard {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using engines::Epoch;
using engines::ShardId;

TEST(ShardMap, a_hub_begins_with_sixteen_equal_ranges) {
  const ShardMap map;
  EXPECT_EQ(map.version(), 0U);
  ASSERT_EQ(map.size(), 16U);
  for (std::uint16_t slot = 0; slot < kSlots; ++slot) EXPECT_EQ(map.of(Slot{slot}).value, slot / 256);
}

TEST(ShardMap, every_slot_has_one_shard_whatever_is_split_and_its_home_stays) {
  for_each_seed(50, [](Random& random) {
    ShardMap map;
    std::uint64_t behind = 0;
    while (map.size() < kMostShards) {
      const ShardId shard{static_cast<std::uint32_t>(pick(random, 0, map.size() - 1))};
      const Slot from{static_cast<std::uint16_t>(pick(random, 0, kSlots - 1))};
      const SlotRange before = map.at(shard).slots;
      auto next = map.split(shard, from, ++behind);
      const bool fits = before.contains(from) && from.value != before.first;
      ASSERT_EQ(next.has_value(), fits);
      if (!fits) continue;
      EXPECT_EQ(next->version(), map.version() + 1);
      map = std::move(*next);
      EXPECT_EQ(map.at(ShardId{map.size() - 1}).behind, behind);
      if (pick(random, 0, 30) == 0) break;
    }
    std::vector<int> count(kSlots, 0);
    for (std::uint32_t shard = 0; shard < map.size(); ++shard) {
      const SlotRange slots = map.at(ShardId{shard}).slots;
      EXPECT_EQ(home_of(Slot{slots.first}), home_of(Slot{slots.last}));
      for (std::size_t slot = slots.first; slot <= slots.last; ++slot) {
        ++count[slot];
        EXPECT_EQ(map.of(Slot{static_cast<std::uint16_t>(slot)}).value, shard);
      }
    }
    EXPECT_EQ(count, std::vector<int>(kSlots, 1));
    EXPECT_EQ(ShardMap::parse(map.version(), map.str()).value(), map);
  });
}

TEST(ShardMap, there_is_an_end_to_splitting) {
  ShardMap map;
  while (map.size() < kMostShards) map = map.split(ShardId{0}, Slot{map.at(ShardId{0}).slots.last}, 0).value();
  const auto more = map.split(ShardId{0}, Slot{map.at(ShardId{0}).slots.last}, 0);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::kTooLarge);
}

TEST(ShardMap, text_that_is_no_map_is_refused) {
  for (const char* text : {"", "0-4095", "0-4095 0", "0-4094 0\n", "0-4095 0\n0-0 0\n", "0-4096 0\n", "1-4095 0\n",
                           "4095-0 0\n", "0-4095 x\n", "0-4095 -1\n"}) {
    const auto parsed = ShardMap::parse(1, text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::kCorrupt);
  }
}

class ShardMapsTest : public concord::testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    ASSERT_TRUE(run(engines_.tables->migrate(shard_map_migrations())));
  }
};

TEST_F(ShardMapsTest, only_the_newest_owner_of_a_shard_changes_the_map) {
  TableShardMaps maps(*engines_.tables);
  EXPECT_EQ(run(maps.begin(ShardId{1}, Epoch{5})).value(), ShardMap());
  const ShardMap split = ShardMap().split(ShardId{1}, Slot{300}, 17).value();
  EXPECT_EQ(run(maps.begin(ShardId{1}, Epoch{7})).value(), ShardMap());
  EXPECT_EQ(run(maps.replace(ShardId{1}, Epoch{5}, split)).error().code, Code::kFenced);
  EXPECT_EQ(run(maps.begin(ShardId{1}, Epoch{6})).error().code, Code::kFenced);
  ASSERT_TRUE(run(maps.replace(ShardId{1}, Epoch{7}, split)));
  EXPECT_EQ(run(maps.newest()).value(), split);
  EXPECT_EQ(run(maps.begin(ShardId{1}, Epoch{8})).value(), split);
  EXPECT_EQ(run(maps.begin(ShardId{2}, Epoch{1})).value(), split) << "every shard has epochs of its own";
}

TEST_F(ShardMapsTest, of_two_changes_of_one_map_the_second_is_refused) {
  TableShardMaps maps(*engines_.tables);
  ASSERT_TRUE(run(maps.replace(ShardId{1}, Epoch{1}, ShardMap().split(ShardId{1}, Slot{300}, 1).value())));
  EXPECT_EQ(run(maps.replace(ShardId{2}, Epoch{1}, ShardMap().split(ShardId{2}, Slot{600}, 1).value())).error().code,
            Code::kConflict);
}

TEST_F(ShardMapsTest, a_table_never_goes_back_and_keeps_what_is_closed) {
  TableShardMaps maps(*engines_.tables);
  SlotTable table(maps);
  const ShardMap one = ShardMap().split(ShardId{0}, Slot{100}, 42).value();
  const ShardMap two = one.split(ShardId{16}, Slot{200}, 50).value();
  table.close({100, 255});
  EXPECT_EQ(table.settled(Slot{99}), ShardId{0});
  EXPECT_EQ(table.settled(Slot{100}), std::nullopt);
  EXPECT_TRUE(table.update(two));
  EXPECT_FALSE(table.update(one));
  EXPECT_EQ(table.of(Slot{150}).value, 16U);
  EXPECT_EQ(table.of(Slot{200}).value, 17U);
  EXPECT_EQ(table.behind(ShardId{16}), 42U);
  EXPECT_TRUE(table.is_closed(Slot{200}));
  table.open({100, 255});
  EXPECT_EQ(table.settled(Slot{200}), ShardId{17});
  EXPECT_EQ(table.size(), 18U);
}

}  // namespace
}  // namespace concord::shard
