#include "archive/manifest.h"

#include <gtest/gtest.h>

namespace concord::archive {
namespace {

Manifest some_manifest() {
  Manifest manifest;
  manifest.log[3] = 7;
  manifest.time_ms = 1'780'000'000'000;
  manifest.complete = true;
  manifest.put("blobs/a/b", {10, 0x1234, 5, 0});
  manifest.put("log/c", {20, 0xffffffff, 6, 0});
  manifest.set_gone("blobs/a/b", 9);
  return manifest;
}

void expect_equal(const Manifest& a, const Manifest& b) {
  EXPECT_EQ(a.number, b.number);
  EXPECT_EQ(a.log, b.log);
  EXPECT_EQ(a.time_ms, b.time_ms);
  EXPECT_EQ(a.complete, b.complete);
  EXPECT_EQ(a.bytes(), b.bytes());
  ASSERT_EQ(a.objects().size(), b.objects().size());
  for (const auto& [key, object] : a.objects()) {
    const ArchivedObject* other = b.find(key);
    ASSERT_NE(other, nullptr) << key;
    EXPECT_EQ(object.size_bytes, other->size_bytes);
    EXPECT_EQ(object.checksum, other->checksum);
    EXPECT_EQ(object.put_ms, other->put_ms);
    EXPECT_EQ(object.gone_ms, other->gone_ms);
  }
}

TEST(Manifest, what_is_written_is_read_whole_and_by_changes) {
  Manifest written = some_manifest();
  Manifest read;
  ASSERT_TRUE(read.read(written.write_whole()));
  expect_equal(read, written);
  written.drop("log/c");
  written.put("log/d", {1, 2, 3, 0});
  written.time_ms += 1000;
  const Bytes change = written.write_change();
  ASSERT_TRUE(read.read(change));
  expect_equal(read, written);
  EXPECT_EQ(read.number, 2U);
  EXPECT_EQ(read.read(change).error().code, Code::kCorrupt) << "it does not follow itself";
  expect_equal(read, written);
}

TEST(Manifest, every_flipped_bit_and_every_cut_is_found) {
  Manifest written = some_manifest();
  const Bytes whole = written.write_whole();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes bad = whole;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    Manifest read;
    EXPECT_FALSE(read.read(bad)) << bit;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Manifest read;
    EXPECT_FALSE(read.read(ByteView(whole).first(size))) << size;
  }
}

}  // namespace
}  // namespace concord::archive
