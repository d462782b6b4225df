#include "documents/lazy_doc.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"
#include "base/varint.h"
#include "crdt/update.h"

namespace concord::documents {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;

/// A document that some clients wrote, each from what it knew: the server's Doc, and the updates in their order.
struct History {
  crdt::Doc doc;
  std::vector<SharedBytes> updates;
  std::vector<Bytes> states{doc.encode_state_as_update()};  // after so many updates

  void write(Random& random) {
    // Some write under a name of their own and have not seen everything.
    const bool behind = pick(random, 0, 1) == 0;
    crdt::Doc client({.client = crdt::ClientId{behind ? 100 + updates.size() : pick(random, 1, 5)}});
    EXPECT_TRUE(client.apply_update(behind ? states[pick(random, 0, updates.size())] : states.back()));
    crdt::Text text = client.text("content");
    Bytes update = client.transact([&] {
      const std::size_t length = text.length();
      const std::uint64_t what = pick(random, 0, 9);
      if (what < 3 && length > 0) {
        const std::size_t at = pick(random, 0, length - 1);
        (void)text.erase(at, pick(random, 1, length - at));
      } else if (what == 3) {
        (void)client.map("map").set("key", crdt::Any(static_cast<double>(random() % 10)));
      } else {
        (void)text.insert(pick(random, 0, length), std::string(pick(random, 1, 9), static_cast<char>('a' + what)));
      }
    });
    if (update.empty()) return;
    EXPECT_TRUE(doc.apply_update(update));
    updates.push_back(std::make_shared<const Bytes>(std::move(update)));
    states.push_back(doc.encode_state_as_update());
  }
  static History of(Random& random, std::size_t writes) {
    History history;
    for (std::size_t i = 0; i < writes; ++i) history.write(random);
    return history;
  }
};

struct Stored {
  Metrics metrics;
  Counter& built = metrics.counter("built", "");
  LazyDoc lazy{built};

