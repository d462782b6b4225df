// What an update touches, held against what applying it does.

#include "crdt/touched.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "crdt/any_json.h"
#include "crdt/delta.h"
#include "crdt/doc.h"
#include "crdt/update.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

using Names = std::vector<std::string>;

constexpr ClientId kAda{1};
constexpr ClientId kBob{2};

Touched touches(const Doc& doc, ByteView update) {
  auto touched = doc.touches(update);
  EXPECT_TRUE(touched.has_value()) << touched.error().message;
  return touched ? *touched : Touched{.unknown = true};
}

Doc copy_of(const Doc& doc, ClientId client) {
  Doc copy({.client = client});
  EXPECT_TRUE(copy.apply_update(doc.encode_state_as_update()).has_value());
  return copy;
}

TEST(Touched, names_the_roots_of_what_is_inserted_and_deleted_at_any_depth) {
  Doc doc({.client = kAda});
  const Bytes first = doc.transact([&] { (void)doc.text("content").insert(0, "hello"); });
  const Doc empty;
  EXPECT_EQ(touches(empty, first).roots, Names{"content"});
  EXPECT_EQ(touches(empty, first).clients, std::vector{kAda});
  EXPECT_TRUE(touches(empty, first).continued.empty());
  EXPECT_TRUE(touches(doc, first).empty());

  Doc bob = copy_of(doc, kBob);
  Map inner;
  const Bytes made = bob.transact([&] {
    Map entry = *bob.map("notes").set_map("a");
    inner = *entry.set_map("replies");
    (void)inner.set("x", "one");
  });
  EXPECT_EQ(touches(doc, made).roots, Names{"notes"});
  ASSERT_TRUE(doc.apply_update(made).has_value());
  const Bytes deep = bob.transact([&] { (void)inner.set("y", "two"); });
  EXPECT_EQ(touches(doc, deep).roots, Names{"notes"});
  EXPECT_EQ(touches(doc, deep).continued, std::vector{kBob});
  const Bytes both = bob.transact([&] {
    (void)inner.erase("x");
    (void)bob.text("content").erase(1, 2);
  });
  EXPECT_EQ(touches(doc, both).roots, (Names{"content", "notes"}));
  EXPECT_FALSE(touches(doc, both).only("notes"));
  EXPECT_TRUE(touches(doc, deep).only("notes"));
  EXPECT_EQ(doc.root_last_written(kBob), "notes");
  EXPECT_EQ(doc.root_last_written(kAda), "content");
  EXPECT_EQ(doc.root_last_written(ClientId{3}), std::nullopt);
}

TEST(Touched, says_nothing_of_what_waits) {
  Doc ada({.client = kAda});
  const Bytes one = ada.transact([&] { (void)ada.map("notes").set_map("a"); });
  const Bytes two = ada.transact([&] { (void)ada.map("notes").set("b", 1); });
  const Bytes erased = ada.transact([&] { (void)ada.map("notes").erase("b"); });
  Doc bob = copy_of(ada, kBob);
  const Bytes three = bob.transact([&] { (void)std::get<Map>(*bob.map("notes").get("a")).set("c", 1); });
  const Doc empty;
  EXPECT_TRUE(touches(empty, two).unknown);     // a gap before it
  EXPECT_TRUE(touches(empty, erased).unknown);  // deletes what is not there
  EXPECT_TRUE(touches(empty, three).unknown);   // its parent is not there
  EXPECT_FALSE(touches(empty, three).only("notes"));
  const ByteView list[] = {three, one};
  EXPECT_TRUE(touches(empty, *merge_updates(list)).only("notes"));  // but with it
  const ByteView with_gap[] = {one, erased};
  EXPECT_TRUE(touches(empty, *merge_updates(with_gap)).unknown);
}

/// Two structs, each of which names the other as its left neighbour.
TEST(Touched, a_circle_waits) {
  Bytes update;
  WireWriter out(update);
  out.uint(2);
  for (const std::uint64_t client : {9U, 8U}) {
    out.uint(1);
    out.uint(client);
    out.uint(0);
    out.byte(0x84);  // text with an origin
    out.uint(17 - client);
    out.uint(0);
    out.var_bytes(as_bytes("x"));
  }
  out.uint(0);
  const Doc doc;
  EXPECT_TRUE(touches(doc, update).unknown);
}

TEST(Touched, both_neighbours_count_wherever_they_are) {
  Doc doc({.client = kAda});
  (void)doc.transact([&] {
    (void)doc.text("content").insert(0, "a");
    (void)doc.text("notes").insert(0, "b");
  });
  Bytes update;
  WireWriter out(update);
  for (const std::uint64_t value : {1U, 1U, 9U, 0U}) out.uint(value);
  out.byte(0xc4);  // text with both
  for (const std::uint64_t value : {1U, 1U, 1U, 0U}) out.uint(value);
  out.var_bytes(as_bytes("x"));
  out.uint(0);
  EXPECT_EQ(touches(doc, update).roots, (Names{"content", "notes"}));
}

