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
  EXPECT_EQ(*awareness.apply(first, 1, 0), first);
  EXPECT_TRUE(awareness.apply(first, 2, 0)->empty());
  const Bytes mixed = update({{7, 1, kHere}, {8, 1, "{}"}});
  EXPECT_EQ(*awareness.apply(mixed, 2, 0), update({{8, 1, "{}"}}));
  EXPECT_EQ(awareness.size(), 2U);
}

TEST(Awareness, a_newcomer_gets_every_state) {
  Awareness awareness({});
  EXPECT_TRUE(awareness.encode().empty());
  ASSERT_TRUE(awareness.apply(update({{8, 3, "{}"}}), 1, 0));
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}}), 2, 0));
  EXPECT_EQ(awareness.encode(), update({{7, 1, kHere}, {8, 3, "{}"}}));
}

TEST(Awareness, a_session_that_ends_takes_its_clients_with_it) {
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}, {9, 5, "{}"}}), 1, 0));
  ASSERT_TRUE(awareness.apply(update({{8, 1, "{}"}}), 2, 0));
  EXPECT_EQ(awareness.remove_session(1), update({{7, 1, "null"}, {9, 5, "null"}}));
  EXPECT_TRUE(awareness.remove_session(1).empty());
  EXPECT_EQ(awareness.size(), 1U);
}

TEST(Awareness, a_client_that_another_session_renewed_stays_when_the_first_ends) {
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}}), 1, 0));
  ASSERT_TRUE(awareness.apply(update({{7, 2, kHere}}), 2, 0));
  EXPECT_TRUE(awareness.remove_session(1).empty());
  EXPECT_EQ(awareness.size(), 1U);
}

TEST(Awareness, only_its_own_session_may_end_a_client_at_the_same_clock) {
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 4, kHere}}), 1, 0));
  EXPECT_TRUE(awareness.apply(update({{7, 4, "null"}}), 2, 0)->empty());
  EXPECT_EQ(awareness.size(), 1U);
  EXPECT_EQ(*awareness.apply(update({{7, 4, "null"}}), 1, 0), update({{7, 4, "null"}}));
  EXPECT_EQ(awareness.size(), 0U);
}

TEST(Awareness, bad_updates_change_nothing_and_name_their_limit) {
  Awareness awareness({.max_clients = 2, .max_state_bytes = 64, .max_entries = 3});
  ASSERT_TRUE(awareness.apply(update({{1, 1, "{}"}}), 1, 0));
  const Bytes before = awareness.encode();

  Bytes truncated = update({{2, 1, "{}"}, {3, 1, "{}"}});
  truncated.pop_back();
  EXPECT_EQ(awareness.apply(truncated, 1, 0).error().code, Code::kInvalidArgument);
  Bytes trailing = update({{2, 1, "{}"}});
  trailing.push_back(0);
  EXPECT_EQ(awareness.apply(trailing, 1, 0).error().code, Code::kInvalidArgument);
  EXPECT_EQ(awareness.apply(update({{2, 1, std::string(65, 'x')}}), 1, 0).error().code, Code::kTooLarge);
  EXPECT_EQ(awareness.apply(update({{2, 1, "{}"}, {3, 1, "{}"}, {4, 1, "{}"}, {5, 1, "{}"}}), 1, 0).error().code,
            Code::kTooLarge);
  const Bytes enormous{0xff, 0xff, 0xff, 0xff, 0x0f};
  EXPECT_EQ(awareness.apply(enormous, 1, 0).error().code, Code::kTooLarge);
  EXPECT_EQ(awareness.encode(), before);
}

TEST(Awareness, a_state_is_a_json_object_or_null) {
  Awareness awareness({});
  for (const char* state : {"", "not JSON", "{", "{}{}", "[]", "7", "\"text\"", "nul"})
    EXPECT_EQ(awareness.apply(update({{7, 1, state}}), 1, 0).error().code, Code::kInvalidArgument) << state;
  EXPECT_EQ(awareness.size(), 0U);
  EXPECT_TRUE(awareness.apply(update({{7, 1, R"({"a":[1,{"b":null}]})"}, {8, 1, "null"}}), 1, 0));
  EXPECT_EQ(awareness.size(), 1U);
}

