#include "crdt/attribution.h"

#include <gtest/gtest.h>

#include <random>

#include "crdt/doc.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

/// An update that holds nothing but GC structs of one client, and deletes a range.
Bytes update_of(std::uint64_t client, Clock clock, Clock length, Clock deleted = 0, Clock count = 0) {
  Bytes update;
  WireWriter out(update);
  out.uint(length > 0 ? 1 : 0);
  for (const std::uint64_t field :
       {std::uint64_t{1}, client, std::uint64_t{clock}, std::uint64_t{0}, std::uint64_t{length}})
    if (length > 0) out.uint(field);
  out.uint(count > 0 ? 1 : 0);
  for (const std::uint64_t field : {client, std::uint64_t{1}, std::uint64_t{deleted}, std::uint64_t{count}})
    if (count > 0) out.uint(field);
  return update;
}

std::string shown(const std::optional<Credit>& credit) {
  return credit ? std::string(credit->author) + "@" + std::to_string(credit->time) : "nobody";
}

TEST(AttributionTable, the_earlier_word_counts) {
  Attribution table;
  ASSERT_TRUE(table.add(update_of(7, 0, 10), "ann", 100).has_value());
  ASSERT_TRUE(table.add(update_of(7, 5, 15), "bob", 200).has_value());
  EXPECT_EQ(shown(table.written(ClientId{7}, 4)), "ann@100");
  EXPECT_EQ(shown(table.written(ClientId{7}, 9)), "ann@100");
  EXPECT_EQ(shown(table.written(ClientId{7}, 10)), "bob@200");
  EXPECT_EQ(shown(table.written(ClientId{7}, 20)), "nobody");
  EXPECT_EQ(shown(table.written(ClientId{8}, 0)), "nobody");
  ASSERT_TRUE(table.add(update_of(7, 0, 30), "cid", 50).has_value());
  EXPECT_EQ(table.runs(), 1U);
  EXPECT_EQ(shown(table.written(ClientId{7}, 19)), "cid@50");
  EXPECT_FALSE(table.add(Bytes{1}, "ann", 1).has_value());
  EXPECT_FALSE(table.add(Bytes{0, 0}, "\xff", 1).has_value());
}

TEST(AttributionTable, updates_of_either_format_say_the_same) {
  Doc doc({.client = ClientId{9}});
  doc.transact([&] { (void)doc.text("t").insert(0, "typed"); });
  doc.transact([&] { (void)doc.text("t").erase(1, 2); });
  Attribution one;
  Attribution other;
  ASSERT_TRUE(one.add(doc.encode_state_as_update(), "ann", 1).has_value());
  ASSERT_TRUE(other.add(doc.encode_state_as_update({}, UpdateFormat::kV2), "ann", 1, UpdateFormat::kV2).has_value());
  EXPECT_EQ(one, other);
  EXPECT_EQ(shown(other.deleted(ClientId{9}, 2)), "ann@1");
}

TEST(AttributionTable, a_minutes_typing_is_one_run) {
  Attribution table(60'000);
  for (Clock clock = 0; clock < 1000; ++clock)
    ASSERT_TRUE(table.add(update_of(1, clock, 1), "ann", 600'000 + clock * 100).has_value());
  EXPECT_EQ(table.runs(), 2U);
  EXPECT_EQ(shown(table.written(ClientId{1}, 999)), "ann@660000");
}

/// Against a table that knows each clock by itself.
TEST(AttributionTable, any_order_of_additions_and_merges_gives_the_same) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    struct Word {
      Bytes update;
      std::string author;
      std::uint64_t time;
    };
    std::vector<Word> words;
    std::map<std::pair<std::uint64_t, Clock>, std::pair<std::uint64_t, std::string>> model[2];
    const std::uint64_t grain = seed % 2 == 0 ? 1 : 10;
    for (int i = 0; i < 400; ++i) {
      const std::uint64_t client = random() % 3;
      const auto clock = static_cast<Clock>(random() % 2000);
      const auto length = static_cast<Clock>(random() % 60);
      const auto deleted = static_cast<Clock>(random() % 2000);
      const auto count = static_cast<Clock>(random() % 20);
      words.push_back({update_of(client, clock, length, deleted, count),
                       std::string(1, 'a' + static_cast<char>(random() % 4)), random() % 100});
      const std::pair word(words.back().time / grain * grain, words.back().author);
      const auto note = [&](auto& known, Clock at) {
        const auto [found, fresh] = known.try_emplace({client, at}, word);
        if (!fresh) found->second = std::min(found->second, word);
      };
      for (Clock at = clock; at < clock + length; ++at) note(model[0], at);
      for (Clock at = deleted; at < deleted + count; ++at) note(model[1], at);
    }
    Attribution whole(grain);
    Attribution half(grain);
    Attribution other_half(grain);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto& [update, author, time] = words[i];
      ASSERT_TRUE(whole.add(update, author, time).has_value());
      ASSERT_TRUE((i % 3 == 0 ? half : other_half).add(update, author, time).has_value());
    }
    ASSERT_TRUE(other_half.merge(half).has_value());
    ASSERT_TRUE(half.merge(other_half).has_value());
    EXPECT_EQ(half, whole);
    EXPECT_EQ(other_half, whole);
    const auto decoded = Attribution::decode(whole.encode());
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(decoded->encode(), whole.encode());
    EXPECT_EQ(decoded->runs(), whole.runs());
    for (std::uint64_t client = 0; client < 3; ++client) {
      for (Clock clock = 0; clock < 2100; ++clock) {
        const auto expected = [&](const auto& known) {
          const auto found = known.find({client, clock});
          return found == known.end() ? "nobody" : found->second.second + "@" + std::to_string(found->second.first);
        };
        ASSERT_EQ(shown(decoded->written(ClientId{client}, clock)), expected(model[0]));
        ASSERT_EQ(shown(decoded->deleted(ClientId{client}, clock)), expected(model[1]));
      }
    }
  }
}

