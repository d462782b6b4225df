#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace concord {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Error{Code::kInvalidArgument, "odd", {{"value", std::to_string(n)}}});
  return n / 2;
}

Result<int> quarter(int n) {
  TRY(const int first, half(n));
  TRY(const int second, half(first));
  return second;
}

Result<> must_halve(int n) {
  TRY_VOID(half(n));
  return {};
}

TEST(Result, try_binds_the_value_and_passes_the_error_on) {
  EXPECT_EQ(quarter(12).value(), 3);
  const Result<int> failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kInvalidArgument);
  EXPECT_EQ(failed.error().context.at(0), std::pair(std::string("value"), std::string("3")));
}

TEST(Result, try_void_passes_only_errors_on) {
  EXPECT_TRUE(must_halve(2));
  EXPECT_EQ(must_halve(3).error().message, "odd");
}

TEST(Result, try_moves_what_cannot_be_copied) {
  const auto inner = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto outer = [&]() -> Result<int> {
    TRY(const auto pointer, inner());
    return *pointer;
  };
  EXPECT_EQ(outer().value(), 7);
}

TEST(Result, an_error_keeps_its_facts_in_order) {
  const Error error = Error{Code::kTooLarge, "too large", {}}.with("limit", "5").with("field", "name");
  ASSERT_EQ(error.context.size(), 2U);
  EXPECT_EQ(error.context[0].first, "limit");
  EXPECT_EQ(error.context[1].second, "name");
}

TEST(Result, every_code_has_its_own_snake_case_word) {
  std::set<std::string_view> words;
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) {
    const std::string_view word = to_string(static_cast<Code>(code));
    EXPECT_TRUE(words.insert(word).second) << word;
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << word;
  }
  EXPECT_EQ(to_string(Code::kRateLimited), "rate_limited");
}

}  // namespace
}  // namespace concord
