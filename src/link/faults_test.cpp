// Networks that break in every way, nodes that die, and readers that do not read.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/waiting_testing.h"
#include "link/frame.h"
#include "link/link_testing.h"
#include "link/raw_peer_testing.h"
#include "net/tcp_proxy_testing.h"

namespace concord::link {
namespace {

using concord::testing::eventually;
using net::testing::TcpProxy;
using testing::CertificateDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Node;
using testing::RawListener;
using testing::RawPeer;
using testing::Recorder;
using testing::text_message;

class LinkFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(near.start());
    ASSERT_TRUE(far.start());
    proxy = std::make_unique<TcpProxy>(far.links().port());
  }
  Peer behind_proxy() const { return {.node = {"far"}, .address = "127.0.0.1:" + std::to_string(proxy->port())}; }
  /// Opens streams until one is taken.
  bool works_again(const Peer& peer) {
    return eventually([&] {
      const std::size_t before = far.accepted_count();
      const auto handler = std::make_shared<Recorder>();
      near.open(peer, handler);
      return eventually([&] { return handler->ends() > 0 || far.accepted_count() > before; }) && handler->ends() == 0;
    });
  }

  static void hurry(LinkOptions& options) {
    options.ping_ms = 50;
    options.silence_ms = 4'000;
  }

  CertificateDirectory certificates;
  Node near{certificates.issue("near"), "near", 2, hurry};
  Node far{certificates.issue("far"), "far", 2, hurry};
  std::unique_ptr<TcpProxy> proxy;
};

TEST_F(LinkFaults, a_connection_that_is_cut_ends_all_its_streams_and_the_next_is_a_new_one) {
  far.on_accept = [](Stream& stream, Recorder&, ByteView) { stream.send(text_message("welcome")); };
  std::vector<std::shared_ptr<Recorder>> handlers(50);
  for (auto& handler : handlers) {
    handler = std::make_shared<Recorder>();
    near.open(behind_proxy(), handler);
  }
  for (const auto& handler : handlers) ASSERT_TRUE(eventually([&] { return handler->count() == 1; }));
  proxy->cut();
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    EXPECT_TRUE(handlers[i]->ends_with(kBroken));
    EXPECT_TRUE(far.accepted(i).recorder->ends_with(kBroken));
  }
  EXPECT_EQ(near.metric("concord_link_breaks_total"), 1);
  const auto while_away = std::make_shared<Recorder>();
  near.open(behind_proxy(), while_away);
  EXPECT_TRUE(while_away->ends_with(kBroken));
  proxy->mend();
  EXPECT_TRUE(works_again(behind_proxy()));
  for (const auto& handler : handlers) EXPECT_EQ(handler->ends(), 1);
}

TEST_F(LinkFaults, a_half_open_connection_is_found_by_its_silence) {
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = near.open(behind_proxy(), handler);
  near.send(stream, "before");
  const auto recorder = far.accepted(0).recorder;
  ASSERT_TRUE(eventually([&] { return recorder->count() == 1; }));
  ASSERT_TRUE(eventually([&] { return near.metric("concord_link_round_trip_seconds_count") > 0; }));
  proxy->lose();
  near.send(stream, "after");
  EXPECT_TRUE(handler->ends_with(kBroken));
  EXPECT_THAT(handler->reason(), HasSubstr("nothing was heard of it"));
  EXPECT_TRUE(recorder->ends_with(kBroken));
  EXPECT_THAT(recorder->messages(), ElementsAre("before"));
  EXPECT_TRUE(works_again(behind_proxy()));
}