TEST(AttributionTable, what_is_malformed_is_refused) {
  Attribution table;
  ASSERT_TRUE(table.add(update_of(7, 0, 10, 2, 3), "ann", ~std::uint64_t{0}).has_value());
  const Bytes good = table.encode();
  ASSERT_TRUE(Attribution::decode(good).has_value());
  EXPECT_EQ(shown(Attribution::decode(good)->written(ClientId{7}, 0)), "ann@18446744073709551615");
  for (std::size_t i = 0; i < good.size(); ++i)
    EXPECT_FALSE(Attribution::decode(ByteView(good).first(i)).has_value()) << i;
  Bytes more = good;
  more.push_back(0);
  EXPECT_FALSE(Attribution::decode(more).has_value());
  EXPECT_FALSE(Attribution::decode(Bytes{1, 0, 0, 0}).has_value());
  EXPECT_FALSE(Attribution::decode(Bytes{1, 1, 1, 1, 'a', 0}).has_value());   // an author of nothing
  EXPECT_FALSE(Attribution::decode(Bytes{1, 1, 0, 1, 5, 0, 0}).has_value());  // a client without runs
  EXPECT_FALSE(Attribution::decode(Bytes{1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}).has_value());
  Attribution coarse(10);
  EXPECT_FALSE(coarse.merge(table).has_value());
}

/// Two authors at one text, with a log that feeds the table.
class Blame : public testing::Test {
 protected:
  template <class F>
  void write(Doc& doc, std::string_view author, F change) {
    now_ += 10;
    const Bytes update = doc.transact(change);
    ASSERT_TRUE(table_.add(update, author, now_).has_value());
    for (Doc* other : {&ann_, &bob_})
      if (other != &doc) ASSERT_TRUE(other->apply_update(update).has_value());
  }
  std::string blamed() {
    std::string out;
    for (const BlameRun& run : blame(ann_.text("t"), table_))
      out += std::to_string(run.index) + "+" + std::to_string(run.length) + " " + shown(run.credit) + "; ";
    return out;
  }
  std::string differs(const Snapshot& from, const Snapshot& to) {
    std::string out;
    for (const DifferenceRun& run : difference(ann_.text("t"), table_, from, to))
      out += std::string(run.kind == DifferenceRun::Kind::kKept    ? "="
                         : run.kind == DifferenceRun::Kind::kAdded ? "+"
                                                                   : "-") +
             std::to_string(run.index) + ":" + std::to_string(run.length) + " " + shown(run.credit) + "; ";
    return out;
  }

  Doc ann_{{.client = ClientId{1}}};
  Doc bob_{{.client = ClientId{2}}};
  Attribution table_;
  std::uint64_t now_ = 0;
};

TEST_F(Blame, who_wrote_and_deleted_what_is_told_with_garbage_collected) {
  write(ann_, "ann", [&] { (void)ann_.text("t").insert(0, "Hello world"); });
  const Snapshot first = ann_.snapshot();
  write(bob_, "bob", [&] { (void)bob_.text("t").insert(5, ", big"); });
  write(ann_, "ann", [&] { (void)ann_.text("t").erase(7, 3); });
  const Snapshot second = ann_.snapshot();
  write(bob_, "bob", [&] { (void)bob_.text("t").erase(0, 2); });
  EXPECT_EQ(ann_.text("t").to_string(), "llo,  world");
  EXPECT_EQ(blamed(), "0+3 ann@10; 3+2 bob@20; 5+6 ann@10; ");
  const auto gone = deletions(ann_.text("t"), table_);
  ASSERT_EQ(gone.size(), 2U);
  EXPECT_EQ(gone[0].index, 0U);
  EXPECT_EQ(gone[0].length, 2U);
  EXPECT_EQ(shown(gone[0].written) + " " + shown(gone[0].deleted), "ann@10 bob@40");
  EXPECT_EQ(gone[1].index, 5U);
  EXPECT_EQ(gone[1].length, 3U);
  EXPECT_EQ(shown(gone[1].written) + " " + shown(gone[1].deleted), "bob@20 ann@30");

  EXPECT_EQ(differs(first, ann_.snapshot()), "-0:2 bob@40; =0:3 ann@10; +3:2 bob@20; =5:6 ann@10; ");
  EXPECT_EQ(differs(first, second), "=0:5 ann@10; +5:2 bob@20; =7:6 ann@10; ");
  EXPECT_EQ(differs(second, ann_.snapshot()), "-0:2 bob@40; =0:3 ann@10; =3:2 bob@20; =5:6 ann@10; ");
  EXPECT_EQ(differs(Snapshot{}, first), "+0:11 ann@10; ");
  EXPECT_EQ(ann_.validate(), "");
}

}  // namespace
}  // namespace concord::crdt
