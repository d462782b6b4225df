// What is told comes to the topics: all of it, at least once, in order per key, whatever fails in between.

#include "events/publisher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <map>
#include <set>

#include "base/property_testing.h"
#include "base/reactor_testing.h"
#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "engines/tables_opener_testing.h"
#include "events/journal.h"
#include "json/object.h"

namespace concord::events {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using engines::TopicMessage;

/// A broker in memory that loses messages, answers, and nothing.
class Broker final : public engines::Topics {
 public:
  Task<> prepare(std::vector<std::string> topics) override {
    prepared = std::move(topics);
    co_return Result<>{};
  }

  asio::awaitable<Sent> send(std::vector<TopicMessage> messages) override {
    Sent sent{std::vector<bool>(messages.size()), {}};
    std::set<std::string> keys;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      EXPECT_TRUE(keys.insert(messages[i].topic + messages[i].key).second) << "two of a key at a time";
      const bool arrives = random == nullptr || pick(*random, 0, 9) > 1;
      sent.durable[i] = arrives && (random == nullptr || pick(*random, 0, 9) > 1);
      if (!sent.durable[i]) sent.all = fail(Code::kUnavailable, "away");
      if (arrives) arrived.push_back(std::move(messages[i]));
    }
    co_return sent;
  }

  Random* random = nullptr;  // null: nothing fails
  std::vector<std::string> prepared;
  std::vector<TopicMessage> arrived;
};

struct Read {
  std::string id;
  std::int64_t sequence = 0;
};
Read read(const TopicMessage& message) {
  const auto object = json::Object::parse(message.value).value();
  EXPECT_EQ(object.text("key", {}).value(), message.key);
  return {object.text("id", {}).value(), object.integer("sequence", 1, 1'000'000).value()};
}

/// How many events of each topic and key came, once doubles are dropped as consumers do. Doubles are the same ones.
std::map<std::string, std::int64_t> heard(const std::vector<TopicMessage>& messages) {
  std::map<std::string, std::int64_t> last;
  std::map<std::string, std::string> ids;
  for (const TopicMessage& message : messages) {
    const Read one = read(message);
    std::int64_t& heard = last[message.topic + " " + message.key];
    const auto [known, is_new] =
        ids.emplace(message.topic + " " + message.key + " " + std::to_string(one.sequence), one.id);
    EXPECT_EQ(known->second, one.id) << "a double with another identifier";
    if (one.sequence <= heard) continue;
    EXPECT_TRUE(is_new);
    EXPECT_EQ(one.sequence, heard + 1) << message.key << " has a gap";
    heard = one.sequence;
  }
  return last;
}

class PublisherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(run(tables_->migrate(audit::AuditStore::migrations())));
    ASSERT_TRUE(run(tables_->migrate(Outbox::migrations())));
  }
  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  Publisher publisher() { return Publisher({*tables_, broker_, ids_, metrics_, "team-", Logger()}); }
  Result<> tell(std::vector<Event> events) {
    return run(tables_->transaction(
        [this, &events](engines::Transaction& transaction) { return outbox_.add(transaction, events); }));
  }
  Event about(std::string key, Topic topic = Topic::kDocuments) {
    return {.topic = topic, .key = std::move(key), .type = "document.renamed", .time_ms = clock_.wall_ms()};
  }
  void record(std::string action, std::string actor) {
    ASSERT_TRUE(
        run(audit_.append({{clock_.wall_ms(), {.action = std::move(action), .actor = actor, .target = actor}}})));
  }
  std::int64_t backlog() { return run(Outbox::backlog(*tables_)).value().count; }

  SystemClock clock_;
  SystemIdSource ids_{clock_};
  const Outbox outbox_{ids_};
  Metrics metrics_;
  engines::testing::TemporaryDirectory directory_;
  concord::testing::RunningReactors reactors_{2};
  std::unique_ptr<engines::Tables> tables_ = concord::testing::open_tables(directory_.path(), clock_, metrics_);
  audit::AuditStore audit_{*tables_};
  Broker broker_;
};

TEST_F(PublisherTest, what_was_told_is_published_numbered_by_key_and_gone_from_the_outbox) {
  ASSERT_TRUE(tell({about("doc_a"), about("doc_b"), about("doc_a"), about("doc_a", Topic::kCollaboration)}));
  EXPECT_EQ(backlog(), 4);
  Publisher publisher = this->publisher();
  ASSERT_TRUE(run(publisher.prepare()));
  EXPECT_EQ(broker_.prepared,
            (std::vector<std::string>{"team-document-events", "team-collaboration-events", "team-user-events"}));
  EXPECT_EQ(run(publisher.publish_some()).value(), 4U);
  EXPECT_EQ(backlog(), 0);
  EXPECT_EQ(heard(broker_.arrived), (std::map<std::string, std::int64_t>{{"team-document-events doc_a", 2},
                                                                         {"team-document-events doc_b", 1},
                                                                         {"team-collaboration-events doc_a", 1}}));
  EXPECT_EQ(run(publisher.publish_some()).value(), 0U);
}

