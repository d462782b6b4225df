#include "documents/ot_document.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>

#include "base/property_testing.h"
#include "crdt/any_json.h"
#include "documents/content.h"
#include "documents/document_shard_testing.h"
#include "documents/gated_log_testing.h"
#include "documents/ot_client_testing.h"
#include "documents/ot_delta.h"
#include "ot/utf16.h"

namespace concord::documents {
namespace {

using testing::pick;
using testing::Random;

/// With a gate before the log, so that a seed says in which order things happen.
class OtDocumentTest : public testing::DocumentsTest {
 public:  // the coroutines of the tests reach in
  OtDocumentTest() { shard_limits_.max_queue_bytes = 1u << 20u; }
  void TearDown() override {
    testing::call_on(reactor(), [this] { log_->open(); });
    DocumentsTest::TearDown();
  }

  /// Runs `body` on the reactor, with a new document.
  void with_document(std::function<Task<>(OtDocumentTest&, DocumentShard::Live)> body) {
    const auto result = run(run_body(std::move(body)));
    EXPECT_TRUE(result) << result.error().message;
  }
  Task<> run_body(std::function<Task<>(OtDocumentTest&, DocumentShard::Live)> body) {
    const DocumentRow row = new_row();
    CO_TRY_VOID(co_await store_->create(row, "usr_test"));
    CO_TRY(auto live, co_await documents_->open(row.id));
    co_return co_await body(*this, live);
  }

  /// Until everything submitted is answered.
  asio::awaitable<void> flush() {
    log_->open();
    AsyncEvent event(reactor());
    bool done = false;
    shard_->barrier([&] {
      done = true;
      event.notify_all();
    });
    while (!done) co_await event.wait();
    log_->close();
  }
  OtDocument& ot(DocumentShard::Live& live) { return OtDocument::of(*documents_, *live); }
  void submit(
      DocumentShard::Live& live, Bytes update, Author author, DocumentShard::Done done = [](const Result<>&) {}) {
    documents_->submit(live, std::make_shared<const Bytes>(std::move(update)), std::move(author), 0, std::move(done));
  }
  static std::string text_of(const DocumentShard::Live& live) { return live->doc().text(kContentRoot).to_string(); }

  std::unique_ptr<GatedLog> log_;

