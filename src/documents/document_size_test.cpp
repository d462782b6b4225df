#include "documents/document_size.h"

#include <gtest/gtest.h>

#include "base/clock_testing.h"
#include "base/metrics.h"
#include "crdt/doc.h"
#include "documents/lazy_doc.h"

namespace concord::documents {
namespace {

/// Each look at it takes a millisecond.
class PassingClock final : public Clock {
 public:
  std::int64_t wall_ms() override { return 0; }
  std::int64_t monotonic_ns() override { return now_ns_ += 1'000'000; }
  void advance_ms(std::int64_t ms) { now_ns_ += ms * 1'000'000; }

 private:
  std::int64_t now_ns_ = 0;
};

class DocumentSizeTest : public ::testing::Test {
 protected:
  /// As the shard does with an update: checked, logged, applied.
  Result<> take(const Bytes& update, Clock& clock) {
    TRY_VOID(size_.check(state_, update, limits_, clock));
    const auto growth = DocumentSize::growth_of(update);
    size_.submitted(growth);
    TRY_VOID(state_.apply(update));
    size_.answered(growth);
    return {};
  }
  /// What only deletes is not checked.
  void take_deletion(const Bytes& update) {
    const auto growth = DocumentSize::growth_of(update);
    size_.submitted(growth);
    ASSERT_TRUE(state_.apply(update));
    size_.answered(growth);
  }
  Bytes insert(std::string_view text) {
    return client_.transact([&] { (void)client_.text("content").insert(0, text); });
  }
  Bytes erase(std::size_t length) {
    return client_.transact([&] { (void)client_.text("content").erase(0, length); });
  }

  testing::ManualClock clock_;
  Metrics metrics_;
  LazyDoc state_{metrics_.counter("built", "for the test")};
  DocumentSize size_;
  DocumentLimits limits_{.max_document_bytes = 1000};
  crdt::Doc client_{{.client = crdt::ClientId{7}}};
};

TEST_F(DocumentSizeTest, a_document_of_the_limit_is_taken_and_not_a_byte_more) {
  const std::size_t frame = std::string_view(R"({"content":[{"insert":""}]})").size() + 2;  // two commas more
  ASSERT_TRUE(take(insert(std::string(500, 'x')), clock_));
  ASSERT_TRUE(take(insert(std::string(476 - frame, 'x')), clock_));
  const auto refused = take(insert(std::string(11, 'x')), clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  EXPECT_EQ(refused.error().context.front(), (std::pair<std::string, std::string>{"limit", "1000"}));
  EXPECT_EQ(refused.error().context.back(), (std::pair<std::string, std::string>{"setting", "DOCUMENT_MAX_BYTES"}));
}

TEST_F(DocumentSizeTest, what_is_longer_as_json_counts_as_long_as_that) {
  EXPECT_FALSE(take(insert(std::string(600, '\n')), clock_));
  EXPECT_FALSE(take(insert(std::string(200, '\x01')), clock_));
}

TEST_F(DocumentSizeTest, what_was_deleted_makes_room_and_leaves_marks_only_in_the_encoded_state) {
  limits_.max_encoded_bytes = 3000;
  // Each by a client of its own, whose marks are joined with nobody's.
  std::uint64_t turns = 0;
  for (;; ++turns) {
    ASSERT_LT(turns, 1000U);
    crdt::Doc writer({.client = crdt::ClientId{1000 + turns}});
    crdt::Text text = writer.text("content");
    if (auto taken = take(writer.transact([&] { (void)text.insert(0, std::string(400, 'x')); }), clock_); !taken) {
      EXPECT_EQ(taken.error().context.back(),
                (std::pair<std::string, std::string>{"setting", "DOCUMENT_MAX_ENCODED_BYTES"}));
      break;
    }
    take_deletion(writer.transact([&] { (void)text.erase(0, 400); }));
  }
  EXPECT_GT(turns, 10U);  // 4,000 characters and more
  EXPECT_LT(state_.doc().json_bytes(), 100U);
}

TEST_F(DocumentSizeTest, an_edit_may_write_what_it_deletes) {
  ASSERT_TRUE(take(insert(std::string(900, 'x')), clock_));
  for (int i = 0; i < 5; ++i) {
    const Bytes replaced = client_.transact([&] {
      (void)client_.text("content").erase(0, 900);
      (void)client_.text("content").insert(0, std::string(900, static_cast<char>('a' + i)));
    });
    ASSERT_TRUE(take(replaced, clock_)) << i;
    EXPECT_FALSE(take(replaced, clock_)) << "it deletes nothing now";
  }
}

TEST_F(DocumentSizeTest, is_measured_again_only_after_a_while) {
  PassingClock clock;
  ASSERT_TRUE(take(insert(std::string(900, 'x')), clock));
  EXPECT_FALSE(take(insert(std::string(100, 'y')), clock));  // measured
  client_.transact([&] { (void)client_.text("content").erase(0, 100); });
  take_deletion(erase(500));
  EXPECT_FALSE(take(insert(std::string(100, 'y')), clock));  // a moment later
  client_.transact([&] { (void)client_.text("content").erase(0, 100); });
  clock.advance_ms(100);
  EXPECT_TRUE(take(insert(std::string(100, 'y')), clock));
}

TEST_F(DocumentSizeTest, what_is_under_way_counts) {
  const Bytes one = insert(std::string(600, 'x'));
  size_.submitted(DocumentSize::growth_of(one));
  EXPECT_FALSE(size_.check(state_, one, limits_, clock_));
  size_.answered(DocumentSize::growth_of(one));  // the log did not take it
  EXPECT_TRUE(size_.check(state_, one, limits_, clock_));
}

TEST_F(DocumentSizeTest, of_a_loaded_document_is_told_by_its_length_until_it_matters) {
  const Bytes stored = insert(std::string(300, 'x'));
  ASSERT_TRUE(state_.restore(stored));
  size_.loaded(stored.size());
  EXPECT_GE(size_.most_json(), 900U);
  EXPECT_TRUE(size_.check(state_, insert(std::string(300, 'y')), limits_, clock_));
  EXPECT_LT(size_.most_json(), 400U);
}

}  // namespace
}  // namespace concord::documents
