#include "crypto/one_time_code.h"

#include <gtest/gtest.h>

#include "crypto/base32.h"
#include "crypto/base32_testing.h"

namespace concord::crypto {
namespace {

const ByteView kSecret = as_bytes("12345678901234567890");  // of both RFCs

TEST(OneTimeCode, gives_what_rfc_4226_appendix_d_gives) {
  const std::array<const char*, 10> codes{"755224", "287082", "359152", "969429", "338314",
                                          "254676", "287922", "162583", "399871", "520489"};
  for (std::size_t i = 0; i < codes.size(); ++i) EXPECT_EQ(hotp(kSecret, i), codes[i]) << i;
}

TEST(OneTimeCode, gives_what_rfc_6238_appendix_b_gives) {
  const std::vector<std::pair<std::int64_t, std::string>> codes{{59, "94287082"},
                                                                {1'111'111'109, "07081804"},
                                                                {1'111'111'111, "14050471"},
                                                                {1'234'567'890, "89005924"},
                                                                {2'000'000'000, "69279037"},
                                                                {20'000'000'000, "65353130"}};
  for (const auto& [seconds, code] : codes)
    EXPECT_EQ(hotp(kSecret, static_cast<std::uint64_t>(code_step(seconds * 1000)), 8), code) << seconds;
}

TEST(OneTimeCode, is_taken_one_step_early_and_one_late_and_not_twice) {
  const std::int64_t now_ms = 1'111'111'109'000;
  const std::int64_t now = code_step(now_ms);
  for (std::int64_t step = now - 3; step <= now + 3; ++step) {
    const std::string code = hotp(kSecret, static_cast<std::uint64_t>(step));
    const bool near = step >= now - 1 && step <= now + 1;
    EXPECT_EQ(match_code(kSecret, code, now_ms, 0), near ? std::optional(step) : std::nullopt) << step - now;
    EXPECT_EQ(match_code(kSecret, code, now_ms, step), std::nullopt) << step - now;
    EXPECT_EQ(match_code(kSecret, code, now_ms, step - 1), near ? std::optional(step) : std::nullopt) << step - now;
  }
  for (const char* none : {"", "1", "000000", "08180", "0818041", "08180 "})
    EXPECT_EQ(match_code(kSecret, none, now_ms, 0), std::nullopt) << none;
}

TEST(Base32, gives_what_rfc_4648_gives_without_padding) {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "MY"},
                                                                 {"fo", "MZXQ"},
                                                                 {"foo", "MZXW6"},
                                                                 {"foob", "MZXW6YQ"},
                                                                 {"fooba", "MZXW6YTB"},
                                                                 {"foobar", "MZXW6YTBOI"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base32_encode(as_bytes(plain)), text);
    EXPECT_EQ(as_text(concord::testing::base32_decode(text)), plain);
  }
  EXPECT_EQ(base32_encode(kSecret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

}  // namespace
}  // namespace concord::crypto
