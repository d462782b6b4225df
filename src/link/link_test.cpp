#include "link/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/waiting_testing.h"
#include "link/link_testing.h"

namespace concord::link {
namespace {

using concord::testing::eventually;
using testing::CertificateDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Node;
using testing::Recorder;
using testing::text_message;

class Link : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(near.start());
    ASSERT_TRUE(far.start());
  }

  CertificateDirectory certificates;
  Node near{certificates.issue("near"), "near"};
  Node far{certificates.issue("far"), "far"};
};

TEST_F(Link, messages_arrive_in_order_on_the_reactor_of_their_lane) {
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = near.open(far.peer(), handler, 3, "please");
  near.on(0, [&] {
    stream.send(text_message("one"));
    stream.send(text_message(""));
    stream.send(text_message("three"));
  });
  const Node::Accepted accepted = far.accepted(0);
  EXPECT_EQ(accepted.from, "near");
  EXPECT_EQ(accepted.payload, "please");
  EXPECT_EQ(accepted.reactor, &far.reactor(1));
  ASSERT_TRUE(eventually([&] { return accepted.recorder->count() == 3; }));
  EXPECT_THAT(accepted.recorder->messages(), ElementsAre("one", "", "three"));
  far.on(1, [&] { accepted.stream->send(text_message("answer")); });
  ASSERT_TRUE(eventually([&] { return handler->count() == 1; }));
  EXPECT_THAT(handler->messages(), ElementsAre("answer"));
}

TEST_F(Link, an_end_follows_what_was_sent_and_both_sides_hear_of_it_once) {
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = near.open(far.peer(), handler);
  near.on(0, [&] {
    for (int i = 0; i < 1000; ++i) stream.send(text_message(std::to_string(i)));
    stream.end(kFirstOwn + 7, "done with it");
    stream.send(text_message("too late"));
    stream.end(kFirstOwn + 8, "again");
  });
  const auto recorder = far.accepted(0).recorder;
  EXPECT_TRUE(recorder->ends_with(kFirstOwn + 7));
  EXPECT_EQ(recorder->reason(), "done with it");
  EXPECT_EQ(recorder->count(), 1000U);
  EXPECT_EQ(recorder->messages().back(), "999");
  EXPECT_TRUE(handler->ends_with(kFirstOwn + 7));
  near.drain(1000);
  far.drain(1000);
  EXPECT_EQ(handler->ends(), 1);
  EXPECT_EQ(recorder->ends(), 1);
}

TEST_F(Link, what_is_consumed_gives_credit) {
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = near.open(far.peer(), handler);
  near.send(stream, "12345");
  near.send(stream, "678");
  const Node::Accepted accepted = far.accepted(0);
  ASSERT_TRUE(eventually([&] { return accepted.recorder->count() == 2; }));
  EXPECT_EQ(near.on(0, [&] { return stream.unacknowledged_bytes(); }), 8U);
  EXPECT_EQ(handler->credits(), 0);
  far.on(0, [&] { accepted.stream->consumed(5); });
  EXPECT_TRUE(eventually([&] { return near.on(0, [&] { return stream.unacknowledged_bytes(); }) == 3; }));
  EXPECT_EQ(handler->credits(), 0);
  far.on(0, [&] { accepted.stream->consumed(3); });
  EXPECT_TRUE(eventually([&] { return handler->credits() == 1; }));
  EXPECT_EQ(near.on(0, [&] { return stream.unacknowledged_bytes(); }), 0U);
}

TEST_F(Link, one_message_to_many_streams_crosses_once) {
  constexpr std::size_t kStreams = 5000;
  std::vector<std::shared_ptr<Recorder>> handlers(kStreams);
  for (auto& handler : handlers) handler = std::make_shared<Recorder>();
  std::vector<Stream*> streams;
  near.on(0, [&] {
    for (const auto& handler : handlers)
      streams.push_back(&near.links().open(near.reactor(0), far.peer(), {.kind = "record"}, handler));
  });
  ASSERT_TRUE(eventually([&] { return far.accepted_count() == kStreams; }));
  const double before = near.metric("concord_link_sent_bytes_total");
  near.on(0, [&] {
    const SharedBytes message = std::make_shared<const Bytes>(10'000, 'x');
    for (Stream* stream : streams) stream->send(message);
    streams.front()->send(text_message("last"));
  });
  ASSERT_TRUE(eventually([&] { return far.accepted(0).recorder->count() == 2; }));
  for (std::size_t i = 0; i < kStreams; ++i) {
    const auto recorder = far.accepted(i).recorder;
    ASSERT_TRUE(eventually([&] { return recorder->count() >= 1; })) << i;
    ASSERT_EQ(recorder->messages()[0].size(), 10'000U);
  }
  EXPECT_EQ(far.accepted(0).recorder->numbers()[0], far.accepted(1).recorder->numbers()[0]);
  EXPECT_NE(far.accepted(0).recorder->numbers()[0], far.accepted(0).recorder->numbers()[1]);
  EXPECT_LT(near.metric("concord_link_sent_bytes_total") - before, 10'000 * 3 + 4 * kStreams);
  EXPECT_EQ(near.metric("concord_link_connections{side=\"opener\"}"), 1);
  EXPECT_EQ(near.metric("concord_link_streams"), kStreams);
}

TEST_F(Link, a_large_message_arrives_whole) {
  Bytes large(20u << 20u);
  std::iota(large.begin(), large.end(), std::uint8_t{0});
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = near.open(far.peer(), handler);
  near.on(0, [&] { stream.send(std::make_shared<const Bytes>(large)); });
  const auto recorder = far.accepted(0).recorder;
  ASSERT_TRUE(eventually([&] { return recorder->count() == 1; }));
  EXPECT_TRUE(recorder->messages()[0] == as_text(large));
}

TEST_F(Link, a_stream_that_nobody_takes_is_refused) {
  const auto handler = std::make_shared<Recorder>();
  near.on(0, [&] { near.links().open(near.reactor(0), far.peer(), {.kind = "unheard-of"}, handler); });
  EXPECT_TRUE(handler->ends_with(kRefused));
  EXPECT_THAT(handler->reason(), HasSubstr("takes such a stream"));
}

TEST_F(Link, draining_ends_streams_on_both_sides_after_what_was_sent) {
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = near.open(far.peer(), handler);
  const Node::Accepted accepted = far.accepted(0);
  near.send(stream, "before");
  near.drain(30'000);
  EXPECT_TRUE(handler->ends_with(kGoingAway));
  EXPECT_TRUE(accepted.recorder->ends_with(kGoingAway));
  EXPECT_THAT(accepted.recorder->messages(), ElementsAre("before"));
  EXPECT_TRUE(eventually([&] { return far.metric("concord_link_connections{side=\"acceptor\"}") == 0; }));
  EXPECT_EQ(far.metric("concord_link_breaks_total"), 0);

  const auto late = std::make_shared<Recorder>();
  near.open(far.peer(), late);
  EXPECT_TRUE(late->ends_with(kGoingAway));
}

TEST_F(Link, a_node_that_is_not_there_ends_streams_as_broken) {
  far.drain(0);
  const auto handler = std::make_shared<Recorder>();
  Stream& stream = near.open(far.peer(), handler);
  near.send(stream, "into the void");
  EXPECT_TRUE(handler->ends_with(kBroken));
  EXPECT_EQ(handler->ends(), 1);
}

}  // namespace
}  // namespace concord::link
