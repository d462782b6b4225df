#include "relay/requests.h"

#include <gtest/gtest.h>

#include "base/async.h"
#include "base/waiting_testing.h"
#include "relay/relay_testing.h"

namespace concord::relay {
namespace {

using concord::testing::eventually;
using testing::Map;
using testing::Node;

constexpr engines::ShardId kShard{5};

/// A node that answers with its name and what it was asked.
struct Answering {
  Answering(Map& map, const link::NodeCertificate& files, const std::string& called, RequestOptions options = {})
      : name(called), node(files, called) {
    requests = std::make_unique<Requests>(
        options, node.links(), node.reactors(), map.seen_by(called),
        [this](net::Request request) { return answer(std::move(request)); }, clock, node.metrics);
    EXPECT_TRUE(node.start());
    map.add(called, node.peer());
  }
  ~Answering() {
    release();
    concord::testing::run_on(node.reactor(), requests->close());
    node.drain(1000);
  }

  asio::awaitable<net::Response> answer(net::Request request) {
    ++asked;
    while (held && co_await sleep_ms(2)) {
    }
    net::Response response;
    response.status = 202;
    response.set("x-node", name);
    response.body = request.method + " " + request.path + " " + request.body;
    co_return response;
  }
  void hold() { held = true; }
  void release() { held = false; }

  Result<std::optional<net::Response>> forward(std::string method, std::string body = "") {
    net::Request request;
    request.method = std::move(method);
    request.path = "/a";
    request.body = std::move(body);
    return wait_for(node.reactor(1), [](Requests& from, net::Request asking) -> Task<std::optional<net::Response>> {
      co_return co_await from.forward(Slot{kShard.value}, asking);
    }(*requests, std::move(request)));
  }

  std::string name;
  SystemClock clock;
  Node node;
  std::atomic<int> asked = 0;
  std::atomic<bool> held = false;
  std::unique_ptr<Requests> requests;
};

class RelayRequests : public ::testing::Test {
 protected:
  std::unique_ptr<Answering> make(const std::string& name, RequestOptions options = {}) {
    return std::make_unique<Answering>(map, certificates.issue(name), name, options);
  }
  std::thread ben_goes_once_asked() {
    return std::thread([this] {
      EXPECT_TRUE(eventually([this] { return ben->asked > 0; }));
      map.serve(kShard, "cem");
      ben->node.drain(0);
    });
  }

  link::testing::CertificateDirectory certificates;
  Map map;
  std::unique_ptr<Answering> ann = make("ann");
  std::unique_ptr<Answering> ben = make("ben");
  std::unique_ptr<Answering> cem = make("cem");
};

TEST_F(RelayRequests, who_serves_the_shard_answers) {
  map.serve(kShard, "ben");
  const auto answered = ann->forward("POST", std::string(3u << 20u, 'x'));
  ASSERT_TRUE(answered) << answered.error().message;
  ASSERT_TRUE(*answered);
  EXPECT_EQ((**answered).status, 202);
  EXPECT_EQ((**answered).headers.at(0).value, "ben");
  EXPECT_EQ((**answered).body, "POST /a " + std::string(3u << 20u, 'x'));
}

TEST_F(RelayRequests, what_is_served_here_is_left_to_this_node) {
  map.serve(kShard, "ann");
  const auto answered = ann->forward("GET");
  ASSERT_TRUE(answered);
  EXPECT_FALSE(*answered);
  EXPECT_EQ(ann->asked + ben->asked + cem->asked, 0);
}

TEST_F(RelayRequests, a_shard_that_has_moved_is_followed_and_the_request_done_once) {
  map.serve(kShard, "cem");
  map.mislead("ann", "ben", 4);
  const auto answered = ann->forward("POST");
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_EQ((**answered).headers.at(0).value, "cem");
  EXPECT_EQ(ben->asked, 0);
  EXPECT_EQ(cem->asked, 1);
}

TEST_F(RelayRequests, it_waits_until_somebody_serves_the_shard) {
  std::thread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    map.serve(kShard, "ben");
  });
  const auto answered = ann->forward("POST");
  later.join();
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_EQ((**answered).headers.at(0).value, "ben");
}

TEST_F(RelayRequests, where_nobody_does_the_caller_is_to_try_again) {
  const auto impatient = make("dan", {.wait_ms = 30});
  const auto answered = impatient->forward("GET");
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().code, Code::kUnavailable);
}

TEST_F(RelayRequests, a_node_that_goes_before_it_has_answered_leaves_open_whether_it_was_done) {
  map.serve(kShard, "ben");
  ben->hold();
  std::thread goes = ben_goes_once_asked();
  const auto written = ann->forward("POST");
  goes.join();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kUnavailable);
  EXPECT_EQ(cem->asked, 0);
}

TEST_F(RelayRequests, what_changes_nothing_is_asked_again_of_the_next_node) {
  map.serve(kShard, "ben");
  ben->hold();
  std::thread goes = ben_goes_once_asked();
  const auto read = ann->forward("GET");
  goes.join();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((**read).headers.at(0).value, "cem");
}

TEST_F(RelayRequests, an_answer_that_does_not_come_is_given_up) {
  const auto impatient = make("dan", {.answer_ms = 50});
  map.serve(kShard, "ben");
  ben->hold();
  const auto answered = impatient->forward("POST");
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().code, Code::kTimeout);
}

}  // namespace
}  // namespace concord::relay
