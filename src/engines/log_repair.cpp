#include "engines/log_repair.h"

#include <algorithm>

namespace concord::engines {
namespace {

constexpr std::size_t kWindowBytes = 1U << 20U;
constexpr std::size_t kBatchBytes = 4U << 20U;

/// A file of which everything that would change it is left out.
class UnchangedFile final : public File {
 public:
  explicit UnchangedFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    return file_->read_at(offset, into);
  }
  Result<std::size_t> write_at(std::uint64_t, ByteView bytes) override { return bytes.size(); }
  Result<> sync() override { return {}; }
  Result<> truncate(std::uint64_t) override { return {}; }
  Result<> allocate(std::uint64_t, std::uint64_t) override { return {}; }
  Result<std::uint64_t> size() override { return file_->size(); }

 private:
  std::unique_ptr<File> file_;
};

class UnchangedFiles final : public FileSystem {
 public:
  explicit UnchangedFiles(FileSystem& files) : files_(files) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    if (mode == OpenMode::kCreate) return fail(Code::kInternal, "a look at the log would make " + path);
    TRY(auto file, files_.open(path, OpenMode::kRead));
    return std::make_unique<UnchangedFile>(std::move(file));
  }
  Result<> rename(const std::string&, const std::string&, Replace) override { return {}; }
  Result<> remove(const std::string&) override { return {}; }
  Result<> make_directory(const std::string&) override { return {}; }
  Result<> remove_directory(const std::string&) override { return {}; }
  Result<> sync_directory(const std::string&) override { return {}; }
  Result<> sync_tree(const std::string&) override { return {}; }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return files_.list(path); }

 private:
  FileSystem& files_;
};

