#include "archive/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "archive/archive_reader.h"
#include "archive/archive_writer.h"
#include "archive/database_image.h"
#include "archive/not_split.h"
#include "archive/restored_documents.h"
#include "archive/restored_log.h"
#include "engines/directory_blobs.h"
#include "engines/sqlite_copy.h"
#include "engines/unsynced_files.h"

namespace concord::archive {

namespace {

constexpr std::size_t kMaxKeyFileBytes = 1024;

Result<> check_empty(engines::FileSystem& files, const std::string& directory, std::string_view what) {
  const auto entries = files.list(directory);
  if (!entries && entries.error().code == Code::kNotFound) return {};
  if (!entries) return fail(entries.error());
  if (entries->empty()) return {};
  return fail(Error{Code::kConflict, fmt::format("{} \"{}\" is not empty", what, directory), {{"field", "to"}}});
}

Result<> remove_tree(engines::FileSystem& files, const std::string& directory) {
  TRY(const auto entries, files.list(directory));
  for (const engines::DirectoryEntry& entry : entries) {
    const std::string path = directory + "/" + entry.name;
    TRY_VOID(entry.is_directory ? remove_tree(files, path) : files.remove(path));
  }
  return files.remove_directory(directory);
}

class Restorer {
 public:
  Restorer(engines::Blobs& archive, engines::FileSystem& files, RestoreOptions options, BlockingPool& pool,
           Clock& clock)
      : archive_(archive),
        disk_(files),
        unsynced_(engines::make_unsynced(files)),
        files_(*unsynced_),
        options_(std::move(options)),
        pool_(pool),
        clock_(clock),
        stage_(options_.to + ".restoring") {}

  Task<RestoreReport> run() {
    CO_TRY_VOID(check_empty(files_, options_.to, "the directory"));
    CO_TRY_VOID(check_empty(files_, stage_, "an earlier restore was not finished: the directory"));
    CO_TRY_VOID(co_await read_manifest());
    CO_TRY_VOID(check_masters());
    CO_TRY_VOID(engines::make_directories(files_, stage_));
    Result<> made = co_await make();
    if (made) made = co_await pool_.run<void>([this] { return publish(); });
    if (!made) {
      (void)remove_tree(files_, stage_);  // that it stays for want of a working disk does no harm
      co_return fail(std::move(made).error());
    }
    co_return std::move(report_);
  }

 private:
  Task<> read_manifest() {
    CO_TRY(FoundManifest found, co_await find_manifest(archive_));
    manifest_ = std::move(found.manifest);
    for (std::string& line : found.damage) report_.add_damage(std::move(line));
    report_.manifest = manifest_.number;
    report_.archived_ms = manifest_.time_ms;
    if (!manifest_.complete) report_.add_damage("the archive was still being filled for the first time");
    co_return Result<>{};
  }

  /// What was encrypted is of no use to anyone without the master key, and a wrong one would show only at the end.
  Result<> check_masters() const {
    const std::string prefix = std::string(kBlobPrefix) + "keys/";
    std::vector<std::string> keys;
    const auto& objects = manifest_.objects();
    for (auto at = objects.lower_bound(prefix); at != objects.end() && at->first.starts_with(prefix); ++at) {
      if (at->second.gone_ms == 0) keys.push_back(at->first.substr(kBlobPrefix.size()));
    }
    if (!vault::UserKeys::any(keys)) return {};
    if (options_.masters) return vault::UserKeys::check(keys, *options_.masters);
    return fail(Error{Code::kInvalidArgument,
                      "the archive holds what is encrypted: the hub's master key is needed to restore it "
                      "(--master-key FILE, or MASTER_KEY)",
                      {{"field", "master-key"}}});
  }