 protected:
  engines::Log& log() override {
    log_ = std::make_unique<GatedLog>(*engines_.log, reactor());
    return *log_;
  }
};

void read_all(TestOtClient& client, OtDocument& document) {
  for (int i = 0; i < 100; ++i) client.receive(document);
}

TEST_F(OtDocumentTest, what_one_writes_the_other_reads_and_yjs_and_rest_too) {
  with_document([](OtDocumentTest& test, DocumentShard::Live live) -> Task<> {
    OtDocument& document = test.ot(live);
    TestOtClient ada("ada");
    TestOtClient ben("ben");
    ada.connect(document);
    ben.connect(document);
    co_await test.flush();
    read_all(ada, document);
    read_all(ben, document);
    ada.edit(ot::Delta().insert(u"hello", {{"bold", "true"}}).insert_embed(R"({"image":"a.png"})"));
    ada.send(document);
    ben.edit(ot::Delta().insert(u"world"));
    ben.send(document);
    co_await test.flush();
    read_all(ada, document);
    read_all(ben, document);
    EXPECT_TRUE(ada.settled() && ben.settled());
    const ot::Delta expected =
        ot::Delta().insert(u"hello", {{"bold", "true"}}).insert_embed(R"({"image":"a.png"})").insert(u"world");
    EXPECT_EQ(ada.text(), expected);
    EXPECT_EQ(ben.text(), expected);
    EXPECT_EQ(to_ot(live->doc().text(kContentRoot).to_delta()), expected);
    EXPECT_EQ(ada.version(), 2U);
    EXPECT_EQ(live->version(), 2U);
    document.leave(ada);
    document.leave(ben);
    co_return Result<>{};
  });
}

TEST_F(OtDocumentTest, a_resend_is_answered_and_not_done_again) {
  with_document([](OtDocumentTest& test, DocumentShard::Live live) -> Task<> {
    OtDocument& document = test.ot(live);
    TestOtClient ada("ada");
    ada.connect(document);
    read_all(ada, document);
    ada.edit(ot::Delta().insert(u"once"));
    ada.send(document);
    ada.send_again(document);  // while it is on its way
    co_await test.flush();
    ada.disconnect(document);  // the acknowledgement is lost
    ada.connect(document);
    read_all(ada, document);
    EXPECT_TRUE(ada.settled());
    EXPECT_EQ(ada.text(), ot::Delta().insert(u"once"));

    // The document forgets; the shard does not.
    ada.edit(ot::Delta().insert(u"twice "));
    ada.send(document);
    co_await test.flush();
    ada.disconnect(document);
    document.sweep(INT64_MAX);
    EXPECT_EQ(document.current(), 0U);
    ada.connect(document);
    co_await test.flush();
    read_all(ada, document);
    EXPECT_TRUE(ada.settled());
    EXPECT_EQ(ada.text(), ot::Delta().insert(u"twice once"));
    EXPECT_EQ(test.text_of(live), "twice once");
    document.leave(ada);
    co_return Result<>{};
  });
}

TEST_F(OtDocumentTest, refuses_what_does_not_fit_and_says_what_would) {
  with_document([](OtDocumentTest& test, DocumentShard::Live live) -> Task<> {
    OtDocument& document = test.ot(live);
    TestOtClient ada("ada");
    EXPECT_EQ(document.submit(ada, {0, ot::Delta(), 1}).error().code, Code::kUnavailable);
    ada.connect(document);
    read_all(ada, document);
    ada.edit(ot::Delta().insert(u"a😀"));
    ada.send(document);
    co_await test.flush();
    read_all(ada, document);
    EXPECT_EQ(document.submit(ada, {1, ot::Delta().retain(3).remove(1), 2}).error().code, Code::kInvalidArgument);
    EXPECT_EQ(document.submit(ada, {1, ot::Delta().retain(2).remove(1), 2}).error().code, Code::kInvalidArgument);
    EXPECT_EQ(document.submit(ada, {0, ot::Delta().remove(1), 2}).error().code, Code::kInvalidArgument);
    const auto unknown = document.submit(ada, {7, ot::Delta(), 2});
    EXPECT_EQ(unknown.error().code, Code::kConflict);
    ot::Delta many;
    for (std::size_t i = 0; i <= OtDocument::kMaxOps; ++i)
      many.insert(u"x", i % 2 == 0 ? ot::Attributes() : ot::Attributes{{"bold", "true"}});
    EXPECT_EQ(document.submit(ada, {1, many, 2}).error().code, Code::kTooLarge);
    EXPECT_EQ(test.text_of(live), "a😀");
    EXPECT_TRUE(document.submit(ada, {0, ot::Delta().insert(u"b"), 2}));
    co_await test.flush();
    EXPECT_EQ(test.text_of(live), "a😀b");
    document.leave(ada);
    co_return Result<>{};
  });
}

TEST_F(OtDocumentTest, an_update_of_another_root_moves_the_version_on) {
  with_document([](OtDocumentTest& test, DocumentShard::Live live) -> Task<> {
    OtDocument& document = test.ot(live);
    TestOtClient ada("ada");
    ada.connect(document);
    read_all(ada, document);
    crdt::Doc other({.client = crdt::ClientId{9}});
    test.submit(live, other.transact([&] { (void)other.map("meta").set("title", crdt::Any("x")); }), {"usr_yjs"});
    co_await test.flush();
    read_all(ada, document);
    EXPECT_EQ(ada.version(), 1U);
    EXPECT_TRUE(ada.text().empty());
    document.leave(ada);
    co_return Result<>{};
  });
}

TEST_F(OtDocumentTest, what_the_log_refuses_is_nobodys_and_clients_join_again) {
  with_document([](OtDocumentTest& test, DocumentShard::Live live) -> Task<> {
    OtDocument& document = test.ot(live);
    TestOtClient ada("ada");
    TestOtClient ben("ben");
    ada.connect(document);
    ben.connect(document);
    read_all(ada, document);
    read_all(ben, document);
    ben.edit(ot::Delta().insert(u"before"));
    ben.send(document);
    ada.edit(ot::Delta().insert(std::u16string(1'200'000, u'x')));  // more than the log's queue takes
    ada.send(document);
    read_all(ada, document);
    read_all(ben, document);
    EXPECT_EQ(ada.error()->code, Code::kUnavailable);
    EXPECT_EQ(ben.error()->code, Code::kUnavailable);
    ada.forget();
    ada.connect(document);
    ben.connect(document);
    co_await test.flush();
    co_await test.flush();
    read_all(ada, document);
    read_all(ben, document);
    EXPECT_TRUE(ada.settled() && ben.settled());
    EXPECT_EQ(test.text_of(live), "before");
    EXPECT_EQ(ada.text(), ot::Delta().insert(u"before"));
    EXPECT_EQ(ben.text(), ot::Delta().insert(u"before"));
    document.leave(ada);
    document.leave(ben);
    co_return Result<>{};
  });
}

// ---- all dialects at once

/// Every insertion is a character that nobody else inserts.
class Tokens {
 public:
  std::u16string next() { return {next_++}; }
  std::size_t count() const { return next_ - kFirst; }
  static constexpr char16_t kFirst = 0x4e00;

