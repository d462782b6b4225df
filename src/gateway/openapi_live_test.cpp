#include <gtest/gtest.h>

#include "gateway/openapi_hub_testing.h"

namespace concord::gateway {
namespace {

using testing::Hub;

TEST(OpenApiOfLiveSessions, says_what_socket_io_answers) {
  Hub hub;
  hub.start();
  const std::string socketio = "/socket.io/";
  for (const char* query :
       {"", "?transport=webtransport", "?transport=polling", "?transport=websocket", "?sid=nobody"}) {
    EXPECT_EQ(hub.ask("GET", socketio + query, socketio).status, 400) << query;
    EXPECT_EQ(hub.ask("POST", socketio + query, socketio, "4").status, 400) << query;
  }
  hub.more_headers = {{"origin", "https://evil.example"}};
  EXPECT_EQ(hub.ask("GET", socketio, socketio).status, 403);
}

}  // namespace
}  // namespace concord::gateway
