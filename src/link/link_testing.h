#pragma once
// Nodes of a hub in one process, with real certificates, sockets and reactors; handlers that note what happens.

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "link/certificates.h"
#include "link/link.h"

namespace concord::link::testing {

using concord::testing::eventually;

inline SharedBytes text_message(std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); }

/// A directory with the hub's authority, for the life of a test.
class CertificateDirectory {
 public:
  CertificateDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "concord-link-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~CertificateDirectory() { std::filesystem::remove_all(path_); }
  CertificateDirectory(const CertificateDirectory&) = delete;
  CertificateDirectory& operator=(const CertificateDirectory&) = delete;

  const std::string& path() const { return path_; }
  NodeCertificate issue(const std::string& node, std::int64_t days = 30, std::int64_t ago_days = 0) {
    auto made = make_node_certificate(path_, node, days, SystemClock().wall_ms() - ago_days * 86'400'000);
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(NodeCertificate());
  }

 private:
  std::string path_;
};

/// Notes what a stream got, and may do more about it on the stream's reactor.
class Recorder final : public StreamHandler {
  template <class Read>
  auto read(Read from) const {
    const std::lock_guard lock(mutex_);
    return from();
  }

 public:
  std::function<void(Stream&, const Message&)> on_each;
  std::function<void(Stream&)> on_all_consumed;
  std::function<void(Stream&)> on_ended;

  void on_message(Stream& stream, const Message& message) override {
    {
      const std::lock_guard lock(mutex_);
      messages_.emplace_back(as_text(message.bytes));
      numbers_.push_back(message.number);
    }
    if (on_each) on_each(stream, message);
  }
  void on_credit(Stream& stream) override {
    {
      const std::lock_guard lock(mutex_);
      ++credits_;
    }
    if (on_all_consumed) on_all_consumed(stream);
  }
  void on_end(Stream& stream, std::uint16_t code, std::string_view reason) override {
    {
      const std::lock_guard lock(mutex_);
      ++ends_;
      code_ = code;
      reason_ = reason;
    }
    if (on_ended) on_ended(stream);
  }

  std::vector<std::string> messages() const {
    return read([this] { return messages_; });
  }
  std::vector<std::uint64_t> numbers() const {
    return read([this] { return numbers_; });
  }
  std::size_t count() const {
    return read([this] { return messages_.size(); });
  }
  int credits() const {
    return read([this] { return credits_; });
  }
  int ends() const {
    return read([this] { return ends_; });
  }
  std::uint16_t code() const {
    return read([this] { return code_; });
  }
  std::string reason() const {
    return read([this] { return reason_; });
  }
  bool ends_with(std::uint16_t code) const {
    return eventually([this] { return ends() > 0; }) && this->code() == code;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
  std::vector<std::uint64_t> numbers_;
  std::string reason_;
  int credits_ = 0;
  int ends_ = 0;
  std::uint16_t code_ = 0;
};

class LogLines final : public LogSink {
 public:
  void write(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    lines_ += line;
    lines_ += '\n';
  }
  bool has(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    return lines_.find(text) != std::string::npos;
  }
  std::string all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::string lines_;
};

/// A node: it listens on loopback. Streams of the kind "record" that it accepts are noted in `accepted`.
class Node {
 public:
  Node(const NodeCertificate& files, const std::string& name, std::size_t reactors = 2,
       const std::function<void(LinkOptions&)>& adjust = {})
      : name_(name), running_(reactors) {
    LinkOptions options{.enabled = true,
                        .node = name,
                        .host = "127.0.0.1",
                        .ca_file = files.ca_file,
                        .certificate_file = files.certificate_file,
                        .key_file = files.key_file};
    if (adjust) adjust(options);
    links_ = std::make_unique<Links>(options, running_.all(), clock_, Logger(log, LogLevel::kDebug, LogFormat::kHuman),
                                     metrics);
    links_->accept("record", [this](Stream& stream, const NodeName& from, ByteView payload, Reactor& reactor) {
      auto recorder = std::make_shared<Recorder>();
      if (on_accept) on_accept(stream, *recorder, payload);
      const std::lock_guard lock(mutex_);
      accepted_.push_back({.recorder = recorder,
                           .stream = &stream,
                           .from = from.value,
                           .payload = std::string(as_text(payload)),
                           .reactor = &reactor});
      return recorder;
    });
  }
  ~Node() { drain(0); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  struct Accepted {
    std::shared_ptr<Recorder> recorder;
    Stream* stream = nullptr;
    std::string from;
    std::string payload;
    Reactor* reactor = nullptr;
  };

  Result<> start() { return links_->start(); }
  void drain(std::int64_t deadline_ms) {
    if (std::exchange(drained_, true)) return;
    concord::testing::run_on(reactor(0), links_->drain(deadline_ms));
  }
  Links& links() { return *links_; }
  Reactors& reactors() { return running_.all(); }
  Reactor& reactor(std::size_t index = 0) { return running_.at(index); }
  Peer peer() const { return {.node = {name_}, .address = "127.0.0.1:" + std::to_string(links_->port())}; }

  /// Opens a stream of the kind "record" on a reactor of this node.
  Stream& open(const Peer& to, const std::shared_ptr<Recorder>& handler, std::uint32_t lane = 0,
               std::string_view payload = "", std::size_t on = 0) {
    return *concord::testing::call_on(reactor(on), [&, this] {
      return &links_->open(reactor(on), to, {.kind = "record", .lane = lane, .payload = to_bytes(payload)}, handler);
    });
  }
  template <class Work>
  auto on(std::size_t index, Work work) {
    return concord::testing::call_on(reactor(index), std::move(work));
  }
  void send(Stream& stream, std::string_view text, std::size_t on_reactor = 0) {
    on(on_reactor, [&] { stream.send(text_message(text)); });
  }

  std::size_t accepted_count() const {
    const std::lock_guard lock(mutex_);
    return accepted_.size();
  }
  Accepted accepted(std::size_t index) const {
    EXPECT_TRUE(eventually([&] { return accepted_count() > index; }));
    const std::lock_guard lock(mutex_);
    return index < accepted_.size() ? accepted_[index] : Accepted{.recorder = std::make_shared<Recorder>()};
  }
  /// A metric's value as it is read out.
  double metric(std::string_view line_start) const {
    const std::string text = "\n" + metrics.prometheus_text();
    const std::size_t at = text.find("\n" + std::string(line_start) + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line_start.size() + 2));
  }

  std::shared_ptr<LogLines> log = std::make_shared<LogLines>();
  Metrics metrics;
  std::function<void(Stream&, Recorder&, ByteView)> on_accept;  // on the stream's reactor

 private:
  std::string name_;
  SystemClock clock_;
  concord::testing::RunningReactors running_;
  std::unique_ptr<Links> links_;
  mutable std::mutex mutex_;
  std::deque<Accepted> accepted_;
  bool drained_ = false;
};

}  // namespace concord::link::testing