  Task<> make() {
    CO_TRY_VOID(co_await restore_database());
    CO_TRY(const RestoredDocuments::Owners known, co_await choose_documents());
    report_.documents = known.size();

    ArchivedLog log(files_, stage_ + "/archived-log");
    CO_TRY_VOID(co_await log.assemble(archive_, manifest_, pool_, report_));
    CO_TRY_VOID(co_await pool_.run<void>([&] { return log.inspect(until(), report_); }));

    if (options_.master_key_file) {
      CO_TRY(const Bytes key, engines::read_file(files_, *options_.master_key_file, kMaxKeyFileBytes));
      CO_TRY_VOID(engines::replace_file(files_, stage_ + "/master.key", key));
    }
    Metrics metrics;
    CO_TRY(const auto blobs,
           engines::DirectoryBlobs::open(files_, {.directory = stage_ + "/blobs"}, Logger(), metrics));
    std::optional<HybridTime> at;
    if (options_.at_ms) at = until();
    vault::Vault vault(*blobs, options_.masters.value_or(vault::MasterKeys{}), has_keys() && options_.masters);
    RestoredDocuments restored(archive_, manifest_, log, {*blobs, vault, pool_}, known, at, report_);
    CO_TRY_VOID(co_await restored.run());
    CO_TRY_VOID(co_await pool_.run<void>([&] { return write_log(log, restored, known); }));
    co_return co_await pool_.run<void>([this] { return remove_tree(files_, stage_ + "/archived-log"); });
  }

  /// Every hybrid time of the millisecond asked for is part of it.
  HybridTime until() const {
    if (!options_.at_ms) return HybridTime{~std::uint64_t{0}};
    return HybridTime{(static_cast<std::uint64_t>(*options_.at_ms) << 16U) | 0xffffU};
  }

  /// Whether something in the archive is encrypted.
  bool has_keys() const {
    const auto found = manifest_.objects().lower_bound("blobs/keys/");
    return found != manifest_.objects().end() && found->first.starts_with("blobs/keys/");
  }

  Result<> write_log(const ArchivedLog& log, const RestoredDocuments& restored,
                     const RestoredDocuments::Owners& known) {
    RestoredLogOptions options;
    options.log.directory = stage_ + "/log";
    options.log.segment_bytes = options_.segment_bytes;
    options.log.random64 = options_.random64;
    options.held = [&restored](std::string_view stream) { return restored.held(std::string(stream)); };
    options.greatest = [&restored](std::uint32_t shard) { return restored.greatest(shard); };
    options.wanted = [&known](std::string_view stream) { return known.contains(stream); };
    options.cut = options_.at_ms.has_value();
    return write_restored_log(files_, log, std::move(options), clock_, report_);
  }

  /// The newest version that is no later than the time asked for: the last one with all pages, and what changed since.
  Task<> restore_database() {
    auto versions = database_versions(manifest_);
    const auto limit = static_cast<std::uint64_t>(options_.at_ms.value_or(INT64_MAX));
    if (versions.empty()) co_return fail(Code::kNotFound, "the archive has no database");
    const std::uint64_t first = versions.front().version;
    std::erase_if(versions, [limit](const DatabaseVersion& one) { return one.version > limit; });
    if (versions.empty()) {
      co_return fail(Error{Code::kNotFound,
                           "the archive goes back to " + format_time(static_cast<std::int64_t>(first)),
                           {{"field", "at"}}});
    }
    const std::string path = stage_ + "/concord.db";
    std::uint64_t reached = 0;
    for (std::size_t i = versions.size(); i > 0 && reached == 0; --i) {
      if (!versions[i - 1].whole) continue;
      CO_TRY(reached,
             co_await write_database(path, {versions.begin() + static_cast<std::ptrdiff_t>(i) - 1, versions.end()}));
      versions.erase(versions.begin() + static_cast<std::ptrdiff_t>(i) - 1, versions.end());
    }
    if (reached == 0) co_return fail(Code::kCorrupt, "no version of the database in the archive can be read");
    report_.database_ms = static_cast<std::int64_t>(reached);
    co_return co_await pool_.run<void>([path]() -> Result<> {
      TRY_VOID(engines::check_database(path));
      TRY_VOID(require_not_split(path));
      TRY_VOID(forget_owners(path));
      return forget_snapshots(path);
    });
  }

