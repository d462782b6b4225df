#include "documents/awareness.h"

#include <gtest/gtest.h>

#include "base/varint.h"

namespace concord::documents {
namespace {

struct Entry {
  std::uint64_t client;
  std::uint64_t clock;
  std::string state;
};

Bytes update(const std::vector<Entry>& entries) {
  Bytes out;
  write_varuint(out, entries.size());
  for (const Entry& entry : entries) {
    write_varuint(out, entry.client);
    write_varuint(out, entry.clock);
    write_var_string(out, entry.state);
  }
  return out;
}

const std::string kHere = R"({"user":{"name":"Ann"}})";

TEST(Awareness, news_are_passed_on_and_echoes_are_not) {
  Awareness awareness({});
  const Bytes first = update({{7, 1, kHere}});
  EXPECT_EQ(*awareness.apply(first, 1), first);
  EXPECT_TRUE(awareness.apply(first, 2)->empty());
  const Bytes mixed = update({{7, 1, kHere}, {8, 1, "{}"}});
  EXPECT_EQ(*awareness.apply(mixed, 2), update({{8, 1, "{}"}}));
  EXPECT_EQ(awareness.size(), 2U);
}

TEST(Awareness, a_newcomer_gets_every_state) {
  Awareness awareness({});
  EXPECT_TRUE(awareness.encode().empty());
  ASSERT_TRUE(awareness.apply(update({{8, 3, "{}"}}), 1));
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}}), 2));
  EXPECT_EQ(awareness.encode(), update({{7, 1, kHere}, {8, 3, "{}"}}));
}

TEST(Awareness, a_session_that_ends_takes_its_clients_with_it) {
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}, {9, 5, "{}"}}), 1));
  ASSERT_TRUE(awareness.apply(update({{8, 1, "{}"}}), 2));
  EXPECT_EQ(awareness.remove_session(1), update({{7, 1, "null"}, {9, 5, "null"}}));
  EXPECT_TRUE(awareness.remove_session(1).empty());
  EXPECT_EQ(awareness.size(), 1U);
}

TEST(Awareness, a_client_that_another_session_renewed_stays_when_the_first_ends) {
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}}), 1));
  ASSERT_TRUE(awareness.apply(update({{7, 2, kHere}}), 2));
  EXPECT_TRUE(awareness.remove_session(1).empty());
  EXPECT_EQ(awareness.size(), 1U);
}

TEST(Awareness, only_its_own_session_may_end_a_client_at_the_same_clock) {
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 4, kHere}}), 1));
  EXPECT_TRUE(awareness.apply(update({{7, 4, "null"}}), 2)->empty());
  EXPECT_EQ(awareness.size(), 1U);
  EXPECT_EQ(*awareness.apply(update({{7, 4, "null"}}), 1), update({{7, 4, "null"}}));
  EXPECT_EQ(awareness.size(), 0U);
}

TEST(Awareness, bad_updates_change_nothing_and_name_their_limit) {
  Awareness awareness({.max_clients = 2, .max_state_bytes = 64, .max_entries = 3});
  ASSERT_TRUE(awareness.apply(update({{1, 1, "{}"}}), 1));
  const Bytes before = awareness.encode();

  Bytes truncated = update({{2, 1, "{}"}, {3, 1, "{}"}});
  truncated.pop_back();
  EXPECT_EQ(awareness.apply(truncated, 1).error().code, Code::kInvalidArgument);
  Bytes trailing = update({{2, 1, "{}"}});
  trailing.push_back(0);
  EXPECT_EQ(awareness.apply(trailing, 1).error().code, Code::kInvalidArgument);
  EXPECT_EQ(awareness.apply(update({{2, 1, std::string(65, 'x')}}), 1).error().code, Code::kTooLarge);
  EXPECT_EQ(awareness.apply(update({{2, 1, "{}"}, {3, 1, "{}"}, {4, 1, "{}"}, {5, 1, "{}"}}), 1).error().code,
            Code::kTooLarge);
  const Bytes enormous{0xff, 0xff, 0xff, 0xff, 0x0f};
  EXPECT_EQ(awareness.apply(enormous, 1).error().code, Code::kTooLarge);
  EXPECT_EQ(awareness.encode(), before);
}

}  // namespace
}  // namespace concord::documents
