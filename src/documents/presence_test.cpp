#include "documents/presence.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "base/reactor_testing.h"
#include "engines/local_bus.h"

namespace concord::documents {
namespace {

using Visits = std::vector<Presence::Visit>;

class PresenceTest : public ::testing::Test {
 protected:
  void put(std::string key, Bytes value, std::int64_t ttl_ms = 1'000) {
    ASSERT_TRUE(testing::run_on(reactors_.at(), bus_.set(std::move(key), std::move(value), ttl_ms)));
  }
  Presence read(std::int64_t since_ms = 0) {
    return *testing::run_on(reactors_.at(), read_presence(bus_, document_, 100, since_ms));
  }

  testing::RunningReactors reactors_;
  testing::ManualClock clock_;
  Metrics metrics_;
  engines::LocalBus bus_{{}, clock_, metrics_};
  testing::SeededIdSource ids_{clock_};
  DocumentId document_{DocumentId::make(ids_, Slot{7})};
  DocumentId other_{DocumentId::make(ids_, Slot{7})};
};

TEST_F(PresenceTest, what_one_node_writes_another_reads) {
  EXPECT_EQ(read().sessions, 0U);
  put(presence_keys::client(document_, 70), encode_client({70, "usr_a", R"({"typing":true})", 5, 9}));
  put(presence_keys::client(document_, 7), encode_client({7, "usr_b", "{}", 6, 8}));
  put(presence_keys::client(other_, 8), encode_client({8, "usr_c", "{}", 6, 8}));
  put(presence_keys::sessions(document_), encode_sessions(300));
  put(presence_keys::seen(document_), encode_visits({{"usr_a", 50}, {"usr_b", 40}}), 10'000);
  Presence all = read(40);
  ASSERT_EQ(all.clients.size(), 2U);
  EXPECT_EQ(all.clients[0].id, 7U);
  EXPECT_EQ(all.clients[1].id, 70U);
  EXPECT_EQ(all.clients[1].principal, "usr_a");
  EXPECT_EQ(all.clients[1].state, R"({"typing":true})");
  EXPECT_EQ(all.clients[1].since_ms, 5);
  EXPECT_EQ(all.clients[1].seen_ms, 9);
  EXPECT_EQ(all.sessions, 300U);
  EXPECT_EQ(all.seen, (Visits{{"usr_a", 50}}));
  clock_.advance_ms(1'001);
  EXPECT_TRUE(read().clients.empty());
  EXPECT_EQ(read().sessions, 0U);
  EXPECT_EQ(read().seen.size(), 2U);
}

TEST_F(PresenceTest, what_cannot_be_read_is_not_there) {
  const Bytes good = encode_client({7, "usr_a", "{}", 6, 8});
  for (std::size_t size = 0; size < good.size(); ++size) {
    put(presence_keys::client(document_, 7), Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_TRUE(read().clients.empty()) << size;
  }
  Bytes later = good;
  later[0] = 2;
  put(presence_keys::client(document_, 7), later);
  put("presence/" + document_.str() + "/none", good);
  put(presence_keys::sessions(document_), {});
  Bytes visits = encode_visits({{"usr_a", 50}});
  visits.pop_back();
  put(presence_keys::seen(document_), visits);
  EXPECT_TRUE(read().clients.empty());
  EXPECT_EQ(read().sessions, 0U);
  EXPECT_TRUE(read().seen.empty());
}

TEST(Visits, the_newest_of_each_principal_is_kept) {
  EXPECT_EQ(merge_visits({{"usr_a", 5}, {"usr_b", 9}, {"usr_a", 7}, {"usr_c", 3}}, 3),
            (Visits{{"usr_b", 9}, {"usr_a", 7}}));
}

TEST(Visits, they_are_bounded) {
  Visits many;
  for (std::size_t i = 0; i < 3 * kMostVisits; ++i)
    many.push_back({"usr_" + std::to_string(i), static_cast<std::int64_t>(i + 1)});
  const Visits kept = merge_visits(many, 0);
  ASSERT_EQ(kept.size(), kMostVisits);
  EXPECT_EQ(kept.front(), many.back());
  EXPECT_EQ(decode_visits(encode_visits(kept)), kept);
}

TEST(Typing, is_what_a_state_says) {
  EXPECT_TRUE(is_typing(R"({"user":{"name":"Ann"},"typing":true})"));
  for (const char* state : {"{}", R"({"typing":false})", R"({"typing":null})", R"({"typing":"true"})", "null", "["})
    EXPECT_FALSE(is_typing(state)) << state;
}

}  // namespace
}  // namespace concord::documents
