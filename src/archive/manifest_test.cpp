#include "archive/manifest.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <numeric>

#include "archive/database_image.h"
#include "archive/layout.h"
#include "engines/simulated_disk_testing.h"

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

/// The blocks "```manifest NAME" and "```hex NAME" of docs/protocols/archive.md, as they stand there.
std::map<std::string, std::string> golden_vectors() {
  std::map<std::string, std::string> vectors;
  std::ifstream page(CONCORD_SOURCE_DIR "/docs/protocols/archive.md");
  std::string* current = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```manifest ") || line.starts_with("```hex ")) {
      current = &vectors[line.substr(line.find(' ') + 1)];
    } else if (line.starts_with("```")) {
      current = nullptr;
    } else if (current != nullptr) {
      *current += line + "\n";
    }
  }
  return vectors;
}

Bytes bytes_of(std::string hex) {
  std::erase_if(hex, [](char c) { return c == ' ' || c == '\n'; });
  Bytes out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

TEST(Manifest, the_page_s_manifests_are_what_is_written_and_read) {
  const auto vectors = golden_vectors();
  const std::string piece = LogPiece{.segment = 2, .begin = 0, .end = 4096, .serial = 1}.key();
  const std::string longer = LogPiece{.segment = 2, .begin = 0, .end = 8192, .serial = 2}.key();
  const std::string pages = DatabasePart{.version = 1'780'000'000'050, .whole = true, .part = 0}.key();
  const std::string blob = std::string(kBlobPrefix) + "history/7/doc_1/1-2-k";
  Manifest written;
  std::iota(written.log.begin(), written.log.end(), std::uint8_t{0});
  written.time_ms = 1'780'000'000'000;
  written.put(piece, {4096, 0x9a71bb4c, 1'780'000'000'010, 0});
  written.put(pages, {55, 1, 1'780'000'000'060, 0});
  written.put(blob, {300, 0xffffffff, 1'780'000'000'030, 0});
  Manifest read;
  EXPECT_EQ(as_text(written.write_whole()), vectors.at("whole"));
  ASSERT_TRUE(read.read(to_bytes(vectors.at("whole"))));
  expect_equal(read, written);

  written.time_ms = 1'780'000'001'000;
  written.complete = true;
  written.put(longer, {8192, 0x1a2b3c4d, 1'780'000'001'010, 0});
  written.drop(piece);
  written.set_gone(blob, 1'780'000'001'020);
  EXPECT_EQ(as_text(written.write_change()), vectors.at("change"));
  ASSERT_TRUE(read.read(to_bytes(vectors.at("change"))));
  expect_equal(read, written);
}

TEST(DatabaseImage, the_page_s_part_gives_its_pages_as_do_those_that_are_written) {
  engines::testing::SimulatedDisk disk(1);
  Bytes database(1024);
  std::iota(database.begin(), database.begin() + 16, std::uint8_t{'A'});
  database[16] = 2;  // pages of 512 bytes
  database[600] = 7;
  disk.overwrite("database", database);
  std::vector<PageDigest> known;
  std::vector<Bytes> parts{bytes_of(golden_vectors().at("part"))};
  ASSERT_TRUE(read_changed_pages(disk, "database", known, [&](Bytes part) -> Result<> {
    parts.push_back(std::move(part));
    return {};
  }));
  ASSERT_EQ(parts.size(), 2U);
  for (const Bytes& part : parts) {
    SCOPED_TRACE(to_hex(part));
    disk.overwrite("copy", {});
    const auto copy = disk.open("copy", engines::OpenMode::kReadWrite).value();
    EXPECT_TRUE(apply_pages(*copy, part));
    EXPECT_EQ(disk.content("copy"), database);
  }
}

}  // namespace
}  // namespace concord::archive
