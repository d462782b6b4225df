#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord {
namespace {

TEST(Bytes, hexadecimal_is_lower_case_and_two_digits_a_byte) {
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(to_hex(Bytes{0x00, 0x0f, 0xa5, 0xff}), "000fa5ff");
}

TEST(Bytes, fixed_width_integers_are_little_endian) {
  Bytes out;
  put_le<std::uint32_t>(out, 0x01020304U);
  put_le<std::uint8_t>(out, 0xff);
  EXPECT_EQ(to_hex(out), "04030201ff");
}

TEST(Bytes, fixed_width_integers_come_back_as_they_went) {
  testing::for_each_seed(200, [](testing::Random& random) {
    const std::uint64_t wide = random();
    const auto narrow = static_cast<std::int16_t>(random());
    Bytes out;
    put_le(out, wide);
    put_le(out, narrow);
    ASSERT_EQ(out.size(), 10U);
    EXPECT_EQ(get_le<std::uint64_t>(out.data()), wide);
    EXPECT_EQ(get_le<std::int16_t>(out.data() + 8), narrow);
  });
}

TEST(Bytes, text_and_bytes_view_the_same_memory) {
  const std::string text = "caf\xC3\xA9";
  EXPECT_EQ(as_text(as_bytes(text)), text);
  EXPECT_EQ(static_cast<const void*>(as_bytes(text).data()), text.data());
  Bytes joined = to_bytes("a");
  append(joined, as_bytes("b"));
  EXPECT_EQ(as_text(joined), "ab");
}

}  // namespace
}  // namespace concord
