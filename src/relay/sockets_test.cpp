#include <gtest/gtest.h>

#include <algorithm>

#include "base/waiting_testing.h"
#include "relay/far_socket.h"
#include "relay/relay_testing.h"
#include "relay/served_socket.h"

namespace concord::relay {
namespace {

using concord::testing::eventually;
using testing::Map;
using testing::Node;

constexpr engines::ShardId kShard{3};
constexpr std::string_view kKind = "echo";

/// A client's connection, as the node that has it sees it: what is sent to it, and how it was closed.
class Client final : public net::WebSocket {
 public:
  void send(net::Frame frame) override {
    const std::lock_guard lock(mutex_);
    frames_.emplace_back(as_text(*frame));
    shared_.push_back(std::move(frame));
    if (slow) queued += frames_.back().size();
  }
  void close(net::CloseCode code, std::string_view reason) override {
    const std::lock_guard lock(mutex_);
    closes_.emplace_back(code, reason);
  }
  std::size_t queued_bytes() const override { return queued; }

  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return frames_.size();
  }
  std::vector<std::string> frames() const {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  net::Frame frame(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return shared_.at(index);
  }
  std::vector<std::pair<net::CloseCode, std::string>> closes() const {
    const std::lock_guard lock(mutex_);
    return closes_;
  }

  std::atomic<bool> slow = false;
  std::atomic<std::size_t> queued = 0;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> frames_;
  std::vector<net::Frame> shared_;
  std::vector<std::pair<net::CloseCode, std::string>> closes_;
};

/// Says everything back, to everyone; closes where it is told to.
class Echo final : public net::WebSocketHandler {
 public:
  void on_open(net::WebSocket& socket, std::shared_ptr<void> state) override {
    sockets.push_back(&socket);
    socket.send(std::make_shared<const Bytes>(to_bytes("hello " + *std::static_pointer_cast<std::string>(state))));
    ++opened;
  }
  void on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) override {
    if (as_text(payload) == "close") return socket.close(net::CloseCode::kPermissionDenied, "told to");
    last_opcode = opcode;
    unsent = std::max(unsent.load(), socket.queued_bytes());
    const auto frame = std::make_shared<const Bytes>(to_bytes(payload));
    for (net::WebSocket* one : sockets) one->send(frame);
  }
  void on_drained(net::WebSocket&) override { ++drained; }
  void on_close(net::WebSocket& socket, std::uint16_t code) override {
    std::erase(sockets, &socket);
    closed_with = code;
    ++closed;
  }

  std::vector<net::WebSocket*> sockets;  // of one reactor
  std::atomic<int> opened = 0, closed = 0, drained = 0;
  std::atomic<std::uint16_t> closed_with = 0;
  std::atomic<net::Opcode> last_opcode{};
  std::atomic<std::size_t> unsent = 0;
};

class RelaySockets : public ::testing::Test {
 protected:
  RelaySockets() {
    serve_sockets(server.links(), std::string(kKind), server_places,
                  [this](engines::ShardId, ByteView opening, Reactor&) {
                    return std::optional(Taker{echo, std::make_shared<std::string>(as_text(opening))});
                  });
    for (Node* node : {&gateway, &server}) EXPECT_TRUE(node->start());
    map.add("server", server.peer());
    map.serve(kShard, "server");
    sockets = std::make_unique<FarSockets>(gateway.links(), gateway.reactor(), gateway_places);
    handler = std::make_unique<FarHandler>(*sockets);
  }
  ~RelaySockets() override {
    concord::testing::run_on(gateway.reactor(), sockets->close());
    server.drain(1000);
    gateway.drain(1000);
  }

  template <class Work>
  void here(Work work) {
    gateway.on(0, std::move(work));
  }
  void open(Client& client, const std::string& name) {
    here([&] { handler->on_open(client, std::make_shared<FarRequest>(std::string(kKind), kShard, to_bytes(name))); });
  }
  void say(Client& client, const std::string& text, net::Opcode opcode = net::Opcode::kBinary) {
    here([&] { handler->on_message(client, opcode, as_bytes(text)); });
  }
  void leave(Client& client) {
    here([&] { handler->on_close(client, 1001); });
  }

