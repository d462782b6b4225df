// Who is let in and who is dialled: certificates that are not of this hub, of another node, or no more; and what a node
// says that has one and does not keep to the protocol.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/waiting_testing.h"
#include "link/frame.h"
#include "link/link_testing.h"
#include "link/raw_peer_testing.h"
#include "link/tls.h"

namespace concord::link {
namespace {

using concord::testing::eventually;
using testing::CertificateDirectory;
using ::testing::HasSubstr;
using testing::Node;
using testing::RawListener;
using testing::RawPeer;
using testing::Recorder;

class Trust : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(far.start()); }

  /// What a connection of this node to `far` comes to: the reason for which it broke.
  std::string failure_of(Node& node, const Peer& to) {
    EXPECT_TRUE(node.start());
    const auto handler = std::make_shared<Recorder>();
    node.send(node.open(to, handler), "let me in");
    EXPECT_TRUE(handler->ends_with(kBroken));
    EXPECT_EQ(far.accepted_count(), 0U);
    return handler->reason();
  }

  CertificateDirectory ours;
  CertificateDirectory theirs;
  Node far{ours.issue("far"), "far"};
};

TEST_F(Trust, a_node_of_another_authority_is_not_dialled) {
  Node stranger(theirs.issue("near"), "near");
  EXPECT_THAT(failure_of(stranger, far.peer()), HasSubstr("its certificate was turned down"));
  EXPECT_TRUE(eventually([&] { return far.metric("concord_link_refused_total") >= 1; }));
}

TEST_F(Trust, a_node_of_another_name_is_not_dialled) {
  Node near(ours.issue("near"), "near");
  Peer wrong = far.peer();
  wrong.node.value = "elsewhere";
  EXPECT_THAT(failure_of(near, wrong), HasSubstr("it is the node \"far\""));
}

TEST_F(Trust, a_certificate_that_has_ended_is_not_dialled) {
  Node near(ours.issue("near"), "near");
  const NodeCertificate ended = ours.issue("old", 1, 10);
  RawListener listener;
  std::thread serving([&] {
    for (int i = 0; i < 3; ++i) {
      const auto peer = listener.accept();
      if (peer->shake_hands(&ended, false)) (void)peer->receive(1);
    }
  });
  EXPECT_THAT(failure_of(near, {.node = {"old"}, .address = "127.0.0.1:" + std::to_string(listener.port())}),
              HasSubstr("certificate has expired"));
  serving.join();
}

TEST_F(Trust, who_shows_no_certificate_of_this_hub_is_not_let_in) {
  const NodeCertificate other = theirs.issue("near");
  const NodeCertificate ended = ours.issue("near", 1, 10);
  const NodeCertificate authority{.certificate_file = ours.path() + "/ca.pem", .key_file = ours.path() + "/ca.key"};
  int refused = 0;
  for (const NodeCertificate* files : std::array<const NodeCertificate*, 4>{nullptr, &other, &ended, &authority}) {
    const auto peer = RawPeer::connect(far.links().port());
    ASSERT_TRUE(peer);
    Bytes hello;
    put_hello(hello, 0);
    if (peer->shake_hands(files, true)) (void)peer->send(hello);
    EXPECT_TRUE(peer->is_ended());
    ++refused;
    EXPECT_TRUE(eventually([&] { return far.metric("concord_link_refused_total") == refused; }));
  }
  EXPECT_EQ(far.metric("concord_link_connections{side=\"acceptor\"}"), 0);
  EXPECT_TRUE(eventually([&] { return far.log->has("a connection to this node was not taken"); })) << far.log->all();
}

TEST_F(Trust, who_does_not_speak_tls_is_not_let_in) {
  const auto peer = RawPeer::connect(far.links().port());
  ASSERT_TRUE(peer);
  peer->send_plain("GET / HTTP/1.1\r\nhost: far\r\n\r\n");
  EXPECT_TRUE(peer->is_ended());
  EXPECT_TRUE(eventually([&] { return far.metric("concord_link_refused_total") == 1; }));
}

