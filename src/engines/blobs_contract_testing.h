#pragma once
// What every driver of the `blobs` port promises. One source of a driver's tests includes this and instantiates the
// suite `BlobsContract` with the driver on its real engine.

#include <algorithm>

#include "engines/blobs.h"
#include "engines/contract_testing.h"

namespace concord::engines::testing {

constexpr std::size_t kAllBytes = 1U << 30U;

inline SharedBytes shared(std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); }

class BlobsContract : public ContractTest<Blobs> {
 protected:
  Result<> put(std::string key, std::string_view text) { return run(port().put(std::move(key), shared(text))); }
  Result<std::string> get(std::string key) {
    TRY(const Bytes bytes, run(port().get(std::move(key), kAllBytes)));
    return std::string(as_text(bytes));
  }
  std::vector<std::string> list(std::string prefix = "", std::string after = "", std::size_t limit = 1000) {
    std::vector<std::string> keys;
    for (const BlobInfo& info : run(port().list(std::move(prefix), std::move(after), limit)).value())
      keys.push_back(info.key);
    return keys;
  }
};

TEST_P(BlobsContract, what_was_put_is_there_also_after_a_restart) {
  Bytes large(3'000'001);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24U);
  ASSERT_TRUE(put("a/small", std::string("with a \0 in it", 14)));
  ASSERT_TRUE(put("empty", ""));
  ASSERT_TRUE(run(port().put("large", std::make_shared<const Bytes>(large))));
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_EQ(get("a/small").value(), std::string("with a \0 in it", 14));
    EXPECT_EQ(get("empty").value(), "");
    EXPECT_TRUE(run(port().get("large", kAllBytes)).value() == large);
    EXPECT_EQ(run(port().stat("large"))->size_bytes, large.size());
    EXPECT_EQ(run(port().stat("empty"))->key, "empty");
    reopen();
  }
}

TEST_P(BlobsContract, what_is_not_there_is_not_found) {
  EXPECT_EQ(code_of(get("none")), Code::kNotFound);
  EXPECT_EQ(code_of(run(port().stat("none/at/all"))), Code::kNotFound);
  EXPECT_EQ(code_of(run(port().open("none"))), Code::kNotFound);
  EXPECT_TRUE(run(port().remove("none/at/all")));
  ASSERT_TRUE(put("a/b", "x"));
  EXPECT_EQ(code_of(get("a")), Code::kNotFound);
  EXPECT_EQ(code_of(get("a/b/c")), Code::kNotFound);
}

TEST_P(BlobsContract, an_object_is_never_replaced) {
  ASSERT_TRUE(put("key", "first"));
  EXPECT_EQ(code_of(put("key", "second")), Code::kConflict);
  EXPECT_EQ(get("key").value(), "first");
}

TEST_P(BlobsContract, a_key_may_be_the_beginning_of_another) {
  ASSERT_TRUE(put("a", "1"));
  ASSERT_TRUE(put("a/b", "2"));
  ASSERT_TRUE(put("a/b/c", "3"));
  ASSERT_TRUE(run(port().remove("a/b")));
  EXPECT_EQ(get("a").value(), "1");
  EXPECT_EQ(get("a/b/c").value(), "3");
  EXPECT_EQ(list(), (std::vector<std::string>{"a", "a/b/c"}));
}

TEST_P(BlobsContract, a_key_that_is_none_is_refused_by_every_call) {
  const std::string long_segment(201, 'x');
  const std::string too_long = std::string(200, 'a') + "/" + std::string(200, 'b') + "/" + std::string(111, 'c');
  ASSERT_EQ(too_long.size(), 513U);
  for (const std::string& key :
       {std::string(), std::string("/"), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string(".."), std::string("../a"), std::string("a/../b"), std::string("a/."), std::string("a b"),
        std::string("a\\b"), std::string("a=b"), std::string("a\0b", 3), std::string("\xc3\xa4"), long_segment,
        too_long}) {
    EXPECT_EQ(code_of(put(key, "x")), Code::kInvalidArgument) << key;
    EXPECT_EQ(code_of(get(key)), Code::kInvalidArgument) << key;
    EXPECT_EQ(code_of(run(port().stat(key))), Code::kInvalidArgument) << key;
    EXPECT_EQ(code_of(run(port().remove(key))), Code::kInvalidArgument) << key;
  }
  EXPECT_TRUE(list().empty());
}

