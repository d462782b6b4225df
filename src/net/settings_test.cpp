#include "net/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace concord::net {
namespace {

Result<ServerOptions> options_of(const std::vector<std::string>& arguments) {
  const auto rows = settings();
  std::vector<Setting> table(rows.begin(), rows.end());
  table.push_back({.name = "CONFIG_FILE", .meaning = "A file with settings."});
  auto config = Config::load(table, arguments, [](std::string_view) { return std::nullopt; });
  if (!config) return fail(std::move(config).error());
  return from_config(*config);
}

TEST(Settings, the_defaults_are_those_of_the_options) {
  const auto options = options_of({});
  ASSERT_TRUE(options) << options.error().message;
  const ServerOptions built_in;
  EXPECT_EQ(options->host, built_in.host);
  EXPECT_EQ(options->port, 8080);
  EXPECT_EQ(options->max_header_bytes, built_in.max_header_bytes);
  EXPECT_EQ(options->max_body_bytes, built_in.max_body_bytes);
  EXPECT_EQ(options->max_connections, built_in.max_connections);
  EXPECT_EQ(options->header_timeout_ms, built_in.header_timeout_ms);
  EXPECT_EQ(options->body_timeout_ms, built_in.body_timeout_ms);
  EXPECT_EQ(options->keep_alive_timeout_ms, built_in.keep_alive_timeout_ms);
  EXPECT_EQ(options->max_frame_bytes, built_in.max_frame_bytes);
  EXPECT_EQ(options->max_queue_bytes, built_in.max_queue_bytes);
  EXPECT_EQ(options->websocket_ping_ms, built_in.websocket_ping_ms);
  EXPECT_EQ(options->websocket_close_timeout_ms, built_in.websocket_close_timeout_ms);
}

TEST(Settings, an_address_is_host_and_port) {
  EXPECT_EQ(options_of({"--addr", "0.0.0.0:0"})->host, "0.0.0.0");
  EXPECT_EQ(options_of({"--addr", "[::1]:443"})->host, "::1");
  EXPECT_EQ(options_of({"--addr", "[::1]:443"})->port, 443);
  EXPECT_EQ(options_of({"--addr", ":80"})->host, "::");
  for (const char* bad : {"localhost", "host:", "host:65536", "host:-1", "host:8o", "::1", "::1:80"})
    EXPECT_FALSE(options_of({"--addr", bad})) << bad;
}

TEST(Settings, a_certificate_needs_its_key) {
  const auto lonely = options_of({"--tls-cert-file", "a.pem"});
  ASSERT_FALSE(lonely);
  EXPECT_THAT(lonely.error().message, ::testing::HasSubstr("TLS_KEY_FILE"));
  EXPECT_TRUE(options_of({"--tls-cert-file", "a.pem", "--tls-key-file", "b.pem"}));
}

}  // namespace
}  // namespace concord::net