TEST_F(Trust, who_says_nothing_is_let_go) {
  Node impatient(ours.issue("impatient"), "impatient", 1,
                 [](LinkOptions& options) { options.handshake_timeout_ms = 50; });
  ASSERT_TRUE(impatient.start());
  const auto silent = RawPeer::connect(impatient.links().port());
  ASSERT_TRUE(silent);
  EXPECT_TRUE(silent->is_ended());
  EXPECT_TRUE(eventually([&] { return impatient.log->has("it took too long"); })) << impatient.log->all();
  // Nor does one that is let in and then says nothing.
  const NodeCertificate files = ours.issue("near");
  const auto mute = RawPeer::connect(impatient.links().port());
  if (mute->shake_hands(&files, true)) {
    EXPECT_TRUE(mute->is_ended());
  }
}

TEST_F(Trust, who_breaks_the_protocol_is_cut_off_and_the_log_says_why) {
  const NodeCertificate files = ours.issue("near");
  const auto frame = [](auto put) {
    Bytes out;
    put(out);
    return out;
  };
  const std::uint32_t one = 1;
  const Bytes open = frame([](Bytes& out) { put_open(out, 1, "record", {}); });
  const std::array<std::pair<Bytes, std::string>, 9> breaches{{
      {frame([](Bytes& out) { put_le(out, std::uint32_t{0x7fffffff}); }), "a frame of 2147483647 bytes"},
      {Bytes{1, 0, 0, 0, 200}, "unknown type 200"},
      {frame([&](Bytes& out) { put_message_head(out, {&one, 1}, 0); }), "for a stream that was never opened"},
      {frame([](Bytes& out) { put_open(out, 2, "record", {}); }), "not opened in their order"},
      {frame([&](Bytes& out) { append(out, open), append(out, open); }), "not opened in their order"},
      {frame([&](Bytes& out) {
         append(out, open);
         put_consumed(out, std::array{Consumed{.stream = 1, .bytes = 1}});
       }),
       "it consumed 1 bytes, and was sent 0"},
      {frame([](Bytes& out) { put_hello(out, 0); }), "a second hello"},
      {frame([](Bytes& out) { put_welcome(out); }), "a welcome that nobody waits for"},
      {Bytes{6, 0, 0, 0, 3, 1, 0, 0, 0, 0}, "whose kind has 0 bytes"},
  }};
  for (const auto& [bytes, reason] : breaches) {
    const auto peer = RawPeer::connect(far.links().port());
    ASSERT_TRUE(peer && peer->shake_hands(&files, true));
    ASSERT_TRUE(peer->send(frame([](Bytes& out) { put_hello(out, 0); })));
    ASSERT_TRUE(peer->send(bytes));
    EXPECT_TRUE(peer->is_ended()) << reason;
    EXPECT_TRUE(eventually([&] { return far.log->has(reason); })) << reason << "\n" << far.log->all();
  }
  EXPECT_EQ(far.metric("concord_link_violations_total"), breaches.size());
  EXPECT_TRUE(eventually([&] { return far.metric("concord_link_streams") == 0; }));
}

TEST_F(Trust, another_version_is_told_from_a_stranger) {
  const NodeCertificate files = ours.issue("near");
  const auto peer = RawPeer::connect(far.links().port());
  ASSERT_TRUE(peer && peer->shake_hands(&files, true));
  Bytes hello;
  put_hello(hello, 0);
  hello[kFrameHeadBytes + kMagic.size()] = kVersion + 1;
  ASSERT_TRUE(peer->send(hello));
  EXPECT_TRUE(peer->is_ended());
  EXPECT_TRUE(eventually([&] { return far.log->has("it speaks version 2, this node 1"); })) << far.log->all();
}