  /// The state after `snapshot` updates as stored, the others behind it.
  Stored(const History& history, std::size_t snapshot) {
    if (snapshot > 0) EXPECT_TRUE(lazy.restore(history.states[snapshot]));
    for (std::size_t i = snapshot; i < history.updates.size(); ++i) lazy.defer(history.updates[i]);
  }
};

TEST(LazyDoc, brings_every_client_where_the_doc_would_and_builds_none) {
  for_each_seed(60, [](Random& random) {
    History history = History::of(random, pick(random, 0, 30));
    const std::size_t count = history.updates.size();
    Stored stored(history, pick(random, 0, count));
    EXPECT_EQ(stored.lazy.encode_state_vector(), history.doc.encode_state_vector());
    for (std::size_t known = 0; known <= count; ++known) {
      crdt::Doc client;
      ASSERT_TRUE(client.apply_update(history.states[known]));
      ASSERT_TRUE(client.apply_update(stored.lazy.encode_state_as_update(client.state_vector())));
      EXPECT_EQ(client.encode_state_as_update(), history.doc.encode_state_as_update()) << known << " of " << count;
    }
    EXPECT_FALSE(stored.lazy.is_built());
    EXPECT_EQ(stored.built.value(), 0U);
  });
}

TEST(LazyDoc, a_snapshot_without_updates_behind_it_is_answered_with_its_own_bytes) {
  for_each_seed(60, [](Random& random) {
    History history = History::of(random, pick(random, 0, 30));
    Stored stored(history, history.updates.size());
    EXPECT_EQ(stored.lazy.encode_state_as_update(), history.doc.encode_state_as_update());
    EXPECT_EQ(stored.lazy.encoded_bytes(), history.states.back().size());
    EXPECT_FALSE(stored.lazy.is_built());
  });
}

TEST(LazyDoc, what_a_client_says_again_is_known_and_what_is_new_is_not) {
  for_each_seed(60, [](Random& random) {
    History history = History::of(random, pick(random, 1, 30));
    const std::size_t snapshot = pick(random, 0, history.updates.size());
    {
      Stored stored(history, snapshot);
      const auto vector = crdt::decode_state_vector(stored.lazy.encode_state_vector());
      ASSERT_TRUE(vector);
      EXPECT_TRUE(stored.lazy.covers(history.doc.encode_state_as_update(*vector)));  // as who joins again answers
      // With updates behind the snapshot it may say more than they do: what their meeting deleted.
      if (snapshot == history.updates.size()) EXPECT_FALSE(stored.lazy.is_built());
      const auto known = pick(random, 0, history.updates.size());
      EXPECT_TRUE(stored.lazy.covers(history.states[known]));
    }
    const History before = [&] {
      History copy;
      EXPECT_TRUE(copy.doc.apply_update(history.states.back()));
      copy.updates = history.updates;
      copy.states = history.states;
      return copy;
    }();
    const std::size_t count = history.updates.size();
    while (history.updates.size() == count) history.write(random);
    Stored stored(before, snapshot);
    EXPECT_FALSE(stored.lazy.covers(*history.updates.back()));
    EXPECT_FALSE(stored.lazy.covers(Bytes{1}));
  });
}

TEST(LazyDoc, who_says_known_things_over_and_over_is_answered_by_the_doc) {
  crdt::Doc client({.client = crdt::ClientId{7}});
  const Bytes written = client.transact([&] { (void)client.text("content").insert(0, "known"); });
  Metrics metrics;
  LazyDoc lazy(metrics.counter("built", ""));
  ASSERT_TRUE(lazy.restore(written));
  for (unsigned i = 0; i < LazyDoc::kMostAsked; ++i) EXPECT_TRUE(lazy.covers(written));
  EXPECT_FALSE(lazy.is_built());
  EXPECT_TRUE(lazy.covers(written));
  EXPECT_TRUE(lazy.is_built());
}

TEST(LazyDoc, an_edit_builds_the_doc_once_and_it_is_the_same_doc) {
  for_each_seed(60, [](Random& random) {
    History history = History::of(random, pick(random, 1, 30));
    const std::size_t snapshot = pick(random, 0, history.updates.size() - 1);
    Metrics metrics;
    Counter& built = metrics.counter("built", "");
    LazyDoc lazy(built);
    if (snapshot > 0) ASSERT_TRUE(lazy.restore(history.states[snapshot]));
    const std::size_t deferred = pick(random, snapshot, history.updates.size() - 1);
    for (std::size_t i = snapshot; i < deferred; ++i) lazy.defer(history.updates[i]);
    if (pick(random, 0, 1) == 0) (void)lazy.encode_state_as_update();  // which merges them
    for (std::size_t i = deferred; i < history.updates.size(); ++i) ASSERT_TRUE(lazy.apply(*history.updates[i]));
    EXPECT_EQ(built.value(), 1U);
    EXPECT_EQ(lazy.encode_state_as_update(), history.doc.encode_state_as_update());
    EXPECT_EQ(lazy.encode_state_vector(), history.doc.encode_state_vector());
    EXPECT_EQ(lazy.doc().text("content").to_string(), history.doc.text("content").to_string());
    EXPECT_EQ(built.value(), 1U);
  });
}

TEST(LazyDoc, an_update_that_the_doc_refuses_takes_nothing_else_with_it) {
  crdt::Doc client({.client = crdt::ClientId{7}});
  const Bytes written = client.transact([&] { (void)client.text("content").insert(0, "kept"); });
  // Deletions of one unit each by more clients than a document may know.
  Bytes crowd{0};
  constexpr std::uint64_t kClients = 262'200;
  write_varuint(crowd, kClients);
  for (std::uint64_t i = 0; i < kClients; ++i) {
    write_varuint(crowd, 100 + i);
    append(crowd, Bytes{1, 0, 1});
  }
  ASSERT_TRUE(crdt::check_update(crowd));
  ASSERT_FALSE(crdt::Doc().apply_update(crowd));

  Metrics metrics;
  LazyDoc lazy(metrics.counter("built", ""));
  ASSERT_TRUE(lazy.restore(written));
  lazy.defer(std::make_shared<const Bytes>(crowd));
  (void)lazy.encode_state_as_update();
  EXPECT_EQ(lazy.doc().text("content").to_string(), "kept");
}

TEST(LazyDoc, updates_past_the_limit_are_answered_by_the_doc) {
  crdt::Doc client({.client = crdt::ClientId{7}});
  Metrics metrics;
  Counter& built = metrics.counter("built", "");
  LazyDoc lazy(built);
  for (std::size_t bytes = 0; bytes <= LazyDoc::kMaxMergeBytes; bytes += 50'000) {
    const Bytes update = client.transact([&] { (void)client.text("content").insert(0, std::string(50'000, 'x')); });
    lazy.defer(std::make_shared<const Bytes>(update));
  }
  EXPECT_EQ(lazy.encode_state_as_update(), client.encode_state_as_update());
  EXPECT_EQ(built.value(), 1U);
}

TEST(LazyDoc, a_state_that_is_no_update_is_refused) {
  Metrics metrics;
  LazyDoc lazy(metrics.counter("built", ""));
  EXPECT_FALSE(lazy.restore(Bytes{1, 2, 3}));
  EXPECT_FALSE(lazy.restore(Bytes{}));
  EXPECT_EQ(lazy.encode_state_as_update(), (Bytes{0, 0}));
}

}  // namespace
}  // namespace concord::documents
