#include "engines/simulated_disk_testing.h"

#include <algorithm>

namespace concord::engines::testing {
namespace {

constexpr std::uint64_t kPageBytes = 512;

using concord::testing::pick;

std::unexpected<Error> cannot(std::string_view operation, const std::string& path, std::string_view why) {
  return fail(Code::kUnavailable, "cannot " + std::string(operation) + " " + path + ": " + std::string(why));
}

}  // namespace

/// Dead once the machine was started again.
class SimulatedDisk::Handle final : public File {
 public:
  Handle(SimulatedDisk& disk, std::shared_ptr<Inode> inode, std::string path)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)), start_(disk.starts_) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY_VOID(check());
    const Bytes& bytes = inode_->seen;
    if (offset >= bytes.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - offset);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }
  Result<std::size_t> write_at(std::uint64_t offset, ByteView bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY_VOID(check());
    return disk_.write(*inode_, path_, offset, bytes);
  }
  Result<> sync() override {
    const std::lock_guard lock(disk_.mutex_);
    TRY_VOID(check());
    return disk_.sync(*inode_, path_);
  }
  Result<> truncate(std::uint64_t size_bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY_VOID(check());
    return disk_.truncate(*inode_, path_, size_bytes);
  }
  Result<> allocate(std::uint64_t offset, std::uint64_t size_bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    TRY_VOID(check());
    return disk_.extend(*inode_, path_, offset + size_bytes);
  }
  Result<std::uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    TRY_VOID(check());
    return std::uint64_t{inode_->seen.size()};
  }

 private:
  Result<> check() const {
    if (disk_.starts_ != start_) return cannot("use", path_, "the machine was started again");
    return {};
  }

  SimulatedDisk& disk_;
  std::shared_ptr<Inode> inode_;
  std::string path_;
  std::uint64_t start_;
};

void SimulatedDisk::set_faults(const DiskFaults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

void SimulatedDisk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

void SimulatedDisk::lose_power_after(std::uint64_t operations) {
  const std::lock_guard lock(mutex_);
  power_lost_at_ = operations_ + operations;
}

bool SimulatedDisk::has_power() const {
  const std::lock_guard lock(mutex_);
  return !power_lost_at_ || operations_ < *power_lost_at_;
}

std::uint64_t SimulatedDisk::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

bool SimulatedDisk::happens(unsigned chance) { return chance > 0 && pick(random_, 0, 999) < chance; }

/// Counts an operation that changes something; fails where the power is off or chance has it.
Result<> SimulatedDisk::begin(std::string_view operation, const std::string& path, unsigned chance) {
  if (power_lost_at_ && operations_ >= *power_lost_at_) return cannot(operation, path, "the power is off");
  ++operations_;
  if (happens(chance)) return cannot(operation, path, "input/output error");
  return {};
}

std::uint64_t SimulatedDisk::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& [path, inode] : seen_.files) used += inode->seen.size();
  return used;
}

