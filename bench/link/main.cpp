// Two nodes in one process, a reactor each, over TLS on loopback: round trips, small messages one way, one message to
// many streams, large messages. CPU time is that of the reactors' threads, system calls and TLS included.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/reactor.h"
#include "common/measure.h"
#include "common/report.h"
#include "link/certificates.h"
#include "link/link.h"

namespace {

using namespace concord;
using namespace concord::link;

constexpr std::size_t kWindowBytes = 1u << 20u;  // sent ahead of what was consumed

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Work>
auto call_on(Reactor& reactor, Work work) {
  std::packaged_task<decltype(work())()> task(std::move(work));
  auto future = task.get_future();
  reactor.post([&task] { task(); });
  return future.get();
}

Task<> drained(Links& links) {
  co_await links.drain(0);
  co_return Result<>{};
}

class Node {
 public:
  Node(const std::string& directory, std::string name) : name_(std::move(name)) {
    const auto files = make_node_certificate(directory, name_, 1, clock_.wall_ms());
    if (!files) bench::die(files.error().message);
    links_ = std::make_unique<Links>(LinkOptions{.enabled = true,
                                                 .node = name_,
                                                 .host = "127.0.0.1",
                                                 .ca_file = files->ca_file,
                                                 .certificate_file = files->certificate_file,
                                                 .key_file = files->key_file},
                                     reactors_, clock_, Logger(), metrics_);
  }
  ~Node() {
    (void)wait_for(reactor(), drained(*links_));
    reactors_.stop();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void start() {
    reactors_.start();
    if (auto started = links_->start(); !started) bench::die(started.error().message);
  }
  Links& links() { return *links_; }
  Reactor& reactor() { return reactors_.at(0); }
  Peer peer() const { return {.node = {name_}, .address = links_->address()}; }
  double cpu_seconds() {
    return call_on(reactor(), [] { return bench::cpu_ms() / 1e3; });
  }

 private:
  std::string name_;
  SystemClock clock_;
  Metrics metrics_;
  Reactors reactors_{1};
  std::unique_ptr<Links> links_;
};

/// Sends every message back.
class Echo final : public StreamHandler {
 public:
  void on_message(Stream& stream, const Message& message) override {
    stream.consumed(message.bytes.size());
    stream.send(std::make_shared<const Bytes>(to_bytes(message.bytes)));
  }
  void on_end(Stream&, std::uint16_t, std::string_view) override {}
};

/// Takes every message, and says when there were so many.
class Sink final : public StreamHandler {
 public:
  explicit Sink(std::size_t& left, std::promise<void>& done) : left_(left), done_(done) {}
  void on_message(Stream& stream, const Message& message) override {
    stream.consumed(message.bytes.size());
    if (--left_ == 0) done_.set_value();
  }
  void on_end(Stream&, std::uint16_t, std::string_view) override {}

 private:
  std::size_t& left_;
  std::promise<void>& done_;
};

class Pinger final : public StreamHandler {
 public:
  Pinger(std::size_t count, std::promise<void>& done) : count_(count), done_(done) {}
  void begin(Stream& stream) {
    sent_ = wall_seconds();
    stream.send(message_);
  }
  void on_message(Stream& stream, const Message& message) override {
    took_us.push_back((wall_seconds() - sent_) * 1e6);
    stream.consumed(message.bytes.size());
    if (took_us.size() == count_) return done_.set_value();
    begin(stream);
  }
  void on_end(Stream&, std::uint16_t, std::string_view reason) override {
    if (took_us.size() < count_) bench::die(std::string(reason));
  }

  std::vector<double> took_us;

 private:
  std::size_t count_;
  std::promise<void>& done_;
  SharedBytes message_ = std::make_shared<const Bytes>(100, 'x');
  double sent_ = 0;
};

/// Sends messages of its own to all of its streams, as far ahead of what was consumed as the window.
class Source final : public StreamHandler, public std::enable_shared_from_this<Source> {
 public:
  Source(Reactor& reactor, std::size_t count, std::size_t bytes) : reactor_(reactor), left_(count), bytes_(bytes) {}
  void on_message(Stream&, const Message&) override {}
  void on_end(Stream&, std::uint16_t, std::string_view reason) override {
    if (left_ > 0) bench::die(std::string(reason));
  }
  /// A burst a loop turn.
  void go() {
    const std::size_t window = std::max(kWindowBytes, 4 * bytes_);
    for (int burst = 0; burst < 64 && left_ > 0; ++burst) {
      if (streams.front()->unacknowledged_bytes() + bytes_ > window) break;
      const auto message = std::make_shared<const Bytes>(bytes_, 'x');
      for (Stream* stream : streams) stream->send(message);
      --left_;
    }
    if (left_ > 0) reactor_.post([self = shared_from_this()] { self->go(); });
  }

