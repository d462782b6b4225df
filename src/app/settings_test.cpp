#include "app/settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace concord::app {
namespace {

TEST(Settings, the_reference_in_docs_is_current) {
  std::ifstream file(CONCORD_SOURCE_DIR "/docs/configuration.md");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, settings_reference()) << "run ./dev docs";
}

TEST(Settings, every_part_names_its_own) {
  std::set<std::string_view> names;
  for (const Setting& setting : all_settings()) EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
}

TEST(Settings, the_defaults_are_within_their_bounds) {
  EXPECT_TRUE(Config::load(all_settings(), {}, [](std::string_view) { return std::optional<std::string>(); }));
}

TEST(Settings, a_bare_address_of_the_environment_is_not_taken_for_ours) {
  ASSERT_EQ(setenv("ADDR", "somebody elses", 1), 0);
  EXPECT_EQ(environment()("ADDR"), std::nullopt);
  ASSERT_EQ(setenv("CONCORD_ADDR", "127.0.0.1:1", 1), 0);
  EXPECT_EQ(environment()("ADDR"), "127.0.0.1:1");
  unsetenv("ADDR");
  unsetenv("CONCORD_ADDR");
}

}  // namespace
}  // namespace concord::app