 private:
  char16_t next_ = kFirst;
};

ot::Attributes some_attributes(Random& random, bool removals) {
  static const char* const kKeys[] = {"bold", "color"};
  static const char* const kValues[] = {"true", "\"red\"", R"({"deep":[1,2]})", "null"};
  ot::Attributes out;
  if (pick(random, 0, 2) == 0) out.set(kKeys[pick(random, 0, 1)], kValues[pick(random, 0, removals ? 3 : 2)]);
  return out;
}

class World {
 public:
  World(Random& random, OtDocumentTest& test, DocumentShard::Live live)
      : random_(random), test_(test), live_(std::move(live)), deletions_(pick(random, 0, 2) != 0) {
    for (std::uint64_t i = pick(random, 2, 4); i > 0; --i)
      clients_.push_back(std::make_unique<TestOtClient>("client" + std::to_string(i)));
    for (std::uint64_t i = pick(random, 1, 2); i > 0; --i)
      replicas_.push_back({std::make_unique<crdt::Doc>(crdt::DocOptions{.client = crdt::ClientId{1000 + i}}), {}, 0});
  }

  static Task<> run(Random& random, OtDocumentTest& test, DocumentShard::Live live, std::size_t steps) {
    World world(random, test, std::move(live));
    co_return co_await world.live(steps);
  }

 private:
  Task<> live(std::size_t steps) {
    for (std::size_t step = 0; step < steps; ++step) {
      const std::uint64_t what = pick(random_, 0, 99);
      if (what < 70) {
        act(what, *clients_[pick(random_, 0, clients_.size() - 1)]);
      } else if (what < 84) {
        act(what, replicas_[pick(random_, 0, replicas_.size() - 1)]);
      } else if (what < 87) {
        CO_TRY_VOID(co_await write_over_rest());
      } else if (what < 88) {
        for (auto& client : clients_) client->disconnect(document());
        if (pick(random_, 0, 1) == 0) co_await test_.flush();
        document().sweep(INT64_MAX);
      } else if (what < 91) {
        co_await test_.flush();
      } else if (what < 98) {
        co_await test_.log_->let_one(false);
      } else {
        co_await test_.log_->let_one(true);
      }
      co_await asio::post(asio::use_awaitable);  // what was submitted goes on to the log
    }
    CO_TRY_VOID(co_await heal());
    check();
    for (auto& client : clients_) document().leave(*client);
    co_return Result<>{};
  }

