#pragma once
// A disk in memory that misbehaves as disks do, under the real code. One seed, one run.
//
// What was written since a file's last successful sync is on the disk or not: a loss of power keeps each such write,
// loses it, keeps some of its pages, or tears it at any byte. A sync that fails leaves what it should have written in
// that state for good, while reads still show it, as the page cache of Linux does. Names made, renamed and removed
// since a directory's last sync are kept or lost each by itself.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/property_testing.h"
#include "engines/file_system.h"

namespace concord::engines::testing {

/// Chances in a thousand, for each operation.
struct DiskFaults {
  unsigned short_write = 0;
  unsigned write_error = 0;
  unsigned sync_error = 0;
  unsigned other_error = 0;  // open, rename, remove, truncate, allocate, sync of a directory
};

class SimulatedDisk final : public FileSystem {
 public:
  explicit SimulatedDisk(std::uint64_t seed) : random_(seed) {}

  void set_faults(const DiskFaults& faults);
  /// Bytes all files may have; a write or allocation past it fails, as without space.
  void set_capacity(std::uint64_t bytes);
  /// The power fails in the midst of the n-th operation from now that changes something; then everything fails.
  void lose_power_after(std::uint64_t operations);
  bool has_power() const;
  /// The machine starts again: what was not synced is kept, lost or torn. Open files are dead.
  void power_on();
  /// The process starts again; the machine never stopped, and lost nothing.
  void restart_process();
  /// Operations so far that change something.
  std::uint64_t operations() const;

  std::vector<std::string> paths() const;
  Bytes content(const std::string& path) const;
  /// Changes what is on the disk, behind everybody's back.
  void overwrite(const std::string& path, Bytes content);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<> rename(const std::string& from, const std::string& to, Replace replace) override;
  Result<> remove(const std::string& path) override;
  Result<> make_directory(const std::string& path) override;
  Result<> remove_directory(const std::string& path) override;
  Result<> sync_directory(const std::string& path) override;
  Result<> sync_tree(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;

 private:
  /// A change of a file's bytes that is not known to be on the disk.
  struct Change {
    std::uint64_t offset = 0;
    Bytes bytes;
    std::optional<std::uint64_t> truncate_to;
    bool dirty = true;  // a sync will write it; no longer so once a sync has failed
  };
  struct Inode {
    Bytes seen;     // what reads see
    Bytes durable;  // what is on the disk for certain
    std::vector<Change> changes;
  };
  /// A change of names. `inode` null: the name is removed; `from` not empty: renamed from there.
  struct NameChange {
    std::string name;
    std::string from;
    std::shared_ptr<Inode> inode;
    bool is_directory = false;
  };
  struct Names {
    std::map<std::string, std::shared_ptr<Inode>> files;
    std::set<std::string> directories;
  };
  class Handle;

  Result<> begin(std::string_view operation, const std::string& path, unsigned chance);
  bool happens(unsigned chance);
  static void apply(const NameChange& change, Names& names);
  static void apply(const Change& change, Bytes& bytes);
  void keep_some(const Change& change, Bytes& bytes);
  void change_names(NameChange change);
  bool has_directory(const std::string& path) const;
  std::uint64_t used_bytes() const;

  Result<std::size_t> write(Inode& inode, const std::string& path, std::uint64_t offset, ByteView bytes);
  Result<> sync(Inode& inode, const std::string& path);
  Result<> truncate(Inode& inode, const std::string& path, std::uint64_t size);
  Result<> extend(Inode& inode, const std::string& path, std::uint64_t size);

  mutable std::mutex mutex_;
  concord::testing::Random random_;
  DiskFaults faults_;
  std::uint64_t capacity_ = ~std::uint64_t{0};
  std::uint64_t operations_ = 0;
  std::optional<std::uint64_t> power_lost_at_;
  std::uint64_t starts_ = 0;
  Names seen_;
  Names durable_;
  std::vector<NameChange> name_changes_;
};

}  // namespace concord::engines::testing
