#include "archive/archive_reader.h"

#include <fmt/format.h>

#include "engines/crc32c.h"

namespace concord::archive {

namespace {

constexpr std::size_t kPieceBytes = 1U << 20U;

std::unexpected<Error> damaged(const std::string& key, std::string_view what) {
  return fail(Error{Code::kCorrupt, fmt::format("{}: {}", key, what), {{"object", key}}});
}

}  // namespace

Task<> read_pieces(engines::Blobs& archive, std::string key, ArchivedObject object,
                   std::function<Result<>(ByteView)> take) {
  auto reader = co_await archive.open(key);
  if (!reader && reader.error().code == Code::kNotFound) co_return damaged(key, "the object is missing");
  if (!reader) co_return fail(std::move(reader).error());
  std::uint32_t checksum = 0;
  std::uint64_t size = 0;
  for (;;) {
    auto piece = co_await (*reader)->next(kPieceBytes);
    if (!piece && piece.error().code == Code::kNotFound) co_return damaged(key, "the object is missing");
    if (!piece) co_return fail(std::move(piece).error());
    if (piece->empty()) break;
    checksum = engines::crc32c(*piece, checksum);
    size += piece->size();
    if (size > object.size_bytes) co_return damaged(key, "the object is longer than the manifest says");
    CO_TRY_VOID(take(*piece));
  }
  if (size != object.size_bytes)
    co_return damaged(key, fmt::format("the object has {} of its {} bytes", size, object.size_bytes));
  if (checksum != object.checksum) co_return damaged(key, "the object's checksum fails");
  co_return Result<>{};
}

Task<Bytes> read_whole(engines::Blobs& archive, std::string key, ArchivedObject object) {
  Bytes whole;
  CO_TRY_VOID(co_await read_pieces(archive, std::move(key), object, [&whole](ByteView piece) -> Result<> {
    append(whole, piece);
    return {};
  }));
  co_return whole;
}

}  // namespace concord::archive
