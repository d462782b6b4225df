#include "app/short_forms.h"

#include <gtest/gtest.h>

namespace concord::app {
namespace {

using Words = std::vector<std::string>;

TEST(ShortForms, a_gateway_is_a_node_in_that_role) {
  const Words words{"gateway", "--addr", "0.0.0.0:8080"};
  EXPECT_EQ(as_serve(words).value(), (Words{"serve", "--roles", "gateway", "--addr", "0.0.0.0:8080"}));
}

TEST(ShortForms, a_shard_has_its_number_in_its_name) {
  const Words expected{"serve", "--roles", "shard", "--node-name", "shard-3", "--addr", "127.0.0.1:1"};
  EXPECT_EQ(as_serve(Words{"shard", "--shard-id", "3", "--addr", "127.0.0.1:1"}).value(), expected);
  EXPECT_EQ(as_serve(Words{"shard", "--shard-id=3", "--addr", "127.0.0.1:1"}).value(), expected);
}

TEST(ShortForms, what_is_no_number_is_refused) {
  for (const char* id : {"", "x", "-1", "3x", "1000000"}) {
    const auto refused = as_serve(Words{"shard", "--shard-id", id});
    ASSERT_FALSE(refused) << id;
    EXPECT_TRUE(refused.error().message.contains("--shard-id")) << refused.error().message;
  }
  EXPECT_FALSE(as_serve(Words{"shard", "--shard-id"}));
}

}  // namespace
}  // namespace concord::app
