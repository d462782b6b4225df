#pragma once
// A client of operational transformation as docs/protocols/ot.md tells it: one operation in flight, later edits in a
// buffer, both transformed against what comes. What goes over its connection waits in queues that a test empties.

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "documents/ot_document.h"
#include "ot/diff.h"

namespace concord::documents {

class TestOtClient final : public OtClient {
 public:
  explicit TestOtClient(std::string name) : name_(std::move(name)) {}

  // The document's side: everything waits on the connection.
  void joined(OtJoined what) override { inbox_.emplace_back(std::move(what)); }
  void changed(const OtChange& change) override { inbox_.emplace_back(change); }
  void acknowledged(std::uint64_t sequence, std::uint64_t version) override {
    inbox_.emplace_back(Acknowledgement{sequence, version});
  }
  void lost(const Error& error) override { inbox_.emplace_back(error); }

  // The user's side.
  const ot::Delta& text() const { return text_; }
  bool connected() const { return connected_; }
  bool joined() const { return joined_; }
  std::uint64_t version() const { return version_; }
  bool settled() const { return joined_ && inbox_.empty() && !in_flight_ && buffer_.empty(); }
  const std::optional<Error>& error() const { return error_; }

  void edit(const ot::Delta& change) {
    text_ = ot::compose(text_, change);
    buffer_ = ot::compose(buffer_, change);
  }

  void connect(OtDocument& document) {
    connected_ = true;
    OtJoin join{.principal = "usr_" + name_, .client = name_, .last_known = {}};
    if (known_) join.last_known = version_;
    if (in_flight_) join.unacknowledged = sequence_;
    document.join(*this, std::move(join));
  }
  /// What is on its way is gone.
  void disconnect(OtDocument& document) {
    document.leave(*this);
    connected_ = joined_ = false;
    sent_ = false;
    inbox_.clear();
  }
  /// As one who has closed the page: what was not sent is gone, too.
  void forget() {
    known_ = false;
    in_flight_.reset();
    buffer_ = text_ = base_ = {};
  }

  /// Sends what is to be sent, if anything.
  void send(OtDocument& document) {
    if (!joined_ || sent_) return;
    if (!in_flight_) {
      if (buffer_.empty()) return;
      in_flight_ = std::exchange(buffer_, {});
      ++sequence_;
    }
    sent_ = true;
    const auto taken = document.submit(*this, {version_, *in_flight_, sequence_});
    // Its place in the connection's order: what the document has said before is read first.
    if (!taken) inbox_.emplace_back(taken.error());
  }
  /// As send, once more: the first may have been lost.
  void send_again(OtDocument& document) {
    if (!joined_ || !sent_ || !in_flight_) return;
    if (!inbox_.empty()) return;  // its version has passed
    const auto taken = document.submit(*this, {version_, *in_flight_, sequence_});
    if (!taken) inbox_.emplace_back(taken.error());
  }

  void receive(OtDocument& document) {
    if (inbox_.empty()) return;
    const auto message = std::move(inbox_.front());
    inbox_.pop_front();
    if (const auto* joined = std::get_if<OtJoined>(&message)) {
      take_joined(*joined);
    } else if (const auto* change = std::get_if<OtChange>(&message)) {
      EXPECT_EQ(change->version, version_ + 1) << name_;
      take(change->delta, change->version);
    } else if (const auto* done = std::get_if<Acknowledgement>(&message)) {
      take_acknowledged(*done);
    } else {
      error_ = std::get<Error>(message);
      disconnect(document);
    }
    EXPECT_EQ(ot::compose(ot::compose(base_, in_flight_.value_or(ot::Delta())), buffer_), text_) << name_;
  }

 private:
  struct Acknowledgement {
    std::uint64_t sequence = 0;
    std::uint64_t version = 0;
  };

  void take(const ot::Delta& change, std::uint64_t version) {
    base_ = ot::compose(base_, change);
    ot::Delta over = change;
    if (in_flight_) {
      over = ot::transform(change, *in_flight_, ot::Priority::kOp);
      in_flight_ = ot::transform(*in_flight_, change, ot::Priority::kAgainst);
    }
    text_ = ot::compose(text_, ot::transform(over, buffer_, ot::Priority::kOp));
    buffer_ = ot::transform(buffer_, over, ot::Priority::kAgainst);
    version_ = version;
  }

  void take_acknowledged(const Acknowledgement& done) {
    if (!in_flight_ || done.sequence != sequence_) return;  // a second answer
    // One that makes no version came to nothing, or was told among what was missed.
    if (done.version > version_) {
      EXPECT_EQ(done.version, version_ + 1) << name_;
      version_ = done.version;
    }
    base_ = ot::compose(base_, *in_flight_);
    in_flight_.reset();
    sent_ = false;
  }

  /// As the document has written it. Transformed against many changes in one, an operation of several parts may have
  /// come out otherwise here.
  void take_own(const OtChange& own) {
    const ot::Delta mine = ot::compose(base_, *in_flight_);
    const ot::Delta theirs = ot::compose(base_, own.delta);
    if (mine != theirs) {
      const ot::Delta correction = ot::compose(*ot::invert(*in_flight_, base_), own.delta);
      text_ = ot::compose(text_, ot::transform(correction, buffer_, ot::Priority::kOp));
      buffer_ = ot::transform(buffer_, correction, ot::Priority::kAgainst);
    }
    base_ = theirs;
    in_flight_.reset();
    version_ = own.version;
  }

  void take_joined(const OtJoined& joined) {
    if (joined.document) {
      if (joined.acknowledged && in_flight_) take_acknowledged({sequence_, version_});
      take(*ot::diff(base_, *joined.document), joined.version);
    }
    for (const OtChange& missed : joined.missed) {
      if (missed.source.client == name_ && in_flight_ && missed.source.sequence == sequence_) {
        take_own(missed);
      } else {
        take(missed.delta, missed.version);
      }
    }
    if (joined.acknowledged) EXPECT_FALSE(in_flight_) << name_;
    version_ = joined.version;
    known_ = joined_ = true;
    sent_ = false;
  }

  std::string name_;
  std::deque<std::variant<OtJoined, OtChange, Acknowledgement, Error>> inbox_;
  ot::Delta text_;  // base_, with in_flight_, with buffer_
  ot::Delta base_;  // the document at version_
  std::optional<ot::Delta> in_flight_;
  ot::Delta buffer_;
  std::uint64_t version_ = 0;
  std::uint64_t sequence_ = 0;
  bool known_ = false;  // a version
  bool connected_ = false;
  bool joined_ = false;
  bool sent_ = false;  // what is in flight, on this connection
  std::optional<Error> error_;
};

}  // namespace concord::documents
