// The directory of blobs on a disk that fails.

#include "engines/directory_blobs.h"

#include <algorithm>

#include "engines/contract_testing.h"
#include "engines/simulated_disk_testing.h"

namespace concord::engines {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using testing::code_of;
using testing::SimulatedDisk;

constexpr std::size_t kAll = 1U << 30U;

Bytes content_of(const std::string& key) { return Bytes(key.size() * 300, static_cast<std::uint8_t>(key.back())); }

TEST(DirectoryBlobs, what_a_crash_left_unfinished_is_removed_on_open) {
  concord::testing::RunningReactors reactors;
  SimulatedDisk disk(1);
  Metrics metrics;
  {
    ASSERT_TRUE(DirectoryBlobs::open(disk, {.directory = "blobs"}, Logger(), metrics));
  }
  disk.overwrite("blobs/incoming/17", Bytes(100, 1));
  const auto blobs = DirectoryBlobs::open(disk, {.directory = "blobs"}, Logger(), metrics).value();
  EXPECT_TRUE(disk.paths().empty());
  EXPECT_TRUE(testing::run_on(reactors.at(), blobs->list("", "", 10)).value().empty());
}

/// After each loss of power: every object whose put succeeded is there and whole, none whose removal succeeded is, and
/// what was under way is there whole or not at all.
void run_lives(Random& random, Reactor& reactor) {
  SimulatedDisk disk(random());
  Metrics metrics;
  std::map<std::string, std::optional<bool>> expected;  // there, not there, or either
  for (int life = 0; life < 4; ++life) {
    auto opened = DirectoryBlobs::open(disk, {.directory = "blobs", .threads = 1}, Logger(), metrics);
    if (opened) {
      for (std::uint64_t i = pick(random, 0, 6); i > 0; --i) {
        const std::string key = std::string("d") + static_cast<char>('0' + pick(random, 0, 1)) + "/" +
                                static_cast<char>('a' + pick(random, 0, 3));
        const bool put = pick(random, 0, 2) > 0;
        const Result<> done =
            testing::run_on(reactor, put ? (*opened)->put(key, std::make_shared<const Bytes>(content_of(key)))
                                         : (*opened)->remove(key));
        if (done) {
          expected[key] = put;
        } else if (done.error().code != Code::kConflict) {
          expected[key] = std::nullopt;
        }
      }
    }
    opened = fail(Code::kUnavailable, "closed");
    pick(random, 0, 2) > 0 ? disk.power_on() : disk.restart_process();
    disk.set_faults({});
    const auto blobs = DirectoryBlobs::open(disk, {.directory = "blobs", .threads = 1}, Logger(), metrics).value();
    for (auto& [key, there] : expected) {
      const Result<Bytes> read = testing::run_on(reactor, blobs->get(key, kAll));
      if (there) ASSERT_EQ(read.has_value(), *there) << key;
      if (read) ASSERT_EQ(*read, content_of(key)) << key;
      if (!read) ASSERT_EQ(read.error().code, Code::kNotFound) << key;
    }
    disk.set_faults({.short_write = 100, .write_error = 20, .sync_error = 20, .other_error = 20});
    if (pick(random, 0, 1) == 0) disk.lose_power_after(pick(random, 1, 60));
  }
}

TEST(DirectoryBlobs, what_was_put_survives_crashes) {
  concord::testing::RunningReactors reactors;
  for_each_seed(150, [&](Random& random) { run_lives(random, reactors.at()); });
}

TEST(DirectoryBlobs, a_full_disk_refuses_and_leaves_nothing) {
  concord::testing::RunningReactors reactors;
  SimulatedDisk disk(1);
  Metrics metrics;
  auto blobs = DirectoryBlobs::open(disk, {.directory = "blobs"}, Logger(), metrics).value();
  disk.set_capacity(1000);
  const auto put = [&](std::string key, std::size_t size) {
    return testing::run_on(reactors.at(), blobs->put(std::move(key), std::make_shared<const Bytes>(size, 'x')));
  };
  EXPECT_EQ(code_of(put("large", 2000)), Code::kUnavailable);
  EXPECT_TRUE(put("small", 900));
  blobs.reset();  // runs what still waits, the removal of the unfinished object too
  EXPECT_EQ(disk.paths(), std::vector<std::string>{"blobs/objects/small="});
}

}  // namespace
}  // namespace concord::engines