  struct Replica {
    std::unique_ptr<crdt::Doc> doc;
    std::deque<Bytes> unsent;
    std::uint64_t sequence = 0;
    bool refused = false;  // something: it sends all it has
  };
  struct Write {
    Bytes update;
    Author author;
  };

  OtDocument& document() { return test_.ot(live_); }

  void act(std::uint64_t what, TestOtClient& client) {
    if (what < 22) {
      if (client.joined() || client.version() > 0) client.edit(some_change(client.text()));
    } else if (what < 36) {
      client.send(document());
    } else if (what < 38) {
      client.send_again(document());
    } else if (what < 62) {
      client.receive(document());
    } else if (what < 65) {
      client.disconnect(document());
    } else if (!client.connected()) {
      client.connect(document());
    }
  }

  void act(std::uint64_t what, Replica& replica) {
    if (what < 76) {
      replica.unsent.push_back(replica.doc->transact([&] { edit(*replica.doc); }));
      if (replica.unsent.back().empty()) replica.unsent.pop_back();
    } else if (what < 80) {
      send(replica);
    } else {
      pull(replica);
    }
  }
  void send(Replica& replica) {
    if (std::exchange(replica.refused, false)) replica.unsent.assign(1, replica.doc->encode_state_as_update());
    if (replica.unsent.empty()) return;
    const Author author{"usr_yjs", "replica" + std::to_string(replica.doc->client().value), ++replica.sequence};
    for (std::uint64_t times = pick(random_, 0, 3) == 0 ? 2 : 1; times > 0; --times)
      test_.submit(live_, replica.unsent.front(), author,
                   [&replica](const Result<>& done) { replica.refused = replica.refused || !done; });
    replica.unsent.pop_front();
  }
  void pull(Replica& replica) {
    ASSERT_TRUE(replica.doc->apply_update(live_->state().encode_state_as_update(replica.doc->state_vector())));
  }

  ot::Delta some_change(const ot::Delta& text) {
    ot::Delta out;
    std::size_t length = text.target_length();
    for (std::uint64_t parts = pick(random_, 1, 4); parts > 0; --parts) {
      const std::size_t step = length == 0 ? 0 : pick(random_, 0, std::min<std::size_t>(length, 12));
      const std::uint64_t kind = pick(random_, 0, 5);
      if (kind == 0 && deletions_) {
        out.remove(std::min<std::size_t>(step, 5));
        length -= std::min<std::size_t>(step, 5);
        continue;
      }
      out.retain(step, kind == 1 ? some_attributes(random_, true) : ot::Attributes());
      length -= step;
      if (kind == 2) {
        out.insert_embed(R"({"image":")" + std::to_string(pick(random_, 0, 9)) + R"("})",
                         some_attributes(random_, false));
      } else if (kind > 2) {
        out.insert(tokens_.next(), some_attributes(random_, false));
      }
    }
    return out.chop();
  }
  void edit(crdt::Doc& doc) {
    crdt::Text text = doc.text(kContentRoot);
    const std::size_t length = text.length();
    const std::uint64_t kind = pick(random_, 0, 6);
    if (kind == 0) {
      (void)doc.map("meta").set("title", crdt::Any(std::to_string(random_())));
    } else if (kind == 1 && deletions_) {
      (void)text.erase(pick(random_, 0, length), pick(random_, 1, 4));
    } else if (kind == 2 && length > 0) {
      (void)text.format(pick(random_, 0, length - 1), pick(random_, 1, 6),
                        {{"bold", pick(random_, 0, 1) == 0 ? crdt::Any(true) : crdt::Any(crdt::Null())}});
    } else if (kind == 3) {
      (void)text.insert_embed(pick(random_, 0, length), crdt::Any(crdt::AnyObject{{"image", crdt::Any("y")}}));
    } else {
      (void)text.insert(pick(random_, 0, length), ot::to_utf8(tokens_.next()));
    }
  }
  /// On the state of some time ago.
  Task<> write_over_rest() {
    if (rest_base_.empty() || pick(random_, 0, 2) == 0) rest_base_ = live_->state().encode_state_as_update();
    crdt::Doc then;
    CO_TRY_VOID(then.apply_update(rest_base_));
    std::vector<crdt::DeltaOp> content = then.text(kContentRoot).to_delta();
    content.push_back(crdt::DeltaOp::insert(ot::to_utf8(tokens_.next())));
    std::string json = crdt::to_json(crdt::delta_to_any(content));
    CO_TRY(Bytes update, edit_update(rest_base_, crdt::ClientId{5000 + ++rest_writes_}, Format::kDelta, json));
    submit({std::move(update), {"usr_rest", "rest" + std::to_string(rest_writes_), 1}});
    co_return Result<>{};
  }
  void submit(const Write& write) {
    test_.submit(live_, write.update, write.author, [this, write](const Result<>& done) {
      if (!done) refused_writes_.push_back(write);
    });
  }

