#include "base/varint.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord {
namespace {

constexpr std::uint64_t kMost = (1ULL << 53U) - 1;

Bytes varuint(std::uint64_t value) {
  Bytes out;
  write_varuint(out, value);
  return out;
}

TEST(VarInt, encodes_as_lib0_does) {
  EXPECT_EQ(to_hex(varuint(0)), "00");
  EXPECT_EQ(to_hex(varuint(127)), "7f");
  EXPECT_EQ(to_hex(varuint(128)), "8001");
  EXPECT_EQ(to_hex(varuint(300)), "ac02");
  EXPECT_EQ(to_hex(varuint(kMost)), "ffffffffffffff0f");
  Bytes text;
  write_var_string(text, "h\xC3\xA9");
  EXPECT_EQ(to_hex(text), "0368c3a9");
}

TEST(VarInt, numbers_and_runs_come_back_as_they_went) {
  testing::for_each_seed(500, [](testing::Random& random) {
    std::vector<std::uint64_t> numbers;
    std::vector<Bytes> runs;
    Bytes encoded;
    for (std::uint64_t i = testing::pick(random, 0, 20); i > 0; --i) {
      numbers.push_back(testing::pick_any_width(random, 53));
      runs.push_back(testing::pick_bytes(random, 300));
      write_varuint(encoded, numbers.back());
      write_var_bytes(encoded, runs.back());
    }
    VarReader reader(encoded);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_EQ(reader.uint().value(), numbers[i]);
      EXPECT_EQ(to_bytes(reader.var_bytes().value()), runs[i]);
    }
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(reader.position(), encoded.size());
  });
}

TEST(VarInt, every_cut_of_a_valid_encoding_is_refused_and_moves_nothing) {
  testing::for_each_seed(200, [](testing::Random& random) {
    Bytes encoded;
    write_var_bytes(encoded, Bytes(testing::pick(random, 1, 400), 'x'));
    const std::size_t cut = testing::pick(random, 0, encoded.size() - 1);
    VarReader reader(ByteView(encoded).first(cut));
    const Result<ByteView> run = reader.var_bytes();
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().code, Code::kInvalidArgument);
    EXPECT_EQ(reader.position(), 0U);
  });
}

TEST(VarInt, a_number_above_what_javascript_holds_is_refused) {
  EXPECT_TRUE(VarReader(varuint(kMost)).uint());
  EXPECT_FALSE(VarReader(varuint(kMost + 1)).uint());
  EXPECT_FALSE(VarReader(varuint(~0ULL)).uint());
  const Bytes endless(64, 0x80);
  EXPECT_FALSE(VarReader(endless).uint());
}

TEST(VarInt, a_declared_length_beyond_the_input_is_refused) {
  Bytes encoded = varuint(kMost);
  encoded.push_back('x');
  VarReader reader(encoded);
  EXPECT_FALSE(reader.var_bytes());
  EXPECT_FALSE(reader.var_string());
  EXPECT_EQ(reader.position(), 0U);
}

TEST(VarInt, the_error_says_where_the_input_is_wrong) {
  Bytes encoded = varuint(5);
  encoded.push_back(0x80);
  VarReader reader(encoded);
  ASSERT_TRUE(reader.uint());
  const Result<std::uint64_t> cut = reader.uint();
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().context.at(0), std::pair(std::string("position"), std::string("1")));
}

TEST(VarInt, a_string_that_is_not_utf8_is_refused) {
  Bytes encoded;
  write_var_bytes(encoded, Bytes{'a', 0xff});
  VarReader reader(encoded);
  EXPECT_FALSE(reader.var_string());
  EXPECT_EQ(reader.position(), 0U);
  EXPECT_TRUE(reader.var_bytes());
}

TEST(Utf8, follows_the_table_of_well_formed_sequences) {
  for (std::string_view good :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "eight by\xF0\x9F\x99\x82tes"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << to_hex(as_bytes(good));
  }
  for (std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82", "\xE2\x82\x41",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF0\x9F\x99", "eight by\xFFtes"}) {
    EXPECT_FALSE(is_valid_utf8(bad)) << to_hex(as_bytes(bad));
  }
}

/// Decodes by arithmetic instead of by table.
bool reference_is_valid_utf8(ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint8_t lead = bytes[at];
    const unsigned length = lead < 0x80 ? 1 : lead >> 5U == 6 ? 2 : lead >> 4U == 14 ? 3 : lead >> 3U == 30 ? 4 : 0;
    if (length == 0 || bytes.size() - at < length) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (unsigned i = 1; i < length; ++i) {
      if (bytes[at + i] >> 6U != 2) return false;
      point = point << 6U | (bytes[at + i] & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    at += length;
  }
  return true;
}

TEST(Utf8, agrees_with_decoding_on_every_short_sequence_and_on_random_ones) {
  for (std::uint32_t word = 0; word < 1U << 16U; ++word) {
    const Bytes two{static_cast<std::uint8_t>(word >> 8U), static_cast<std::uint8_t>(word)};
    ASSERT_EQ(is_valid_utf8(as_text(two)), reference_is_valid_utf8(two)) << to_hex(two);
  }
  testing::for_each_seed(300, [](testing::Random& random) {
    constexpr std::uint8_t kEdges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf,
                                       0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5};
    for (int i = 0; i < 300; ++i) {
      Bytes bytes(testing::pick(random, 0, 12), 'a');
      for (std::uint64_t n = testing::pick(random, 0, 4); n > 0 && bytes.size() >= n; --n) {
        bytes[bytes.size() - n] = kEdges[testing::pick(random, 0, std::size(kEdges) - 1)];
      }
      ASSERT_EQ(is_valid_utf8(as_text(bytes)), reference_is_valid_utf8(bytes)) << to_hex(bytes);
    }
  });
}

}  // namespace
}  // namespace concord