TEST_P(BlobsContract, the_longest_keys_and_every_character_are_taken) {
  const std::string longest = std::string(200, 'a') + "/" + std::string(200, 'b') + "/" + std::string(110, 'c');
  ASSERT_EQ(longest.size(), 512U);
  for (const std::string& key : {longest, std::string("...a"), std::string("-_.Z/09..x"), std::string("..a/.b")}) {
    ASSERT_TRUE(put(key, key)) << key;
    EXPECT_EQ(get(key).value(), key);
  }
}

TEST_P(BlobsContract, keys_are_listed_in_byte_order_by_prefix_and_page) {
  std::vector<std::string> keys = {"a",   "a-",  "a.b",   "a/b",   "a/b/c", "a/c",  "a0",    "aB", "ab", "b/1", "b/10",
                                   "b/2", "b/a", "b/a-x", "b/a/1", "c/d/e", "Zeta", "z/z/z", "zz", "-",  ".x/y"};
  for (const std::string& key : keys) ASSERT_TRUE(put(key, "x")) << key;
  std::ranges::sort(keys);
  EXPECT_EQ(list(), keys);
  for (const std::string prefix : {"", "a", "a/", "a/b", "b/", "b/a", "b/1", "c/d/", "z", "none", "a//", "zzz", ".",
                                   "../objects/", "a/../b/", "none/x"}) {
    std::vector<std::string> expected;
    std::ranges::copy_if(keys, std::back_inserter(expected), [&](const auto& key) { return key.starts_with(prefix); });
    EXPECT_EQ(list(prefix), expected) << prefix;
    std::vector<std::string> paged;
    for (std::string after;;) {
      const std::vector<std::string> page = list(prefix, after, 2);
      if (page.empty()) break;
      ASSERT_LE(page.size(), 2U);
      paged.insert(paged.end(), page.begin(), page.end());
      after = page.back();
    }
    EXPECT_EQ(paged, expected) << prefix;
  }
  for (const std::string after : {"a/", "a/b!", "aa", "b", "b/~", "zzzz"}) {
    std::vector<std::string> expected;
    std::ranges::copy_if(keys, std::back_inserter(expected), [&](const auto& key) { return key > after; });
    EXPECT_EQ(list("", after), expected) << after;
  }
  EXPECT_TRUE(list("", "", 0).empty());
}

inline Task<std::string> read_in_pieces(Blobs& blobs, std::string key, std::uint64_t offset, std::size_t piece_bytes) {
  CO_TRY(const auto reader, co_await blobs.open(std::move(key), offset));
  std::string whole;
  for (;;) {
    CO_TRY(const Bytes piece, co_await reader->next(piece_bytes));
    if (piece.size() > piece_bytes) co_return fail(Code::kInternal, "a piece is too large");
    if (piece.empty()) co_return whole;
    whole += as_text(piece);
  }
}

TEST_P(BlobsContract, an_object_is_read_in_pieces_from_an_offset) {
  ASSERT_TRUE(put("key", "0123456789"));
  EXPECT_EQ(run(read_in_pieces(port(), "key", 0, 3)).value(), "0123456789");
  EXPECT_EQ(run(read_in_pieces(port(), "key", 7, 100)).value(), "789");
  EXPECT_EQ(run(read_in_pieces(port(), "key", 10, 100)).value(), "");
  EXPECT_EQ(code_of(run(read_in_pieces(port(), "key", 11, 100))), Code::kInvalidArgument);
}

TEST_P(BlobsContract, an_object_over_the_reader_s_limit_is_too_large) {
  ASSERT_TRUE(put("key", "0123456789"));
  EXPECT_EQ(code_of(run(port().get("key", 9))), Code::kTooLarge);
  EXPECT_TRUE(run(port().get("key", 10)));
}

