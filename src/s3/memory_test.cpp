// However large an object is, its reader and its writer hold a block and a part of it.

#include <malloc.h>

#include "s3/store_testing.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

namespace concord::s3 {
namespace {

using engines::Blobs;

constexpr std::size_t kPieceBytes = 256U << 10U;
constexpr std::size_t kPieces = 400;  // 100 MiB

std::size_t allocated_bytes() {
#if __has_feature(address_sanitizer)
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
}

/// The most that was allocated at once while it lived, beyond what was at its beginning.
class Peak {
 public:
  Peak() : before_(allocated_bytes()), thread_([this] { watch(); }) {}
  std::size_t stop() {
    stopping_ = true;
    thread_.join();
    return most_;
  }

 private:
  void watch() {
    while (!stopping_) {
      const std::size_t now = allocated_bytes();
      most_ = std::max(most_, now - std::min(now, before_));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  const std::size_t before_;
  std::size_t most_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Bytes piece_of(std::size_t index) {
  Bytes piece(kPieceBytes);
  for (std::size_t i = 0; i < piece.size(); ++i)
    piece[i] = static_cast<std::uint8_t>((index * 31 + i) * 2654435761U >> 24U);
  return piece;
}

Task<> write_all(Blobs& blobs) {
  CO_TRY(const auto writer, co_await blobs.create("k"));
  for (std::size_t i = 0; i < kPieces; ++i)
    CO_TRY_VOID(co_await writer->write(std::make_shared<const Bytes>(piece_of(i))));
  co_return co_await writer->commit();
}

Task<> read_all(Blobs& blobs) {
  CO_TRY(const auto reader, co_await blobs.open("k"));
  for (std::size_t i = 0; i < kPieces; ++i) {
    const Bytes expected = piece_of(i);
    for (std::size_t at = 0; at < kPieceBytes;) {
      CO_TRY(const Bytes got, co_await reader->next(kPieceBytes - at));
      if (got.empty() || !std::equal(got.begin(), got.end(), expected.begin() + static_cast<std::ptrdiff_t>(at)))
        co_return fail(Code::kInternal, "not what was written, in piece " + std::to_string(i));
      at += got.size();
    }
  }
  CO_TRY(const Bytes rest, co_await reader->next(1));
  if (!rest.empty()) co_return fail(Code::kInternal, "more than was written");
  co_return Result<>();
}

class S3MemoryTest : public testing::StoreTest {};

TEST_F(S3MemoryTest, a_hundred_mebibytes_are_written_and_read_with_a_part_and_a_block_in_memory) {
  const auto blobs = open();
  const auto part = static_cast<std::size_t>(options_.part_bytes);
  const auto block = static_cast<std::size_t>(options_.read_block_bytes);

  Peak writing;
  const Result<> written = run(write_all(*blobs));
  const std::size_t written_with = writing.stop();
  ASSERT_TRUE(written) << written.error().message;
  // Growing, the part is there twice for a moment; what else is alive is small.
  EXPECT_LT(written_with, 2 * part + (2U << 20U));
  EXPECT_GT(written_with, part);

  Peak reading;
  const Result<> read = run(read_all(*blobs));
  const std::size_t read_with = reading.stop();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_LT(read_with, 4 * block + (4U << 20U));
  RecordProperty("written_with_bytes", std::to_string(written_with));
  RecordProperty("read_with_bytes", std::to_string(read_with));
  std::cout << "written with " << written_with << " bytes, read with " << read_with << "\n";

  // What nobody reads on keeps no connection busy.
  const auto reader = run(blobs->open("k"));
  ASSERT_TRUE(reader);
  EXPECT_EQ(gauge("concord_s3_in_flight"), 0);
}

}  // namespace
}  // namespace concord::s3
