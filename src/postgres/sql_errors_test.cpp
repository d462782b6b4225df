#include "postgres/sql_errors.h"

#include <gtest/gtest.h>

namespace concord::postgres {
namespace {

TEST(SqlErrors, each_code_of_the_engine_is_one_of_the_ports) {
  EXPECT_EQ(error_of("23505", "").code, Code::kConflict);
  EXPECT_EQ(error_of("23514", "").code, Code::kInvalidArgument);
  EXPECT_EQ(error_of("57014", "").code, Code::kTimeout);
  EXPECT_EQ(error_of("57P01", "").code, Code::kUnavailable);
  EXPECT_EQ(error_of("08006", "").code, Code::kUnavailable);
  EXPECT_EQ(error_of("08P01", "").code, Code::kInvalidArgument);
  EXPECT_EQ(error_of("XX001", "").code, Code::kCorrupt);
  EXPECT_EQ(error_of("42P01", "").code, Code::kInternal);
  EXPECT_EQ(sqlstate_of(error_of("42P01", "")), "42P01");
}

TEST(SqlErrors, an_error_that_libpq_made_is_a_lost_server) {
  EXPECT_EQ(error_of("", "server closed the connection unexpectedly").code, Code::kUnavailable);
}

TEST(SqlErrors, only_what_was_not_done_is_worth_repeating) {
  for (const char* state : {"40001", "40P01", "26000"}) EXPECT_TRUE(is_worth_repeating(error_of(state, ""))) << state;
  for (const char* state : {"23505", "57014", "08006", "40003", ""})
    EXPECT_FALSE(is_worth_repeating(error_of(state, ""))) << state;
  EXPECT_FALSE(is_worth_repeating(Error{Code::kUnavailable, "", {}}));
}

}  // namespace
}  // namespace concord::postgres