  std::vector<Stream*> streams;

 private:
  Reactor& reactor_;
  std::size_t left_;
  std::size_t bytes_;
};

struct Works {
  Node& near;
  Node& far;
  bench::Report& report;
  std::size_t& left;
  std::promise<void>*& done;
};

void round_trips(Works& works) {
  constexpr std::size_t kCount = 20'000;
  std::promise<void> done;
  const auto pinger = std::make_shared<Pinger>(kCount, done);
  works.near.reactor().post([&] {
    pinger->begin(works.near.links().open(works.near.reactor(), works.far.peer(), {.kind = "echo"}, pinger));
  });
  done.get_future().get();
  std::ranges::sort(pinger->took_us);
  works.report.add({.work = "round trip of 100 bytes, p50", .value = pinger->took_us[kCount / 2], .unit = "us"});
  works.report.add({.work = "round trip of 100 bytes, p99", .value = pinger->took_us[kCount * 99 / 100], .unit = "us"});
}

void one_way(Works& works, const std::string& what, std::size_t messages, std::size_t bytes, std::size_t streams) {
  std::promise<void> done;
  const auto source = std::make_shared<Source>(works.near.reactor(), messages, bytes);
  call_on(works.far.reactor(), [&] {
    works.left = messages * streams;
    works.done = &done;
    return 0;
  });
  const double near_from = works.near.cpu_seconds();
  const double far_from = works.far.cpu_seconds();
  const double from = wall_seconds();
  works.near.reactor().post([&] {
    for (std::size_t i = 0; i < streams; ++i)
      source->streams.push_back(
          &works.near.links().open(works.near.reactor(), works.far.peer(), {.kind = "sink"}, source));
    source->go();
  });
  done.get_future().get();
  const double took = wall_seconds() - from;
  const double near_cpu = works.near.cpu_seconds() - near_from;
  const double far_cpu = works.far.cpu_seconds() - far_from;
  const auto count = static_cast<double>(messages * streams);
  if (bytes >= 1u << 20u) {
    works.report.add({.work = what, .value = count * static_cast<double>(bytes) / took / 1e6, .unit = "MB/s"});
  } else {
    works.report.add({.work = what, .value = count / took, .unit = "messages/s"});
    works.report.add({.work = what + ", sender's CPU", .value = near_cpu / count * 1e9, .unit = "ns/message"});
    works.report.add({.work = what + ", receiver's CPU", .value = far_cpu / count * 1e9, .unit = "ns/message"});
  }
  call_on(works.near.reactor(), [&] {
    for (Stream* stream : source->streams) stream->end(kFirstOwn, "");
    return 0;
  });
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv);
  std::string pattern = (std::filesystem::temp_directory_path() / "concord-bench-XXXXXX").string();
  const std::string directory = ::mkdtemp(pattern.data());
  std::size_t left = 0;                // of the far reactor
  std::promise<void>* done = nullptr;  // of the far reactor
  {
    Node near(directory, "near");
    Node far(directory, "far");
    far.links().accept("echo", [](Stream&, const NodeName&, ByteView, Reactor&) { return std::make_shared<Echo>(); });
    far.links().accept(
        "sink", [&](Stream&, const NodeName&, ByteView, Reactor&) { return std::make_shared<Sink>(left, *done); });
    far.start();
    near.start();
    Works works{.near = near, .far = far, .report = report, .left = left, .done = done};
    round_trips(works);
    one_way(works, "messages of 100 bytes on one stream", 2'000'000, 100, 1);
    one_way(works, "messages of 100 bytes to 5,000 streams", 400, 100, 5'000);
    one_way(works, "messages of 1 MiB on one stream", 1'000, 1u << 20u, 1);
  }
  std::filesystem::remove_all(directory);
  return report.finish();
}
