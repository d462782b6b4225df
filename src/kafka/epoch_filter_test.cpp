#include "kafka/epoch_filter.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "base/property_testing.h"
#include "engines/contract_testing.h"
#include "kafka/position_index.h"

namespace concord::kafka {
namespace {

using concord::testing::pick;
using concord::testing::Random;
using engines::Epoch;
using engines::Position;
using engines::testing::code_of;
using Verdict = EpochFilter::Verdict;

const Bytes kBody = {1};

Frame seal(std::uint64_t epoch, std::uint64_t writer) {
  return {.kind = Frame::Kind::kSeal, .epoch = Epoch{epoch}, .writer = WriterId{writer}};
}
Frame batch(std::uint64_t epoch, std::uint64_t writer, std::uint64_t position, std::uint32_t records = 1,
            std::uint32_t part = 0, std::uint32_t parts = 1) {
  return {.kind = Frame::Kind::kBatch,
          .epoch = Epoch{epoch},
          .writer = WriterId{writer},
          .position = Position{position},
          .records = records,
          .part = part,
          .parts = parts,
          .body = kBody};
}
Frame truncate(std::uint64_t epoch, std::uint64_t writer, std::uint64_t next, std::uint64_t keep_from) {
  return {.kind = Frame::Kind::kTruncate,
          .epoch = Epoch{epoch},
          .writer = WriterId{writer},
          .position = Position{next},
          .keep_from = Position{keep_from}};
}

class Filtered {
 public:
  explicit Filtered(EpochFilter filter = {}, std::int64_t offset = 0) : filter_(filter), offset_(offset) {}
  Verdict operator()(const Frame& frame) { return filter_.judge(offset_++, frame).value().verdict; }
  const LogState& state() const { return filter_.state(); }

 private:
  EpochFilter filter_;
  std::int64_t offset_;
};

TEST(EpochFilter, what_an_older_owner_writes_behind_a_seal_does_not_count) {
  Filtered judge;
  EXPECT_EQ(judge(seal(3, 1)), Verdict::kCounts);
  EXPECT_EQ(judge(batch(3, 1, 1, 2)), Verdict::kCounts);
  EXPECT_EQ(judge(seal(4, 2)), Verdict::kCounts);
  EXPECT_EQ(judge(batch(3, 1, 3)), Verdict::kDropped);
  EXPECT_EQ(judge(seal(3, 1)), Verdict::kDropped);
  EXPECT_EQ(judge(batch(4, 2, 3)), Verdict::kCounts);
  EXPECT_EQ(judge.state().next, Position{4});
  EXPECT_EQ(judge.state().epoch, Epoch{4});
}

TEST(EpochFilter, a_batch_that_comes_twice_or_behind_a_lost_one_does_not_count) {
  Filtered judge;
  judge(seal(1, 1));
  EXPECT_EQ(judge(batch(1, 1, 1)), Verdict::kCounts);
  EXPECT_EQ(judge(batch(1, 1, 1)), Verdict::kDropped);
  EXPECT_EQ(judge(batch(1, 1, 3)), Verdict::kDropped);
  EXPECT_EQ(judge(batch(1, 1, 2)), Verdict::kCounts);
}

TEST(EpochFilter, a_seal_of_the_same_epoch_ends_the_writer_before_it) {
  Filtered judge;
  judge(seal(1, 1));
  EXPECT_EQ(judge(seal(1, 2)), Verdict::kCounts);
  EXPECT_EQ(judge(batch(1, 1, 1)), Verdict::kDropped);
  EXPECT_EQ(judge(batch(1, 2, 1)), Verdict::kCounts);
}

TEST(EpochFilter, a_batch_in_parts_counts_with_all_of_them_or_not) {
  Filtered judge;
  judge(seal(1, 1));
  EXPECT_EQ(judge(batch(1, 1, 1, 5, 1, 3)), Verdict::kDropped);
  EXPECT_EQ(judge(batch(1, 1, 1, 5, 0, 3)), Verdict::kPart);
  EXPECT_EQ(judge(batch(1, 1, 1, 5, 1, 3)), Verdict::kPart);
  EXPECT_EQ(judge(batch(1, 1, 1, 5, 1, 3)), Verdict::kDropped);
  EXPECT_EQ(judge(seal(1, 2)), Verdict::kCounts);
  EXPECT_EQ(judge(batch(1, 1, 1, 5, 2, 3)), Verdict::kDropped);
  EXPECT_EQ(judge.state().next, Position{1});
  EXPECT_EQ(judge(batch(1, 2, 1, 5, 0, 2)), Verdict::kPart);
  EXPECT_EQ(judge(seal(0, 9)), Verdict::kDropped);
  EXPECT_EQ(judge(batch(1, 2, 1, 5, 1, 2)), Verdict::kCounts);
  EXPECT_EQ(judge.state().next, Position{6});
}

TEST(EpochFilter, a_topic_that_begins_with_neither_a_batch_nor_a_truncate_is_corrupt) {
  for (const Frame& first : {seal(1, 1), batch(1, 1, 1, 5, 1, 2)}) {
    EpochFilter filter = EpochFilter::from_a_kept_message();
    EXPECT_EQ(code_of(filter.judge(7, first)), Code::kCorrupt);
  }
}

TEST(EpochFilter, a_truncate_that_was_exact_says_all_that_was_before_it) {
  Filtered judge(EpochFilter::from_a_kept_message(), 50);
  EXPECT_EQ(judge(truncate(4, 2, 9, 7)), Verdict::kCounts);
  EXPECT_EQ(judge.state(), (LogState{Epoch{4}, WriterId{2}, Position{7}, Position{9}}));
  EXPECT_EQ(judge(batch(4, 2, 9)), Verdict::kCounts);
}

/// Nodes that take a shard from each other and write to one topic, while messages are lost, late, doubled and in
/// another order than they were sent.
class Cluster {
 public:
  explicit Cluster(Random& random) : random_(random), nodes_(3) {}

