#include "archive/database_image.h"

#include <algorithm>

#include "crypto/hash.h"
#include "shard/blob_frame.h"

namespace concord::archive {

namespace {

constexpr shard::BlobKind kPages{"CDBP", 1};
constexpr std::size_t kHeadBytes = 8;
constexpr std::size_t kNumberBytes = 4;
constexpr std::uint32_t kMaxPageBytes = 65'536;

std::unexpected<Error> bad(std::string what) { return fail(Code::kCorrupt, "CDBP: " + std::move(what)); }

bool is_page_size(std::uint32_t size) { return size >= 512 && size <= kMaxPageBytes && (size & (size - 1)) == 0; }

/// https://www.sqlite.org/fileformat.html, 1.3.2: two big-endian bytes at 16, where 1 means 65536.
Result<std::uint32_t> page_size_of(engines::File& file) {
  std::array<std::uint8_t, 18> head{};
  TRY(const std::size_t got, engines::read_full(file, 0, head));
  const std::uint32_t said = (std::uint32_t{head[16]} << 8U) | head[17];
  const std::uint32_t size = said == 1 ? kMaxPageBytes : said;
  if (got < head.size() || !is_page_size(size)) return fail(Code::kCorrupt, "the database has no page size");
  return size;
}

PageDigest digest_of(ByteView page) {
  const crypto::Sha256 whole = crypto::sha256(page);
  PageDigest out;
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

}  // namespace

Result<> read_changed_pages(engines::FileSystem& files, const std::string& path, std::vector<PageDigest>& known,
                            const std::function<Result<>(Bytes)>& part) {
  TRY(const auto file, files.open(path, engines::OpenMode::kRead));
  TRY(const std::uint64_t size, file->size());
  TRY(const std::uint32_t page_size, page_size_of(*file));
  const auto pages = static_cast<std::uint32_t>(size / page_size);
  Bytes plain;
  const auto begin = [&] {
    plain.clear();
    put_le(plain, page_size);
    put_le(plain, pages);
  };
  begin();
  known.resize(pages);
  bool any = false;
  Bytes page(page_size);
  for (std::uint32_t i = 0; i < pages; ++i) {
    TRY(const std::size_t got, engines::read_full(*file, std::uint64_t{i} * page_size, page));
    if (got < page_size) return fail(Code::kUnavailable, path + " was cut while it was read");
    const PageDigest digest = digest_of(page);
    if (digest == known[i]) continue;
    known[i] = digest;
    put_le(plain, i + 1);
    append(plain, page);
    if (plain.size() < kDatabasePartBytes) continue;
    TRY_VOID(part(shard::pack_blob(kPages, plain)));
    any = true;
    begin();
  }
  if (!any || plain.size() > kHeadBytes) TRY_VOID(part(shard::pack_blob(kPages, plain)));
  return {};
}

Result<> apply_pages(engines::File& file, ByteView part) {
  constexpr std::size_t kMost = kDatabasePartBytes + kMaxPageBytes + kHeadBytes + kNumberBytes;
  TRY(const Bytes plain, shard::unpack_blob(kPages, part, kMost));
  if (plain.size() < kHeadBytes) return bad("cut short");
  const auto page_size = get_le<std::uint32_t>(plain.data());
  const auto pages = get_le<std::uint32_t>(plain.data() + 4);
  if (!is_page_size(page_size)) return bad("no page has such a size");
  ByteView rest = ByteView(plain).subspan(kHeadBytes);
  if (rest.size() % (kNumberBytes + page_size) != 0) return bad("cut short");
  for (; !rest.empty(); rest = rest.subspan(kNumberBytes + page_size)) {
    const auto number = get_le<std::uint32_t>(rest.data());
    if (number == 0 || number > pages) return bad("a page is none of the database's");
    TRY_VOID(engines::write_all(file, std::uint64_t{number - 1} * page_size, rest.subspan(kNumberBytes, page_size)));
  }
  return file.truncate(std::uint64_t{pages} * page_size);
}

}  // namespace concord::archive
