// Log segments from a disk that lies. The first byte picks a way; the rest is
//   0  a frame    1  a header    2  a segment file    3  the frames of a segment, whose checksums are put right first
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "engines/crc32c.h"
#include "engines/segment_format.h"
#include "engines/segment_recovery.h"
#include "engines/simulated_disk_testing.h"

namespace {

using namespace concord;
using namespace concord::engines;

constexpr std::uint32_t kTag = 0x1d2c3b4a;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_frame(ByteView input) {
  const auto frame = decode_frame(input, std::nullopt);
  if (!frame) return;
  Bytes again;
  encode_frame(*frame, again);
  require(again.size() == *peek_frame(input, frame->tag));
  const auto second = decode_frame(again, frame->tag);
  require(second && second->position == frame->position && second->stream == frame->stream &&
          std::ranges::equal(second->payload, frame->payload));
}

void read_header(ByteView input) {
  const auto header = decode_header(input);
  if (!header) return;
  Bytes again;
  encode_header(*header, again);
  require(std::ranges::equal(again, input.first(kSegmentHeaderBytes)));
}

struct Opened {
  SegmentIndex index;
  std::vector<std::pair<ShardId, SegmentIndex::Shard>> shards;
};

/// Opens what is on the disk; every shard is refused or can be read from its first to its last position.
std::unique_ptr<Opened> open(engines::testing::SimulatedDisk& disk) {
  auto opened = std::make_unique<Opened>();
  require(recover_segments(disk, "log", opened->index, Logger()).has_value());
  opened->shards = opened->index.shards();
  for (const auto& [id, shard] : opened->shards) {
    if (shard.damage) continue;
    require(shard.first <= shard.next);
    const auto [state, runs] = opened->index.find(id, shard.first, ~std::size_t{0});
    const auto entries = read_entries(runs, id, shard.first, ~std::size_t{0});
    require(entries && entries->size() == shard.next.value - shard.first.value);
    for (std::size_t i = 0; i < entries->size(); ++i) require((*entries)[i].position.value == shard.first.value + i);
  }
  return opened;
}

/// What was found once is found again.
void read_segment(Bytes content) {
  engines::testing::SimulatedDisk disk(1);
  require(disk.make_directory("log").has_value());
  disk.overwrite("log/" + segment_name(1), std::move(content));
  const auto first = open(disk);
  const auto second = open(disk);
  require(first->shards.size() == second->shards.size());
  for (std::size_t i = 0; i < first->shards.size(); ++i) {
    const auto& [id, a] = first->shards[i];
    const auto& [same_id, b] = second->shards[i];
    require(id == same_id && a.first == b.first && a.next == b.next && a.epoch == b.epoch &&
            a.damage.has_value() == b.damage.has_value());
  }
}

Bytes with_checksums(ByteView frames) {
  Bytes content;
  encode_header({.tag = kTag, .number = 1, .head_end = kSegmentHeaderBytes}, content);
  std::size_t at = content.size();
  append(content, frames);
  while (at + kFrameHeaderBytes <= content.size()) {
    for (unsigned i = 0; i < 4; ++i) content[at + 28 + i] = static_cast<std::uint8_t>(kTag >> (8 * i));
    const auto size = peek_frame(ByteView(content).subspan(at), kTag);
    if (!size || *size > content.size() - at) break;
    const std::uint32_t checksum = crc32c(ByteView(content).subspan(at + 4, *size - 4));
    for (unsigned i = 0; i < 4; ++i) content[at + i] = static_cast<std::uint8_t>(checksum >> (8 * i));
    at += *size;
  }
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      read_frame(input);
      break;
    case 1:
      read_header(input);
      break;
    case 2:
      read_segment(to_bytes(input));
      break;
    default:
      read_segment(with_checksums(input));
  }
  return 0;
}