void SimulatedDisk::apply(const Change& change, Bytes& bytes) {
  if (change.truncate_to) {
    bytes.resize(*change.truncate_to);
    return;
  }
  if (bytes.size() < change.offset + change.bytes.size()) bytes.resize(change.offset + change.bytes.size());
  std::ranges::copy(change.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

/// What a loss of power makes of a change: all, nothing, some pages, a torn beginning.
void SimulatedDisk::keep_some(const Change& change, Bytes& bytes) {
  const std::uint64_t choice = pick(random_, 0, 3);
  if (choice == 0 || change.bytes.empty()) {
    if (choice <= 1) apply(change, bytes);
    return;
  }
  if (choice == 1) {
    Change torn{change.offset, change.bytes, {}, true};
    torn.bytes.resize(pick(random_, 0, torn.bytes.size()));
    apply(torn, bytes);
    return;
  }
  // By pages of the file; with choice 3 the file may also grow to its full size without its bytes.
  if (choice == 3 && pick(random_, 0, 1) == 0 && bytes.size() < change.offset + change.bytes.size())
    bytes.resize(change.offset + change.bytes.size());
  for (std::uint64_t at = 0; at < change.bytes.size();) {
    const std::uint64_t page_end = ((change.offset + at) / kPageBytes + 1) * kPageBytes - change.offset;
    const std::uint64_t end = std::min<std::uint64_t>(page_end, change.bytes.size());
    const auto from = change.bytes.begin() + static_cast<std::ptrdiff_t>(at);
    if (pick(random_, 0, 1) == 0)
      apply({change.offset + at, Bytes(from, from + static_cast<std::ptrdiff_t>(end - at)), {}, true}, bytes);
    at = end;
  }
}

Result<std::size_t> SimulatedDisk::write(Inode& inode, const std::string& path, std::uint64_t offset, ByteView bytes) {
  const bool had_power = !power_lost_at_ || operations_ < *power_lost_at_;
  const Result<> begun = begin("write", path, faults_.write_error);
  std::size_t count = bytes.size();
  const bool power_fails_now = had_power && power_lost_at_ && operations_ >= *power_lost_at_;
  if (!had_power) return fail(begun.error());
  if (!begun || power_fails_now || happens(faults_.short_write)) count = pick(random_, 1, bytes.size());
  const std::uint64_t grows = offset + count > inode.seen.size() ? offset + count - inode.seen.size() : 0;
  const std::uint64_t left = capacity_ - std::min(capacity_, used_bytes());
  if (grows > left) {
    if (grows - left >= count) return cannot("write", path, "no space left on device");
    count -= grows - left;
  }
  const Change change{offset, to_bytes(bytes.first(count)), {}, true};
  apply(change, inode.seen);
  inode.changes.push_back(change);
  if (!begun) return fail(begun.error());
  if (power_fails_now) return cannot("write", path, "the power is off");
  return count;
}

Result<> SimulatedDisk::sync(Inode& inode, const std::string& path) {
  const bool had_power = !power_lost_at_ || operations_ < *power_lost_at_;
  const Result<> begun = begin("sync", path, faults_.sync_error);
  if (!had_power) return begun;
  if (!begun) {
    // The pages are clean for the system, and on the disk or not.
    for (Change& change : inode.changes) change.dirty = false;
    return begun;
  }
  if (power_lost_at_ && operations_ >= *power_lost_at_) {
    // In the midst of it: any part may have arrived. The caller does not hear of it.
    return cannot("sync", path, "the power is off");
  }
  for (const Change& change : inode.changes)
    change.dirty ? apply(change, inode.durable) : keep_some(change, inode.durable);
  inode.changes.clear();
  return {};
}

Result<> SimulatedDisk::truncate(Inode& inode, const std::string& path, std::uint64_t size) {
  TRY_VOID(begin("truncate", path, faults_.other_error));
  const Change change{0, {}, size, true};
  apply(change, inode.seen);
  inode.changes.push_back(change);
  return {};
}

Result<> SimulatedDisk::extend(Inode& inode, const std::string& path, std::uint64_t size) {
  TRY_VOID(begin("allocate", path, faults_.other_error));
  if (size <= inode.seen.size()) return {};
  if (size - inode.seen.size() > capacity_ - std::min(capacity_, used_bytes()))
    return cannot("allocate", path, "no space left on device");
  const Change change{0, {}, size, true};
  apply(change, inode.seen);
  inode.changes.push_back(change);
  return {};
}

bool SimulatedDisk::has_directory(const std::string& path) const {
  return path == "." || path == "/" || seen_.directories.contains(path);
}

void SimulatedDisk::apply(const NameChange& change, Names& names) {
  if (change.is_directory) {
    change.inode ? static_cast<void>(names.directories.insert(change.name))
                 : static_cast<void>(names.directories.erase(change.name));
    return;
  }
  if (!change.from.empty()) names.files.erase(change.from);
  if (change.inode) {
    names.files[change.name] = change.inode;
  } else {
    names.files.erase(change.name);
  }
}

void SimulatedDisk::change_names(NameChange change) {
  apply(change, seen_);
  name_changes_.push_back(std::move(change));
}

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.files.find(path);
  if (mode == OpenMode::kCreate) {
    if (found != seen_.files.end()) return fail(Code::kConflict, "cannot open " + path + ": it exists");
    if (!has_directory(parent_directory(path))) return fail(Code::kNotFound, "cannot open " + path + ": no directory");
    TRY_VOID(begin("open", path, faults_.other_error));
    auto inode = std::make_shared<Inode>();
    change_names({path, "", inode, false});
    return std::make_unique<Handle>(*this, std::move(inode), path);
  }
  if (found == seen_.files.end()) return fail(Code::kNotFound, "cannot open " + path + ": no such file");
  return std::make_unique<Handle>(*this, found->second, path);
}

Result<> SimulatedDisk::rename(const std::string& from, const std::string& to, Replace replace) {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.files.find(from);
  if (found == seen_.files.end()) return fail(Code::kNotFound, "cannot rename " + from + ": no such file");
  if (replace == Replace::kNo && seen_.files.contains(to)) return fail(Code::kConflict, to + " exists");
  if (!has_directory(parent_directory(to))) return fail(Code::kNotFound, "cannot rename to " + to + ": no directory");
  TRY_VOID(begin("rename", to, faults_.other_error));
  change_names({to, from, found->second, false});
  return {};
}

Result<> SimulatedDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!seen_.files.contains(path)) return fail(Code::kNotFound, "cannot remove " + path + ": no such file");
  TRY_VOID(begin("remove", path, faults_.other_error));
  change_names({path, "", nullptr, false});
  return {};
}

