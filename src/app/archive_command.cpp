#include "app/archive_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <optional>

#include "app/settings.h"
#include "archive/archive_place.h"
#include "archive/archiver.h"
#include "archive/not_split.h"
#include "archive/restore.h"
#include "base/async.h"
#include "base/clock.h"
#include "base/id.h"
#include "engines/directory_blobs.h"
#include "engines/log_repair.h"
#include "engines/open.h"
#include "engines/unsynced_files.h"

namespace concord::app {

namespace {

constexpr std::string_view kBackupHelp = R"(concord backup --to DIR [--data DIR]

Writes everything that a hub keeps into the directory DIR, as an archive: what `concord restore` takes. The hub may be
running; nothing acknowledged before the command began is left out. Said again with the same DIR it adds what is new.
A hub that has ARCHIVE_DIR set keeps an archive by itself, and needs no backup beside it.
)";

constexpr std::string_view kRestoreHelp =
    R"(concord restore --from DIR --to DIR [--at TIME] [--document ID] [--master-key FILE]

Makes the data directory of a new hub out of an archive (of ARCHIVE_DIR, or of `concord backup`).

  --from DIR       the archive; it may be one that a hub is writing
  --to DIR         the data directory to be made; it is not there yet, or is empty
  --at TIME        the hub as it was then, as 2026-11-20T12:00:00Z; without it, as it was last archived
  --document ID    this document alone, with its rights and its history; accounts are there all the same
  --master-key FILE  the hub's master.key, which no archive has: needed where something was encrypted, and copied to the
                   new directory. Instead of it MASTER_KEY will do, which the new hub then needs too.

Every object, frame and record is held against its checksum, and positions must follow each other. Exit status 1 where
something is damaged or missing: it is told, and all the rest is restored.
)";

constexpr std::int64_t kNoHurryMs = 100LL * 86'400'000;

/// Words that are `--name value`; the rest are settings.
struct Words {
  std::map<std::string, std::string, std::less<>> own;
  std::vector<std::string> settings;
};

Result<Words> parse(std::span<const std::string> words, std::span<const std::string_view> known) {
  Words out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string name = word.substr(0, word.find('='));
    if (std::ranges::find(known, name) == known.end()) {
      out.settings.push_back(word);
      continue;
    }
    const bool joined = name.size() < word.size();
    if (!joined && i + 1 == words.size()) return fail(Code::kInvalidArgument, name + " wants a value");
    const std::string value = joined ? word.substr(name.size() + 1) : words[++i];
    if (value.empty()) return fail(Code::kInvalidArgument, name + " wants a value");
    if (!out.own.emplace(name, value).second) return fail(Code::kInvalidArgument, name + " is there twice");
  }
  return out;
}

Result<> require(const Words& words, const std::string& name) {
  if (words.own.contains(name)) return {};
  return fail(Error{Code::kInvalidArgument, name + " is missing", {{"field", name}}});
}

bool wants_help(std::span<const std::string> words) {
  return std::ranges::any_of(words, [](const std::string& word) { return word == "--help" || word == "-h"; });
}

int failed(std::ostream& errors, const Error& error) {
  errors << "concord: " << error.message << "\n";
  return error.code == Code::kInvalidArgument ? 2 : 1;
}

/// A log that a hub may be writing. What looks damaged may be a write under way: it is looked at again.
Result<std::unique_ptr<engines::LogInspection>> look_at_log(engines::FileSystem& files, const std::string& directory) {
  constexpr int kLooks = 10;
  for (int i = 1;; ++i) {
    auto seen = engines::inspect_log(files, directory);
    const bool again = seen ? !(*seen)->found.damage.empty() : seen.error().code == Code::kNotFound;
    if (!again || i == kLooks) return seen;
  }
}

