#include "postgres/wire_values.h"

#include <gtest/gtest.h>

#include <limits>

namespace concord::postgres {
namespace {

using engines::Value;

constexpr TypeNumber kNumeric = 1700;

/// numeric_send: digits of base 10000.
Bytes numeric(std::int16_t weight, bool negative, std::uint16_t scale, const std::vector<std::uint16_t>& digits) {
  Bytes out;
  const auto put = [&out](std::uint16_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8U));
    out.push_back(static_cast<std::uint8_t>(value & 0xffU));
  };
  put(static_cast<std::uint16_t>(digits.size()));
  put(static_cast<std::uint16_t>(weight));
  put(negative ? 0x4000 : 0);
  put(scale);
  for (const std::uint16_t digit : digits) put(digit);
  return out;
}

TEST(WireValues, an_integer_goes_out_in_eight_bytes_and_comes_back) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-2}, std::numeric_limits<std::int64_t>::min()}) {
    const Parameter parameter = parameter_of(value);
    EXPECT_EQ(parameter.view().size(), 8U);
    EXPECT_EQ(value_of(parameter.type, parameter.view()).value(), Value(value));
  }
  EXPECT_TRUE(parameter_of(Value()).is_null());
  EXPECT_FALSE(parameter_of(std::string()).is_null());
}

TEST(WireValues, a_whole_number_is_an_integer_and_any_other_a_double) {
  EXPECT_EQ(value_of(kNumeric, numeric(0, false, 0, {})).value(), Value(std::int64_t{0}));
  EXPECT_EQ(value_of(kNumeric, numeric(1, false, 0, {12, 3456})).value(), Value(std::int64_t{123'456}));
  EXPECT_EQ(value_of(kNumeric, numeric(2, true, 0, {5})).value(), Value(std::int64_t{-500'000'000}));
  EXPECT_EQ(value_of(kNumeric, numeric(0, true, 2, {1, 2500})).value(), Value(-1.25));
}

TEST(WireValues, a_whole_number_past_64_bits_is_too_large) {
  const std::vector<std::uint16_t> least = {922, 3372, 368, 5477, 5808};
  EXPECT_EQ(value_of(kNumeric, numeric(4, true, 0, least)).value(), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(value_of(kNumeric, numeric(4, false, 0, least)).error().code, Code::kTooLarge);
  EXPECT_EQ(value_of(kNumeric, numeric(9, false, 0, {1})).error().code, Code::kTooLarge);
}

TEST(WireValues, bytes_that_are_not_of_their_type_are_refused) {
  EXPECT_EQ(value_of(kInteger, Bytes{1, 2, 3}).error().code, Code::kInternal);
  EXPECT_EQ(value_of(kNumeric, Bytes{0, 9, 0, 0, 0, 0, 0, 0}).error().code, Code::kInternal);
  EXPECT_EQ(value_of(kNumeric, numeric(0, false, 0, {})).has_value(), true);
  EXPECT_EQ(value_of(3802, Bytes{1}).error().code, Code::kUnsupported);  // jsonb
}

}  // namespace
}  // namespace concord::postgres