  /// What is restored is owned from the first epoch on.
  static Result<> forget_owners(const std::string& path) {
    TRY(const auto known, engines::column_of_database(
                              path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'shard_epochs'"));
    return known.empty() ? Result<>() : engines::run_on_database(path, "DELETE FROM shard_epochs");
  }

  /// The snapshots that a restored hub begins with are made here, whatever the tables named.
  static Result<> forget_snapshots(const std::string& path) {
    TRY(const auto known, engines::column_of_database(
                              path, "SELECT name FROM pragma_table_info('documents') WHERE name = 'snapshot_digest'"));
    if (known.empty()) return {};
    return engines::run_on_database(path, "UPDATE documents SET snapshot_digest = '', snapshot_position = 0");
  }

  /// The version that was reached, 0: none.
  Task<std::uint64_t> write_database(std::string path, std::vector<DatabaseVersion> run) {
    if (Result<> removed = files_.remove(path); !removed && removed.error().code != Code::kNotFound)
      co_return fail(removed.error());
    CO_TRY(const auto file, files_.open(path, engines::OpenMode::kCreate));
    std::uint64_t reached = 0;
    for (const DatabaseVersion& version : run) {
      if (version.whole != (reached == 0)) co_return reached;
      std::vector<Bytes> parts;  // all of a version, or none of it
      for (const std::string& key : version.keys) {
        auto part = co_await read_whole(archive_, key, *manifest_.find(key));
        if (!part && part.error().code != Code::kCorrupt) co_return fail(std::move(part).error());
        if (!part) {
          report_.add_damage(part.error().message + "; the database is that of an earlier moment");
          co_return reached;
        }
        parts.push_back(std::move(*part));
      }
      for (const Bytes& part : parts) CO_TRY_VOID(apply_pages(*file, part));
      reached = version.version;
    }
    co_return reached;
  }

  /// The documents that the new hub has, and their owners.
  Task<RestoredDocuments::Owners> choose_documents() {
    using Owners = RestoredDocuments::Owners;
    const std::string path = stage_ + "/concord.db";
    co_return co_await pool_.run<Owners>([this, path]() -> Result<Owners> {
      TRY(const auto rows, engines::column_of_database(path, "SELECT id || ' ' || owner FROM documents"));
      Owners all;
      for (const std::string& row : rows) {
        const std::size_t blank = row.find(' ');
        const auto owner = UserId::parse(row.substr(blank + 1));
        if (owner) all.emplace(row.substr(0, blank), *owner);
      }
      if (!options_.document) return all;
      const auto wanted = all.find(*options_.document);
      if (wanted == all.end()) {
        return fail(
            Error{Code::kNotFound,
                  "the archive has no document " + *options_.document + " at " + format_time(report_.database_ms),
                  {{"field", "document"}}});
      }
      // An identifier that stands in the table has no quotation mark.
      TRY_VOID(engines::run_on_database(
          path, "PRAGMA foreign_keys = ON; DELETE FROM documents WHERE id <> '" + wanted->first + "'"));
      return Owners{*wanted};
    });
  }

  Result<> publish() {
    TRY_VOID(disk_.sync_tree(stage_));
    if (auto removed = files_.remove_directory(options_.to); !removed && removed.error().code != Code::kNotFound)
      return removed;
    TRY_VOID(disk_.rename(stage_, options_.to, engines::Replace::kNo));
    return disk_.sync_directory(engines::parent_directory(options_.to));
  }

  engines::Blobs& archive_;
  engines::FileSystem& disk_;
  std::unique_ptr<engines::FileSystem> unsynced_;
  engines::FileSystem& files_;  // unsynced_
  RestoreOptions options_;
  BlockingPool& pool_;
  Clock& clock_;
  std::string stage_;
  Manifest manifest_;
  RestoreReport report_;
};

}  // namespace

Task<RestoreReport> restore(engines::Blobs& archive, engines::FileSystem& files, RestoreOptions options,
                            BlockingPool& pool, Clock& clock) {
  Restorer restorer(archive, files, std::move(options), pool, clock);
  co_return co_await restorer.run();
}

}  // namespace concord::archive