TEST_F(Trust, a_node_does_not_start_with_what_others_would_turn_down) {
  const auto failure = [](const NodeCertificate& files, const std::string& name) {
    Node node(files, name);
    auto started = node.start();
    return started ? std::string() : started.error().message;
  };
  EXPECT_THAT(failure(ours.issue("a"), "b"), HasSubstr("names \"a\", and this one is \"b\""));
  EXPECT_THAT(failure(ours.issue("a", 1, 10), "a"), HasSubstr("certificate has expired"));
  NodeCertificate mixed = ours.issue("a");
  mixed.ca_file = theirs.issue("a").ca_file;
  EXPECT_THAT(failure(mixed, "a"), HasSubstr("other nodes would not take"));
  mixed = ours.issue("a");
  mixed.key_file = ours.issue("b").key_file;
  EXPECT_THAT(failure(mixed, "a"), HasSubstr("NODE_KEY: "));
  mixed = ours.issue("a");
  mixed.ca_file = "/none";
  EXPECT_THAT(failure(mixed, "a"), HasSubstr("NODE_CA: /none does not load"));
}

TEST_F(Trust, certificates_are_read_again_when_they_change) {
  Node near(ours.issue("near"), "near", 1, [](LinkOptions& options) { options.certificate_watch_ms = 5; });
  ASSERT_TRUE(near.start());
  std::ofstream(ours.path() + "/near.pem") << "half a certi";
  ASSERT_TRUE(eventually([&] { return near.log->has("the old node certificate stays in use"); }));
  const auto handler = std::make_shared<Recorder>();
  near.open(far.peer(), handler);
  EXPECT_EQ(far.accepted(0).from, "near");

  // Both directories get a new authority; what is open goes on, and new connections trust the new one alone.
  for (const char* file : {"/ca.pem", "/ca.key"}) std::filesystem::remove(ours.path() + file);
  (void)ours.issue("near");
  ASSERT_TRUE(eventually([&] { return near.log->has("the node certificate was read again"); }));
  EXPECT_EQ(handler->ends(), 0);
  const auto lane = std::make_shared<Recorder>();
  near.open(far.peer(), lane, 1);
  EXPECT_TRUE(lane->ends_with(kBroken));
  (void)ours.issue("far");
  ASSERT_TRUE(far.links().reload_certificates());
  EXPECT_TRUE(eventually([&] {
    const auto again = std::make_shared<Recorder>();
    near.open(far.peer(), again, 1);
    return eventually([&] { return again->ends() > 0 || far.accepted_count() > 1; }) && again->ends() == 0;
  }));
  EXPECT_EQ(handler->ends(), 0);
}

TEST_F(Trust, two_authorities_may_be_trusted_at_once) {
  NodeCertificate old_one = ours.issue("old");
  NodeCertificate new_one = theirs.issue("new");
  const std::string both = ours.path() + "/both.pem";
  std::ofstream(both) << std::ifstream(old_one.ca_file).rdbuf() << std::ifstream(new_one.ca_file).rdbuf();
  old_one.ca_file = new_one.ca_file = both;
  Node with_old(old_one, "old");
  Node with_new(new_one, "new");
  ASSERT_TRUE(with_old.start());
  ASSERT_TRUE(with_new.start());
  with_old.open(with_new.peer(), std::make_shared<Recorder>());
  EXPECT_EQ(with_new.accepted(0).from, "old");
  with_new.open(with_old.peer(), std::make_shared<Recorder>());
  EXPECT_EQ(with_old.accepted(0).from, "new");
  const double left_s =
      with_old.metric("concord_link_certificate_ends_seconds") - static_cast<double>(SystemClock().wall_ms()) / 1000;
  EXPECT_NEAR(left_s / 86'400, 30, 1);
}

TEST(NodeUri, a_name_is_percent_encoded) {
  EXPECT_EQ(node_uri("east-1.hub_A~"), "concord-node:east-1.hub_A~");
  EXPECT_EQ(node_uri("a b/ü"), "concord-node:a%20b%2F%C3%BC");
}

}  // namespace
}  // namespace concord::link