  void run() {
    for (int step = 0; step < 400; ++step) {
      Node& node = nodes_[pick(random_, 0, nodes_.size() - 1)];
      const std::uint64_t what = pick(random_, 0, 99);
      if (what < 3) {
        claim(node, ++newest_epoch_);
      } else if (what < 8 && node.epoch > 0) {
        claim(node, node.epoch);  // not sure of what became of a batch
      } else if (what < 35 && node.live) {
        send_batch(node);
      } else if (what < 39) {
        send_truncate(node);
      } else if (what < 75) {
        deliver();
      } else {
        read(node, pick(random_, 1, 6));
      }
    }
    while (!under_way_.empty()) deliver();
    for (Node& node : nodes_) read(node, topic_.size());
  }

  void check() {
    std::map<std::uint64_t, std::uint64_t> records;  // by position
    std::set<std::uint64_t> seen;
    EpochFilter whole;
    PositionIndex index(8);
    index.add({.position = Position{1}}, true);
    LastWriter last;
    for (std::size_t at = 0; at < topic_.size(); ++at) take(whole, at, records, &index, seen, last);
    std::uint64_t expected = 1;
    for (const auto& [position, record] : records) ASSERT_EQ(position, expected++) << "positions have a gap";
    ASSERT_EQ(whole.state().next.value, expected);
    for (const auto& [position, record] : acknowledged_) ASSERT_EQ(records.at(position), record);
    for (const Node& node : nodes_) ASSERT_EQ(node.filter.state(), whole.state());

    // A reader from wherever the topic may begin after a truncation.
    const auto kept = index.find(whole.state().first);
    ASSERT_TRUE(kept);
    const auto from = static_cast<std::size_t>(kept->offset);
    EpochFilter later = from == 0 ? EpochFilter() : EpochFilter::from_a_kept_message();
    expect_same(later, from, records, whole.state(), true);
    // And readers from all other landmarks.
    for (std::uint64_t position = 1; position <= whole.state().next.value; ++position) {
      const auto landmark = index.find(Position{position});
      ASSERT_TRUE(landmark);
      ASSERT_LE(landmark->position, Position{position});
      EpochFilter reader({landmark->epoch, landmark->writer, landmark->position, landmark->position});
      expect_same(reader, static_cast<std::size_t>(landmark->offset), records, whole.state(), false);
    }
  }

 private:
  struct Message {
    Frame frame;
    std::uint64_t first_record = 0;  // of a batch: what its records are known by
  };
  struct Node {
    EpochFilter filter;
    std::size_t read_to = 0;
    std::uint64_t epoch = 0;
    std::uint64_t writer = 0;
    bool live = false;
    std::uint64_t next = 0;
  };

  /// Of what counted last.
  struct LastWriter {
    std::uint64_t epoch = 0;
    std::optional<WriterId> writer;
  };

  void claim(Node& node, std::uint64_t epoch) {
    node.epoch = epoch;
    node.writer = ++newest_writer_;
    node.live = false;
    under_way_.push_back({seal(epoch, node.writer)});
  }

  void send_batch(Node& node) {
    const auto records = static_cast<std::uint32_t>(pick(random_, 1, 4));
    const auto parts = static_cast<std::uint32_t>(pick(random_, 1, 3));
    for (std::uint32_t part = 0; part < parts; ++part)
      under_way_.push_back({batch(node.epoch, node.writer, node.next, records, part, parts), next_record_});
    node.next += records;
    next_record_ += records;
  }

