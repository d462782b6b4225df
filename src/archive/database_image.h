#pragma once
// The database in the archive: its pages, all of them or those that changed since the version before. Each part is
//
//   "CDBP" | u8 format = 1 | zstd frame with content checksum of:
//   u32 bytes of a page | u32 pages of the database | for each page of the part: u32 its number, from 1, and its bytes
//
// with integers little-endian.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "engines/file_system.h"

namespace concord::archive {

constexpr std::size_t kDatabasePartBytes = 8U << 20U;  // of pages in one part, roughly

/// What a page was when it was last archived: the beginning of its SHA-256.
using PageDigest = std::array<std::uint8_t, 16>;

/// Cuts the file of a database into parts of the pages whose digests differ from `known`, which then has those of the
/// file. At least one part, which may have no page.
Result<> read_changed_pages(engines::FileSystem& files, const std::string& path, std::vector<PageDigest>& known,
                            const std::function<Result<>(Bytes)>& part);

/// Writes the pages of a part into the file, and makes it as long as the part says. kCorrupt where the part is damaged.
Result<> apply_pages(engines::File& file, ByteView part);

}  // namespace concord::archive
