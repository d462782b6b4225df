#include "crdt/doc.h"

#include <gtest/gtest.h>

#include <random>

#include "crdt/any_json.h"
#include "crdt/update.h"

namespace concord::crdt {
namespace {

Bytes bytes(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::uint8_t>(value));
  return out;
}

Doc make_doc(std::uint64_t client) { return Doc({.client = ClientId{client}}); }

void receive(Doc& doc, ByteView update) {
  const auto applied = doc.apply_update(update);
  ASSERT_TRUE(applied.has_value()) << applied.error().message;
  ASSERT_EQ(doc.validate(), "");
}

TEST(Doc, what_is_typed_is_read_elsewhere) {
  Doc here = make_doc(1);
  Doc there = make_doc(2);
  Text text = here.text("content");
  const Bytes update = here.transact([&] { ASSERT_TRUE(text.insert(0, "hällo 😀").has_value()); });
  EXPECT_EQ(text.length(), 8U);
  const auto applied = there.apply_update(update);
  ASSERT_TRUE(applied.has_value());
  EXPECT_TRUE(applied->changed);
  EXPECT_EQ(there.text("content").to_string(), "hällo 😀");
  EXPECT_EQ(there.encode_state_as_update(), here.encode_state_as_update());
}

TEST(Doc, an_update_that_is_known_changes_nothing) {
  Doc doc = make_doc(1);
  const Bytes update = doc.transact([&] { (void)doc.text("t").insert(0, "a"); });
  const auto applied = doc.apply_update(update);
  ASSERT_TRUE(applied.has_value());
  EXPECT_FALSE(applied->changed);
  EXPECT_FALSE(applied->pending);
}

TEST(Doc, a_transaction_that_changes_nothing_has_no_update) {
  Doc doc = make_doc(1);
  EXPECT_TRUE(doc.transact([] {}).empty());
  EXPECT_TRUE(doc.transact([&] { (void)doc.text("t").erase(3, 4); }).empty());
}

TEST(Doc, a_change_outside_a_transaction_is_refused) {
  Doc doc = make_doc(1);
  const auto result = doc.text("t").insert(0, "a");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
}

TEST(Doc, what_misses_something_waits_for_it) {
  Doc author = make_doc(1);
  Text text = author.text("t");
  const Bytes first = author.transact([&] { (void)text.insert(0, "one "); });
  const Bytes second = author.transact([&] { (void)text.insert(4, "two "); });
  const Bytes third = author.transact([&] { (void)text.erase(0, 2); });
  Doc reader = make_doc(2);
  receive(reader, third);
  receive(reader, second);
  EXPECT_TRUE(reader.has_pending());
  EXPECT_EQ(reader.text("t").to_string(), "");
  Doc relay = make_doc(3);
  receive(relay, reader.encode_state_as_update());
  EXPECT_TRUE(relay.has_pending());
  receive(relay, first);
  receive(reader, first);
  EXPECT_FALSE(reader.has_pending());
  EXPECT_EQ(reader.text("t").to_string(), "e two ");
  EXPECT_EQ(relay.encode_state_as_update(), author.encode_state_as_update());
}

TEST(Doc, what_waits_is_bounded) {
  Doc author = make_doc(1);
  Text text = author.text("t");
  author.transact([&] { (void)text.insert(0, "first"); });
  Doc reader({.client = ClientId{2}, .max_pending_bytes = 200});
  Result<Applied> last = Applied{};
  for (int i = 0; i < 50 && last; ++i) {
    const Bytes update = author.transact([&] { (void)text.insert(0, "more"); });
    last = reader.apply_update(update);
  }
  ASSERT_FALSE(last.has_value());
  EXPECT_EQ(last.error().code, Code::kTooLarge);
  receive(reader, author.encode_state_as_update());
  EXPECT_EQ(reader.text("t").to_string(), text.to_string());
}

TEST(Doc, formats_read_as_a_delta) {
  Doc doc = make_doc(1);
  Text text = doc.text("t");
  doc.transact([&] {
    (void)text.insert(0, "plain bold");
    (void)text.format(6, 4, {{"bold", Any(true)}});
    (void)text.insert_embed(5, Any(AnyObject{{"image", Any("a.png")}}));
  });
  EXPECT_EQ(to_json(delta_to_any(text.to_delta())),
            R"([{"insert":"plain"},{"insert":{"image":"a.png"}},{"insert":" "},)"
            R"({"insert":"bold","attributes":{"bold":true}}])");
  EXPECT_EQ(text.to_string(), "plain bold");
  EXPECT_EQ(doc.validate(), "");
}

TEST(Doc, a_nested_type_dies_with_its_item) {
  Doc doc = make_doc(1);
  Map map = doc.map("m");
  Text inner;
  doc.transact([&] {
    inner = *map.set_text("k");
    (void)inner.insert(0, "x");
  });
  EXPECT_EQ(to_json(map.to_json()), R"({"k":"x"})");
  doc.transact([&] { (void)map.set("k", Any(1)); });
  EXPECT_FALSE(inner.alive());
  EXPECT_EQ(inner.to_string(), "");
  doc.transact([&] { EXPECT_FALSE(inner.insert(0, "y").has_value()); });
  EXPECT_EQ(to_json(map.to_json()), R"({"k":1})");
  EXPECT_EQ(doc.validate(), "");
}

// ---- hostile input

struct Hostile {
  const char* name;
  Bytes update;
};

TEST(Doc, malformed_updates_are_refused_and_leave_no_trace) {
  Bytes overlong = bytes({1, 1, 1, 0, 4, 1, 1, 't'});
  for (int i = 0; i < 7; ++i) overlong.push_back(0xff);
  overlong.push_back(0x0f);
  Bytes deep = bytes({1, 1, 1, 0, 8, 1, 1, 't', 1});
  for (int i = 0; i < 100000; ++i) {
    deep.push_back(117);
    deep.push_back(1);
  }
  deep.push_back(126);
  deep.push_back(0);
  const Hostile cases[] = {
      {"nothing", {}},
      {"trailing bytes", bytes({0, 0, 0})},
      {"more sections than bytes", bytes({0xff, 0xff, 0xff, 0xff, 0x0f, 1})},
      {"a text longer than the input", overlong},
      {"a number without end", bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80})},
      {"an item on its own right", bytes({1, 1, 1, 0, 0x84, 1, 0, 1, 'a', 0})},
      {"an item after a later one", bytes({1, 1, 1, 0, 0x44, 1, 9, 1, 'a', 0})},
      {"an unknown kind", bytes({1, 1, 1, 0, 0x8b, 1, 0, 0})},
      {"an unknown type", bytes({1, 1, 1, 0, 7, 1, 1, 't', 99, 0})},
      {"an empty text", bytes({1, 1, 1, 0, 4, 1, 1, 't', 0, 0})},
      {"no UTF-8", bytes({1, 1, 1, 0, 4, 1, 1, 't', 1, 0xff, 0})},
      {"no JSON", bytes({1, 1, 1, 0, 5, 1, 1, 't', 1, '{', 0})},
      {"a client twice", bytes({2, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0})},
      {"a GC struct beyond all clocks", bytes({1, 1, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x1f, 0})},
      {"a deletion beyond all clocks", bytes({0, 1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x1f, 1})},
      {"nested a hundred thousand deep", deep},
  };
  Doc doc = make_doc(9);
  doc.transact([&] { (void)doc.text("t").insert(0, "kept"); });
  const Bytes before = doc.encode_state_as_update();
  for (const Hostile& one : cases) {
    SCOPED_TRACE(one.name);
    EXPECT_FALSE(check_update(one.update).has_value());
    const auto applied = doc.apply_update(one.update);
    ASSERT_FALSE(applied.has_value());
    EXPECT_EQ(applied.error().code, Code::kInvalidArgument);
    EXPECT_EQ(doc.encode_state_as_update(), before);
    EXPECT_FALSE(doc.has_pending());
    EXPECT_EQ(doc.validate(), "");
  }
}

