#pragma once
// The form of what state machines keep as blobs: a magic, a format number, and a zstd frame with its checksum, so that
// a flipped bit is found.

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::shard {

struct BlobKind {
  std::string_view magic;  // four characters
  std::uint8_t format = 1;
};

Bytes pack_blob(const BlobKind& kind, ByteView plain);
/// kCorrupt where the bytes are of another kind, are damaged, or declare more than `max_plain_bytes`; kUnsupported for
/// another format.
Result<Bytes> unpack_blob(const BlobKind& kind, ByteView packed, std::size_t max_plain_bytes);
/// The most bytes that `pack_blob` makes of `plain_bytes`.
std::size_t packed_bound(std::size_t plain_bytes);

}  // namespace concord::shard
