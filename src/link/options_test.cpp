#include "link/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link/address.h"

namespace concord::link {
namespace {

using ::testing::HasSubstr;

Result<LinkOptions> read(std::vector<std::string> flags) {
  const auto config = Config::load({settings().begin(), settings().end()}, flags,
                                   [](std::string_view) { return std::optional<std::string>(); });
  EXPECT_TRUE(config) << config.error().message;
  return from_config(*config, "n");
}

std::string failure_of(std::vector<std::string> flags) {
  auto options = read(std::move(flags));
  return options ? std::string() : options.error().message;
}

const std::vector<std::string> kFiles{"--node-ca=a", "--node-certificate=b", "--node-key=c"};

std::vector<std::string> with_files(std::vector<std::string> flags) {
  flags.insert(flags.end(), kFiles.begin(), kFiles.end());
  return flags;
}

TEST(LinkOptions, without_an_address_to_listen_on_there_are_no_links) {
  const auto options = read({});
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->enabled);
}

TEST(LinkOptions, what_is_set_is_what_is_used) {
  const auto options = read(with_files({"--node-listen=[::1]:7000", "--node-ping-ms=20", "--node-silence-ms=40"}));
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_TRUE(options->enabled);
  EXPECT_EQ(options->node, "n");
  EXPECT_EQ(options->host, "::1");
  EXPECT_EQ(options->port, 7000);
  EXPECT_EQ(options->ca_file, "a");
  EXPECT_EQ(options->certificate_file, "b");
  EXPECT_EQ(options->key_file, "c");
  EXPECT_EQ(options->ping_ms, 20);
}

TEST(LinkOptions, what_is_wrong_is_named) {
  EXPECT_THAT(failure_of({"--node-listen=7000"}), HasSubstr("NODE_LISTEN: \"7000\" is not host:port"));
  EXPECT_THAT(failure_of(with_files({"--node-listen=0.0.0.0:7000"})), HasSubstr("NODE_ADDRESS: is needed"));
  EXPECT_THAT(failure_of(with_files({"--node-listen=0.0.0.0:7000", "--node-address=here"})),
              HasSubstr("NODE_ADDRESS: \"here\""));
  EXPECT_THAT(failure_of({"--node-listen=127.0.0.1:7000"}), HasSubstr("NODE_CA: is needed"));
  EXPECT_THAT(failure_of({"--node-listen=127.0.0.1:7000", "--node-ca=a"}), HasSubstr("NODE_CERTIFICATE: is needed"));
  EXPECT_THAT(failure_of(with_files({"--node-listen=127.0.0.1:7000", "--node-ping-ms=100", "--node-silence-ms=199"})),
              HasSubstr("199 is less than two NODE_PING_MS of 100"));
}

TEST(LinkAddress, what_is_no_address_is_refused) {
  for (const char* bad : {"", ":1", "a", "a:", "a:x", "a:65536", "::1:5", "[]:5", "a:1 "})
    EXPECT_FALSE(parse_address(bad)) << bad;
  for (const char* good : {"a:1", "127.0.0.1:0", "[::1]:65535"}) {
    const auto parsed = parse_address(good);
    ASSERT_TRUE(parsed) << good;
    EXPECT_EQ(format_address(*parsed), good);
  }
}

}  // namespace
}  // namespace concord::link