inline Task<> write_without_commit(Blobs& blobs, std::string key) {
  CO_TRY(const auto writer, co_await blobs.create(std::move(key)));
  CO_TRY_VOID(co_await writer->write(shared("half")));
  co_return Result<>();
}

TEST_P(BlobsContract, an_object_that_is_not_committed_never_appears) {
  ASSERT_TRUE(run(write_without_commit(port(), "key")));
  EXPECT_EQ(code_of(get("key")), Code::kNotFound);
  EXPECT_TRUE(list().empty());
  EXPECT_TRUE(put("key", "whole"));
}

inline Task<> look_while_writing(Blobs& blobs) {
  CO_TRY(const auto writer, co_await blobs.create("key"));
  CO_TRY_VOID(co_await writer->write(shared("one ")));
  CO_TRY_VOID(co_await writer->write(shared("two")));
  if (co_await blobs.stat("key")) co_return fail(Code::kInternal, "visible before its commit");
  CO_TRY_VOID(co_await writer->commit());
  if ((co_await writer->write(shared("more"))) || (co_await writer->commit()))
    co_return fail(Code::kInternal, "written after its commit");
  CO_TRY(const Bytes bytes, co_await blobs.get("key", kAllBytes));
  if (as_text(bytes) != "one two") co_return fail(Code::kInternal, "not what was written");
  co_return Result<>();
}

TEST_P(BlobsContract, an_object_appears_whole_with_its_commit) {
  const Result<> result = run(look_while_writing(port()));
  EXPECT_TRUE(result) << result.error().message;
}

TEST_P(BlobsContract, of_many_who_put_one_key_one_succeeds) {
  for (int round = 0; round < 5; ++round) {
    std::vector<std::future<Result<>>> running;
    const std::string key = "contended/" + std::to_string(round);
    running.reserve(9);
    for (std::size_t i = 0; i < 9; ++i) running.push_back(start(i, port().put(key, shared(std::to_string(i)))));
    int winner = -1;
    for (std::size_t i = 0; i < running.size(); ++i) {
      const Result<> result = running[i].get();
      if (result) {
        EXPECT_EQ(winner, -1);
        winner = static_cast<int>(i);
      } else {
        EXPECT_EQ(result.error().code, Code::kConflict);
      }
    }
    EXPECT_EQ(get(key).value(), std::to_string(winner));
  }
}

inline Task<> put_and_remove(Blobs& blobs, std::string directory, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    const std::string key = directory + "/" + std::to_string(i % 3);
    CO_TRY_VOID(co_await blobs.put(key, shared(key)));
    CO_TRY_VOID(co_await blobs.get(key, kAllBytes));
    CO_TRY_VOID(co_await blobs.remove(key));
  }
  co_return Result<>();
}

TEST_P(BlobsContract, neighbours_come_and_go_without_disturbing_each_other) {
  std::vector<std::future<Result<>>> running;
  running.reserve(6);
  for (std::size_t i = 0; i < 6; ++i)
    running.push_back(
        start(i, put_and_remove(port(), "shared/" + std::to_string(i / 2) + "/x" + std::to_string(i), 20)));
  for (auto& each : running) {
    const Result<> result = each.get();
    EXPECT_TRUE(result) << result.error().message;
  }
  EXPECT_TRUE(list().empty());
}

inline asio::awaitable<void> put_and_forget(Blobs& blobs, std::string key) {
  static_cast<void>(co_await blobs.put(std::move(key), std::make_shared<const Bytes>(100'000, 'x')));
}

TEST_P(BlobsContract, a_cancelled_put_is_there_whole_or_not_at_all) {
  for (std::size_t i = 0; i < 20; ++i)
    run_cancelled(i, put_and_forget(port(), "k" + std::to_string(i)), std::chrono::microseconds(i * 60));
  for (const std::string& key : list()) EXPECT_EQ(run(port().stat(key))->size_bytes, 100'000U);
  EXPECT_TRUE(put("after", "x"));
}

}  // namespace concord::engines::testing
