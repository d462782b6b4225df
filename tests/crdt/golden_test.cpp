// Updates that Yjs has written (golden.json, made by golden.mjs) are read as Yjs reads them and written as it writes.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "crdt/any_json.h"
#include "crdt/doc.h"
#include "crdt/update.h"

namespace concord::crdt {
namespace {

constexpr UpdateFormat kV1 = UpdateFormat::kV1;
constexpr UpdateFormat kV2 = UpdateFormat::kV2;

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
  EXPECT_EQ(to_hex(doc.encode_state_as_update({}, kV2)), text_of(vector, "encoded_v2"));
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

TEST(Golden, every_encoding_in_v2_is_read_and_written_the_same) {
  for (const Any& vector : vectors()) {
    SCOPED_TRACE(text_of(vector, "name"));
    Doc doc({.gc = *vector.find("gc")->as<bool>()});
    const Bytes encoded = from_hex(text_of(vector, "encoded_v2"));
    ASSERT_TRUE(check_update(encoded, kV2).has_value());
    ASSERT_TRUE(doc.apply_update(encoded, kV2).has_value());
    expect_shows(doc, vector);
  }
}

TEST(Golden, updates_are_converted_as_yjs_converts_them) {
  for (const Any& vector : vectors()) {
    SCOPED_TRACE(text_of(vector, "name"));
    const Bytes v1 = from_hex(text_of(vector, "encoded"));
    const Bytes v2 = from_hex(text_of(vector, "encoded_v2"));
    EXPECT_EQ(to_hex(convert_update(v1, kV1, kV2).value()), text_of(vector, "v1_to_v2"));
    EXPECT_EQ(to_hex(convert_update(v2, kV2, kV1).value()), text_of(vector, "v2_to_v1"));
    EXPECT_EQ(to_hex(convert_update(v2, kV2, kV2).value()), text_of(vector, "v1_to_v2"));
    EXPECT_EQ(to_hex(state_vector_of_update(v2, kV2).value()), to_hex(state_vector_of_update(v1, kV1).value()));
  }
}

/// The lines `NAME: HEX` in the code block under "## Vectors" of a page.
std::vector<std::pair<std::string, std::string>> vectors_of_page(const std::string& page) {
  std::ifstream file(std::string(CONCORD_CRDT_PAGES) + page);
  EXPECT_TRUE(file.is_open()) << page;
  std::vector<std::pair<std::string, std::string>> found;
  std::string line;
  while (std::getline(file, line) && line != "## Vectors") {
  }
  while (std::getline(file, line) && line != "```") {
  }
  while (std::getline(file, line) && line != "```") {
    const std::size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << line;
    if (colon != std::string::npos) found.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return found;
}

TEST(Golden, the_pages_on_the_formats_show_these_vectors) {
  const AnyArray all = vectors();
  for (const auto& [page, member] : {std::pair("yjs-update-v1.md", "encoded"), {"yjs-update-v2.md", "encoded_v2"}}) {
    SCOPED_TRACE(page);
    const auto shown = vectors_of_page(page);
    ASSERT_EQ(shown.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(shown[i].first, text_of(all[i], "name"));
      EXPECT_EQ(shown[i].second, text_of(all[i], member));
    }
  }
}

TEST(Golden, no_prefix_of_an_encoding_is_accepted_and_none_leaves_a_trace) {
  for (const Any& vector : vectors()) {
    for (const auto& [format, member] : {std::pair(kV1, "encoded"), {kV2, "encoded_v2"}}) {
      SCOPED_TRACE(text_of(vector, "name") + ", " + member);
      const Bytes encoded = from_hex(text_of(vector, member));
      Doc doc({.gc = *vector.find("gc")->as<bool>()});
      for (std::size_t length = 0; length < encoded.size(); ++length) {
        const auto applied = doc.apply_update(ByteView(encoded).first(length), format);
        ASSERT_FALSE(applied.has_value()) << length;
        EXPECT_EQ(applied.error().code, Code::kInvalidArgument);
      }
      EXPECT_EQ(to_hex(doc.encode_state_as_update()), "0000");
      EXPECT_EQ(doc.validate(), "");
      ASSERT_TRUE(doc.apply_update(encoded, format).has_value());
      EXPECT_EQ(to_hex(doc.encode_state_as_update({}, format)), text_of(vector, member));
    }
  }
}

}  // namespace
}  // namespace concord::crdt