  void send_truncate(Node& node) {
    const LogState& known = node.filter.state();
    under_way_.push_back(
        {truncate(known.epoch.value, known.writer.value, known.next.value, pick(random_, 1, known.next.value))});
  }

  /// Mostly the oldest; sometimes another, twice or never.
  void deliver() {
    if (under_way_.empty()) return;
    const std::size_t at = pick(random_, 0, 4) > 0 ? 0 : pick(random_, 0, under_way_.size() - 1);
    const Message message = under_way_[at];
    const std::uint64_t fate = pick(random_, 0, 19);
    if (fate > 0) topic_.push_back(message);
    if (fate > 1) under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(at));
    if (fate == 0 && pick(random_, 0, 1) == 0) return;
    if (fate <= 1 && pick(random_, 0, 1) == 0) under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void read(Node& node, std::size_t count) {
    for (; count > 0 && node.read_to < topic_.size(); --count, ++node.read_to) {
      const Message& message = topic_[node.read_to];
      const auto judged = node.filter.judge(static_cast<std::int64_t>(node.read_to), message.frame).value();
      const bool counts = judged.verdict == Verdict::kCounts;
      const bool own = message.frame.writer.value == node.writer;
      if (message.frame.kind == Frame::Kind::kSeal && counts) {
        node.live = own;
        if (own) node.next = node.filter.state().next.value;
      }
      if (message.frame.kind != Frame::Kind::kBatch || !counts || !own) continue;
      for (std::uint32_t i = 0; i < message.frame.records; ++i)
        acknowledged_[message.frame.position.value + i] = message.first_record + i;
    }
  }

  void take(EpochFilter& filter, std::size_t at, std::map<std::uint64_t, std::uint64_t>& records, PositionIndex* index,
            std::set<std::uint64_t>& seen, LastWriter& last) {
    const Message& message = topic_[at];
    const auto judged = filter.judge(static_cast<std::int64_t>(at), message.frame);
    ASSERT_TRUE(judged);
    const bool is_batch = message.frame.kind == Frame::Kind::kBatch;
    if (message.frame.kind == Frame::Kind::kSeal && judged->verdict == Verdict::kCounts) {
      ASSERT_GE(message.frame.epoch.value, last.epoch) << "an older owner's seal counts";
      last = {message.frame.epoch.value, message.frame.writer};
    }
    if (judged->kept_message && index != nullptr)
      index->add({message.frame.position, *judged->kept_message, message.frame.epoch, message.frame.writer}, !is_batch);
    if (!is_batch || judged->verdict != Verdict::kCounts) return;
    ASSERT_GE(message.frame.epoch.value, last.epoch) << "an older owner's batch counts";
    if (last.writer) ASSERT_EQ(message.frame.writer, *last.writer) << "a batch counts behind another writer's seal";
    last = {message.frame.epoch.value, message.frame.writer};
    for (std::uint32_t i = 0; i < message.frame.records; ++i) {
      records[message.frame.position.value + i] = message.first_record + i;
      ASSERT_TRUE(seen.insert(message.first_record + i).second) << "a record counts twice";
    }
  }

  void expect_same(EpochFilter& filter, std::size_t from, const std::map<std::uint64_t, std::uint64_t>& expected,
                   const LogState& state, bool with_first) {
    std::map<std::uint64_t, std::uint64_t> records;
    std::set<std::uint64_t> seen;
    LastWriter last;
    for (std::size_t at = from; at < topic_.size(); ++at) take(filter, at, records, nullptr, seen, last);
    for (const auto& [position, record] : records) ASSERT_EQ(expected.at(position), record);
    ASSERT_EQ(filter.state().next, state.next);
    ASSERT_EQ(filter.state().epoch, state.epoch);
    ASSERT_EQ(filter.state().writer, state.writer);
    if (!with_first) return;
    ASSERT_EQ(filter.state().first, state.first);
    for (std::uint64_t position = state.first.value; position < state.next.value; ++position)
      ASSERT_TRUE(records.contains(position));
  }

  Random& random_;
  std::vector<Node> nodes_;
  std::deque<Message> under_way_;
  std::vector<Message> topic_;
  std::map<std::uint64_t, std::uint64_t> acknowledged_;  // a record by its position
  std::uint64_t newest_epoch_ = 0;
  std::uint64_t newest_writer_ = 0;
  std::uint64_t next_record_ = 1;
};

TEST(EpochFilter, whoever_reads_whatever_was_lost_late_and_doubled_comes_to_one_log) {
  concord::testing::for_each_seed(300, [](Random& random) {
    Cluster cluster(random);
    cluster.run();
    cluster.check();
  });
}

}  // namespace
}  // namespace concord::kafka
