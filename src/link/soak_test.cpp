// Everything at once, from a seed: streams on several lanes and reactors that are opened, written to one by one and all
// together, and ended from either side, over a network that is cut now and then.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/property_testing.h"
#include "link/link_testing.h"
#include "net/tcp_proxy_testing.h"

namespace concord::link {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using net::testing::TcpProxy;
using testing::CertificateDirectory;
using testing::Node;
using testing::Recorder;
using testing::text_message;

/// A stream as its opener knows it. Touched on its reactor, and when all is over.
struct Opened {
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  Stream* stream = nullptr;  // null once it has ended
  std::size_t reactor = 0;
  std::vector<std::string> sent;
};

class Soak {
 public:
  explicit Soak(Random& random) : random_(random) {
    EXPECT_TRUE(near_.start());
    EXPECT_TRUE(far_.start());
    proxy_ = std::make_unique<TcpProxy>(far_.links().port());
    // Far consumes and answers everything, and ends a stream where it is told to.
    far_.on_accept = [](Stream&, Recorder& recorder, ByteView) {
      recorder.on_each = [](Stream& stream, const Message& message) {
        const std::string text(as_text(message.bytes));
        stream.consumed(message.bytes.size());
        stream.send(text_message(text));
        if (text.ends_with("!")) stream.end(kFirstOwn + 1, "told to");
      };
    };
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      const std::uint64_t what = pick(random_, 0, 99);
      if (what < 25) open();
      if (what >= 25 && what < 70) burst();
      if (what >= 70 && what < 85) broadcast();
      if (what >= 85 && what < 97) end_one();
      if (what == 98) proxy_->cut();
      if (what >= 98) proxy_->mend();
    }
  }

  void check() {
    near_.drain(60'000);
    far_.drain(60'000);
    std::map<std::string, std::shared_ptr<Recorder>> by_payload;
    for (std::size_t i = 0; i < far_.accepted_count(); ++i) {
      const Node::Accepted accepted = far_.accepted(i);
      EXPECT_EQ(accepted.recorder->ends(), 1) << accepted.payload;
      EXPECT_TRUE(by_payload.emplace(accepted.payload, accepted.recorder).second) << accepted.payload;
    }
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const Opened& opened = *all_[i];
      EXPECT_EQ(opened.recorder->ends(), 1) << i;
      EXPECT_TRUE(begins(opened.recorder->messages(), opened.sent)) << i;
      const auto found = by_payload.find(std::to_string(i));
      if (found == by_payload.end()) continue;
      EXPECT_TRUE(begins(found->second->messages(), opened.sent)) << i;
      // An end of the opener's comes after all that it sent.
      if (found->second->code() == kFirstOwn + 2) EXPECT_EQ(found->second->count(), opened.sent.size()) << i;
    }
    for (Node* node : {&near_, &far_}) {
      EXPECT_EQ(node->metric("concord_link_streams"), 0);
      EXPECT_EQ(node->metric("concord_link_connections{side=\"opener\"}"), 0);
      EXPECT_EQ(node->metric("concord_link_connections{side=\"acceptor\"}"), 0);
      EXPECT_EQ(node->metric("concord_link_violations_total"), 0);
    }
  }

 private:
  static bool begins(const std::vector<std::string>& got, const std::vector<std::string>& sent) {
    return got.size() <= sent.size() && std::equal(got.begin(), got.end(), sent.begin());
  }

  void open() {
    auto opened = std::make_unique<Opened>();
    opened->reactor = pick(random_, 0, 1);
    opened->recorder->on_each = [](Stream& stream, const Message& message) { stream.consumed(message.bytes.size()); };
    opened->recorder->on_ended = [record = opened.get()](Stream&) { record->stream = nullptr; };
    const Peer peer{.node = {"far"}, .address = "127.0.0.1:" + std::to_string(proxy_->port())};
    const std::string number = std::to_string(all_.size());
    const auto lane = static_cast<std::uint32_t>(pick(random_, 0, 2));
    near_.on(opened->reactor, [&] {
      opened->stream =
          &near_.links().open(near_.reactor(opened->reactor), peer,
                              {.kind = "record", .lane = lane, .payload = to_bytes(number)}, opened->recorder);
    });
    all_.push_back(std::move(opened));
  }

  Opened* any() { return all_.empty() ? nullptr : all_[pick(random_, 0, all_.size() - 1)].get(); }

  void burst() {
    Opened* opened = any();
    if (opened == nullptr) return;
    const std::uint64_t count = pick(random_, 1, 20);
    const std::size_t size = pick(random_, 0, 9) == 0 ? 60'000 : pick(random_, 0, 200);
    near_.on(opened->reactor, [&] {
      for (std::uint64_t i = 0; i < count && opened->stream != nullptr; ++i) {
        opened->sent.push_back(std::to_string(opened->sent.size()) + std::string(size, '.'));
        opened->stream->send(text_message(opened->sent.back()));
      }
    });
  }

  void broadcast() {
    const std::string text = "to all " + std::to_string(all_.size()) + (pick(random_, 0, 20) == 0 ? "!" : "");
    const SharedBytes message = text_message(text);
    for (std::size_t reactor = 0; reactor < 2; ++reactor) {
      near_.on(reactor, [&] {
        for (const auto& opened : all_) {
          if (opened->reactor != reactor || opened->stream == nullptr) continue;
          opened->sent.push_back(text);
          opened->stream->send(message);
        }
      });
    }
  }

  void end_one() {
    Opened* opened = any();
    if (opened == nullptr) return;
    near_.on(opened->reactor, [&] {
      if (Stream* stream = std::exchange(opened->stream, nullptr); stream != nullptr)
        stream->end(kFirstOwn + 2, "by its opener");
    });
  }

  Random& random_;
  CertificateDirectory certificates_;
  Node near_{certificates_.issue("near"), "near"};
  Node far_{certificates_.issue("far"), "far"};
  std::unique_ptr<TcpProxy> proxy_;
  std::vector<std::unique_ptr<Opened>> all_;
};

TEST(LinkSoak, every_stream_gets_the_beginning_of_what_was_sent_and_one_end) {
  for_each_seed(4, [](Random& random) {
    Soak soak(random);
    soak.run(250);
    soak.check();
  });
}

}  // namespace
}  // namespace concord::link
