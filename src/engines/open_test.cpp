#include "engines/open.h"

#include "engines/contract_testing.h"

namespace concord::engines {
namespace {

using testing::code_of;
using testing::TemporaryDirectory;

class OpenTest : public ::testing::Test {
 protected:
  Result<Engines> open(EnginesOptions options) {
    if (options.data_directory.empty()) options.data_directory = directory_.path() + "/data";
    return open_embedded(std::move(options), clock_, Logger(), metrics_);
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  Metrics metrics_;
};

TEST_F(OpenTest, a_fresh_directory_gives_all_five_engines) {
  const auto engines = open({});
  ASSERT_TRUE(engines) << engines.error().message;
  EXPECT_TRUE(engines->tables && engines->log && engines->bus && engines->coordination && engines->blobs);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() + "/data/concord.db"));
  EXPECT_EQ(std::filesystem::status(directory_.path() + "/data").permissions(), std::filesystem::perms::owner_all);
}

TEST_F(OpenTest, a_second_hub_on_the_directory_is_refused_until_the_first_is_gone) {
  auto first = open({});
  ASSERT_TRUE(first);
  EXPECT_EQ(code_of(open({})), Code::kConflict);
  first = fail(Code::kUnavailable, "closed");
  EXPECT_TRUE(open({}));
}

TEST_F(OpenTest, what_is_not_wanted_is_not_there) {
  const auto engines = open(
      {.database_url = "postgres://user:secret@db/concord", .wanted = {.tables = false, .log = false, .blobs = false}});
  ASSERT_TRUE(engines) << engines.error().message;
  EXPECT_FALSE(engines->tables || engines->log || engines->blobs || engines->embedded.log != nullptr);
  EXPECT_TRUE(engines->bus && engines->coordination);
  EXPECT_TRUE(engines->embedded.database_path.empty());
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/data/concord.db"));
}

TEST_F(OpenTest, tables_of_another_engine_are_refused_without_its_password) {
  const auto refused = open({.database_url = "postgres://user:secret@db/concord"});
  ASSERT_EQ(code_of(refused), Code::kUnsupported);
  EXPECT_NE(refused.error().message.find("DATABASE_URL"), std::string::npos);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/data"));
}

TEST_F(OpenTest, the_database_may_be_another_file) {
  const std::string path = directory_.path() + "/elsewhere.db";
  ASSERT_TRUE(open({.database_url = "sqlite:" + path}));
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(open({.database_url = "sqlite:"}));
}

TEST_F(OpenTest, a_directory_that_cannot_be_made_is_named) {
  const auto refused = open({.data_directory = "/proc/none/data"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("/proc/none"), std::string::npos);
}

TEST_F(OpenTest, the_defaults_of_the_settings_are_those_of_the_options) {
  const auto table = settings();
  const auto config =
      Config::load(std::vector<Setting>(table.begin(), table.end()), {}, [](std::string_view) { return std::nullopt; });
  ASSERT_TRUE(config) << config.error().message;
  const EnginesOptions from_config = options_from(*config, "d");
  const EnginesOptions defaults;
  EXPECT_EQ(from_config.data_directory, "d");
  EXPECT_EQ(from_config.segment_size_mb, defaults.segment_size_mb);
  EXPECT_EQ(from_config.log_queue_appends, defaults.log_queue_appends);
  EXPECT_EQ(from_config.log_queue_mb, defaults.log_queue_mb);
  EXPECT_EQ(from_config.log_batch_mb, defaults.log_batch_mb);
  EXPECT_EQ(from_config.sqlite_readers, defaults.sqlite_readers);
  EXPECT_EQ(from_config.sqlite_queue_writes, defaults.sqlite_queue_writes);
  EXPECT_EQ(from_config.sqlite_busy_timeout_ms, defaults.sqlite_busy_timeout_ms);
  EXPECT_EQ(from_config.sqlite_statement_timeout_ms, defaults.sqlite_statement_timeout_ms);
  EXPECT_EQ(from_config.sqlite_transaction_timeout_ms, defaults.sqlite_transaction_timeout_ms);
  EXPECT_EQ(from_config.bus_max_keys, defaults.bus_max_keys);
}

}  // namespace
}  // namespace concord::engines