TEST(Awareness, who_is_not_heard_of_in_time_is_gone) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  Awareness awareness({.timeout_ms = 30'000});
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}, {8, 1, "{}"}}), 1, 0));
  ASSERT_TRUE(awareness.apply(update({{8, 2, "{}"}}), 1, 15 * kSecond));
  EXPECT_TRUE(awareness.expire(30 * kSecond).empty());
  EXPECT_EQ(awareness.expire(30 * kSecond + 1), update({{7, 1, "null"}}));
  const auto present = awareness.present();
  ASSERT_EQ(present.size(), 1U);
  EXPECT_EQ(present[0].client, 8U);
  EXPECT_EQ(present[0].since_ns, 0);
  EXPECT_EQ(present[0].renewed_ns, 15 * kSecond);
  // It was only asleep.
  EXPECT_FALSE(awareness.apply(update({{7, 2, kHere}}), 1, 40 * kSecond)->empty());
  EXPECT_EQ(awareness.expire(46 * kSecond), update({{8, 2, "null"}}));
  EXPECT_EQ(awareness.size(), 1U);
}

std::vector<std::uint64_t> ids(const std::vector<Awareness::Present>& clients) {
  std::vector<std::uint64_t> out;
  for (const auto& client : clients) out.push_back(client.client);
  return out;
}

TEST(Awareness, who_keeps_a_copy_takes_what_is_new_at_its_pace) {
  using Ids = std::vector<std::uint64_t>;
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr Awareness::Pace kPace{.changed_ns = 2 * kSecond, .renewed_ns = 10 * kSecond};
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}, {8, 1, "{}"}}), 1, kSecond));
  EXPECT_EQ(ids(awareness.take_changes(kSecond, kPace).changed), (Ids{7, 8}));
  EXPECT_TRUE(awareness.take_changes(kSecond, kPace).empty());

  ASSERT_TRUE(awareness.apply(update({{7, 2, "{}"}, {8, 2, "{}"}}), 1, 2 * kSecond));
  EXPECT_TRUE(awareness.take_changes(3 * kSecond - 1, kPace).empty());
  EXPECT_EQ(ids(awareness.take_changes(3 * kSecond, kPace).changed), (Ids{7}));
  EXPECT_TRUE(awareness.take_changes(11 * kSecond - 1, kPace).empty());
  EXPECT_EQ(ids(awareness.take_changes(11 * kSecond, kPace).changed), (Ids{8})) << "it says the same again";

  // What changed and then was renewed is still a change.
  ASSERT_TRUE(awareness.apply(update({{8, 3, kHere}}), 1, 12 * kSecond));
  ASSERT_TRUE(awareness.apply(update({{8, 4, kHere}}), 1, 12 * kSecond));
  const auto changes = awareness.take_changes(13 * kSecond, kPace);
  EXPECT_EQ(ids(changes.changed), (Ids{8}));
  EXPECT_EQ(changes.changed[0].state, kHere);
}

TEST(Awareness, who_keeps_a_copy_is_told_who_is_gone_and_back_again) {
  using Ids = std::vector<std::uint64_t>;
  Awareness awareness({});
  ASSERT_TRUE(awareness.apply(update({{7, 1, kHere}, {8, 1, "{}"}}), 1, 1));
  awareness.remove_session(1);
  EXPECT_TRUE(awareness.take_changes(1, {}).empty()) << "they were never told";
  ASSERT_TRUE(awareness.apply(update({{7, 2, kHere}, {8, 2, "{}"}}), 1, 1));
  EXPECT_EQ(ids(awareness.take_changes(1, {}).changed), (Ids{7, 8}));
  ASSERT_TRUE(awareness.apply(update({{7, 3, kHere}}), 1, 2));
  awareness.remove_session(1);
  ASSERT_TRUE(awareness.apply(update({{8, 4, "{}"}}), 2, 2));
  const auto changes = awareness.take_changes(2, {.changed_ns = 1'000});
  EXPECT_EQ(changes.gone, (Ids{7, 8}));
  EXPECT_EQ(ids(changes.changed), (Ids{8})) << "it came back: another";
  EXPECT_TRUE(awareness.take_changes(2, {}).empty());
}

}  // namespace
}  // namespace concord::documents