TEST(Touched, what_names_collected_structs_is_of_no_root) {
  Doc doc({.client = kAda});
  (void)doc.transact([&] { (void)doc.map("notes").set_map("a"); });
  (void)doc.transact([&] { (void)std::get<Map>(*doc.map("notes").get("a")).set_map("replies"); });
  Doc bob = copy_of(doc, kBob);
  const Bytes reply = bob.transact([&] {
    Map entry = std::get<Map>(*bob.map("notes").get("a"));
    (void)std::get<Map>(*entry.get("replies")).set("x", 1);
  });
  (void)doc.transact([&] { (void)doc.map("notes").erase("a"); });
  const Touched touched = touches(doc, reply);
  EXPECT_TRUE(touched.roots.empty());
  EXPECT_FALSE(touched.unknown);
  const std::string before = to_json(doc.map("notes").to_json());
  ASSERT_TRUE(doc.apply_update(reply).has_value());
  EXPECT_EQ(to_json(doc.map("notes").to_json()), before);
}

TEST(Touched, malformed_updates_fail_as_they_do_when_they_are_applied) {
  const Doc doc;
  EXPECT_FALSE(doc.touches(Bytes{1}).has_value());
  EXPECT_FALSE(doc.touches(Bytes{}).has_value());
  EXPECT_TRUE(touches(doc, Bytes{0, 0}).empty());
  Doc ada({.client = kAda});
  const Bytes update = ada.transact([&] { (void)ada.text("content").insert(0, "x"); });
  Bytes twice{2};
  twice.insert(twice.end(), update.begin() + 1, update.end() - 1);
  twice.insert(twice.end(), update.begin() + 1, update.end());
  EXPECT_FALSE(doc.touches(twice).has_value());
}

// ---- against applying it

const Names kRoots{"array", "content", "notes", "xml"};

/// How each root reads.
std::map<std::string, std::string> read_out(Doc& doc) {
  return {{"array", to_json(doc.array("array").to_json())},
          {"content", to_json(delta_to_any(doc.text("content").to_delta()))},
          {"notes", to_json(doc.map("notes").to_json())},
          {"xml", doc.xml_fragment("xml").to_string()}};
}

/// One change at random; the root that it was made to.
std::string change(Doc& doc, std::mt19937_64& random) {
  const auto below = [&random](std::size_t most) { return static_cast<std::size_t>(random() % most); };
  const std::string& root = kRoots[below(kRoots.size())];
  if (root == "content") {
    Text text = doc.text(root);
    const std::size_t at = below(text.length() + 1);
    if (below(3) == 0) {
      (void)text.erase(at, below(4));
    } else if (below(3) == 0) {
      (void)text.format(at, below(4), {{"bold", Any(below(2) == 0)}});
    } else {
      (void)text.insert(at, below(2) == 0 ? "abc" : "\xc3\xa4\xf0\x9f\x98\x80");
    }
  } else if (root == "array") {
    Array array = doc.array(root);
    if (below(3) == 0 && array.length() > 0) {
      (void)array.erase(below(array.length()), 1);
    } else if (auto inner = array.insert_map(below(array.length() + 1))) {
      (void)inner->set("n", static_cast<int>(below(9)));
    }
  } else if (root == "notes") {
    const std::string key(1, static_cast<char>('a' + below(4)));
    Map notes = doc.map(root);
    const auto there = notes.get(key);
    const Map* entry = there ? std::get_if<Map>(&*there) : nullptr;
    if (entry == nullptr) {
      (void)notes.set_map(key);
    } else if (below(4) == 0) {
      (void)notes.erase(key);
    } else {
      Map inner = *entry;
      (void)inner.set(key, static_cast<int>(below(9)));
    }
  } else {
    XmlFragment xml = doc.xml_fragment(root);
    if (below(3) == 0 && xml.length() > 0) {
      (void)xml.erase(below(xml.length()), 1);
    } else {
      (void)xml.insert_element(below(xml.length() + 1), "p");
    }
  }
  return root;
}

TEST(Touched, tells_what_applying_changes_and_nothing_that_nobody_changed) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Doc hub({.client = ClientId{99}});
    std::vector<Doc> peers;
    for (std::uint64_t client = 1; client <= 3; ++client) peers.emplace_back(DocOptions{.client = ClientId{client}});
    for (int step = 0; step < 60; ++step) {
      Doc& peer = peers[random() % peers.size()];
      if (random() % 3 == 0)
        ASSERT_TRUE(peer.apply_update(hub.encode_state_as_update(peer.state_vector())).has_value());
      std::set<std::string> changed;
      const Bytes update = peer.transact([&] {
        for (std::size_t i = random() % 3 + 1; i > 0; --i) changed.insert(change(peer, random));
      });
      if (update.empty()) continue;
      // As a live session has it, and as one that returns and sends all that is missing, in either format.
      const bool returns = random() % 2 == 0;
      const Bytes sent = returns ? peer.encode_state_as_update(hub.state_vector()) : update;
      const Touched touched = touches(hub, sent);
      EXPECT_FALSE(touched.unknown);
      const auto v2 = hub.touches(*convert_update(sent, UpdateFormat::kV1, UpdateFormat::kV2), UpdateFormat::kV2);
      ASSERT_TRUE(v2.has_value());
      EXPECT_EQ(v2->roots, touched.roots);
      for (const std::string& root : touched.roots) EXPECT_TRUE(changed.contains(root)) << root;
      const auto before = read_out(hub);
      ASSERT_TRUE(hub.apply_update(sent).has_value());
      const auto after = read_out(hub);
      for (const std::string& root : kRoots) {
        if (before.at(root) == after.at(root)) continue;
        EXPECT_TRUE(std::ranges::binary_search(touched.roots, root)) << root << " changed, and was not told";
      }
      EXPECT_TRUE(touches(hub, sent).empty());
    }
  }
}

}  // namespace
}  // namespace concord::crdt