TEST_F(PublisherTest, what_a_transaction_takes_back_is_not_told) {
  const auto undone = run(tables_->transaction([this](engines::Transaction& transaction) -> Task<> {
    return [](engines::Transaction& tx, IdSource& ids, Event event) -> Task<> {
      CO_TRY_VOID(co_await Outbox(ids).add(tx, std::move(event)));
      co_return fail(Code::kConflict, "not after all");
    }(transaction, ids_, about("doc_a"));
  }));
  EXPECT_FALSE(undone);
  EXPECT_EQ(backlog(), 0);
  ASSERT_TRUE(tell({about("doc_a")}));
  Publisher publisher = this->publisher();
  ASSERT_TRUE(run(publisher.prepare()));
  ASSERT_TRUE(run(publisher.publish_some()));
  EXPECT_EQ(heard(broker_.arrived), (std::map<std::string, std::int64_t>{{"team-document-events doc_a", 1}}));
}

TEST_F(PublisherTest, the_audit_record_is_told_from_the_first_start_on_and_each_line_once) {
  record("account.registered", "usr_before");
  Publisher first = publisher();
  ASSERT_TRUE(run(first.prepare()));
  record("account.registered", "usr_a");
  record("signing_key.made", "usr_a");
  record("account.renamed", "usr_a");
  ASSERT_TRUE(run(first.publish_some()));
  Publisher second = publisher();
  ASSERT_TRUE(run(second.prepare()));
  record("account.removed", "usr_a");
  ASSERT_TRUE(run(second.publish_some()));
  ASSERT_TRUE(run(first.publish_some()));
  EXPECT_EQ(broker_.arrived.size(), 3U);
  EXPECT_EQ(heard(broker_.arrived), (std::map<std::string, std::int64_t>{{"team-user-events usr_a", 3}}));
}

TEST_F(PublisherTest, a_line_that_cannot_be_read_holds_nothing_up) {
  Publisher publisher = this->publisher();
  ASSERT_TRUE(run(publisher.prepare()));
  record("account.removed", "");
  record("account.removed", "usr_a");
  ASSERT_TRUE(run(publisher.publish_some()));
  EXPECT_EQ(heard(broker_.arrived), (std::map<std::string, std::int64_t>{{"team-user-events usr_a", 1}}));
  EXPECT_EQ(metrics_.counter("concord_events_unreadable_total", "").value(), 1U);
}

/// Publishers fail at any point, two are at it at once, and messages and answers are lost.
TEST_F(PublisherTest, whatever_is_lost_all_comes_in_order_and_doubles_are_the_same) {
  std::map<std::string, std::int64_t> told;
  for_each_seed(3, [&](Random& random) {
    broker_.random = &random;
    Publisher one = publisher();
    Publisher other = publisher();
    ASSERT_TRUE(run(one.prepare()));
    for (int step = 0; step < 40; ++step) {
      std::vector<Event> events(pick(random, 0, 6));
      for (Event& event : events) {
        event = about("doc_" + std::to_string(pick(random, 1, 4)));
        ++told["team-document-events " + event.key];
      }
      ASSERT_TRUE(tell(std::move(events)));
      if (pick(random, 0, 3) == 0) {
        const std::string who = "usr_" + std::to_string(pick(random, 1, 2));
        record("account.renamed", who);
        ++told["team-user-events " + who];
      }
      (void)run((pick(random, 0, 1) == 0 ? one : other).publish_some());
    }
    broker_.random = nullptr;
    while (backlog() > 0) ASSERT_TRUE(run(one.publish_some()));
    ASSERT_TRUE(run(one.publish_some()));
    EXPECT_EQ(heard(broker_.arrived), told);
  });
}

/// Transactions of the same and of different keys beside each other.
TEST_F(PublisherTest, writers_beside_each_other_leave_no_gap) {
  std::vector<std::future<Result<>>> writing;
  std::vector<std::vector<Event>> sets;
  sets.reserve(40);
  for (int i = 0; i < 40; ++i)
    sets.push_back({about("doc_" + std::to_string(i % 3)), about("doc_" + std::to_string(i % 2))});
  writing.reserve(sets.size());
  for (const std::vector<Event>& set : sets) {
    auto body = [this, &set](engines::Transaction& transaction) { return outbox_.add(transaction, set); };
    writing.push_back(asio::co_spawn(reactors_.at(1).context(), tables_->transaction(body), asio::use_future));
  }
  Publisher publisher = this->publisher();
  ASSERT_TRUE(run(publisher.prepare()));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(run(publisher.publish_some()));
  std::int64_t written = 0;
  for (auto& one : writing)
    if (one.get()) written += 2;
  ASSERT_GT(written, 0);
  while (backlog() > 0) ASSERT_TRUE(run(publisher.publish_some()));
  std::int64_t sum = 0;
  for (const auto& [key, count] : heard(broker_.arrived)) sum += count;
  EXPECT_EQ(sum, written);
  EXPECT_EQ(broker_.arrived.size(), static_cast<std::size_t>(written));
}

TEST_F(PublisherTest, what_is_told_in_passing_comes_to_the_outbox_and_past_the_queue_is_counted) {
  Journal journal({.queue = 3, .flush_ms = 1}, {*tables_, clock_, ids_, metrics_, Logger()});
  for (int i = 0; i < 5; ++i) journal.note(about("doc_a", Topic::kCollaboration));
  EXPECT_EQ(metrics_.counter("concord_events_dropped_total", "").value(), 2U);
  ASSERT_TRUE(run(journal.start(reactors_.at())));
  EXPECT_TRUE(concord::testing::eventually([this] { return backlog() == 3; }));
  journal.note(about("doc_a", Topic::kCollaboration));
  concord::testing::run_on(reactors_.at(), journal.stop());
  EXPECT_EQ(backlog(), 4);
}

}  // namespace
}  // namespace concord::events
