#include "engines/server_process_testing.h"

#include <gtest/gtest.h>

#include "engines/contract_testing.h"

namespace concord::engines {
namespace {

using testing::ServerProcess;

TEST(ServerProcess, runs_until_it_is_stopped_and_can_be_started_again) {
  const testing::TemporaryDirectory directory;
  ServerProcess server({.command = {"sleep", "600"}, .output_path = directory.path() + "/output"});
  EXPECT_TRUE(server.running());
  server.pause();
  EXPECT_TRUE(server.running());
  server.stop();
  EXPECT_FALSE(server.running());
  server.start();
  EXPECT_TRUE(server.running());
}

TEST(ServerProcess, what_it_prints_is_kept) {
  const testing::TemporaryDirectory directory;
  ServerProcess server(
      {.command = {"sh", "-c", "echo out; echo err >&2"}, .output_path = directory.path() + "/output"});
  while (server.running()) continue;
  EXPECT_EQ(server.output(), "out\nerr\n");
}

TEST(ServerProcess, a_paused_one_stands_still) {
  const testing::TemporaryDirectory directory;
  ServerProcess server(
      {.command = {"sh", "-c", "while :; do echo x; done"}, .output_path = directory.path() + "/output"});
  for (int i = 0; i < 5; ++i) {
    while (server.output().empty()) continue;
    server.pause();
    const std::string printed = server.output();
    std::this_thread::yield();
    EXPECT_EQ(server.output().size(), printed.size());
    server.resume();
  }
}

TEST(ServerProcess, a_command_that_fails_is_told_with_what_it_printed) {
  EXPECT_NO_THROW(testing::run_to_end({"true"}));
  try {
    testing::run_to_end({"sh", "-c", "echo no space; exit 3"});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("no space"), std::string::npos);
  }
}

TEST(ServerProcess, nobody_listens_on_a_free_port) {
  EXPECT_FALSE(testing::wait_until_listening(testing::free_port(), std::chrono::seconds(0)));
}

}  // namespace
}  // namespace concord::engines