TEST(Doc, mutated_updates_never_break_an_invariant) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Doc author = make_doc(1);
    Text text = author.text("t");
    std::vector<Bytes> updates;
    for (int i = 0; i < 12; ++i) {
      updates.push_back(author.transact([&] {
        const std::size_t at = random() % (text.length() + 1);
        switch (random() % 4) {
          case 0:
            (void)text.erase(at, 1 + random() % 4);
            break;
          case 1:
            (void)text.format(at, 1 + random() % 4, {{"b", Any(static_cast<int>(random() % 3))}});
            break;
          case 2:
            (void)author.map("m").set("k", Any(AnyArray{Any("v"), Any(0.5)}));
            break;
          default:
            (void)text.insert(at, "wörd");
            break;
        }
      }));
    }
    Doc victim = make_doc(2);
    for (const Bytes& update : updates) {
      Bytes mutated = update;
      if (!mutated.empty() && random() % 2 == 0)
        mutated[random() % mutated.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
      const bool well_formed = check_update(mutated).has_value();
      EXPECT_EQ(victim.apply_update(mutated).has_value(), well_formed);
      ASSERT_EQ(victim.validate(), "");
    }
    Doc copy = make_doc(3);
    receive(copy, victim.encode_state_as_update());
    EXPECT_EQ(copy.encode_state_vector(), victim.encode_state_vector());
  }
}

// ---- properties

/// One of several peers that edit everything, with updates in flight between them.
struct Peer {
  Doc doc;
  std::vector<Bytes> inbox;
};