/// What a command needs to run coroutines.
struct Runtime {
  Runtime() { reactors.start(); }
  ~Runtime() {
    pool.stop();
    reactors.stop();
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  SystemClock clock;
  SystemIdSource ids{clock};
  Metrics metrics;
  std::unique_ptr<engines::FileSystem> files = engines::make_posix_file_system();
  Reactors reactors{1};
  BlockingPool pool{1};
};

Result<> back_up(const Config& config, const std::string& to, std::ostream& out) {
  Runtime run;
  const engines::EnginesOptions options = engines::options_from(config, config.string("DATA"));
  TRY(const std::string database, engines::database_path(options));
  TRY_VOID(archive::require_not_split(database));
  TRY(const auto log, look_at_log(*run.files, options.data_directory + "/log"));
  if (!log->found.identity)
    return fail(Code::kNotFound,
                "there is no log in \"" + options.data_directory + "\": no hub was ever started there");
  for (const engines::SegmentDamage& one : log->found.damage)
    out << fmt::format("damaged, and archived as it is: {}, bytes {} to {}: {}\n", one.path, one.begin, one.end,
                       one.what);
  TRY(const auto blobs,
      engines::DirectoryBlobs::open(*run.files, {.directory = options.data_directory + "/blobs", .read_only = true},
                                    Logger(), run.metrics));
  std::atomic<bool> deferring = true;  // two syncs for each of very many small objects would take most of the time
  const auto unsynced = engines::make_unsynced(*run.files, deferring);
  archive::ArchivePlace place(*unsynced, to, run.pool, Logger());
  const auto durability = [&](bool wanted) -> Result<> {
    deferring = !wanted;
    return wanted ? run.files->sync_tree(to) : Result<>{};
  };
  archive::ArchiveSource source;
  source.log = *log->found.identity;
  source.extents = [&log] { return log->index.extents(); };
  source.release = [](std::uint32_t) {};
  source.blobs = blobs.get();
  source.files = run.files.get();
  source.database_path = database;
  source.temporary_path = to + "/database.copy";
  archive::Archiver archiver(place, std::move(source), {.interval_ms = kNoHurryMs, .durability = durability}, run.pool,
                             run.clock, Logger(), run.metrics);
  TRY_VOID(wait_for(run.reactors.at(0), archiver.catch_up()));
  TRY_VOID(archive::require_not_split(database));  // nor meanwhile
  const archive::Manifest& manifest = archiver.manifest();
  out << fmt::format("{} objects, {} bytes, as of {}\n", manifest.objects().size(), manifest.bytes(),
                     format_time(manifest.time_ms));
  if (!log->found.damage.empty()) return fail(Code::kCorrupt, "the hub's log is damaged; see `concord log --help`");
  return {};
}

void print(const archive::RestoreReport& report, const std::string& to, std::ostream& out) {
  out << fmt::format("the archive is of {} (manifest {}), its database of {}\n", format_time(report.archived_ms),
                     report.manifest, format_time(report.database_ms));
  out << fmt::format("{} documents: {} snapshots copied, {} made again from history, {} chunks of history\n",
                     report.documents, report.snapshots, report.rebuilt, report.chunks);
  out << fmt::format("{} frames of the log read, {} records kept behind the snapshots, {} stand-ins\n", report.frames,
                     report.records, report.stand_ins);
  if (report.left_out > 0)
    out << fmt::format("{} documents that are deleted, or were not asked for, were left out\n", report.left_out);
  for (const std::string& line : report.notes) out << line << "\n";
  for (const std::string& line : report.damage) out << "damaged or missing: " << line << "\n";
  if (report.more_damage > 0) out << fmt::format("and {} lines more\n", report.more_damage);
  out << (report.whole() ? "whole: " : "with what is damaged left out: ") << "`concord serve --data " << to << "`\n";
}

Result<archive::RestoreReport> restore(const Words& words, const Config& config) {
  Runtime run;
  archive::RestoreOptions options;
  options.to = words.own.at("--to");
  while (options.to.size() > 1 && options.to.ends_with('/')) options.to.pop_back();
  if (const auto at = words.own.find("--at"); at != words.own.end()) {
    TRY(options.at_ms, parse_instant(at->second));
  }
  if (const auto id = words.own.find("--document"); id != words.own.end()) {
    if (!DocumentId::parse(id->second))
      return fail(Error{Code::kInvalidArgument, "--document: \"" + id->second + "\" is no document's identifier", {}});
    options.document = id->second;
  }
  const auto key_file = words.own.find("--master-key");
  if (key_file != words.own.end() || !config.string("MASTER_KEY").empty()) {
    const vault::MasterKeyFile file{.path = key_file == words.own.end() ? "" : key_file->second};
    TRY(options.masters, vault::load_master_keys(config.string("MASTER_KEY"), config.string("MASTER_KEYS_PREVIOUS"),
                                                 file, *run.files, Logger()));
    if (!file.path.empty()) options.master_key_file = file.path;
  }
  options.segment_bytes = static_cast<std::uint64_t>(config.integer("WAL_SEGMENT_SIZE_MB")) << 20U;
  options.random64 = [&run] { return run.ids.random64(); };
  const std::string& from = words.own.at("--from");
  auto archive =
      engines::DirectoryBlobs::open(*run.files, {.directory = from, .read_only = true}, Logger(), run.metrics);
  if (!archive) return fail(Error{Code::kNotFound, "there is no archive in \"" + from + "\"", {{"field", "from"}}});
  return wait_for(run.reactors.at(0), archive::restore(**archive, *run.files, std::move(options), run.pool, run.clock));
}

}  // namespace

Result<std::int64_t> parse_instant(const std::string& text) {
  // Without a fraction the whole of the second counts.
  if (const auto ms = parse_time(text, 999)) return *ms;
  return fail(Error{Code::kInvalidArgument,
                    "a time is written as 2026-11-20T12:00:00Z, not \"" + text + "\"",
                    {{"field", "at"}, {"value", text}}});
}

int run_backup_command(std::span<const std::string> all, std::ostream& out, std::ostream& errors) {
  if (wants_help(all)) {
    out << kBackupHelp;
    return 0;
  }
  constexpr std::array<std::string_view, 1> kOwn{"--to"};
  auto words = parse(all, kOwn);
  if (!words) return failed(errors, words.error());
  if (Result<> there = require(*words, "--to"); !there) return failed(errors, there.error());
  auto config = Config::load(all_settings(), words->settings, environment());
  if (!config) return failed(errors, config.error());
  const Result<> done = back_up(*config, words->own.at("--to"), out);
  return done ? 0 : failed(errors, done.error());
}

int run_restore_command(std::span<const std::string> all, std::ostream& out, std::ostream& errors) {
  if (wants_help(all)) {
    out << kRestoreHelp;
    return 0;
  }
  constexpr std::array<std::string_view, 5> kOwn{"--from", "--to", "--at", "--document", "--master-key"};
  auto words = parse(all, kOwn);
  if (!words) return failed(errors, words.error());
  for (const char* name : {"--from", "--to"}) {
    if (Result<> there = require(*words, name); !there) return failed(errors, there.error());
  }
  auto config = Config::load(all_settings(), words->settings, environment());
  if (!config) return failed(errors, config.error());
  const auto report = restore(*words, *config);
  if (!report) return failed(errors, report.error());
  print(*report, words->own.at("--to"), out);
  return report->whole() ? 0 : 1;
}

}  // namespace concord::app