Result<> SimulatedDisk::make_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (has_directory(path)) return fail(Code::kConflict, path + " exists");
  if (!has_directory(parent_directory(path))) return fail(Code::kNotFound, "no directory for " + path);
  TRY_VOID(begin("make directory", path, faults_.other_error));
  change_names({path, "", std::make_shared<Inode>(), true});
  return {};
}

Result<> SimulatedDisk::remove_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!has_directory(path)) return fail(Code::kNotFound, "no directory " + path);
  const auto is_inside = [&path](const std::string& name) { return name.starts_with(path + "/"); };
  if (std::ranges::any_of(seen_.directories, is_inside) ||
      std::ranges::any_of(seen_.files, [&](const auto& pair) { return is_inside(pair.first); }))
    return fail(Code::kConflict, path + " is not empty");
  TRY_VOID(begin("remove directory", path, faults_.other_error));
  change_names({path, "", nullptr, true});
  return {};
}

Result<> SimulatedDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!has_directory(path)) return fail(Code::kNotFound, "no directory " + path);
  TRY_VOID(begin("sync directory", path, faults_.other_error));
  if (power_lost_at_ && operations_ >= *power_lost_at_) return cannot("sync directory", path, "the power is off");
  std::erase_if(name_changes_, [&](const NameChange& change) {
    const bool here =
        parent_directory(change.name) == path || (!change.from.empty() && parent_directory(change.from) == path);
    if (here) apply(change, durable_);
    return here;
  });
  return {};
}

Result<> SimulatedDisk::sync_tree(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!has_directory(path)) return fail(Code::kNotFound, "no directory " + path);
  const auto below = [prefix = path + "/"](const std::string& name) { return name.starts_with(prefix); };
  for (const auto& [name, inode] : seen_.files)
    if (below(name)) TRY_VOID(sync(*inode, name));
  TRY_VOID(begin("sync tree", path, faults_.other_error));
  if (power_lost_at_ && operations_ >= *power_lost_at_) return cannot("sync tree", path, "the power is off");
  std::erase_if(name_changes_, [&](const NameChange& change) {
    const bool here = below(change.name) || below(change.from);
    if (here) apply(change, durable_);
    return here;
  });
  return {};
}

Result<std::vector<DirectoryEntry>> SimulatedDisk::list(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!has_directory(path)) return fail(Code::kNotFound, "no directory " + path);
  std::vector<DirectoryEntry> entries;
  const std::size_t skip = path == "." ? 0 : path == "/" ? 1 : path.size() + 1;
  for (const std::string& name : seen_.directories) {
    if (parent_directory(name) == path) entries.push_back({name.substr(skip), true});
  }
  for (const auto& [name, inode] : seen_.files) {
    if (parent_directory(name) == path) entries.push_back({name.substr(skip), false});
  }
  std::ranges::shuffle(entries, random_);
  return entries;
}

void SimulatedDisk::power_on() {
  const std::lock_guard lock(mutex_);
  for (const NameChange& change : name_changes_) {
    const bool from_is_there = change.from.empty() || durable_.files.contains(change.from);
    if (from_is_there && pick(random_, 0, 1) == 0) apply(change, durable_);
  }
  name_changes_.clear();
  // What lay in a directory that is lost cannot be reached any more. A directory sorts before what is in it.
  const auto lost = [this](const std::string& path) {
    const std::string parent = parent_directory(path);
    return path.find('/') != std::string::npos && !durable_.directories.contains(parent);
  };
  for (auto at = durable_.directories.begin(); at != durable_.directories.end();)
    at = lost(*at) ? durable_.directories.erase(at) : std::next(at);
  std::erase_if(durable_.files, [&lost](const auto& file) { return lost(file.first); });
  for (const auto& [path, inode] : durable_.files) {
    for (const Change& change : inode->changes) keep_some(change, inode->durable);
    inode->changes.clear();
    inode->seen = inode->durable;
  }
  seen_ = durable_;
  power_lost_at_.reset();
  ++starts_;
}

void SimulatedDisk::restart_process() {
  const std::lock_guard lock(mutex_);
  power_lost_at_.reset();
  ++starts_;
}

std::vector<std::string> SimulatedDisk::paths() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : seen_.files) paths.push_back(path);
  return paths;
}

Bytes SimulatedDisk::content(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return seen_.files.at(path)->seen;
}

void SimulatedDisk::overwrite(const std::string& path, Bytes content) {
  const std::lock_guard lock(mutex_);
  const auto inode = std::make_shared<Inode>();
  inode->seen = content;
  inode->durable = std::move(content);
  seen_.files[path] = inode;
  durable_.files[path] = inode;
}

}  // namespace concord::engines::testing
