#include "documents/document_shard.h"

#include <gtest/gtest.h>

#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>

#include "base/property_testing.h"
#include "documents/content.h"
#include "documents/document_shard_testing.h"

namespace concord::documents {
namespace {

class DocumentShardTest : public testing::DocumentsTest {
 public:  // the coroutines of the tests reach in
  struct Read {
    std::string json;
    std::uint64_t version;
  };
  Result<Read> read(DocumentId id) { return run(read_task(id)); }
  Task<Read> read_task(DocumentId id) {
    CO_TRY(auto live, co_await documents_->open(id));
    co_return Read{render_json(live->doc(), Format::kText), live->version()};
  }

  std::string read_version(DocumentId id, std::uint64_t version) {
    const auto task = [](DocumentShardTest& test, DocumentId document, std::uint64_t wanted) -> Task<SharedBytes> {
      CO_TRY(auto live, co_await test.documents_->open(document));
      co_return co_await test.documents_->state_at(live, wanted);
    };
    const auto state = run(task(*this, id, version));
    if (!state) return state.error().message;
    crdt::Doc then;
    EXPECT_TRUE(then.apply_update(**state));
    return then.text(kContentRoot).to_string();
  }
};

TEST_F(DocumentShardTest, a_new_document_is_empty_and_every_update_counts_one_version) {
  const DocumentId id = create();
  EXPECT_EQ(read(id)->json, "\"\"");
  EXPECT_EQ(read(id)->version, 0U);
  write(id, "one");
  write(id, "one two");
  EXPECT_EQ(read(id)->json, "\"one two\"");
  EXPECT_EQ(read(id)->version, 2U);
}

TEST_F(DocumentShardTest, what_was_acknowledged_survives_a_crash_and_a_stop) {
  const DocumentId id = create();
  write(id, "before the crash");
  crash();
  EXPECT_EQ(read(id)->json, "\"before the crash\"");
  EXPECT_EQ(read(id)->version, 1U);
  write(id, "before the stop");
  restart();
  EXPECT_EQ(read(id)->json, "\"before the stop\"");
  EXPECT_EQ(read(id)->version, 2U);
  write(id, "after it");
  crash();
  EXPECT_EQ(read(id)->json, "\"after it\"");
  EXPECT_EQ(read(id)->version, 3U);
}

TEST_F(DocumentShardTest, random_crashes_and_stops_lose_nothing) {
  testing::for_each_seed(3, [&](testing::Random& random) {
    std::map<DocumentId, std::pair<std::string, std::uint64_t>> expected;
    for (int i = 0; i < 4; ++i) expected[create()] = {"", 0};
    for (int step = 0; step < 60; ++step) {
      auto at = std::next(expected.begin(), static_cast<std::ptrdiff_t>(testing::pick(random, 0, 3)));
      const auto what = testing::pick(random, 0, 9);
      if (what == 0) {
        crash();
      } else if (what == 1) {
        restart();
      } else if (what == 2) {
        give_and_take();
      } else {
        at->second.first += static_cast<char>('a' + testing::pick(random, 0, 25));
        ++at->second.second;
        write(at->first, at->second.first);
      }
      auto now = read(at->first);
      ASSERT_TRUE(now) << now.error().message;
      EXPECT_EQ(now->json, "\"" + at->second.first + "\"");
      EXPECT_EQ(now->version, at->second.second);
    }
  });
}

TEST_F(DocumentShardTest, who_holds_a_document_of_a_shard_that_was_given_up_cannot_change_it) {
  const DocumentId id = create();
  write(id, "before");
  const auto hold = [](DocumentShardTest& test, DocumentId document) -> Task<> {
    CO_TRY(auto held, co_await test.documents_->open(document));
    const Bytes state = held->state().encode_state_as_update();
    CO_TRY(Bytes update, edit_update(state, crdt::ClientId{7}, Format::kText, "too late"));
    const auto bytes = std::make_shared<const Bytes>(std::move(update));
    co_await test.documents_->drain(5'000);
    EXPECT_EQ((co_await test.documents_->open(document)).error().code, Code::kUnavailable);
    EXPECT_EQ((co_await test.documents_->submit_and_wait(held, bytes, {"usr_test"})).error().code, Code::kUnavailable);
    CO_TRY_VOID(co_await test.documents_->start());
    EXPECT_EQ((co_await test.documents_->submit_and_wait(held, bytes, {"usr_test"})).error().code, Code::kUnavailable);
    CO_TRY(auto now, co_await test.documents_->open(document));
    EXPECT_NE(now, held);
    co_return Result<>{};
  };
  ASSERT_TRUE(run(hold(*this, id)));
  EXPECT_EQ(read(id)->json, "\"before\"");
  write(id, "after");
  EXPECT_EQ(read(id)->version, 2U);
}

TEST_F(DocumentShardTest, a_document_that_is_not_there_cannot_be_opened) {
  auto opened = read(DocumentId::make(ids_, Slot{0}));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNotFound);
}

TEST_F(DocumentShardTest, a_removed_document_does_not_come_back) {
  const DocumentId id = create();
  write(id, "secret");
  restart();
  write(id, "secret, in snapshot and log");
  ASSERT_TRUE(run(store_->remove(id, "usr_test")));
  ASSERT_TRUE(run(documents_->remove(id, "usr_test")));
  EXPECT_EQ(read(id).error().code, Code::kNotFound);
  for (const char* kind : {"snapshots", "history"})
    EXPECT_TRUE(run(engines_.blobs->list(std::string(kind) + "/0/" + id.str() + "/", "", 10))->empty());
  crash();
  EXPECT_EQ(read(id).error().code, Code::kNotFound);
}

TEST_F(DocumentShardTest, versions_that_were_read_can_be_written_against_after_the_document_moved_on) {
  const DocumentId id = create();
  write(id, "first");
  const auto task = [](DocumentShardTest& test, DocumentId document) -> Task<> {
    CO_TRY(auto live, co_await test.documents_->open(document));
    live->read_at_this_version = true;  // as a REST read does
    CO_TRY_VOID(co_await test.write_task(document, "second"));
    CO_TRY_VOID(co_await test.write_task(document, "third"));
    CO_TRY(auto state, co_await test.documents_->state_at(live, 1));
    crdt::Doc then;
    EXPECT_TRUE(then.apply_update(*state));
    EXPECT_EQ(then.text(kContentRoot).to_string(), "first");
    auto unknown = co_await test.documents_->state_at(live, 4);
    EXPECT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::kConflict);
    EXPECT_EQ(unknown.error().context.back(), (std::pair<std::string, std::string>{"current_version", "3"}));
    co_return Result<>{};
  };
  ASSERT_TRUE(run(task(*this, id)));
}

TEST_F(DocumentShardTest, every_version_can_be_read_whatever_crashed_or_stopped_in_between) {
  testing::for_each_seed(2, [&](testing::Random& random) {
    stop();
    limits_.snapshot_after_bytes = testing::pick(random, 1, 4000);
    start();
    const DocumentId id = create();
    std::vector<std::string> versions{""};
    for (int step = 0; step < 80; ++step) {
      const auto what = testing::pick(random, 0, 9);
      if (what == 0) {
        crash();
      } else if (what == 1) {
        restart();
      } else {
        std::string next = versions.back();
        next.insert(testing::pick(random, 0, next.size()), std::string(testing::pick(random, 1, 40), 'a' + step % 26));
        if (next.size() > 200) next.erase(testing::pick(random, 0, 100), 100);
        write(id, next);
        versions.push_back(std::move(next));
      }
    }
    for (std::uint64_t version = 0; version < versions.size(); ++version)
      EXPECT_EQ(read_version(id, version), versions[version]) << version;
    const HistoryPage page = history(id);
    ASSERT_FALSE(page.entries.empty());
    EXPECT_EQ(page.entries.front().version, versions.size() - 1);
    EXPECT_EQ(page.entries.back().from_version, 1U);
    EXPECT_EQ(page.next_before, 0U);
  });
}

TEST_F(DocumentShardTest, a_document_at_its_limit_refuses_more_and_keeps_what_it_has) {
  stop();
  limits_.max_document_bytes = 2048;
  start();
  const DocumentId id = create();
  write(id, std::string(1500, 'x'));
  const auto task = [](DocumentShardTest& test, DocumentId document) -> Task<> {
    CO_TRY(auto live, co_await test.documents_->open(document));
    auto refused = test.documents_->check_size(*live, {.json = 1000});
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kTooLarge);
    EXPECT_TRUE(test.documents_->check_size(*live, {.json = 100}));
    co_return Result<>{};
  };
  ASSERT_TRUE(run(task(*this, id)));
  EXPECT_EQ(read(id)->json.size(), 1502U);
}

