#include "net/frame.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/property_testing.h"
#include "net/client_testing.h"

namespace concord::net {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::pick_bytes;
using concord::testing::Random;
using Kind = FrameDecoder::Kind;

constexpr std::size_t kLimit = 1u << 20u;

struct Seen {
  Kind kind;
  Opcode opcode;
  std::uint16_t code;
  Bytes payload;
  bool operator==(const Seen&) const = default;
};

/// Feeds copies of the pieces and notes every event, up to the one that ends the stream.
std::vector<Seen> decode(const std::vector<Bytes>& pieces, std::size_t limit = kLimit) {
  FrameDecoder decoder;
  std::vector<Seen> seen;
  for (Bytes piece : pieces) {
    std::span<std::uint8_t> input = piece;
    for (;;) {
      const auto event = decoder.next(input, limit);
      if (event.kind == Kind::kNeedMore) {
        EXPECT_TRUE(input.empty());
        break;
      }
      seen.push_back({event.kind, event.opcode, event.code, to_bytes(event.payload)});
      if (event.kind == Kind::kClose || event.kind == Kind::kViolation) return seen;
    }
  }
  return seen;
}

std::vector<Seen> decode(const Bytes& bytes, std::size_t limit = kLimit) {
  return decode(std::vector<Bytes>{bytes}, limit);
}

std::uint16_t violation_code(const Bytes& bytes, std::size_t limit = kLimit) {
  const auto seen = decode(bytes, limit);
  return !seen.empty() && seen.back().kind == Kind::kViolation ? seen.back().code : 0;
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

using testing::client_binary;
using testing::client_close;
using testing::client_frame;
using testing::client_text;

/// A random well-formed stream: whole and fragmented messages with control frames between them, a close at times.
Bytes random_stream(Random& random, std::vector<Seen>& expected) {
  Bytes stream;
  const auto control = [&] {
    const bool ping = pick(random, 0, 1) == 0;
    const Bytes payload = pick_bytes(random, kMaxControlPayloadBytes);
    append(stream, client_frame(ping ? 0x89 : 0x8a, payload, static_cast<std::uint32_t>(random())));
    expected.push_back({ping ? Kind::kPing : Kind::kPong, Opcode::kBinary, 0, payload});
  };
  const auto messages = pick(random, 1, 6);
  for (std::uint64_t m = 0; m < messages; ++m) {
    const Bytes payload = pick_bytes(random, pick(random, 0, 5) == 0 ? 70'000 : 300);
    std::size_t at = 0;
    bool first = true;
    for (bool last = false; !last; first = false) {
      const std::size_t take = pick(random, 0, 2) == 0 ? payload.size() - at : pick(random, 0, payload.size() - at);
      last = at + take == payload.size();
      const auto opcode = static_cast<std::uint8_t>((last ? 0x80U : 0U) | (first ? 2U : 0U));
      append(stream, client_frame(opcode, ByteView(payload).subspan(at, take), static_cast<std::uint32_t>(random())));
      at += take;
      if (!last && pick(random, 0, 2) == 0) control();
    }
    expected.push_back({Kind::kMessage, Opcode::kBinary, 0, payload});
    if (pick(random, 0, 3) == 0) control();
  }
  if (pick(random, 0, 1) == 0) {
    append(stream, client_close(1000, "bye"));
    expected.push_back({Kind::kClose, Opcode::kBinary, 1000, to_bytes("bye")});
  }
  return stream;
}

TEST(FrameDecoder, any_split_of_the_stream_gives_the_same_events) {
  for_each_seed(400, [](Random& random) {
    std::vector<Seen> expected;
    const Bytes stream = random_stream(random, expected);
    std::vector<Bytes> pieces;
    const std::size_t largest = pick(random, 0, 1) == 0 ? 7 : 5000;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t take = std::min<std::size_t>(pick(random, 1, largest), stream.size() - at);
      pieces.push_back(to_bytes(ByteView(stream).subspan(at, take)));
      at += take;
    }
    EXPECT_TRUE(decode(pieces) == expected);
    EXPECT_TRUE(decode(stream) == expected);
  });
}

TEST(FrameDecoder, arbitrary_bytes_give_the_same_events_whole_and_byte_by_byte) {
  for_each_seed(2000, [](Random& random) {
    Bytes stream = pick_bytes(random, 64);
    if (stream.size() > 1) stream[1] |= 0x80U;  // masked, so that it goes further
    std::vector<Bytes> pieces;
    for (const std::uint8_t byte : stream) pieces.push_back({byte});
    EXPECT_TRUE(decode(pieces, 1000) == decode(stream, 1000));
  });
}

TEST(FrameDecoder, holds_a_buffer_only_while_something_is_partial) {
  FrameDecoder decoder;
  Bytes bytes = join({client_text("whole"), client_text("cut in two")});
  std::span<std::uint8_t> input(bytes.data(), bytes.size() - 4);
  EXPECT_EQ(decoder.next(input, kLimit).kind, Kind::kMessage);
  EXPECT_FALSE(decoder.is_partial());
  EXPECT_EQ(decoder.next(input, kLimit).kind, Kind::kNeedMore);
  EXPECT_TRUE(decoder.is_partial());
  input = {bytes.data() + bytes.size() - 4, 4};
  EXPECT_EQ(as_text(decoder.next(input, kLimit).payload), "cut in two");
  EXPECT_EQ(decoder.next(input, kLimit).kind, Kind::kNeedMore);
  EXPECT_FALSE(decoder.is_partial());
}

TEST(FrameDecoder, a_declared_length_allocates_nothing) {
  FrameDecoder decoder;
  Bytes head = client_binary(Bytes(100'000));
  std::span<std::uint8_t> input(head.data(), 14);
  EXPECT_EQ(decoder.next(input, std::size_t{1} << 40U).kind, Kind::kNeedMore);
}

TEST(FrameDecoder, each_broken_rule_has_its_close_code) {
  struct Case {
    const char* rule;
    Bytes bytes;
    std::uint16_t code;
  };
  Bytes unmasked = client_text("x");
  unmasked[1] &= 0x7fU;
  const Bytes long_16{0x82, 0xfe, 0, 125, 0, 0, 0, 0};
  const Bytes long_64{0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  const Bytes top_bit{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const Case cases[] = {
      {"RSV1", client_frame(0xc1, {}), 1002},
      {"RSV2", client_frame(0xa1, {}), 1002},
      {"RSV3", client_frame(0x91, {}), 1002},
      {"unmasked", unmasked, 1002},
      {"opcode 3", client_frame(0x83, {}), 1002},
      {"opcode 7", client_frame(0x87, {}), 1002},
      {"opcode 11", client_frame(0x8b, {}), 1002},
      {"opcode 15", client_frame(0x8f, {}), 1002},
      {"fragmented ping", client_frame(0x09, {}), 1002},
      {"fragmented close", client_frame(0x08, {}), 1002},
      {"long ping", client_frame(0x89, Bytes(126)), 1002},
      {"long close", client_frame(0x88, Bytes(126)), 1002},
      {"continuation of nothing", client_frame(0x80, as_bytes("x")), 1002},
      {"text within a message", join({client_frame(0x01, as_bytes("a")), client_text("b")}), 1002},
      {"binary within a message", join({client_frame(0x02, as_bytes("a")), client_binary(as_bytes("b"))}), 1002},
      {"continuation after the end", join({client_frame(0x01, {}), client_frame(0x80, {}), client_frame(0x80, {})}),
       1002},
      {"16-bit length below 126", long_16, 1002},
      {"64-bit length below 65536", long_64, 1002},
      {"64-bit length with the top bit", top_bit, 1002},
      {"close with one byte", client_frame(0x88, as_bytes("x")), 1002},
      {"close 999", client_close(999), 1002},
      {"close 1004", client_close(1004), 1002},
      {"close 1005", client_close(1005), 1002},
      {"close 1006", client_close(1006), 1002},
      {"close 1015", client_close(1015), 1002},
      {"close 2999", client_close(2999), 1002},
      {"close 5000", client_close(5000), 1002},
      {"close reason", client_close(1000, "\xff"), 1007},
      {"text", client_text("\xc3\x28"), 1007},
      {"text cut in a character", client_text("\xe2\x82"), 1007},
      {"text in fragments", join({client_frame(0x01, as_bytes("\xe2")), client_frame(0x80, as_bytes("\x28"))}), 1007},
      {"surrogate", client_text("\xed\xa0\x80"), 1007},
  };
  for (const Case& test : cases) EXPECT_EQ(violation_code(test.bytes), test.code) << test.rule;
}

TEST(FrameDecoder, valid_close_codes_pass) {
  for (const int number :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    const auto code = static_cast<std::uint16_t>(number);
    const auto seen = decode(client_close(code, "ü"));
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].kind, Kind::kClose);
    EXPECT_EQ(seen[0].code, code);
  }
  EXPECT_EQ(decode(client_frame(0x88, {})).at(0).code, kCloseNoStatus);
}

TEST(FrameDecoder, a_message_over_the_limit_is_refused_at_its_header) {
  EXPECT_EQ(decode(client_binary(Bytes(1000)), 1000).at(0).kind, Kind::kMessage);
  EXPECT_EQ(violation_code(client_binary(Bytes(1001)), 1000), 1009);
  Bytes header_only = client_binary(Bytes(1001));
  header_only.resize(8);
  EXPECT_EQ(violation_code(header_only, 1000), 1009);
  EXPECT_EQ(violation_code(join({client_frame(0x02, Bytes(600)), client_frame(0x80, Bytes(401))}), 1000), 1009);
  EXPECT_EQ(decode(join({client_frame(0x02, Bytes(600)), client_frame(0x80, Bytes(400))}), 1000).at(0).payload.size(),
            1000u);
}

TEST(FrameDecoder, a_character_may_be_cut_by_fragments) {
  const auto seen = decode(join({client_frame(0x01, as_bytes("\xe2")), client_frame(0x80, as_bytes("\x82\xac"))}));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(as_text(seen[0].payload), "€");
}

TEST(Frame, lengths_take_their_shortest_form) {
  const auto head = [](std::size_t size) {
    const Frame frame = make_frame(Opcode::kBinary, Bytes(size));
    return Bytes(frame->begin(), frame->end() - static_cast<std::ptrdiff_t>(size));
  };
  EXPECT_EQ(head(0), (Bytes{0x82, 0}));
  EXPECT_EQ(head(125), (Bytes{0x82, 125}));
  EXPECT_EQ(head(126), (Bytes{0x82, 126, 0, 126}));
  EXPECT_EQ(head(65535), (Bytes{0x82, 126, 0xff, 0xff}));
  EXPECT_EQ(head(65536), (Bytes{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(Frame, a_long_close_reason_is_cut_at_a_characters_end) {
  const std::string reason(122, 'a');
  const Frame frame = make_close_frame(1000, reason + "€");
  EXPECT_EQ(frame->size(), 2u + 2u + 122u);
  EXPECT_EQ(as_text(ByteView(*frame).subspan(4)), reason);
}

TEST(Mask, every_length_and_its_inverse) {
  const std::uint8_t mask[4] = {1, 2, 3, 0xff};
  for (std::size_t size = 0; size < 100; ++size) {
    Bytes data(size, 0x55);
    apply_mask(data, mask);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(data[i], 0x55 ^ mask[i & 3U]);
    apply_mask(data, mask);
    EXPECT_EQ(data, Bytes(size, 0x55));
  }
}

}  // namespace
}  // namespace concord::net
