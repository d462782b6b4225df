#include "crdt/relative_position.h"

#include <gtest/gtest.h>

#include "crdt/any_json.h"
#include "crdt/doc.h"

namespace concord::crdt {
namespace {

RelativePosition at(const SharedType& type, std::size_t index, std::int64_t assoc = 0) {
  auto position = type.position_at(index, assoc);
  EXPECT_TRUE(position.has_value());
  return position.value_or(RelativePosition{});
}

std::size_t index_of(const Doc& doc, const RelativePosition& position) {
  const auto found = doc.resolve(position);
  EXPECT_TRUE(found.has_value());
  return found ? found->index : 999;
}

TEST(RelativePositions, a_place_stays_with_its_neighbour) {
  Doc doc({.client = ClientId{1}});
  Text text = doc.text("t");
  doc.transact([&] { (void)text.insert(0, "abcd"); });
  const RelativePosition before_c = at(text, 2);
  const RelativePosition behind_b = at(text, 2, -1);
  const RelativePosition end = at(text, 4);
  const RelativePosition beginning = at(text, 0, -1);
  doc.transact([&] { (void)text.insert(2, "--"); });
  EXPECT_EQ(index_of(doc, before_c), 4U);
  EXPECT_EQ(index_of(doc, behind_b), 2U);
  doc.transact([&] {
    (void)text.insert(0, "x");
    (void)text.insert(7, "y");
  });
  EXPECT_EQ(index_of(doc, end), 8U);
  EXPECT_EQ(index_of(doc, beginning), 0U);
  doc.transact([&] { (void)text.erase(4, 2); });  // a '-' and 'c'
  EXPECT_EQ(index_of(doc, before_c), 4U);
  EXPECT_EQ(doc.validate(), "");
}

TEST(RelativePositions, what_has_not_come_or_was_collected_has_no_place) {
  Doc doc({.client = ClientId{1}});
  Doc other({.client = ClientId{2}});
  Array array = doc.array("a");
  Text inner;
  doc.transact([&] {
    inner = *array.insert_text(0);
    (void)inner.insert(0, "abc");
  });
  const RelativePosition inside = at(inner, 1);
  const RelativePosition end = at(inner, 3);
  EXPECT_FALSE(other.resolve(inside).has_value());
  EXPECT_FALSE(other.resolve(at(array, 1)).has_value());  // a root nobody has mentioned there
  EXPECT_EQ(doc.resolve(inside)->type, inner);
  doc.transact([&] { (void)array.erase(0, 1); });
  EXPECT_FALSE(doc.resolve(inside).has_value());
  EXPECT_FALSE(doc.resolve(end).has_value());
  EXPECT_FALSE(inner.position_at(0).has_value());
}

TEST(RelativePositions, they_decode_to_what_was_encoded) {
  const RelativePosition item{.item = ElementId{ClientId{300}, 5}, .assoc = -1};
  EXPECT_EQ(to_hex(encode_relative_position(item)), "00ac020541");
  EXPECT_EQ(decode_relative_position(encode_relative_position(item)), item);
  const RelativePosition root{.root = "t", .assoc = 1000};
  EXPECT_EQ(to_hex(encode_relative_position(root)), "010174a80f");
  EXPECT_EQ(decode_relative_position(encode_relative_position(root)), root);
  EXPECT_EQ(decode_relative_position(Bytes{2, 1, 3}), (RelativePosition{.type = ElementId{ClientId{1}, 3}}));
  for (const Bytes& bad : {Bytes{}, Bytes{3}, Bytes{0, 1}, Bytes{1, 1, 0xff}, Bytes{0, 1, 1, 0, 0},
                           Bytes{0, 1, 1, 0x80}, Bytes{0, 1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0}})
    EXPECT_FALSE(decode_relative_position(bad).has_value()) << to_hex(bad);
  EXPECT_TRUE(encode_relative_position({}).empty());
}

TEST(RelativePositions, their_json_is_read_back) {
  Doc doc({.client = ClientId{7}});
  doc.transact([&] { (void)doc.text("t").insert(0, "ab"); });
  const RelativePosition position = at(doc.text("t"), 1, -1);
  const Any json = relative_position_to_json(position);
  EXPECT_EQ(to_json(json), R"({"tname":"t","item":{"client":7,"clock":0},"assoc":-1})");
  EXPECT_EQ(relative_position_from_json(json), position);
  for (const char* bad : {"1", R"({"item":{"client":1}})", R"({"item":{"client":1,"clock":-1}})", R"({"assoc":0.5})",
                          R"({"tname":1})", R"({"type":{"client":1e300,"clock":0}})"})
    EXPECT_FALSE(relative_position_from_json(*parse_json(bad)).has_value()) << bad;
}

}  // namespace
}  // namespace concord::crdt
