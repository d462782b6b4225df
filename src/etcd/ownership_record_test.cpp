#include "etcd/ownership_record.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/property_testing.h"

namespace concord::etcd {
namespace {

using concord::testing::pick;
using concord::testing::Random;
using engines::Epoch;

KeyValue standing(std::string value, std::int64_t revision = 7) {
  return {key_of("/hub/", "shard/1"), std::move(value), Revision{revision}, LeaseId{5}};
}

TEST(OwnershipRecord, its_bytes_are_these) {
  EXPECT_EQ(key_of("/hub/", "shard/1"), "/hub/owners/shard/1");
  EXPECT_EQ(name_of("/hub/", "/hub/owners/shard/1"), "shard/1");
  EXPECT_EQ(encode({"shard/1", "node a", Epoch{0}, 10, "10.0.0.1:7000"}), "0 10 6 node a 10.0.0.1:7000");
  EXPECT_EQ(encode({"shard/1", "n", Epoch{42}, 1, ""}), "42 1 1 n ");
}

TEST(OwnershipRecord, its_epoch_is_the_revision_of_its_put_unless_it_names_an_earlier_one) {
  EXPECT_EQ(decode("/hub/", standing("0 10 1 n "))->epoch, Epoch{7});
  EXPECT_EQ(decode("/hub/", standing("3 10 1 n "))->epoch, Epoch{3});
  EXPECT_FALSE(decode("/hub/", standing("8 10 1 n "))) << "of a revision that is yet to come";
}

TEST(OwnershipRecord, what_was_encoded_is_decoded) {
  concord::testing::for_each_seed(200, [](Random& random) {
    const auto text = [&](std::size_t least, std::size_t most) {
      std::string made(pick(random, least, most), ' ');
      for (char& each : made) each = static_cast<char>(random());
      return made;
    };
    const OwnershipRecord record{"shard/1", text(1, 256), Epoch{pick(random, 1, 1000)},
                                 static_cast<std::int64_t>(pick(random, 1, 100'000)), text(0, 1024)};
    const auto read = decode("/hub/", standing(encode(record), 1000));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->name, record.name);
    EXPECT_EQ(read->owner, record.owner);
    EXPECT_EQ(read->epoch, record.epoch);
    EXPECT_EQ(read->ttl_s, record.ttl_s);
    EXPECT_EQ(read->note, record.note);
  });
}

TEST(OwnershipRecord, what_is_none_is_not_taken_for_one) {
  const std::string owner(257, 'o');
  for (const std::string& value :
       {std::string(), std::string("0"), std::string("0 10"), std::string("0 10 1"), std::string("0 10 1 n"),
        std::string("0 10 0  "), std::string("0 0 1 n "), std::string("-1 10 1 n "), std::string("0 10 2 n "),
        std::string("0 10 18446744073709551615 n "), std::string("0 99999999999 1 n "), std::string("x 10 1 n "),
        "0 10 257 " + owner + " ", "0 10 1 n " + std::string(1025, 'x')})
    EXPECT_FALSE(decode("/hub/", standing(value))) << value;
}

TEST(OwnershipRecord, a_lease_is_never_shorter_than_what_was_asked) {
  EXPECT_EQ(ttl_s_of(1), 1);
  EXPECT_EQ(ttl_s_of(1000), 1);
  EXPECT_EQ(ttl_s_of(1001), 2);
  EXPECT_EQ(ttl_s_of(600'000), 600);
  EXPECT_LT(ttl_s_of(std::numeric_limits<std::int64_t>::max()), 9'000'000'000) << "more than etcd takes";
}

TEST(OwnershipRecord, a_range_ends_behind_all_that_begin_with_its_prefix) {
  EXPECT_EQ(end_of_prefix("ab/"), "ab0");
  EXPECT_EQ(end_of_prefix("a\xff\xff"), "b");
  EXPECT_EQ(end_of_prefix("\xff"), std::string(1, '\0'));
  EXPECT_EQ(end_of_prefix(""), std::string(1, '\0'));
}

}  // namespace
}  // namespace concord::etcd