void random_change(Doc& doc, std::mt19937& random) {
  Text text = doc.text("text");
  Array array = doc.array("array");
  const std::size_t at = random() % (text.length() + 1);
  const std::size_t slot = random() % (array.length() + 1);
  const char* words[] = {"a", "word", "ä", "😀", "\n"};
  const std::string key(1, static_cast<char>('a' + random() % 3));
  switch (random() % 9) {
    case 0:
      (void)text.erase(at, 1 + random() % 5);
      break;
    case 1:
      (void)text.format(at, 1 + random() % 6, {{key, random() % 2 != 0 ? Any(true) : Any(Null{})}});
      break;
    case 2:
      (void)doc.map("map").set(key, Any(static_cast<int>(random() % 100)));
      break;
    case 3:
      (void)doc.map("map").erase(key);
      break;
    case 4:
      (void)array.insert(slot, std::vector<Any>{Any(1), Any("two")});
      break;
    case 5:
      if (array.length() > slot) (void)array.erase(slot, 1);
      break;
    case 6:
      if (auto map = array.insert_map(slot)) (void)map->set(key, Any(AnyObject{}));
      break;
    default:
      (void)text.insert(at, words[random() % 5]);
      break;
  }
}

TEST(Doc, peers_converge_whatever_the_order_of_their_updates) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<Peer> peers;
    for (std::uint64_t i = 0; i < 2 + random() % 4; ++i)
      peers.push_back({Doc({.client = ClientId{random() * std::uint64_t{2097143} + i}, .gc = random() % 2 == 0}), {}});
    for (int step = 0; step < 80; ++step) {
      Peer& peer = peers[random() % peers.size()];
      if (random() % 2 == 0) {
        const Bytes update = peer.doc.transact([&] { random_change(peer.doc, random); });
        for (Peer& other : peers)
          if (&other != &peer && random() % 8 != 0) other.inbox.push_back(update);
      } else if (!peer.inbox.empty()) {
        const std::size_t at = random() % peer.inbox.size();
        if (!peer.inbox[at].empty()) receive(peer.doc, peer.inbox[at]);
        peer.inbox.erase(peer.inbox.begin() + static_cast<std::ptrdiff_t>(at));
      }
      ASSERT_EQ(peer.doc.validate(), "");
    }
    for (Peer& from : peers)
      for (Peer& to : peers)
        if (&from != &to) receive(to.doc, from.doc.encode_state_as_update(to.doc.state_vector()));
    for (Peer& from : peers)
      for (Peer& to : peers)
        if (&from != &to) receive(to.doc, from.doc.encode_state_as_update(to.doc.state_vector()));
    for (Peer& peer : peers) {
      EXPECT_FALSE(peer.doc.has_pending());
      EXPECT_EQ(peer.doc.encode_state_vector(), peers[0].doc.encode_state_vector());
      EXPECT_EQ(to_json(peer.doc.map("map").to_json()).size(), to_json(peers[0].doc.map("map").to_json()).size());
      EXPECT_EQ(to_json(peer.doc.array("array").to_json()), to_json(peers[0].doc.array("array").to_json()));
      EXPECT_EQ(peer.doc.text("text").length(), peers[0].doc.text("text").length());
    }
  }
}

TEST(Doc, a_long_document_stays_sound_and_readable_at_every_index) {
  std::mt19937 random(7);
  Doc doc = make_doc(1);
  Text text = doc.text("t");
  std::string expected;
  for (int i = 0; i < 20000; ++i) {
    doc.transact([&] {
      const std::size_t at = random() % (expected.size() + 1);
      if (random() % 3 == 0) {
        const std::size_t length = std::min<std::size_t>(random() % 4, expected.size() - at);
        ASSERT_TRUE(text.erase(at, length).has_value());
        expected.erase(at, length);
      } else {
        ASSERT_TRUE(text.insert(at, "abc").has_value());
        expected.insert(at, "abc");
      }
    });
    if (i % 1000 == 0) ASSERT_EQ(doc.validate(), "");
  }
  EXPECT_EQ(doc.validate(), "");
  EXPECT_EQ(text.to_string(), expected);
  Doc copy = make_doc(2);
  receive(copy, doc.encode_state_as_update());
  EXPECT_EQ(copy.text("t").to_string(), expected);
  EXPECT_EQ(copy.encode_state_as_update(), doc.encode_state_as_update());
}

TEST(Doc, two_writers_taking_turns_do_not_copy_what_is_there) {
  Doc one = make_doc(1);
  Doc two = make_doc(2);
  for (int i = 0; i < 3000; ++i) {
    receive(two, one.transact([&] { (void)one.text("a").insert(one.text("a").length(), "x"); }));
    receive(one, two.transact([&] { (void)two.text("b").insert(two.text("b").length(), "y"); }));
  }
  EXPECT_LT(one.memory_bytes(), 60000U);
  EXPECT_EQ(one.encode_state_as_update(), two.encode_state_as_update());
}

}  // namespace
}  // namespace concord::crdt
