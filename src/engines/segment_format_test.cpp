#include "engines/segment_format.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <numeric>

#include "base/property_testing.h"
#include "engines/crc32c.h"

namespace concord::engines {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::pick_bytes;
using concord::testing::Random;

constexpr std::uint32_t kTag = 0x1d2c3b4a;

/// The blocks "```hex NAME" of docs/protocols/log-segments.md.
std::map<std::string, Bytes> golden_vectors() {
  std::map<std::string, Bytes> vectors;
  std::ifstream page(CONCORD_SOURCE_DIR "/docs/protocols/log-segments.md");
  Bytes* current = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```hex ")) {
      current = &vectors[line.substr(7)];
    } else if (line.starts_with("```")) {
      current = nullptr;
    } else if (current != nullptr) {
      std::erase(line, ' ');
      for (std::size_t i = 0; i < line.size(); i += 2)
        current->push_back(static_cast<std::uint8_t>(std::stoi(line.substr(i, 2), nullptr, 16)));
    }
  }
  return vectors;
}

SegmentHeader golden_header() {
  SegmentHeader header{.tag = kTag, .number = 2, .previous = 1, .previous_end = 4096, .head_end = 128};
  header.created_ms = 1'780'000'000'123;
  std::iota(header.log.begin(), header.log.end(), std::uint8_t{0});
  return header;
}

std::map<std::string, Frame> golden_frames() {
  static const Bytes hello = to_bytes("hello");
  Frame state;
  state.type = FrameType::kState;
  state.tag = kTag;
  state.shard = ShardId{7};
  state.position = Position{42};
  state.epoch = Epoch{3};
  state.sequence = 40;
  Frame first = state;
  first.type = FrameType::kUpdate;
  first.kind = 9;
  first.write_at = 128;
  first.following = 1;
  first.time = HybridTime{1'780'000'000'123ULL << 16U | 5U};
  first.sequence = 17;
  first.stream = "doc_1";
  first.principal = "usr_1";
  first.client = "c9";
  first.payload = hello;
  Frame second = first;
  second.following = 0;
  second.position = Position{43};
  second.time.value += 1;
  second.sequence = 18;
  second.payload = {};
  Frame end;
  end.type = FrameType::kEnd;
  end.tag = kTag;
  end.write_at = 128 + 88 + 80;
  return {{"state", state}, {"update 1", first}, {"update 2", second}, {"end", end}};
}

void expect_same(const Frame& a, const Frame& b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.tag, b.tag);
  EXPECT_EQ(a.write_at, b.write_at);
  EXPECT_EQ(a.following, b.following);
  EXPECT_EQ(a.shard, b.shard);
  EXPECT_EQ(a.position, b.position);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.principal, b.principal);
  EXPECT_EQ(a.client, b.client);
  EXPECT_EQ(to_bytes(a.payload), to_bytes(b.payload));
}

Bytes encoded(const Frame& frame) {
  Bytes out;
  encode_frame(frame, out);
  return out;
}

TEST(SegmentFormat, the_page_s_header_is_what_is_written_and_read) {
  const Bytes golden = golden_vectors().at("header");
  Bytes written;
  encode_header(golden_header(), written);
  EXPECT_EQ(to_hex(written), to_hex(golden));
  const auto read = decode_header(golden);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->tag, kTag);
  EXPECT_EQ(read->number, 2U);
  EXPECT_EQ(read->previous, 1U);
  EXPECT_EQ(read->previous_end, 4096U);
  EXPECT_EQ(read->head_end, 128U);
  EXPECT_EQ(read->created_ms, 1'780'000'000'123);
  EXPECT_EQ(read->log, golden_header().log);
}

TEST(SegmentFormat, the_page_s_frames_are_what_is_written_and_read) {
  const auto vectors = golden_vectors();
  for (const auto& [name, frame] : golden_frames()) {
    SCOPED_TRACE(name);
    EXPECT_EQ(to_hex(encoded(frame)), to_hex(vectors.at(name)));
    const auto read = decode_frame(vectors.at(name), kTag);
    ASSERT_TRUE(read);
    expect_same(*read, frame);
  }
}

