#include "postgres/sql_text.h"

#include <gtest/gtest.h>

namespace concord::postgres {
namespace {

std::string refusal(std::string_view sql, std::size_t arguments = 0) {
  const Result<> checked = check_statement(sql, arguments);
  return checked ? "" : checked.error().message;
}

TEST(SqlText, a_statement_has_the_placeholders_that_it_has_arguments_for) {
  EXPECT_EQ(refusal("SELECT 1"), "");
  EXPECT_EQ(refusal("SELECT a FROM t WHERE a = $1 OR b = $1 OR c=$2;", 2), "");
  EXPECT_EQ(refusal("SELECT $10 + $1 + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9", 10), "");
  EXPECT_NE(refusal("SELECT $1"), "");
  EXPECT_NE(refusal("SELECT $1", 2), "");
  EXPECT_NE(refusal("SELECT $2", 2), "");
  EXPECT_NE(refusal("SELECT $0", 1), "");
  EXPECT_NE(refusal("SELECT $99999999999999999999", 1), "");
}

TEST(SqlText, what_stands_in_quotes_and_comments_is_not_read) {
  EXPECT_EQ(refusal(R"(SELECT '$1 ; ''$2', "$3;" -- $4 ;)"), "");
  EXPECT_EQ(refusal("SELECT 1 /* $1 ; /* inner */ $2 */ + $1", 1), "");
  EXPECT_EQ(refusal(R"(SELECT E'\'$1;')"), "");
  EXPECT_EQ(refusal("SELECT $tag$ $1 ; $$ $tag$ || $$;$1$$"), "");
  EXPECT_EQ(refusal("SELECT a$1 FROM t"), "");
  EXPECT_EQ(refusal("SELECT 'open ; $1"), "");
}

TEST(SqlText, one_call_is_one_statement_on_rows_or_tables) {
  EXPECT_EQ(refusal("  ;\n; DELETE FROM a ; ; -- end"), "");
  EXPECT_EQ(refusal("(SELECT 1) UNION (SELECT 2)"), "");
  EXPECT_EQ(refusal("DELETE FROM a; DELETE FROM b"), "more than one statement");
  EXPECT_EQ(refusal(" -- nothing\n"), "the statement is empty");
  for (const char* sql : {"BEGIN", "commit", "ROLLBACK", "SAVEPOINT a", "SET search_path = x", "COPY a TO STDOUT",
                          "LISTEN a", "DISCARD ALL", "/* x */ END", "PREPARE TRANSACTION 'a'", "DO $$ BEGIN END $$"}) {
    EXPECT_NE(refusal(sql), "") << sql;
  }
}

TEST(SqlText, a_script_comes_apart_where_its_statements_end) {
  EXPECT_EQ(split_script("CREATE TABLE a (b TEXT DEFAULT ';');\n-- c;\nDROP TABLE a;;"),
            (std::vector<std::string>{"CREATE TABLE a (b TEXT DEFAULT ';')", "DROP TABLE a"}));
  EXPECT_EQ(split_script("SELECT 1"), std::vector<std::string>{"SELECT 1"});
  EXPECT_TRUE(split_script(" ; -- none").empty());
}

}  // namespace
}  // namespace concord::postgres