TEST_F(LinkFaults, a_node_that_dies_within_a_message_leaves_no_part_of_it) {
  const NodeCertificate files = certificates.issue("dying");
  const auto peer = RawPeer::connect(far.links().port());
  ASSERT_TRUE(peer && peer->shake_hands(&files, true));
  Bytes said;
  put_hello(said, 0);
  put_open(said, 1, "record", {});
  const std::uint32_t stream = 1;
  for (const std::size_t size : {5U, 100'000U}) {
    put_message_head(said, {&stream, 1}, size);
    said.insert(said.end(), 5, 'x');  // of the second the rest never comes
  }
  ASSERT_TRUE(peer->send(said));
  const auto recorder = far.accepted(0).recorder;
  ASSERT_TRUE(eventually([&] { return recorder->count() == 1; }));
  peer->reset();
  EXPECT_TRUE(recorder->ends_with(kBroken));
  EXPECT_THAT(recorder->messages(), ElementsAre("xxxxx"));
  EXPECT_EQ(far.accepted(0).from, "dying");
}

TEST_F(LinkFaults, a_handler_that_consumes_nothing_holds_up_nobody_else) {
  const auto slow = std::make_shared<Recorder>();
  const auto quick = std::make_shared<Recorder>();
  Stream& to_slow = near.open(far.peer(), slow);
  Stream& to_quick = near.open(far.peer(), quick);
  const Node::Accepted answering = far.accepted(1);
  far.on(0, [&] {
    answering.recorder->on_each = [](Stream& stream, const Message& message) {
      stream.consumed(message.bytes.size());
      stream.send(text_message(as_text(message.bytes)));
    };
  });
  const auto large = std::make_shared<const Bytes>(1u << 20u, 'x');
  near.on(0, [&] {
    for (int i = 0; i < 20; ++i) to_slow.send(large);
    to_quick.send(text_message("echo"));
  });
  EXPECT_TRUE(eventually([&] { return quick->count() == 1; }));
  const auto recorder = far.accepted(0).recorder;
  EXPECT_TRUE(eventually([&] { return recorder->count() == 20; }));
  EXPECT_EQ(near.on(0, [&] { return to_slow.unacknowledged_bytes(); }), 20U << 20U);
  EXPECT_TRUE(eventually([&] { return near.on(0, [&] { return to_quick.unacknowledged_bytes(); }) == 0; }));
  EXPECT_EQ(slow->credits(), 0);

  // It goes on until the bound on what may be on its way, where that stream alone ends.
  near.on(0, [&] {
    for (int i = 0; i < 200; ++i) to_slow.send(large);
    to_quick.send(text_message("still here"));
  });
  EXPECT_TRUE(slow->ends_with(kTooSlow));
  EXPECT_TRUE(recorder->ends_with(kTooSlow));
  EXPECT_TRUE(eventually([&] { return quick->count() == 2; }));
  EXPECT_EQ(recorder->count(), 128U);
  EXPECT_EQ(near.metric("concord_link_breaks_total"), 0);
}

TEST_F(LinkFaults, a_node_that_does_not_read_is_given_up_when_too_much_waits) {
  const NodeCertificate files = certificates.issue("deaf");
  Node small(certificates.issue("small"), "small", 1, [](LinkOptions& options) {
    options.max_connection_bytes = 1u << 20u;
    options.silence_ms = 600'000;
  });
  ASSERT_TRUE(small.start());
  RawListener listener;
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = small.open({.node = {"deaf"}, .address = "127.0.0.1:" + std::to_string(listener.port())}, handler);
  const auto deaf = listener.accept();
  ASSERT_TRUE(deaf->shake_hands(&files, false));
  Bytes welcome;
  put_welcome(welcome);
  ASSERT_TRUE(deaf->send(welcome));
  const auto message = std::make_shared<const Bytes>(100'000, 'x');
  EXPECT_TRUE(eventually([&] {
    if (handler->ends() > 0) return true;
    small.on(0, [&] {
      if (handler->ends() == 0) stream.send(message);
    });
    return false;
  }));
  EXPECT_EQ(handler->code(), kBroken);
  EXPECT_THAT(handler->reason(), HasSubstr("wait to be sent"));
}

TEST_F(LinkFaults, a_message_that_is_too_large_ends_its_stream_alone) {
  Node small(certificates.issue("small"), "small", 1, [](LinkOptions& options) { options.max_message_bytes = 70'000; });
  ASSERT_TRUE(small.start());
  const auto handler = std::make_shared<Recorder>();
  const auto other = std::make_shared<Recorder>();
  Stream& stream = small.open(far.peer(), handler);
  small.open(far.peer(), other);
  small.on(0, [&] { stream.send(std::make_shared<const Bytes>(70'001)); });
  EXPECT_TRUE(handler->ends_with(kTooLarge));
  EXPECT_TRUE(far.accepted(0).recorder->ends_with(kTooLarge));
  EXPECT_EQ(other->ends(), 0);
}

TEST_F(LinkFaults, more_streams_than_may_be_are_refused_one_by_one) {
  const auto at_most = [](std::size_t streams) {
    return [streams](LinkOptions& options) { options.max_streams = streams; };
  };
  Node opener(certificates.issue("opener"), "opener", 1, at_most(4));
  Node acceptor(certificates.issue("acceptor"), "acceptor", 1, at_most(3));
  ASSERT_TRUE(opener.start());
  ASSERT_TRUE(acceptor.start());
  std::vector<std::shared_ptr<Recorder>> handlers(5);
  opener.on(0, [&] {
    for (auto& handler : handlers) {
      handler = std::make_shared<Recorder>();
      opener.links().open(opener.reactor(), acceptor.peer(), {.kind = "record"}, handler);
    }
  });
  EXPECT_TRUE(handlers[4]->ends_with(kTooMany));
  EXPECT_TRUE(handlers[3]->ends_with(kTooMany));
  EXPECT_EQ(acceptor.accepted_count(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(handlers[static_cast<std::size_t>(i)]->ends(), 0);
}

TEST_F(LinkFaults, both_sides_may_end_a_stream_at_the_same_time) {
  constexpr std::size_t kStreams = 200;
  std::vector<std::shared_ptr<Recorder>> handlers(kStreams);
  std::vector<Stream*> streams;
  near.on(0, [&] {
    for (auto& handler : handlers) {
      handler = std::make_shared<Recorder>();
      streams.push_back(&near.links().open(near.reactor(0), far.peer(), {.kind = "record"}, handler));
    }
  });
  ASSERT_TRUE(eventually([&] { return far.accepted_count() == kStreams; }));
  far.reactor(0).post([&] {
    for (std::size_t i = 0; i < kStreams; ++i) {
      if (far.accepted(i).recorder->ends() == 0) far.accepted(i).stream->end(kFirstOwn + 1, "far");
    }
  });
  near.on(0, [&] {
    for (std::size_t i = 0; i < kStreams; ++i) {
      if (handlers[i]->ends() == 0) streams[i]->end(kFirstOwn + 2, "near");
    }
  });
  for (std::size_t i = 0; i < kStreams; ++i) {
    EXPECT_TRUE(eventually([&] { return handlers[i]->ends() == 1 && far.accepted(i).recorder->ends() == 1; })) << i;
  }
  EXPECT_TRUE(eventually([&] { return near.metric("concord_link_streams") == 0; }));
  EXPECT_EQ(near.metric("concord_link_violations_total"), 0);
  EXPECT_EQ(far.metric("concord_link_violations_total"), 0);
  EXPECT_EQ(near.metric("concord_link_connections{side=\"opener\"}"), 1);
}

TEST_F(LinkFaults, nodes_may_go_with_streams_open_and_messages_queued) {
  const auto recorder = [&] {
    Node brief(certificates.issue("brief"), "brief");
    EXPECT_TRUE(brief.start());
    const auto handler = std::make_shared<Recorder>();
    Stream& stream = brief.open(far.peer(), handler, 0);
    const auto accepted = far.accepted(0).recorder;
    brief.on(0, [&] {
      for (int i = 0; i < 100; ++i) stream.send(std::make_shared<const Bytes>(1u << 20u, 'x'));
    });
    brief.drain(0);
    EXPECT_EQ(handler->ends(), 1);
    EXPECT_EQ(handler->code(), kGoingAway);
    return accepted;
  }();
  EXPECT_TRUE(eventually([&] { return recorder->ends() == 1; }));
  EXPECT_TRUE(eventually([&] { return far.metric("concord_link_connections{side=\"acceptor\"}") == 0; }));
}

TEST_F(LinkFaults, what_nobody_uses_is_closed) {
  Node thrifty(certificates.issue("thrifty"), "thrifty", 1, [](LinkOptions& options) {
    options.idle_ms = 20;
    options.ping_ms = 20;
  });
  ASSERT_TRUE(thrifty.start());
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = thrifty.open(far.peer(), handler);
  (void)far.accepted(0);
  EXPECT_EQ(thrifty.metric("concord_link_connections{side=\"opener\"}"), 1);
  thrifty.on(0, [&] { stream.end(kFirstOwn, "enough"); });
  EXPECT_TRUE(eventually([&] {
    return thrifty.metric("concord_link_connections{side=\"opener\"}") == 0 &&
           far.metric("concord_link_connections{side=\"acceptor\"}") == 0;
  }));
  EXPECT_EQ(far.metric("concord_link_breaks_total"), 0);
  EXPECT_EQ(thrifty.metric("concord_link_breaks_total"), 0);
}

TEST_F(LinkFaults, handlers_may_open_and_end_within_their_calls) {
  // Each stream that ends opens the next; far ends each after its first message, from within on_message.
  constexpr int kRounds = 50;
  std::atomic<int> rounds = 0;
  far.on_accept = [](Stream&, Recorder& recorder, ByteView) {
    recorder.on_each = [](Stream& stream, const Message&) { stream.end(kFirstOwn, "one is enough"); };
  };
  std::function<void()> next = [&] {
    const auto handler = std::make_shared<Recorder>();
    handler->on_ended = [&](Stream&) {
      if (++rounds < kRounds) next();
    };
    Stream& stream = near.links().open(near.reactor(0), far.peer(), {.kind = "record"}, handler);
    stream.send(text_message("a"));
    stream.send(text_message("b"));
  };
  near.on(0, next);
  EXPECT_TRUE(eventually([&] { return rounds == kRounds; }));
  for (std::size_t i = 0; i < kRounds; ++i) EXPECT_THAT(far.accepted(i).recorder->messages(), ElementsAre("a"));
}

TEST_F(LinkFaults, an_acceptor_may_end_what_it_accepts) {
  far.on_accept = [](Stream& stream, Recorder&, ByteView payload) {
    stream.send(text_message("good-bye"));
    stream.end(kFirstOwn + 3, as_text(payload));
  };
  const auto handler = std::make_shared<Recorder>();
  near.open(far.peer(), handler, 0, "no reason");
  EXPECT_TRUE(handler->ends_with(kFirstOwn + 3));
  EXPECT_EQ(handler->reason(), "no reason");
  EXPECT_THAT(handler->messages(), ElementsAre("good-bye"));
  EXPECT_TRUE(far.accepted(0).recorder->ends_with(kFirstOwn + 3));
}

}  // namespace
}  // namespace concord::link