TEST(SegmentFormat, a_frame_comes_back_as_it_was) {
  for_each_seed(300, [](Random& random) {
    const Bytes stream = pick_bytes(random, kMaxLogTextBytes);
    const Bytes principal = pick_bytes(random, kMaxLogTextBytes);
    const Bytes client = pick_bytes(random, kMaxLogTextBytes);
    const Bytes payload = pick_bytes(random, 3000);
    Frame frame;
    frame.type = static_cast<FrameType>(pick(random, 1, 3));
    frame.kind = static_cast<std::uint8_t>(random());
    frame.tag = static_cast<std::uint32_t>(random());
    frame.write_at = static_cast<std::uint32_t>(random());
    frame.following = static_cast<std::uint32_t>(random());
    frame.shard.value = static_cast<std::uint32_t>(random());
    frame.position.value = random();
    frame.epoch.value = random();
    frame.time.value = random();
    frame.sequence = random();
    frame.stream = as_text(stream);
    frame.principal = as_text(principal);
    frame.client = as_text(client);
    frame.payload = payload;
    Bytes file = encoded(frame);
    ASSERT_EQ(file.size(), frame_size(frame));
    ASSERT_EQ(file.size() % 8, 0U);
    ASSERT_EQ(peek_frame(file, frame.tag), file.size());
    append(file, pick_bytes(random, 20));  // what follows does not matter
    const auto read = decode_frame(file, frame.tag);
    ASSERT_TRUE(read);
    expect_same(*read, frame);
    EXPECT_TRUE(decode_frame(file, std::nullopt));
    EXPECT_EQ(decode_frame(file, frame.tag + 1).error(), FrameFault::kMalformed);
  });
}

TEST(SegmentFormat, every_flipped_bit_is_found) {
  for (const auto& [name, frame] : golden_frames()) {
    const Bytes good = encoded(frame);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      Bytes bad = good;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      EXPECT_FALSE(decode_frame(bad, kTag)) << name << " bit " << bit;
    }
  }
  Bytes good;
  encode_header(golden_header(), good);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(decode_header(bad)) << "bit " << bit;
  }
}

TEST(SegmentFormat, a_frame_cut_anywhere_is_short) {
  const Bytes good = encoded(golden_frames().at("update 1"));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_EQ(decode_frame(ByteView(good).first(size), kTag).error(), FrameFault::kShort) << size;
  Bytes header;
  encode_header(golden_header(), header);
  header.pop_back();
  EXPECT_FALSE(decode_header(header));
}

TEST(SegmentFormat, zeros_are_no_frame) {
  const Bytes zeros(4096, 0);
  EXPECT_EQ(decode_frame(zeros, std::nullopt).error(), FrameFault::kMalformed);
  EXPECT_FALSE(decode_header(zeros));
}

TEST(SegmentFormat, names_of_segments) {
  EXPECT_EQ(segment_name(1), "0000000000000001.segment");
  EXPECT_EQ(segment_name(0xfedcba98), "00000000fedcba98.segment");
  EXPECT_EQ(parse_segment_name("00000000fedcba98.segment"), 0xfedcba98U);
  for (const char* other :
       {"", "1.segment", "0000000000000000.segment", "0000000100000000.segment", "000000000000000g.segment",
        "000000000000000A.segment", "0000000000000001.segment.tmp", "0000000000000001", "+000000000000001.segment"})
    EXPECT_FALSE(parse_segment_name(other)) << other;
}

TEST(Crc32c, agrees_with_the_published_vectors) {
  Bytes ascending(32);
  std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
  const Bytes descending(ascending.rbegin(), ascending.rend());
  for (const auto checksum : {crc32c, crc32c_portable}) {
    EXPECT_EQ(checksum(as_bytes("123456789"), 0), 0xe3069283U);
    EXPECT_EQ(checksum(Bytes(32, 0), 0), 0x8a9136aaU);  // RFC 3720, B.4
    EXPECT_EQ(checksum(Bytes(32, 0xff), 0), 0x62a8ab43U);
    EXPECT_EQ(checksum(ascending, 0), 0x46dd794eU);
    EXPECT_EQ(checksum(descending, 0), 0x113fdb5cU);
    EXPECT_EQ(checksum({}, 0), 0U);
  }
}

TEST(Crc32c, both_ways_agree_at_every_length_and_in_pieces) {
  for_each_seed(200, [](Random& random) {
    const Bytes bytes = pick_bytes(random, 300);
    const ByteView view = ByteView(bytes).subspan(pick(random, 0, bytes.size()));
    const std::size_t cut = pick(random, 0, view.size());
    EXPECT_EQ(crc32c(view), crc32c_portable(view));
    EXPECT_EQ(crc32c(view.subspan(cut), crc32c(view.first(cut))), crc32c(view));
    EXPECT_EQ(crc32c_portable(view.subspan(cut), crc32c_portable(view.first(cut))), crc32c(view));
  });
}

}  // namespace
}  // namespace concord::engines