  link::testing::CertificateDirectory certificates;
  Map map;
  Node gateway{certificates.issue("gateway"), "gateway"};
  Node server{certificates.issue("server"), "server"};
  const Places gateway_places = map.seen_by("gateway");
  const Places server_places = map.seen_by("server");
  std::shared_ptr<Echo> echo = std::make_shared<Echo>();
  std::unique_ptr<FarSockets> sockets;
  std::unique_ptr<FarHandler> handler;
};

TEST_F(RelaySockets, messages_go_there_and_frames_come_back) {
  Client client;
  open(client, "ann");
  say(client, "one", net::Opcode::kText);
  ASSERT_TRUE(eventually([&] { return client.count() == 2; }));
  EXPECT_EQ(client.frames(), (std::vector<std::string>{"hello ann", "one"}));
  EXPECT_EQ(echo->last_opcode.load(), net::Opcode::kText);
  leave(client);
  ASSERT_TRUE(eventually([&] { return echo->closed == 1; }));
  EXPECT_EQ(echo->closed_with, 1001);
}

TEST_F(RelaySockets, one_frame_for_many_is_one_frame_here_too) {
  Client first;
  Client second;
  open(first, "ann");
  open(second, "ben");
  ASSERT_TRUE(eventually([&] { return echo->opened == 2 && first.count() == 1 && second.count() == 1; }));
  say(first, "to both");
  ASSERT_TRUE(eventually([&] { return first.count() == 2 && second.count() == 2; }));
  EXPECT_EQ(first.frame(1), second.frame(1));
  leave(first);
  leave(second);
}

TEST_F(RelaySockets, how_it_is_closed_there_is_how_it_is_closed_here) {
  Client client;
  open(client, "ann");
  say(client, "close");
  ASSERT_TRUE(eventually([&] { return !client.closes().empty(); }));
  EXPECT_EQ(client.closes().front(), std::pair(net::CloseCode::kPermissionDenied, std::string("told to")));
  leave(client);
  EXPECT_TRUE(eventually([&] { return echo->closed == 1; }));
}

TEST_F(RelaySockets, where_the_node_goes_or_serves_it_no_more_the_client_is_to_come_again) {
  Client client;
  open(client, "ann");
  ASSERT_TRUE(eventually([&] { return client.count() == 1; }));
  server.drain(0);
  ASSERT_TRUE(eventually([&] { return !client.closes().empty(); }));
  EXPECT_EQ(client.closes().front().first, net::CloseCode::kTryAgainLater);
  leave(client);
}

TEST_F(RelaySockets, a_node_that_does_not_serve_it_takes_none) {
  map.unserve(kShard);
  map.mislead("gateway", "server", 1);
  Client misled;
  open(misled, "ann");
  ASSERT_TRUE(eventually([&] { return !misled.closes().empty(); }));
  EXPECT_EQ(misled.closes().front().first, net::CloseCode::kTryAgainLater);
  leave(misled);
  Client lost;  // nobody is known to
  open(lost, "ben");
  EXPECT_EQ(lost.closes().front().first, net::CloseCode::kTryAgainLater);
  leave(lost);
  EXPECT_EQ(echo->opened, 0);
}

TEST_F(RelaySockets, what_a_slow_client_has_not_taken_counts_as_unsent_there) {
  Client slow;
  open(slow, "ann");
  ASSERT_TRUE(eventually([&] { return slow.count() == 1; }));
  slow.slow = true;
  const std::string much(200'000, 'x');
  say(slow, much);
  ASSERT_TRUE(eventually([&] { return slow.count() == 2; }));
  say(slow, "a");
  ASSERT_TRUE(eventually([&] { return slow.count() == 3; }));
  EXPECT_GE(echo->unsent, much.size());
  EXPECT_EQ(echo->drained, 0);
  slow.slow = false;
  slow.queued = 0;  // as where the client takes it without ever having been full
  EXPECT_TRUE(eventually([&] { return echo->drained > 0; }));
  leave(slow);
}

}  // namespace
}  // namespace concord::relay
