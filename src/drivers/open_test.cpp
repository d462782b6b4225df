#include "drivers/open.h"

#include "engines/contract_testing.h"

namespace concord::drivers {
namespace {

using engines::testing::code_of;
using engines::testing::TemporaryDirectory;

class DriversTest : public ::testing::Test {
 protected:
  Result<engines::Engines> open(std::map<std::string, std::string> set) {
    std::vector<Setting> table;
    for (const auto part : {engines::settings(), settings()}) table.insert(table.end(), part.begin(), part.end());
    auto config = Config::load(table, {}, [&set](std::string_view name) -> std::optional<std::string> {
      const auto found = set.find(std::string(name));
      return found == set.end() ? std::nullopt : std::optional(found->second);
    });
    if (!config) return fail(std::move(config).error());
    return open_engines(*config, engines::options_from(*config, directory_.path() + "/data"), clock_, ids_, Logger(),
                        metrics_);
  }
  /// What is said of a setting that cannot be.
  std::string refusal(std::map<std::string, std::string> set, Code code) {
    const auto refused = open(std::move(set));
    EXPECT_EQ(code_of(refused), code);
    return refused ? "" : refused.error().message;
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
};

TEST_F(DriversTest, where_nothing_is_set_all_are_embedded) {
  const auto engines = open({});
  ASSERT_TRUE(engines) << engines.error().message;
  EXPECT_TRUE(engines->tables && engines->log && engines->bus && engines->coordination && engines->blobs);
  EXPECT_EQ(engines->embedded.log, engines->log.get());
}

/// Servers that are away are no failure of the start.
TEST_F(DriversTest, each_setting_replaces_its_engine_alone) {
  const std::string nobody = "127.0.0.1:1";
  {
    const auto engines = open({{"DATABASE_URL", "postgres://c@" + nobody + "/c"}});
    ASSERT_TRUE(engines) << engines.error().message;
    EXPECT_TRUE(engines->tables && engines->log);
    EXPECT_TRUE(engines->embedded.log == nullptr && engines->embedded.database_path.empty());
  }
  {
    const auto engines = open({{"LOG_URL", "postgresql://c@" + nobody + "/c"}});
    ASSERT_TRUE(engines) << engines.error().message;
    EXPECT_FALSE(engines->embedded.database_path.empty());
    EXPECT_EQ(engines->embedded.log, nullptr);
  }
  for (const auto& [name, value] :
       {std::pair("LOG_URL", "kafka://" + nobody + "/team"), std::pair("KAFKA_BROKERS", nobody)}) {
    const auto engines = open({{name, value}});
    ASSERT_TRUE(engines) << engines.error().message;
    EXPECT_TRUE(engines->log != nullptr && engines->embedded.log == nullptr);
    EXPECT_FALSE(engines->embedded.database_path.empty());
  }
  const auto engines = open({{"REDIS_URL", "redis://" + nobody}, {"ETCD_ENDPOINTS", "http://" + nobody}});
  ASSERT_TRUE(engines) << engines.error().message;
  EXPECT_TRUE(engines->bus && engines->coordination && engines->embedded.log != nullptr);
}

TEST_F(DriversTest, what_cannot_be_is_refused_by_its_setting_and_without_its_secrets) {
  const std::vector<std::tuple<std::string, std::string, Code>> wrong = {
      {"KAFKA_BROKERS", "u:secret@k:9092", Code::kInvalidArgument},
      {"LOG_URL", "kafka://u:secret@k", Code::kInvalidArgument},
      {"LOG_URL", "pulsar://u:secret@k", Code::kUnsupported},
      {"DATABASE_URL", "mysql://u:secret@db/c", Code::kUnsupported},
      {"DATABASE_URL", "postgres://u:secret@db/c?unheard_of=1", Code::kInvalidArgument},
      {"REDIS_URL", "redis://u:secret@:port", Code::kInvalidArgument},
      {"ETCD_ENDPOINTS", "ftp://e", Code::kInvalidArgument},
      {"S3_ENDPOINT", "https://s3.example", Code::kInvalidArgument},  // no bucket
  };
  for (const auto& [name, value, code] : wrong) {
    const std::string said = refusal({{name, value}}, code);
    EXPECT_NE(said.find(name), std::string::npos) << said;
    EXPECT_EQ(said.find("secret"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace concord::drivers
