#include "relay/message.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord::relay {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;

std::string some_text(Random& random) {
  std::string text(pick(random, 0, 40), ' ');
  for (char& c : text) c = static_cast<char>(pick(random, 0, 255));
  return text;
}

net::Request some_request(Random& random) {
  net::Request request;
  request.method = some_text(random);
  request.path = some_text(random);
  request.body = some_text(random);
  request.peer_address = some_text(random);
  request.request_id = some_text(random);
  request.host = some_text(random);
  request.secure = pick(random, 0, 1) == 1;
  request.websocket_upgrade = pick(random, 0, 1) == 1;
  for (std::size_t i = pick(random, 0, 5); i > 0; --i) request.query.emplace_back(some_text(random), some_text(random));
  for (std::size_t i = pick(random, 0, 5); i > 0; --i)
    request.headers.push_back({some_text(random), some_text(random)});
  return request;
}

TEST(RelayMessage, a_request_comes_out_as_it_went_in) {
  for_each_seed(100, [](Random& random) {
    const net::Request request = some_request(random);
    const Bytes bytes = encode(request);
    const auto back = decode_request(bytes);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(encode(*back), bytes);
    EXPECT_EQ(back->method, request.method);
    EXPECT_EQ(back->path, request.path);
    EXPECT_EQ(back->query, request.query);
    EXPECT_EQ(back->body, request.body);
    EXPECT_EQ(back->peer_address, request.peer_address);
    EXPECT_EQ(back->request_id, request.request_id);
    EXPECT_EQ(back->host, request.host);
    EXPECT_EQ(back->secure, request.secure);
    EXPECT_EQ(back->websocket_upgrade, request.websocket_upgrade);
    ASSERT_EQ(back->headers.size(), request.headers.size());
    for (std::size_t i = 0; i < back->headers.size(); ++i) EXPECT_EQ(back->headers[i].value, request.headers[i].value);
  });
}

TEST(RelayMessage, a_request_that_is_cut_or_goes_on_is_refused) {
  for_each_seed(20, [](Random& random) {
    Bytes bytes = encode(some_request(random));
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(decode_request(ByteView(bytes).first(size))) << size << " of " << bytes.size();
    bytes.push_back(0);
    EXPECT_FALSE(decode_request(bytes));
  });
}

TEST(RelayMessage, a_response_comes_out_as_it_went_in) {
  net::Response response;
  response.status = 201;
  response.set("content-type", "application/json");
  response.body = "{}";
  auto back = decode_response(encode(response));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->status, 201);
  EXPECT_EQ(back->headers.at(0).name, "content-type");
  EXPECT_EQ(back->headers.at(0).value, "application/json");
  EXPECT_EQ(back->body, "{}");

  response.shared_body = std::make_shared<const Bytes>(to_bytes(std::string_view("shared")));
  EXPECT_EQ(decode_response(encode(response))->body, "shared");
  response.status = 101;
  EXPECT_FALSE(decode_response(encode(response)));
}

TEST(RelayMessage, an_event_keeps_the_number_of_its_acknowledgement) {
  for (const std::optional<std::uint64_t> id :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0), std::optional<std::uint64_t>(77)}) {
    const Bytes bytes = encode(Event{.id = id, .name = "join", .argument = "{}"});
    const auto back = decode_event(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->id, id);
    EXPECT_EQ(back->name, "join");
    EXPECT_EQ(back->argument, "{}");
    EXPECT_FALSE(decode_event(ByteView(bytes).first(bytes.size() - 1)));
  }
}

}  // namespace
}  // namespace concord::relay
