#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace concord {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Setting> table() {
  return {
      {.name = "ADDR", .fallback = "127.0.0.1:8080", .least = 1, .most = 20, .meaning = "Where to listen."},
      {.name = "MAX_BODY_BYTES",
       .type = SettingType::kInteger,
       .fallback = "1024",
       .least = 1,
       .most = 4096,
       .meaning = "The largest body | of a request."},
      {.name = "VERBOSE", .type = SettingType::kBoolean, .fallback = "false", .meaning = "Say more."},
      {.name = "LOG_FORMAT", .fallback = "human", .meaning = "How to log.", .choices = {"human", "json"}},
      {.name = "API_KEY", .meaning = "A secret.", .secret = true},
      {.name = "SERVICES", .meaning = "Names."},
      {.name = "SERVICE_<NAME>_KEY", .most = 10, .meaning = "Its key.", .secret = true, .each_of = "SERVICES"},
      {.name = "SERVICE_<NAME>_RETRIES",
       .type = SettingType::kInteger,
       .fallback = "3",
       .least = 1,
       .most = 9,
       .meaning = "Tries.",
       .each_of = "SERVICES"},
      {.name = "CONFIG_FILE", .meaning = "The file."},
  };
}

using Variables = std::map<std::string, std::string, std::less<>>;

Result<Config> load(std::vector<std::string> arguments, Variables variables = {}) {
  return Config::load(table(), arguments, [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

std::string error_of(const Result<Config>& loaded) {
  if (loaded) return "(loaded)";
  EXPECT_EQ(loaded.error().code, Code::kInvalidArgument);
  return loaded.error().message;
}

class ConfigFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "concord-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(std::string_view text) {
    const std::string path = directory_ / "concord.conf";
    std::ofstream(path) << text;
    return path;
  }

  std::filesystem::path directory_;
};

TEST(Config, what_nobody_sets_has_its_default) {
  const Result<Config> config = load({});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->string("ADDR"), "127.0.0.1:8080");
  EXPECT_EQ(config->integer("MAX_BODY_BYTES"), 1024);
  EXPECT_FALSE(config->boolean("VERBOSE"));
}