  Task<> heal() {
    for (int round = 0; round < 200; ++round) {
      bool settled = true;
      for (Replica& replica : replicas_) {
        while (replica.refused || !replica.unsent.empty()) send(replica);
      }
      for (const Write& write : std::exchange(refused_writes_, {})) submit(write);
      document().sweep(0);
      for (auto& client : clients_) {
        if (!client->connected()) client->connect(document());
        for (int i = 0; i < 500; ++i) client->receive(document());
        client->send(document());
        settled = settled && client->settled();
      }
      co_await test_.flush();
      if (settled && refused_writes_.empty()) break;
      (void)co_await sleep_ms(1);  // for what is compared on the pool
    }
    for (auto& client : clients_) {
      for (int i = 0; i < 500; ++i) client->receive(document());
    }
    for (Replica& replica : replicas_) pull(replica);
    co_return Result<>{};
  }

  void check() {
    const ot::Delta expected = to_ot(live_->doc().text(kContentRoot).to_delta());
    for (auto& client : clients_) {
      EXPECT_TRUE(client->settled());
      EXPECT_EQ(client->version(), live_->version());
      EXPECT_EQ(change_to_json(client->text()), change_to_json(expected));
    }
    for (Replica& replica : replicas_)
      EXPECT_EQ(change_to_json(to_ot(replica.doc->text(kContentRoot).to_delta())), change_to_json(expected));
    std::vector<std::size_t> seen(tokens_.count());
    for (const ot::Op& op : expected.ops()) {
      for (const char16_t unit : op.text)
        if (unit >= Tokens::kFirst) ++seen.at(static_cast<std::size_t>(unit - Tokens::kFirst));
    }
    for (const std::size_t times : seen) {
      EXPECT_LE(times, 1U);
      if (!deletions_) EXPECT_EQ(times, 1U);
    }
  }

  Random& random_;
  OtDocumentTest& test_;
  DocumentShard::Live live_;
  const bool deletions_;
  Tokens tokens_;
  std::vector<std::unique_ptr<TestOtClient>> clients_;
  std::vector<Replica> replicas_;
  Bytes rest_base_;
  std::uint64_t rest_writes_ = 0;
  std::vector<Write> refused_writes_;
};

TEST_F(OtDocumentTest, clients_of_all_dialects_converge_and_nothing_is_lost_or_doubled) {
  testing::for_each_seed(20, [this](Random& random) {
    with_document([&random](OtDocumentTest& test, DocumentShard::Live live) {
      return World::run(random, test, std::move(live), 600);
    });
  });
}

}  // namespace
}  // namespace concord::documents
