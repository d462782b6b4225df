// Updates that Yjs has written (golden.json, made by golden.mjs) are read as Yjs reads them and written as it writes.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "crdt/any_json.h"
#include "crdt/doc.h"
#include "crdt/update.h"

namespace concord::crdt {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

const std::string& text_of(const Any& vector, std::string_view name) {
  static const std::string kNothing;
  const Any* found = vector.find(name);
  const auto* text = found != nullptr ? found->as<std::string>() : nullptr;
  EXPECT_NE(text, nullptr) << name;
  return text != nullptr ? *text : kNothing;
}

AnyArray vectors() {
  std::ifstream file(CONCORD_CRDT_GOLDEN);
  const std::string json((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto parsed = parse_json(json);
  EXPECT_TRUE(parsed.has_value());
  const auto* all = parsed ? parsed->as<AnyArray>() : nullptr;
  return all != nullptr ? *all : AnyArray{};
}

void expect_shows(Doc& doc, const Any& vector) {
  EXPECT_EQ(to_json(delta_to_any(doc.text("text").to_delta())), to_json(*vector.find("delta")));
  EXPECT_EQ(to_json(doc.map("map").to_json()), to_json(*vector.find("map")));
  EXPECT_EQ(to_json(doc.array("array").to_json()), to_json(*vector.find("array")));
  EXPECT_EQ(to_hex(doc.encode_state_vector()), text_of(vector, "state_vector"));
  EXPECT_EQ(to_hex(doc.encode_state_as_update()), text_of(vector, "encoded"));
  EXPECT_EQ(doc.validate(), "");
}

TEST(Golden, every_update_of_yjs_applied_one_by_one_gives_its_state) {
  const AnyArray all = vectors();
  ASSERT_GE(all.size(), 15U);
  for (const Any& vector : all) {
    SCOPED_TRACE(text_of(vector, "name"));
    Doc doc({.gc = *vector.find("gc")->as<bool>()});
    for (const Any& update : *vector.find("updates")->as<AnyArray>())
      ASSERT_TRUE(doc.apply_update(from_hex(*update.as<std::string>())).has_value());
    expect_shows(doc, vector);
  }
}

TEST(Golden, every_encoding_of_yjs_is_read_and_written_the_same) {
  for (const Any& vector : vectors()) {
    SCOPED_TRACE(text_of(vector, "name"));
    Doc doc({.gc = *vector.find("gc")->as<bool>()});
    const Bytes encoded = from_hex(text_of(vector, "encoded"));
    ASSERT_TRUE(check_update(encoded).has_value());
    ASSERT_TRUE(doc.apply_update(encoded).has_value());
    expect_shows(doc, vector);
  }
}

TEST(Golden, no_prefix_of_an_encoding_is_accepted_and_none_leaves_a_trace) {
  for (const Any& vector : vectors()) {
    SCOPED_TRACE(text_of(vector, "name"));
    const Bytes encoded = from_hex(text_of(vector, "encoded"));
    Doc doc({.gc = *vector.find("gc")->as<bool>()});
    for (std::size_t length = 0; length < encoded.size(); ++length) {
      const auto applied = doc.apply_update(ByteView(encoded).first(length));
      ASSERT_FALSE(applied.has_value()) << length;
      EXPECT_EQ(applied.error().code, Code::kInvalidArgument);
    }
    EXPECT_EQ(to_hex(doc.encode_state_as_update()), "0000");
    EXPECT_EQ(doc.validate(), "");
    ASSERT_TRUE(doc.apply_update(encoded).has_value());
    EXPECT_EQ(to_hex(doc.encode_state_as_update()), text_of(vector, "encoded"));
  }
}

}  // namespace
}  // namespace concord::crdt
