#include "crdt/update.h"

#include <gtest/gtest.h>

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/doc.h"

namespace concord::crdt {
namespace {

TEST(Update, the_empty_update_is_empty) {
  const Bytes empty{0, 0};
  const auto info = describe_update(empty);
  ASSERT_TRUE(info.has_value());
  EXPECT_TRUE(info->empty());
}

TEST(Update, merging_all_and_cutting_what_is_known_give_the_rest) {
  Doc doc({.client = ClientId{5}});
  Text text = doc.text("t");
  std::vector<Bytes> updates;
  StateVector middle;
  for (int i = 0; i < 20; ++i) {
    updates.push_back(doc.transact([&] { (void)text.insert(static_cast<std::size_t>(i) / 2, "ab"); }));
    if (i == 9) middle = doc.state_vector();
  }
  const std::vector<ByteView> views(updates.begin(), updates.end());
  const auto merged = merge_updates(views);
  ASSERT_TRUE(merged.has_value());
  Doc whole;
  ASSERT_TRUE(whole.apply_update(*merged).has_value());
  EXPECT_EQ(whole.encode_state_as_update(), doc.encode_state_as_update());
  const auto rest = diff_update(*merged, middle);
  ASSERT_TRUE(rest.has_value());
  Doc half;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(half.apply_update(updates[static_cast<std::size_t>(i)]).has_value());
  ASSERT_TRUE(half.apply_update(*rest).has_value());
  EXPECT_EQ(half.encode_state_as_update(), doc.encode_state_as_update());
}

TEST(Update, a_malformed_one_among_many_is_named) {
  const Bytes good{0, 0};
  const Bytes bad{1};
  const ByteView views[] = {good, bad};
  const auto merged = merge_updates(views);
  ASSERT_FALSE(merged.has_value());
  EXPECT_EQ(merged.error().code, Code::kInvalidArgument);
}

TEST(StateVectors, decode_what_they_encode_and_refuse_the_rest) {
  const StateVector vector({{ClientId{1}, 5}, {ClientId{9007199254740991}, 7}});
  const auto decoded = decode_state_vector(vector.encode());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, vector);
  EXPECT_EQ(decoded->clock(ClientId{1}), 5U);
  EXPECT_EQ(decoded->clock(ClientId{2}), 0U);
  for (const Bytes& bad : {Bytes{}, Bytes{1}, Bytes{1, 1}, Bytes{0, 0}, Bytes{0xff, 0xff, 0xff, 0x7f, 1, 1}})
    EXPECT_FALSE(decode_state_vector(bad).has_value());
}

TEST(Json, numbers_print_as_javascript_prints_them) {
  const std::pair<double, const char*> cases[] = {{0, "0"},
                                                  {-0.0, "0"},
                                                  {1, "1"},
                                                  {-1.5, "-1.5"},
                                                  {1e21, "1e+21"},
                                                  {1e20, "100000000000000000000"},
                                                  {1e-6, "0.000001"},
                                                  {1e-7, "1e-7"},
                                                  {123456789.125, "123456789.125"},
                                                  {5e-324, "5e-324"},
                                                  {1.7976931348623157e308, "1.7976931348623157e+308"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(to_json(Any(value)), text);
}

TEST(Json, keys_that_are_array_indices_come_first) {
  const auto value = parse_json(R"({"b":1,"10":2,"9":3,"b":4,"01":5})");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(to_json(*value), R"({"9":3,"10":2,"b":4,"01":5})");
}

TEST(Json, what_is_no_json_is_refused) {
  for (const char* text :
       {"", "{", "[1,]", "01", "+1", "1.", "\"\\x\"", "\"\n\"", "nul", "1 2", "{\"a\"}", "\"\\ud8\""})
    EXPECT_FALSE(parse_json(text).has_value()) << text;
  EXPECT_FALSE(parse_json(std::string(100000, '[')).has_value());
}

TEST(Any, values_that_are_not_in_their_one_form_are_known) {
  struct Case {
    Bytes encoded;
    bool canonical;
  };
  const Case cases[] = {{{125, 0x05}, true},
                        {{125, 0x85, 0x00}, false},
                        {{124, 0x40, 0, 0, 0}, false},
                        {{124, 0x3f, 0, 0, 0}, true},
                        {{118, 2, 1, 'b', 126, 1, 'a', 126}, true},
                        {{118, 2, 1, '2', 126, 1, '1', 126}, false},
                        {{118, 2, 1, 'a', 126, 1, 'a', 127}, false},
                        {{119, 0x81, 0x00, 'x'}, false}};
  for (const auto& [encoded, expected] : cases) {
    WireReader in(encoded);
    bool canonical = true;
    EXPECT_TRUE(scan_any(in, canonical)) << to_hex(encoded);
    EXPECT_EQ(canonical, expected) << to_hex(encoded);
  }
}

}  // namespace
}  // namespace concord::crdt