TEST_F(DocumentShardTest, a_damaged_snapshot_is_reported_and_never_served_as_an_older_state) {
  const DocumentId id = create();
  write(id, "precious");
  stop();
  std::size_t damaged = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory())) {
    if (!file.is_regular_file() || file.path().string().find("/snapshots/0/" + id.str()) == std::string::npos) continue;
    std::fstream stream(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(12);
    const char was = static_cast<char>(stream.get());
    stream.seekp(12);
    stream.put(static_cast<char>(was ^ 0x55));
    ++damaged;
  }
  ASSERT_EQ(damaged, 1U);
  reopen();
  start();
  EXPECT_EQ(read(id).error().code, Code::kCorrupt);
}

TEST_F(DocumentShardTest, who_wants_to_be_brought_up_to_date_is_answered_without_a_doc) {
  const DocumentId id = create();
  write(id, "stored");
  write(id, "stored in a snapshot");
  restart();
  const auto whole = [](DocumentShardTest& test, DocumentId document) -> Task<Bytes> {
    CO_TRY(auto live, co_await test.documents_->open(document));
    co_return live->state().encode_state_as_update();
  };
  const auto text = [&] {
    crdt::Doc client;
    EXPECT_TRUE(client.apply_update(run(whole(*this, id)).value()));
    return client.text(kContentRoot).to_string();
  };
  const std::uint64_t built = document_metrics_.built.value();
  EXPECT_EQ(text(), "stored in a snapshot");
  EXPECT_EQ(document_metrics_.built.value(), built);
  write(id, "stored in the log");
  EXPECT_EQ(document_metrics_.built.value(), built + 1);
  crash();
  EXPECT_EQ(text(), "stored in the log");
  EXPECT_EQ(document_metrics_.built.value(), built + 1);
  EXPECT_EQ(read(id)->json, "\"stored in the log\"");
  EXPECT_EQ(document_metrics_.built.value(), built + 2);
}

TEST_F(DocumentShardTest, callers_who_open_at_once_share_one_document) {
  const DocumentId id = create();
  write(id, "shared");
  crash();
  const auto task = [](DocumentShardTest& test, DocumentId document) -> Task<DocumentShard::Live> {
    co_return co_await test.documents_->open(document);
  };
  auto first = asio::co_spawn(reactor().context(), task(*this, id), asio::use_future);
  auto second = asio::co_spawn(reactor().context(), task(*this, id), asio::use_future);
  auto one = first.get();
  auto other = second.get();
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->get(), other->get());
}

}  // namespace
}  // namespace concord::documents
