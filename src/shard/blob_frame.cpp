#include "shard/blob_frame.h"

#include <fmt/format.h>
#include <zstd.h>

#include <memory>

namespace concord::shard {

namespace {
constexpr std::size_t kPrefixBytes = 5;
constexpr int kLevel = 1;
}  // namespace

std::size_t packed_bound(std::size_t plain_bytes) { return kPrefixBytes + ZSTD_compressBound(plain_bytes); }

Bytes pack_blob(const BlobKind& kind, ByteView plain) {
  Bytes out = to_bytes(kind.magic);
  out.push_back(kind.format);
  out.resize(packed_bound(plain.size()));
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  const std::size_t written =
      ZSTD_compress2(context.get(), out.data() + kPrefixBytes, out.size() - kPrefixBytes, plain.data(), plain.size());
  out.resize(kPrefixBytes + written);  // cannot fail: the bound was reserved
  return out;
}

Result<Bytes> unpack_blob(const BlobKind& kind, ByteView packed, std::size_t max_plain_bytes) {
  if (packed.size() < kPrefixBytes || as_text(packed.first(4)) != kind.magic)
    return fail(Code::kCorrupt, fmt::format("not a {}: the magic is missing", kind.magic));
  if (packed[4] != kind.format)
    return fail(Code::kUnsupported, fmt::format("format {} of {} is not known", packed[4], kind.magic));
  const ByteView frame = packed.subspan(kPrefixBytes);
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > max_plain_bytes)
    return fail(Code::kCorrupt, fmt::format("{}: the declared size is missing or out of bounds", kind.magic));
  Bytes plain(size);
  const std::size_t got = ZSTD_decompress(plain.data(), plain.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0U || got != size)
    return fail(Code::kCorrupt,
                fmt::format("{}: {}", kind.magic, ZSTD_isError(got) != 0U ? ZSTD_getErrorName(got) : "short"));
  return plain;
}

}  // namespace concord::shard
