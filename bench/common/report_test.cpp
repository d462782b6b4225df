#include "common/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "common/process.h"

namespace concord::bench {
namespace {

TEST(BenchReport, a_row_is_one_json_object) {
  EXPECT_EQ(to_json({"say \"hi\"", 2.5, "ms", "other 1.0", 5}),
            R"({"work":"say \"hi\"","value":2.5,"unit":"ms","peer":"other 1.0","peer_value":5,"ratio":0.5})");
  EXPECT_EQ(to_json({"alone", 3, "MB"}),
            R"({"work":"alone","value":3,"unit":"MB","peer":null,"peer_value":null,"ratio":null})");
}

TEST(BenchReport, the_table_aligns_its_columns) {
  EXPECT_EQ(to_table({{"apply", 12345.6, "ms", "other", 20000}, {"idle", 0.01234, "KB"}}),
            "work     value  unit  peer   peer value   ratio\n"
            "apply    12346  ms    other       20000  0.6173\n"
            "idle   0.01234  KB\n");
}

TEST(BenchReport, json_goes_to_the_file_that_is_named) {
  const std::string path = ::testing::TempDir() + "concord-bench-" + std::to_string(::getpid()) + ".json";
  std::string words[] = {"bench", "--json", path, "more"};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data()};
  Report report(4, arguments);
  EXPECT_EQ(report.arguments(), std::vector<std::string>{"more"});
  report.add({"a", 1, "s"});
  report.add({"b", 2, "s"});
  EXPECT_EQ(report.finish(), 0);
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text, to_json({"a", 1, "s"}) + "\n" + to_json({"b", 2, "s"}) + "\n");
  ::unlink(path.c_str());
}

TEST(BenchProcess, reads_this_process) {
  const double begun = now_seconds();
  const double before = cpu_seconds(::getpid());
  while (cpu_seconds(::getpid()) < before + 0.05) ASSERT_LT(now_seconds(), begun + 30);
  EXPECT_GT(resident_bytes(::getpid()), 1U << 20U);
  EXPECT_EQ(cpu_seconds(-1), 0);
  EXPECT_EQ(resident_bytes(-1), 0U);
}

}  // namespace
}  // namespace concord::bench
