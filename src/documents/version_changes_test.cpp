#include "documents/version_changes.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"
#include "crdt/doc.h"
#include "documents/content.h"

namespace concord::documents {
namespace {

using Kind = VersionChange::Kind;

/// One text, written by several authors, each with a replica of their own.
class Authors {
 public:
  template <class Edit>
  void write(std::uint64_t author, Edit edit) {
    crdt::Doc doc({.client = crdt::ClientId{author}});
    EXPECT_TRUE(doc.apply_update(state()));
    crdt::Text text = doc.text(kContentRoot);
    Bytes update = doc.transact([&] { edit(text); });
    EXPECT_TRUE(doc_.apply_update(update));
    ++version_;
    records_.push_back({version_, HybridTime{version_ << 20U}, "usr_" + std::to_string(author),
                        std::make_shared<const Bytes>(std::move(update))});
    states_.push_back(state());
  }
  Bytes state() const { return doc_.encode_state_as_update(); }
  std::string text_at(std::uint64_t version) const {
    crdt::Doc doc;
    EXPECT_TRUE(doc.apply_update(states_[version]));
    return doc.text(kContentRoot).to_string();
  }
  std::vector<VersionChange> changes(std::uint64_t from, std::uint64_t to) const {
    const auto at = [this](std::uint64_t version) { return records_.begin() + static_cast<std::ptrdiff_t>(version); };
    return version_changes(states_[from], {at(from), at(to)}).value();
  }
  std::uint64_t version() const { return version_; }

 private:
  crdt::Doc doc_;
  std::uint64_t version_ = 0;
  std::vector<HistoryRecord> records_;
  std::vector<Bytes> states_{doc_.encode_state_as_update()};
};

TEST(VersionChanges, tell_what_was_added_and_removed_and_by_whom) {
  Authors authors;
  authors.write(1, [](crdt::Text& text) { (void)text.insert(0, "The quick fox"); });
  authors.write(2, [](crdt::Text& text) { (void)text.insert(9, " brown"); });
  authors.write(3, [](crdt::Text& text) { (void)text.erase(0, 4); });
  const auto changes = authors.changes(1, 3);
  ASSERT_EQ(changes.size(), 4U);
  EXPECT_EQ(changes[0].kind, Kind::kRemoved);
  EXPECT_EQ(changes[0].content.text, "The ");
  EXPECT_EQ(changes[0].principal, "usr_3");
  EXPECT_EQ(changes[0].time, HybridTime{3U << 20U});
  EXPECT_EQ(changes[1].kind, Kind::kKept);
  EXPECT_EQ(changes[1].content.text, "quick");
  EXPECT_EQ(changes[1].principal, "");
  EXPECT_EQ(changes[2].kind, Kind::kAdded);
  EXPECT_EQ(changes[2].content.text, " brown");
  EXPECT_EQ(changes[2].principal, "usr_2");
  EXPECT_TRUE(changes[2].content.attributes.empty());
  EXPECT_EQ(changes[3].content.text, " fox");

  const auto all = authors.changes(0, 3);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].content.text, "quick");
  EXPECT_EQ(all[0].principal, "usr_1");
  EXPECT_TRUE(authors.changes(2, 2).size() == 1 && authors.changes(2, 2)[0].kind == Kind::kKept);
}

TEST(VersionChanges,
     of_any_two_versions_read_as_the_one_without_what_was_added_and_the_other_without_what_was_removed) {
  testing::for_each_seed(20, [](testing::Random& random) {
    Authors authors;
    for (int i = 0; i < 25; ++i) {
      authors.write(testing::pick(random, 1, 4), [&](crdt::Text& text) {
        const std::size_t length = text.length();
        if (length > 5 && testing::pick(random, 0, 2) == 0)
          (void)text.erase(testing::pick(random, 0, length - 3), testing::pick(random, 1, 3));
        else
          (void)text.insert(testing::pick(random, 0, length),
                            std::string(testing::pick(random, 1, 6), static_cast<char>('a' + i)));
      });
    }
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t from = testing::pick(random, 0, authors.version());
      const std::uint64_t to = testing::pick(random, from, authors.version());
      std::string before;
      std::string after;
      for (const VersionChange& change : authors.changes(from, to)) {
        if (change.kind != Kind::kAdded) before += change.content.text;
        if (change.kind != Kind::kRemoved) after += change.content.text;
        EXPECT_EQ(change.principal.empty(), change.kind == Kind::kKept);
      }
      EXPECT_EQ(before, authors.text_at(from));
      EXPECT_EQ(after, authors.text_at(to));
    }
  });
}

}  // namespace
}  // namespace concord::documents
