#include "link/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/property_testing.h"
#include "link/out_queue.h"

namespace concord::link {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::pick_bytes;
using concord::testing::Random;
using ::testing::HasSubstr;

constexpr std::size_t kLimit = 100'000;

/// What a frame says, with copies of all that it points to.
struct Said {
  FrameType type;
  std::uint32_t stream, lane;
  std::uint8_t version;
  std::uint16_t code;
  std::uint64_t token;
  Bytes list, payload;
  std::string text;
  bool operator==(const Said&) const = default;
};

Said said(const Frame& frame) {
  return {.type = frame.type,
          .stream = frame.stream,
          .lane = frame.lane,
          .version = frame.version,
          .code = frame.code,
          .token = frame.token,
          .list = to_bytes(frame.list),
          .payload = to_bytes(frame.payload),
          .text = std::string(frame.text)};
}

/// The frames in `bytes`, read in pieces of at most `piece` bytes.
std::vector<Said> read_all(ByteView bytes, std::size_t piece) {
  std::vector<Said> all;
  FrameReader reader(kLimit);
  while (!bytes.empty()) {
    const Bytes copy = to_bytes(bytes.first(std::min(piece, bytes.size())));  // so that ASan sees its bounds
    bytes = bytes.subspan(copy.size());
    for (ByteView input(copy);;) {
      auto frame = reader.next(input);
      EXPECT_TRUE(frame) << frame.error().message;
      if (!frame || !*frame) break;
      all.push_back(said(**frame));
    }
  }
  return all;
}

std::string pick_text(Random& random, std::size_t least, std::size_t most) {
  std::string text(pick(random, least, most), ' ');
  for (char& c : text) c = static_cast<char>(pick(random, 'a', 'z'));
  return text;
}

/// Appends a random frame, and returns what it says.
Said put_any(Random& random, Bytes& out) {
  const auto stream = static_cast<std::uint32_t>(random());
  switch (pick(random, 0, 7)) {
    case 0: {
      put_hello(out, stream);
      return {.type = FrameType::kHello, .lane = stream, .version = kVersion};
    }
    case 1: {
      put_welcome(out);
      return {.type = FrameType::kWelcome, .version = kVersion};
    }
    case 2: {
      const std::string kind = pick_text(random, 1, kMaxKindBytes);
      const Bytes payload = pick_bytes(random, 300);
      put_open(out, stream, kind, payload);
      return {.type = FrameType::kOpen, .stream = stream, .payload = payload, .text = kind};
    }
    case 3: {
      const Bytes payload = pick_bytes(random, 400);
      put_message_head(out, {&stream, 1}, payload.size());
      append(out, payload);
      return {.type = FrameType::kMessage, .stream = stream, .payload = payload};
    }
    case 4: {
      std::vector<std::uint32_t> streams(pick(random, 2, 50));
      for (std::uint32_t& one : streams) one = static_cast<std::uint32_t>(random());
      const Bytes payload = pick_bytes(random, 400);
      put_message_head(out, streams, payload.size());
      append(out, payload);
      Bytes list;
      for (const std::uint32_t one : streams) put_le(list, one);
      return {.type = FrameType::kMany, .list = list, .payload = payload};
    }
    case 5: {
      const std::string reason = pick_text(random, 0, kMaxReasonBytes);
      const auto code = static_cast<std::uint16_t>(random());
      put_end(out, stream, code, reason);
      return {.type = FrameType::kEnd, .stream = stream, .code = code, .text = reason};
    }
    case 6: {
      std::vector<Consumed> consumed(pick(random, 1, 50));
      Bytes list;
      for (Consumed& one : consumed) {
        one = {.stream = static_cast<std::uint32_t>(random()), .bytes = static_cast<std::uint32_t>(random())};
        put_le(list, one.stream);
        put_le(list, one.bytes);
      }
      put_consumed(out, consumed);
      return {.type = FrameType::kConsumed, .list = list};
    }
    default: {
      const std::uint64_t token = random();
      const bool ping = pick(random, 0, 1) == 0;
      ping ? put_ping(out, token) : put_pong(out, token);
      return {.type = ping ? FrameType::kPing : FrameType::kPong, .token = token};
    }
  }
}

TEST(LinkFrame, what_was_put_is_read_however_it_is_split) {
  for_each_seed(60, [](Random& random) {
    Bytes bytes;
    std::vector<Said> put;
    for (std::uint64_t i = pick(random, 1, 30); i > 0; --i) put.push_back(put_any(random, bytes));
    EXPECT_EQ(read_all(bytes, bytes.size()), put);
    EXPECT_EQ(read_all(bytes, 1), put);
    EXPECT_EQ(read_all(bytes, pick(random, 2, 5000)), put);
  });
}

TEST(LinkFrame, its_bytes_are_these) {
  const auto hex = [](auto put) {
    Bytes out;
    put(out);
    return to_hex(out);
  };
  EXPECT_EQ(hex([](Bytes& out) { put_hello(out, 0x01020304); }), "0d00000001636e636c696e6b0104030201");
  EXPECT_EQ(hex([](Bytes& out) { put_welcome(out); }), "020000000201");
  EXPECT_EQ(hex([](Bytes& out) { put_open(out, 5, "k", as_bytes("p")); }), "080000000305000000016b70");
  const std::uint32_t one = 5;
  const std::uint32_t two[] = {5, 6};
  EXPECT_EQ(hex([&](Bytes& out) {
              put_message_head(out, {&one, 1}, 2);
              append(out, as_bytes("hi"));
            }),
            "0700000004050000006869");
  EXPECT_EQ(hex([&](Bytes& out) {
              put_message_head(out, two, 2);
              append(out, as_bytes("hi"));
            }),
            "0d00000005020005000000060000006869");
  EXPECT_EQ(hex([](Bytes& out) { put_consumed(out, std::array{Consumed{.stream = 5, .bytes = 7}}); }),
            "09000000070500000007000000");
  EXPECT_EQ(hex([](Bytes& out) { put_ping(out, 1); }), "09000000080100000000000000");
  EXPECT_EQ(hex([](Bytes& out) { put_pong(out, 1); }), "09000000090100000000000000");
  EXPECT_EQ(hex([](Bytes& out) { put_end(out, 5, 258, "r"); }), "080000000605000000020172");
}

TEST(LinkFrame, what_is_too_long_or_of_no_type_is_refused) {
  const auto first_failure = [](ByteView bytes) {
    FrameReader reader(kLimit);
    for (;;) {
      auto frame = reader.next(bytes);
      if (!frame) return frame.error().message;
      if (!*frame) return std::string();
    }
  };
  Bytes too_long;
  put_le(too_long, static_cast<std::uint32_t>(kLimit + kMaxOverheadBytes + 1));
  EXPECT_THAT(first_failure(too_long), HasSubstr("a frame of 116388 bytes"));
  EXPECT_THAT(first_failure(Bytes{0, 0, 0, 0}), HasSubstr("a frame of 0 bytes"));
  EXPECT_THAT(first_failure(Bytes{1, 0, 0, 0, 77}), HasSubstr("unknown type 77"));
  EXPECT_THAT(first_failure(Bytes{3, 0, 0, 0, 4, 1, 2}), HasSubstr("without its stream"));
  EXPECT_THAT(first_failure(Bytes{3, 0, 0, 0, 5, 0, 0}), HasSubstr("a many for 0 streams"));
  EXPECT_THAT(first_failure(Bytes{3, 0, 0, 0, 5, 9, 0}), HasSubstr("a many for 9 streams"));
  EXPECT_THAT(first_failure(Bytes{8, 0, 0, 0, 6, 1, 0, 0, 0, 1, 0, 0xff}), HasSubstr("not UTF-8"));
  EXPECT_THAT(first_failure(Bytes{6, 0, 0, 0, 3, 1, 0, 0, 0, 0}), HasSubstr("whose kind has 0 bytes"));
  EXPECT_THAT(first_failure(Bytes{4, 0, 0, 0, 7, 1, 2, 3}), HasSubstr("a consumed of 3 bytes"));
}

TEST(LinkOutQueue, each_stream_gets_its_messages_in_order_however_they_are_joined) {
  for_each_seed(150, [](Random& random) {
    constexpr std::size_t kStreams = 6;
    OutQueue queue;
    std::vector<OutQueue::Position> last(kStreams + 1, 0);
    std::vector<std::vector<std::string>> sent(kStreams + 1), got(kStreams + 1);
    std::vector<SharedBytes> messages(4);
    for (SharedBytes& message : messages) message = std::make_shared<const Bytes>(pick_bytes(random, 40));
    Bytes out;
    for (std::uint64_t i = pick(random, 1, 200); i > 0; --i) {
      const auto stream = static_cast<std::uint32_t>(pick(random, 1, kStreams));
      const SharedBytes& message = messages[pick(random, 0, messages.size() - 1)];
      sent[stream].emplace_back(as_text(*message));
      last[stream] = queue.push_message(stream, last[stream], message);
      if (pick(random, 0, 9) == 0) queue.take(out, out.size() + pick(random, 1, 100));
      if (pick(random, 0, 30) == 0) queue.shrink();
    }
    queue.take(out, SIZE_MAX);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0U);
    for (const Said& frame : read_all(out, out.size())) {
      const std::string text(as_text(frame.payload));
      if (frame.type == FrameType::kMessage) got[frame.stream].push_back(text);
      for (std::size_t at = 0; at < frame.list.size(); at += 4)
        got[get_le<std::uint32_t>(frame.list.data() + at)].push_back(text);
    }
    EXPECT_EQ(got, sent);
  });
}

TEST(LinkOutQueue, a_message_to_all_is_kept_once_for_as_many_as_a_frame_may_name) {
  OutQueue queue;
  const auto message = std::make_shared<const Bytes>(1'000, 'x');
  for (std::uint32_t stream = 1; stream <= 2 * kMaxManyStreams; ++stream) queue.push_message(stream, 0, message);
  EXPECT_EQ(queue.last(), 2U);
  Bytes out;
  queue.take(out, SIZE_MAX);
  EXPECT_EQ(out.size(), 2 * (7 + 4 * kMaxManyStreams + 1'000));
}

}  // namespace
}  // namespace concord::link