Result<std::vector<std::uint32_t>> segment_numbers(FileSystem& files, const std::string& directory) {
  TRY(const auto entries, files.list(directory));
  std::vector<std::uint32_t> numbers;
  for (const DirectoryEntry& entry : entries) {
    const auto number = parse_segment_name(entry.name);
    if (number && !entry.is_directory) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

Result<> walk_segment(File& file, const std::string& path, const std::function<Result<>(const LogItem&)>& visit) {
  TRY(const std::uint64_t size, file.size());
  Bytes head(kSegmentHeaderBytes);
  TRY(const std::size_t got, read_full(file, 0, head));
  head.resize(got);
  const auto header = decode_header(head);
  if (!header) {
    const FrameFault fault = got < kSegmentHeaderBytes ? FrameFault::kShort : FrameFault::kChecksum;
    TRY_VOID(visit({&path, 0, got, nullptr, &fault}));
  }
  FrameCursor cursor(file, header ? std::optional(header->tag) : std::nullopt, kSegmentHeaderBytes, size, kWindowBytes);
  for (;;) {
    const std::uint64_t begin = cursor.offset();
    TRY(const auto step, cursor.next());
    if (!step) return {};
    if (*step) {
      TRY_VOID(visit({&path, begin, cursor.offset(), &**step, nullptr}));
      continue;
    }
    TRY(const bool unused, cursor.only_zeros());
    if (unused) return {};
    const FrameFault fault = step->error();
    TRY_VOID(cursor.seek_frame());
    TRY_VOID(visit({&path, begin, cursor.offset(), nullptr, &fault}));
  }
}

/// Copies the shards of a log that was looked at into a new one.
class Repairer {
 public:
  Repairer(FileSystem& files, SegmentAppenderOptions options, const LogInspection& old, Clock& clock,
           const Logger& logger)
      : old_(old), options_(std::move(options)) {
    for (const SegmentDamage& damage : old.found.damage) lost_bytes_ += damage.end - damage.begin;
    const Segment none;
    for (const auto& [id, shard] : old.index.shards()) {
      const SegmentIndex::Stated stated{id, shard.epoch, shard.first, shard.first};
      index_.publish(none, {}, {&stated, 1});
    }
    RecoveredLog fresh;
    fresh.identity = old.found.identity;
    // Numbers go on, so that a segment of the old log is never taken for one of the new.
    fresh.highest_number = old.found.highest_number;
    appender_ = std::make_unique<SegmentAppender>(files, options_, index_, fresh, clock, logger, metrics_);
  }

  Result<LogRepair> run() {
    LogRepair out;
    for (const auto& [id, shard] : old_.index.shards()) {
      TRY(const LogRepair::Shard copied, copy(id, shard));
      out.shards.push_back(copied);
    }
    appender_->close();
    return out;
  }

 private:
  Result<LogRepair::Shard> copy(ShardId id, const SegmentIndex::Shard& shard) {
    LogRepair::Shard out{.shard = id};
    epoch_ = shard.epoch;
    next_ = shard.first.value;
    const auto [state, runs] = old_.index.find(id, shard.first, ~std::size_t{0});
    for (const SegmentIndex::Run& run : runs) {
      TRY(auto entries, read_entries({&run, 1}, id, shard.first, ~std::size_t{0}));
      for (LogEntry& entry : entries) {
        if (entry.position.value < next_) continue;  // positions that went back: the first stays
        TRY_VOID(stand_in(id, entry.position.value, entry.record.time, out));
        TRY_VOID(add(id, std::move(entry.record)));
        ++out.records;
      }
    }
    std::uint64_t end = shard.next.value;
    if (shard.damage) end += lost_bytes_ / kFrameHeaderBytes;
    TRY_VOID(stand_in(id, end, HybridTime{}, out));
    TRY_VOID(flush(id));
    return out;
  }

  /// Holds the positions up to `end`.
  Result<> stand_in(ShardId id, std::uint64_t end, HybridTime time, LogRepair::Shard& out) {
    for (; next_ < end; ++out.stand_ins) {
      LogRecord record;
      record.time = time;
      record.payload = empty_;
      TRY_VOID(add(id, std::move(record)));
    }
    return {};
  }

  Result<> add(ShardId id, LogRecord record) {
    batch_bytes_ += kFrameHeaderBytes + 3 * kMaxLogTextBytes + record.payload->size();
    batch_.push_back(std::move(record));
    ++next_;
    return batch_bytes_ < kBatchBytes ? Result<>() : flush(id);
  }

  Result<> flush(ShardId id) {
    if (batch_.empty()) return {};
    LogRequest request;
    request.shard = id;
    request.epoch = epoch_;
    request.size_bytes = batch_bytes_;
    request.records = std::exchange(batch_, {});
    batch_bytes_ = 0;
    LogRequest* const one = &request;
    appender_->run({&one, 1});
    TRY_VOID(request.result);
    return {};
  }

  const LogInspection& old_;
  SegmentAppenderOptions options_;
  Metrics metrics_;
  SegmentIndex index_;
  std::unique_ptr<SegmentAppender> appender_;
  std::uint64_t lost_bytes_ = 0;

  // The shard in hand.
  Epoch epoch_;
  std::uint64_t next_ = 0;
  std::vector<LogRecord> batch_;
  std::size_t batch_bytes_ = 0;
  SharedBytes empty_ = std::make_shared<const Bytes>();
};

std::string repaired_name(const std::string& directory) { return directory + ".repaired"; }

Result<bool> exists(FileSystem& files, const std::string& directory) {
  const auto entries = files.list(directory);
  if (!entries && entries.error().code != Code::kNotFound) return fail(entries.error());
  return entries.has_value();
}

Result<> remove_log(FileSystem& files, const std::string& directory) {
  TRY(const bool there, exists(files, directory));
  if (!there) return {};
  TRY(const auto entries, files.list(directory));
  for (const DirectoryEntry& entry : entries) TRY_VOID(files.remove(directory + "/" + entry.name));
  return files.remove_directory(directory);
}

/// "DIRECTORY.damaged-N", the first that is free.
Result<std::string> free_name(FileSystem& files, const std::string& directory) {
  for (int n = 1;; ++n) {
    std::string name = directory + ".damaged-" + std::to_string(n);
    TRY(const bool taken, exists(files, name));
    if (!taken) return name;
  }
}

}  // namespace

Result<std::unique_ptr<LogInspection>> inspect_log(FileSystem& files, const std::string& directory) {
  auto out = std::make_unique<LogInspection>();
  out->files = std::make_unique<UnchangedFiles>(files);
  TRY(out->found, recover_segments(*out->files, directory, out->index, Logger()));
  return out;
}

Result<> walk_log(FileSystem& files, const std::string& directory,
                  const std::function<Result<>(const LogItem&)>& visit) {
  TRY(const auto numbers, segment_numbers(files, directory));
  for (const std::uint32_t number : numbers) {
    const std::string path = directory + "/" + segment_name(number);
    TRY(const auto file, files.open(path, OpenMode::kRead));
    TRY_VOID(walk_segment(*file, path, visit));
  }
  return {};
}

Result<LogRepair> repair_log(FileSystem& files, const SegmentAppenderOptions& options, Clock& clock,
                             const Logger& logger) {
  TRY(const auto old, inspect_log(files, options.directory));
  const auto shards = old->index.shards();
  const bool refused = std::ranges::any_of(shards, [](const auto& shard) { return shard.second.damage.has_value(); });
  if (old->found.damage.empty() && !refused) return fail(Code::kConflict, "the log has no damage");
  SegmentAppenderOptions fresh = options;
  fresh.directory = repaired_name(options.directory);
  TRY_VOID(remove_log(files, fresh.directory));
  TRY_VOID(make_directories(files, fresh.directory));
  TRY(LogRepair out, Repairer(files, fresh, *old, clock, logger).run());
  TRY(out.set_aside, free_name(files, options.directory));
  TRY_VOID(files.sync_directory(parent_directory(options.directory)));
  TRY_VOID(files.rename(options.directory, out.set_aside, Replace::kNo));
  TRY_VOID(finish_repair(files, options.directory));
  return out;
}

Result<> finish_repair(FileSystem& files, const std::string& directory) {
  TRY(const bool there, exists(files, directory));
  if (there) return {};
  TRY(const bool repaired, exists(files, repaired_name(directory)));
  if (!repaired) return {};
  TRY_VOID(files.rename(repaired_name(directory), directory, Replace::kNo));
  return files.sync_directory(parent_directory(directory));
}

}  // namespace concord::engines