TEST_F(ConfigFile, a_flag_beats_the_environment_which_beats_the_file) {
  const std::string path = write("addr = file\nmax_body_bytes=3 # three\n  # nothing\n\nlog_format = json\r\n");
  const Result<Config> config =
      load({"--addr", "flag"}, {{"ADDR", "environment"}, {"MAX_BODY_BYTES", "2"}, {"CONFIG_FILE", path}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->string("ADDR"), "flag");
  EXPECT_EQ(config->integer("MAX_BODY_BYTES"), 2);
  EXPECT_EQ(config->string("LOG_FORMAT"), "json");
  EXPECT_THAT(config->describe(),
              AllOf(HasSubstr("flag"), HasSubstr("environment"), HasSubstr("file"), HasSubstr("default")));
}

TEST(Config, flags_take_their_value_after_a_blank_or_an_equals_sign) {
  const Result<Config> config = load({"--addr=--x=y", "--max-body-bytes", "7", "--verbose"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->string("ADDR"), "--x=y");
  EXPECT_EQ(config->integer("MAX_BODY_BYTES"), 7);
  EXPECT_TRUE(config->boolean("VERBOSE"));
}

TEST(Config, the_last_of_a_repeated_flag_wins) { EXPECT_EQ(load({"--addr", "a", "--addr", "b"})->string("ADDR"), "b"); }

TEST(Config, booleans_have_four_words_each_way) {
  for (const char* yes : {"true", "1", "yes", "on"}) EXPECT_TRUE(load({"--verbose", yes})->boolean("VERBOSE"));
  for (const char* no : {"false", "0", "no", "off"}) {
    EXPECT_FALSE(load({std::string("--verbose=") + no}, {{"VERBOSE", "true"}})->boolean("VERBOSE"));
  }
  EXPECT_THAT(error_of(load({"--verbose=maybe"})), AllOf(HasSubstr("VERBOSE"), HasSubstr("maybe")));
}

TEST(Config, unknown_flags_and_stray_words_are_refused_by_name) {
  EXPECT_THAT(error_of(load({"--adr", "x"})), HasSubstr("unknown flag \"--adr\""));
  EXPECT_THAT(error_of(load({"stray"})), HasSubstr("unknown argument \"stray\""));
  EXPECT_THAT(error_of(load({"--addr"})), HasSubstr("--addr needs a value"));
  EXPECT_THAT(error_of(load({"--addr", "--verbose"})), HasSubstr("--addr needs a value"));
}

TEST(Config, integers_are_whole_and_within_their_bounds) {
  EXPECT_EQ(load({"--max-body-bytes", "1"})->integer("MAX_BODY_BYTES"), 1);
  EXPECT_EQ(load({"--max-body-bytes", "4096"})->integer("MAX_BODY_BYTES"), 4096);
  for (const char* bad : {"0", "4097", "-1", "12x", "1.5", " 1", "", "99999999999999999999"}) {
    const std::string error = error_of(load({std::string("--max-body-bytes=") + bad}));
    EXPECT_THAT(error, AllOf(HasSubstr("MAX_BODY_BYTES (flag)"), HasSubstr("1 to 4096"), HasSubstr(bad)));
  }
}

TEST(Config, texts_keep_to_their_length_and_choices) {
  EXPECT_THAT(error_of(load({"--addr", std::string(21, 'a')})), AllOf(HasSubstr("1 to 20 bytes"), HasSubstr("21")));
  EXPECT_THAT(error_of(load({"--addr="})), HasSubstr("ADDR must be set"));
  EXPECT_THAT(error_of(load({"--log-format", "xml"})), AllOf(HasSubstr("human, json"), HasSubstr("xml")));
  EXPECT_THAT(error_of(load({"--api-key", std::string(4097, 'a')})), HasSubstr("0 to 4096 bytes"));
}

TEST(Config, an_empty_environment_variable_counts_as_not_set) {
  EXPECT_EQ(load({}, {{"ADDR", ""}})->string("ADDR"), "127.0.0.1:8080");
}

TEST(Config, the_error_names_the_setting_as_its_field) {
  const Result<Config> bad = load({}, {{"MAX_BODY_BYTES", "x"}});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().context.at(0), std::pair(std::string("field"), std::string("MAX_BODY_BYTES")));
}

TEST(Config, secrets_are_never_shown) {
  const Result<Config> config = load({}, {{"API_KEY", "hunter2"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->string("API_KEY"), "hunter2");
  EXPECT_THAT(config->describe(), AllOf(HasSubstr("(set)"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(load({})->describe(), HasSubstr("(not set)"));
  const std::string long_secret(5000, 'S');
  EXPECT_THAT(error_of(load({}, {{"API_KEY", long_secret}})), Not(HasSubstr("SSS")));
}

TEST_F(ConfigFile, a_value_may_hold_a_hash_that_no_blank_precedes) {
  const Result<Config> config = load({"--config-file", write("addr = a#b #c\n")});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->string("ADDR"), "a#b");
}

TEST_F(ConfigFile, wrong_lines_are_refused_with_their_number) {
  const auto error = [&](std::string_view text) { return error_of(load({"--config-file", write(text)})); };
  EXPECT_THAT(error("\nadr = x\n"), HasSubstr(":2: unknown key \"adr\""));
  EXPECT_THAT(error("ADDR = x\n"), HasSubstr("unknown key \"ADDR\""));
  EXPECT_THAT(error("addr\n"), HasSubstr(":1: a line is"));
  EXPECT_THAT(error("addr = a\naddr = b\n"), HasSubstr(":2: \"addr\" was set in line 1"));
  EXPECT_THAT(error("config_file = other\n"), HasSubstr("unknown key"));
  EXPECT_THAT(error("max_body_bytes = 0\n"), HasSubstr("MAX_BODY_BYTES (file)"));
  EXPECT_THAT(error(std::string((1U << 20U) + 1, '#')), HasSubstr("over 1048576 bytes"));
}

TEST_F(ConfigFile, one_that_cannot_be_read_is_refused) {
  EXPECT_THAT(error_of(load({"--config-file", directory_ / "absent"})),
              AllOf(HasSubstr("cannot read"), HasSubstr("absent")));
  EXPECT_THAT(error_of(load({"--config-file", directory_})), HasSubstr("cannot read"));
}

TEST_F(ConfigFile, rows_for_listed_names_come_from_everywhere) {
  const std::string path = write("services = one, two2\nservice_one_key = from file\nservice_two2_retries = 5\n");
  const auto config = load({"--config-file", path, "--service-two2-key", "flag"}, {{"SERVICE_ONE_KEY", "env"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->names("SERVICES"), (std::vector<std::string>{"one", "two2"}));
  EXPECT_EQ(config->string("SERVICE_ONE_KEY"), "env");
  EXPECT_EQ(config->string("SERVICE_TWO2_KEY"), "flag");
  EXPECT_EQ(config->integer("SERVICE_ONE_RETRIES"), 3);
  EXPECT_EQ(config->integer("SERVICE_TWO2_RETRIES"), 5);
  const Config copy = *config;
  EXPECT_THAT(copy.describe(), AllOf(HasSubstr("SERVICE_TWO2_KEY"), Not(HasSubstr("<NAME>")), Not(HasSubstr("env "))));
}

TEST(Config, without_names_there_are_no_such_rows) {
  const auto config = load({});
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->names("SERVICES").empty());
  EXPECT_THAT(config->describe(), Not(HasSubstr("RETRIES")));
}

TEST(Config, names_are_distinct_words_and_their_rows_are_for_listed_ones) {
  EXPECT_THAT(error_of(load({"--services", "one,One"})), HasSubstr("\"One\" is none"));
  EXPECT_THAT(error_of(load({"--services", "one,,two"})), HasSubstr("\"\" is none"));
  EXPECT_THAT(error_of(load({"--services", "one,one"})), HasSubstr("twice"));
  EXPECT_THAT(error_of(load({"--services", "one", "--service-other-key", "x"})),
              HasSubstr("SERVICE_OTHER_KEY (flag) is for a name that is not listed"));
  EXPECT_THAT(error_of(load({"--services", "one", "--service-one-retries", "10"})),
              HasSubstr("SERVICE_ONE_RETRIES (flag) must be an integer from 1 to 9"));
  EXPECT_THAT(error_of(load({"--service--key", "x"})), HasSubstr("unknown flag"));
  EXPECT_THAT(error_of(load({"--services", "one"}, {{"SERVICE_ONE_KEY", "much too long"}})),
              AllOf(HasSubstr("SERVICE_ONE_KEY"), Not(HasSubstr("much"))));
}

TEST(Config, the_markdown_table_has_a_row_for_each_setting) {
  const std::string text = Config::markdown(table());
  EXPECT_THAT(text, HasSubstr("| `MAX_BODY_BYTES` | `--max-body-bytes` | `max_body_bytes` | 1 to 4096 | `1024` | "
                              "The largest body \\| of a request. |\n"));
  EXPECT_THAT(text, HasSubstr("| `LOG_FORMAT` | `--log-format` | `log_format` | human, json | `human` |"));
  EXPECT_THAT(text, HasSubstr("| `API_KEY` | `--api-key` | `api_key` | text, up to 4096 bytes; secret |  |"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2 + std::ssize(table()));
}

TEST(Config, the_processs_environment_is_read) {
  ::setenv("CONCORD_TEST_VARIABLE", "v", 1);
  EXPECT_EQ(process_environment()("CONCORD_TEST_VARIABLE"), "v");
  ::unsetenv("CONCORD_TEST_VARIABLE");
  EXPECT_EQ(process_environment()("CONCORD_TEST_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace concord
